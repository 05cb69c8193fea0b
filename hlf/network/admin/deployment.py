"""
From running nodes to a working network: channels joined, chaincodes in force.

Every step uses Fabric's own interfaces and may be repeated: it skips what is
done already. Nodes are called at the same time; each step waits until an answer
shows that it is done, never for a fixed time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hlf import errors as hlf_errors
from hlf import waiting
from hlf.admin import discovery, lifecycle
from hlf.admin.peer import Peer
from hlf.network import errors, topology
from hlf.network.admin import definitions
from hlf.network.admin.chaincodes import PackagedChaincode
from hlf.network.admin.nodes import Nodes
from hlf.network.state import Folder
from hlf.network.topology import Consortium, Orderer

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORKERS = 16
_SETTLE_SECONDS = 60.0
_COMMIT_ATTEMPTS = 5
# Peers speak to each other once a second or less; asking them all the time only keeps them from it.
_GOSSIP_SECONDS = 0.1


def join_orderers(folder: Folder, orderers: Sequence[Orderer], nodes: Nodes, channels: Iterable[str]) -> None:
    """
    Let orderers join those channels.

    Raises:
        ParticipationError: (of ``hlf``) one refused.
        StateError: a genesis block is missing.
    """
    blocks = {name: _genesis(folder, name) for name in channels}

    def join_orderer(orderer: Orderer) -> None:
        admin = nodes.orderer_admin(orderer)
        for name in sorted(blocks.keys() - set(admin.channels())):
            admin.join(blocks[name])

    together(join_orderer, orderers)


def join(folder: Folder, consortium: Consortium, nodes: Nodes) -> None:
    """
    Let orderers and peers join their channels.

    Raises:
        ParticipationError, AdminError: (of ``hlf``) a node refused.
        StateError: a genesis block is missing.
    """
    blocks = {channel.name: _genesis(folder, channel.name) for channel in consortium.channels}

    def join_peer(peer: topology.Peer) -> list[str]:
        connection = nodes.peer(peer.name)
        wanted = {channel.name for channel in consortium.channels_of(peer.msp_id)}
        missing = sorted(wanted - set(connection.channels()))
        for name in missing:
            connection.join(blocks[name])
        return missing

    join_orderers(folder, consortium.orderers, nodes, blocks)
    joined = dict(zip(consortium.peers, together(join_peer, consortium.peers), strict=True))
    for channel in consortium.channels:
        members = [peer for peer in consortium.peers if peer.msp_id in channel.members]
        # An interrupted command may have joined some of these peers without waiting for them.
        if any(channel.name not in joined[peer] for peer in members):
            _wait_caught_up(channel.name, [nodes.peer(peer.name) for peer in members])


def deploy(consortium: Consortium, nodes: Nodes, packaged: Sequence[PackagedChaincode]) -> dict[str, list[str]]:
    """
    Install the packages and put in force the definitions that are not yet there.

    Return, by package id, the members whose approval was lost with the only ledger that held it. Their peers have the
    package and a new ledger, but cannot endorse before the next sequence is in force.

    Raises:
        NetworkError: the file's sequence number does not fit what is in force.
        LifecycleError: (of ``hlf``) a peer refused.
    """

    def install(peer: topology.Peer) -> None:
        connection = nodes.peer(peer.name)
        wanted = {each.package_id: each.package for each in packaged if peer.name in each.addresses}
        there = {each.package_id for each in lifecycle.installed(connection)} if wanted else set()
        for package_id in sorted(wanted.keys() - there):
            lifecycle.install(connection, wanted[package_id])

    together(install, consortium.peers)
    lost = together(lambda each: _put_in_force(consortium, nodes, each), packaged)
    return {each.package_id: msp_ids for each, msp_ids in zip(packaged, lost, strict=True) if msp_ids}


def wait_discovered(
    consortium: Consortium, nodes: Nodes, packaged: Sequence[PackagedChaincode], lost: Mapping[str, list[str]]
) -> None:
    """
    Return when every peer knows every other peer of its channels with the chaincodes it runs.

    Until then a gateway cannot plan endorsements by other organisations. *lost* is what :func:`deploy` returned.
    """
    # What peers tell each other as a chaincode's version is its definition's sequence.
    versions: dict[tuple[str, str], dict[str, str]] = {}
    for each in packaged:
        for msp_id in each.chaincode.installed_by:
            if msp_id in lost.get(each.package_id, ()):
                continue
            held = versions.setdefault((each.chaincode.channel, msp_id), {})
            held[each.chaincode.name] = str(each.chaincode.sequence)

    def wait(task: tuple[str, str]) -> None:
        channel, peer_name = task
        members = consortium.channel(channel).members
        expected = sum(len(consortium.organisation(msp_id).peers) for msp_id in members)
        peer = nodes.peer(peer_name)

        def known() -> bool:
            # A member that another admin added has its own peers, which are not in this file.
            found = [each for each in discovery.peers(peer, channel) if each.msp_id in members]
            return len(found) >= expected and all(
                versions.get((channel, each.msp_id), {}).items() <= each.chaincodes.items() for each in found
            )

        if not waiting.until(known, _SETTLE_SECONDS, every=_GOSSIP_SECONDS):
            raise errors.EngineError(
                f"after {_SETTLE_SECONDS:g} s {peer_name} does not know all peers of channel {channel}",
                "Read the peers' logs about gossip; on a slow machine run `hlf network up` again.",
            )

    tasks = [
        (channel.name, peer.name)
        for channel in consortium.channels
        for msp_id in channel.members
        for peer in consortium.organisation(msp_id).peers
    ]
    together(wait, tasks)


def _genesis(folder: Folder, channel: str) -> bytes:
    try:
        return folder.genesis(channel).read_bytes()
    except OSError as error:
        raise errors.StateError(
            folder.genesis(channel),
            f"cannot be read ({error.strerror})",
            f"It is block 0 of the channel: selat audit export FOLDER --channel {channel} fetches it.",
        ) from error


def _wait_caught_up(channel_id: str, peers: list[Peer]) -> None:
    """Wait until all peers have the blocks that one has; before that, a peer may not know that it is a member."""

    def height(peer: Peer) -> int:
        try:
            return peer.height(channel_id)
        except hlf_errors.AdminError:
            return 0

    highest = max(together(height, peers))

    def wait(peer: Peer) -> None:
        if not waiting.until(lambda: height(peer) >= highest, _SETTLE_SECONDS, every=_GOSSIP_SECONDS):
            raise errors.EngineError(
                f"{peer.name} does not catch up with channel {channel_id}",
                "Read its log, and the orderer's, for the cause.",
            )

    together(wait, peers)


def _put_in_force(consortium: Consortium, nodes: Nodes, packaged: PackagedChaincode) -> list[str]:
    """Put a definition in force; return the members that have lost their approval of it."""
    chaincode, definition = packaged.chaincode, packaged.definition
    members = consortium.channel(chaincode.channel).members
    peers = [nodes.first_peer(msp_id) for msp_id in members]
    present = lifecycle.committed_definition(peers[0], chaincode.channel, chaincode.name)
    trouble = definitions.problem(definition, present)
    if trouble is not None:
        # It was checked before; another admin has changed it since.
        what, cure = trouble
        raise errors.NetworkError(f"chaincode {chaincode.name} on channel {chaincode.channel} {what}", cure)
    in_force = present is not None and present.sequence == definition.sequence

    def approve(msp_id: str) -> bool:
        """Return False if it has lost its approval, which Fabric lets nobody repeat."""
        peer = nodes.first_peer(msp_id)
        package_id = packaged.package_id if msp_id in chaincode.installed_by else ""
        try:
            if in_force:
                held = lifecycle.approved(peer, chaincode.channel, chaincode.name)
                if held is not None and held.package_id == package_id:
                    return True
            lifecycle.approve(peer, chaincode.channel, definition, package_id)
        except hlf_errors.LifecycleError as refused:
            if lifecycle.lost(refused):
                return False
            # Left over from a start that did not complete.
            if "unchanged content" not in refused.message:
                raise
        return True

    approved = dict(zip(members, together(approve, members), strict=True))
    if not in_force:
        _commit(packaged, peers)
    every_peer = [nodes.peer(peer.name) for msp_id in members for peer in consortium.organisation(msp_id).peers]

    def wait(peer: Peer) -> None:
        def committed() -> bool:
            found = lifecycle.committed_definition(peer, chaincode.channel, chaincode.name)
            return found is not None and found.sequence == definition.sequence

        if not waiting.until(committed, _SETTLE_SECONDS):
            raise errors.EngineError(
                f"{peer.name} does not catch up with channel {chaincode.channel}",
                "Read its log, and the orderer's, for the cause.",
            )

    together(wait, every_peer)
    return [msp_id for msp_id, done in approved.items() if not done]


def _commit(packaged: PackagedChaincode, peers: list[Peer]) -> None:
    channel, definition = packaged.chaincode.channel, packaged.definition

    def ready() -> bool:
        return all(all(lifecycle.readiness(peer, channel, definition).values()) for peer in peers)

    for left in reversed(range(_COMMIT_ATTEMPTS)):
        try:
            lifecycle.commit(peers[0], channel, definition, peers)
        except hlf_errors.LifecycleError:
            # As a rule one of the peers has yet to commit a block with an approval, so that it refuses or answers
            # differently from the others. Any other refusal stays when all of them are ready.
            if not left or not waiting.until(ready, _SETTLE_SECONDS):
                raise
        else:
            return


def together(task: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what a task gives for each item, all at the same time; the first failure is raised when all have ended."""
    listed = list(items)
    if not listed:
        return []
    with ThreadPoolExecutor(min(_WORKERS, len(listed)), "deploy") as pool:
        return list(pool.map(task, listed))
