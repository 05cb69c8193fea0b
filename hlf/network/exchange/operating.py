"""Start the nodes of a folder's organisations, in their channels, and their chaincodes' servers."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf import waiting
from hlf.admin import lifecycle
from hlf.network import engines, errors, ports, processes, profile, state
from hlf.network.admin import chaincodes, deployment
from hlf.network.admin.chaincodes import PackagedChaincode
from hlf.network.admin.nodes import Nodes
from hlf.network.engines.docker import compose
from hlf.network.engines.kubernetes import manifests
from hlf.network.engines.native import binaries, units
from hlf.network.exchange import introductions
from hlf.network.exchange.ownorganisation import OwnOrganisation
from hlf.network.state import Folder, Record
from hlf.network.topology import Channel, Consortium, Peer
from hlf.wire.config import channelwords

_SERVER_SECONDS = 60.0
_KNOWN_SECONDS = 30.0


def is_own(root: Path) -> bool:
    """Return whether a folder holds the keys of some organisations of its file alone."""
    record = state.read(Folder(root))
    return record is not None and bool(record.own)


def up(root: Path, consortium: Path | None = None) -> list[str]:
    """
    Start the organisations' own nodes and servers, join the channels whose blocks are here; return what runs.

    Other organisations' nodes are theirs to start. Where the nodes run from another folder, they are found running.

    Raises:
        NetworkError: names cause and cure; see :mod:`hlf.network.errors`.
        HlfError: a node refused to join.
    """
    folder = Folder(root)
    with state.alone(folder):
        record = state.existing(folder)
        wanted = state.wanted(folder, consortium)
        return bring_up(folder, record, wanted)


def bring_up(folder: Folder, record: Record, wanted: Consortium) -> list[str]:
    """Start as :func:`up` does, for a command that has the folder to itself."""
    mine = wanted.only(record.own)
    ports.assign(record, mine)
    packaged = chaincodes.package_all(record, mine)
    programs = chaincodes.server_programs(folder, record, mine, packaged)
    builder = chaincodes.builder_configuration(record, packaged)
    state.write(folder, record)
    # Those of a former version run already, by a former file.
    now = chaincodes.server_programs(folder, record, mine, packaged, current=True)
    engine = engines.by_name(record.engine) if record.engine else None
    servers = [] if engine is not None and engine.containers else processes.start_missing(folder, now)
    if engine is not None:
        engine.start(folder, record, mine, builder, programs)
    here = tuple(each for each in mine.channels if folder.genesis(each.name).exists())
    with Nodes(folder, record, mine) as connected:
        joined = dataclasses.replace(mine, channels=here)
        deployment.join(folder, joined, connected)
        deployment.together(lambda peer: _wait_known(peer, joined, connected), joined.peers)
        settled = [each for each in packaged if _in_force(each, connected)]
    remember_capabilities(record, _configurations(folder, record, here))
    processes.wait_ready(servers, _SERVER_SECONDS)
    chaincodes.settle(record, mine, packaged, settled)
    state.write(folder, record)
    left = {each.name for each in programs} - {
        each.name for each in chaincodes.server_programs(folder, record, mine, packaged)
    }
    processes.stop(folder, left)
    write_profiles(folder, record, wanted)
    state.adopt(folder, wanted)
    return [*mine.nodes, *(each.name for each in programs if each.name not in left)]


def remember_capabilities(record: Record, configs: Iterable[Any]) -> None:
    """
    Record that the network needs Fabric 3.x, if the configuration (``common.Config``) of a channel says so.

    Other organisations may have raised the capability, so the file here may not name it. From then on a start with an
    older release is refused.
    """
    found = (channelwords.words(each.channel_group).get(channelwords.CHANNEL_CAPABILITY, "") for each in configs)
    if any("V3_0" in each for each in found):
        record.channel_capability = "V3_0"


def _configurations(folder: Folder, record: Record, here: Iterable[Channel]) -> Iterator[Any]:
    """Yield the configurations that own nodes return; orderers return none before they have a leader."""
    for msp_id in record.own:
        with OwnOrganisation(folder.root, msp_id) as ours:
            for channel in here:
                with contextlib.suppress(hlf_errors.HlfError, errors.StateError):
                    yield ours.config(channel.name)


def bundle(folder: Folder, record: Record, mine: Consortium) -> Path:
    """
    Write the file that starts the organisations' own nodes on their machine, and return it; nothing is started.

    Raises:
        NetworkError: a server has no image for containers, or the release is gone.
    """
    if record.engine == "native":
        return units.write(folder, record, binaries.find().home)
    packaged = chaincodes.package_all(record, mine)
    programs = chaincodes.server_programs(folder, record, mine, packaged)
    builder = chaincodes.builder_configuration(record, packaged)
    write = manifests.write if record.engine == "kubernetes" else compose.write
    return write(folder, record, mine, builder, programs)


def _wait_known(peer: Peer, consortium: Consortium, nodes: Nodes) -> None:
    """Wait until a peer has the block that makes its organisation a member; until then it refuses that one."""
    for channel in consortium.channels_of(peer.msp_id):

        def known(name: str = channel.name) -> bool:
            try:
                return nodes.peer(peer.name).height(name) > 0
            except hlf_errors.AdminError:
                return False

        if not waiting.until(known, _KNOWN_SECONDS, every=0.1):
            raise errors.EngineError(
                f"{peer.name} joined channel {channel.name}, and by the blocks it has {peer.msp_id} is no member there",
                "Run `up` when the update that adds it is in force; after that, its log says what it lacks.",
            )


def _in_force(packaged: PackagedChaincode, nodes: Nodes) -> bool:
    """Return whether the organisation's peer runs this version, or the channel has no version yet."""
    chaincode = packaged.chaincode
    peer = nodes.first_peer(chaincode.installed_by[0])
    if chaincode.channel not in peer.channels():
        return True
    found = lifecycle.committed_definition(peer, chaincode.channel, chaincode.name)
    return found is None or (found.version, found.sequence) == (chaincode.version, chaincode.sequence)


def write_profiles(folder: Folder, record: Record, wanted: Consortium) -> None:
    """Write the own organisations' connection profiles, with those others that have been introduced here."""
    known = [each for each in wanted.msp_ids if introductions.known(folder, record, wanted, each)]
    profile.make(folder, record, wanted.only(known), record.own)
