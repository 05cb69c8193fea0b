"""
The daily inspection of an admin: channels, peers, logs, certificates. Nothing is changed.

Channels and peers are asked themselves; what the state folder remembers of them does not count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hlf import errors as hlf_errors
from hlf.admin import channel as reading
from hlf.admin import lifecycle
from hlf.admin.peer import Peer as PeerConnection
from hlf.network import engines, errors, material, state
from hlf.network.admin import observed
from hlf.network.admin.nodes import ANSWER_SECONDS, Nodes
from hlf.network.plan import model
from hlf.network.state import Folder
from hlf.network.topology import Consortium, Peer
from hlf.wire import certificates
from hlf.wire.config import channelconfig, channelwords

_TAIL_BYTES = 1 << 20
# Folders of an MSP whose files are keys or revocation lists.
_OTHERS = ("keystore", "crls")


@dataclass(frozen=True)
class ChannelInfo:
    """
    A channel, as its orderers and peers report it.

    Attributes:
        anchors: each member's anchor peers, as ``host:port``.
        settings: batch, capabilities, policies, access rules and orderers, under their names in the consortium file.
        heights: the number of blocks at each peer that answers.
        chaincodes: the definitions in force.
    """

    name: str
    members: tuple[str, ...]
    anchors: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, str]
    heights: Mapping[str, int]
    chaincodes: tuple[lifecycle.CommittedChaincodeDefinition, ...]


@dataclass(frozen=True)
class PeerInfo:
    """A peer, as it reports itself; if it did not answer, *silent* is the reason and the rest is empty."""

    name: str
    msp_id: str
    address: str
    heights: Mapping[str, int]
    installed: tuple[lifecycle.InstalledChaincode, ...]
    silent: str = ""


@dataclass(frozen=True)
class CertificateInfo:
    """A certificate of the state folder; other files can have the same one."""

    path: Path
    subject: str
    ends: datetime
    left: timedelta


def channels(root: Path = Path("build/network")) -> tuple[ChannelInfo, ...]:
    """
    Return every channel that the orderers take part in, or a peer where the orderers are others'.

    Raises:
        StateError: the folder holds no network that runs.
        AdminError: (of ``hlf``) no orderer of a channel answers.
    """
    with _asked(root) as (consortium, nodes):
        heights = _heights(consortium, nodes)
        configs = dict(observed.read(observed.by_orderer(consortium, nodes), nodes).configs)
        for peer, at in heights.items():
            configs |= {name: reading.config(nodes.peer(peer), name) for name in at if name not in configs}
        return tuple(_channel(channelconfig.Bundle(name, configs[name]), heights, nodes) for name in sorted(configs))


def channel(name: str, root: Path = Path("build/network")) -> ChannelInfo:
    """
    Return one channel.

    Raises:
        StateError: there is none of that name; or as :func:`channels`.
    """
    seen = {each.name: each for each in channels(root)}
    if name not in seen:
        raise errors.StateError(root, f"has no channel {name!r}", f"Its channels are {', '.join(seen)}.")
    return seen[name]


def peers(root: Path = Path("build/network")) -> tuple[PeerInfo, ...]:
    """
    Return every peer with the channels it has joined and the packages it holds.

    Raises:
        StateError: the folder holds no network that runs.
    """
    with _asked(root) as (consortium, nodes):
        return tuple(_peer(peer, nodes) for peer in consortium.peers)


def log(node: str, root: Path = Path("build/network"), lines: int = 100) -> tuple[str, ...]:
    """
    Return the last *lines* that a program of the network wrote, whether it runs or not.

    Raises:
        StateError: the folder holds no network, or no log of that name; the cure lists them.
    """
    folder = Folder(root)
    record = state.existing(folder)
    said = engines.by_name(record.engine).log(folder, node, lines) if record.engine else None
    if said is not None:
        return said
    found = {each.stem: each for each in sorted(folder.logs.glob("*.log"))}
    if node not in found:
        listed = f"The logs are {', '.join(found)}." if found else "Nothing has run on this machine."
        raise errors.StateError(folder.logs, f"has no log of {node!r}", listed)
    with found[node].open("rb") as file:
        file.seek(max(0, found[node].stat().st_size - _TAIL_BYTES))
        return tuple(deque(file.read().decode("utf-8", "replace").splitlines(), maxlen=lines))


def certificates_of(root: Path, now: datetime) -> tuple[CertificateInfo, ...]:
    """
    Return each certificate of the folder once, sorted by expiry date.

    Raises:
        StateError: the folder holds no network.
        MaterialError: a file is no certificate.
    """
    folder = Folder(root)
    state.existing(folder)
    seen: dict[str, CertificateInfo] = {}
    for path in sorted(_certificate_files(folder)):
        try:
            found = certificates.read_all(path.read_bytes())
        except hlf_errors.IdentityError as unusable:
            raise errors.MaterialError(path, f"is no certificate: {unusable}", "Put back the file it was.") from None
        for each in found:
            ends = each.not_after
            seen.setdefault(each.fingerprint, CertificateInfo(path, each.subject.rfc4514(), ends, ends - now))
    return tuple(sorted(seen.values(), key=lambda each: (each.ends, each.path)))


def definitions(
    name: str, root: Path = Path("build/network")
) -> tuple[tuple[str, Mapping[str, str], Mapping[str, str]], ...]:
    """
    Return the chaincodes of a channel, each with what its definition says, and each member's approved package.

    Raises:
        StateError: there is no channel of that name; or as :func:`channels`.
    """
    seen = channel(name, root)
    found = []
    with _asked(root) as (consortium, nodes):
        ready = [
            each
            for each in consortium.organisations
            if each.msp_id in seen.members and each.peers[0].name in seen.heights
        ]
        for chaincode in seen.chaincodes:
            approvals = {}
            for each in ready:
                approved = lifecycle.approved(nodes.first_peer(each.msp_id), name, chaincode.name, chaincode.sequence)
                approvals[each.msp_id] = "has not approved it" if approved is None else approved.package_id
            found.append((chaincode.name, model.present_definition(chaincode), approvals))
    return tuple(found)


def metrics(root: Path = Path("build/network")) -> dict[str, str]:
    """
    Return the address at which each node answers Prometheus, by the node's name.

    Raises:
        StateError: the folder holds no network that was started.
        EngineError: its engine has no such listeners.
    """
    folder = Folder(root)
    record = state.started(folder)
    found = {name: record.address(name, "operations") for name in state.operated(folder).nodes}
    if record.engine == "embedded":
        raise errors.EngineError(
            "the embedded engine has no metrics for Prometheus",
            "Run real nodes (--engine native or docker); clients have metrics of their own: hlf.otel.",
        )
    return found


def _certificate_files(folder: Folder) -> Iterator[Path]:
    """Yield the files of certificates in use; those of revoked users and former authorities need no renewal."""
    for top in (folder.root / "organisations", folder.root / "orderers"):
        for path in top.rglob("*"):
            if any(each.startswith(material.SET_ASIDE) for each in path.relative_to(top).parts):
                continue
            if path.suffix in {".pem", ".crt"} and path.name != "key.pem" and path.parent.name not in _OTHERS:
                yield path


@contextmanager
def _asked(root: Path) -> Iterator[tuple[Consortium, Nodes]]:
    folder = Folder(root)
    record = state.started(folder)
    consortium = state.operated(folder)
    with Nodes(folder, record, consortium, timeout=ANSWER_SECONDS) as nodes:
        nodes.require_listening(consortium.nodes)
        yield consortium, nodes


def _peer(peer: Peer, nodes: Nodes) -> PeerInfo:
    connection = nodes.peer(peer.name)
    heights: dict[str, int] = {}
    installed: tuple[lifecycle.InstalledChaincode, ...] = ()
    silent = ""
    try:
        heights = _heights_at(connection)
        installed = lifecycle.installed(connection)
    except hlf_errors.HlfError as refused:
        silent = str(refused)
    return PeerInfo(peer.name, peer.msp_id, connection.endpoint.address, heights, installed, silent)


def _heights(consortium: Consortium, nodes: Nodes) -> dict[str, dict[str, int]]:
    """Return the heights of channels by peer, of those peers that answer."""
    found = {}
    for peer in consortium.peers:
        with suppress(hlf_errors.HlfError):
            found[peer.name] = _heights_at(nodes.peer(peer.name))
    return found


def _heights_at(connection: PeerConnection) -> dict[str, int]:
    return {name: connection.height(name) for name in connection.channels()}


def _channel(bundle: channelconfig.Bundle, heights: Mapping[str, Mapping[str, int]], nodes: Nodes) -> ChannelInfo:
    name = bundle.channel_id
    inside = {peer: at[name] for peer, at in heights.items() if name in at}
    return ChannelInfo(
        name=name,
        members=bundle.application_msp_ids,
        anchors={
            each.msp_id: tuple(f"{host}:{port}" for host, port in each.anchor_peers)
            for each in bundle.application_organisations.values()
        },
        settings=channelwords.words(bundle.config.channel_group),
        heights=inside,
        chaincodes=lifecycle.committed(nodes.peer(next(iter(inside))), name) if inside else (),
    )
