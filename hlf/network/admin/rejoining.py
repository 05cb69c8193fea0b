"""Wait until the other nodes work with a restarted node again; only then may the next one stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hlf import errors as hlf_errors
from hlf import waiting
from hlf.admin import discovery
from hlf.network import errors
from hlf.network.admin.nodes import ANSWER_SECONDS, Nodes
from hlf.network.engines import Engine
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

_SECONDS = 60.0
# Peers speak to each other once a second or less.
_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class NodeInfo:
    """
    A node as the others know it.

    Attributes:
        agreeing: of an orderer, how many agree in each channel.
        peers: of a peer, what others know of it and what it knows of others: by who knows, channel and address.
    """

    agreeing: Mapping[str, int] = field(default_factory=dict)
    peers: Mapping[tuple[str, str, str], discovery.DiscoveredPeer] = field(default_factory=dict)


def known(folder: Folder, record: Record, consortium: Consortium, engine: Engine, name: str) -> NodeInfo:
    """Return what the other nodes know of one, and what a peer knows of them; nodes that do not answer are left out."""
    if name in {each.name for each in consortium.orderers}:
        return NodeInfo(agreeing=engine.agreeing(record, consortium))
    found = {}
    with Nodes(folder, record, consortium, timeout=ANSWER_SECONDS) as nodes:
        for peer in consortium.peers:
            seen = _at(nodes, peer.name)
            own = record.inside(name)
            found.update({key: what for key, what in seen.items() if (peer.name == name) != (key[2] == own)})
    return NodeInfo(peers=found)


def wait(folder: Folder, record: Record, consortium: Consortium, engine: Engine, name: str, before: NodeInfo) -> None:
    """
    Wait until the other nodes know as much of a restarted node as they did *before*.

    Raises:
        ProcessError: they do not in time.
    """

    def back() -> bool:
        now = known(folder, record, consortium, engine, name)
        return all(now.agreeing.get(channel, 0) >= count for channel, count in before.agreeing.items()) and all(
            key in now.peers and _is_back(was, now.peers[key], again=key[0] != name)
            for key, was in before.peers.items()
        )

    if not waiting.until(back, _SECONDS, every=_EVERY_SECONDS):
        raise errors.ProcessError(
            name,
            f"is not known to the others {_SECONDS:g} s after its start",
            f"Its log tells why ({folder.logs / name}.log); then run the same command again.",
        )


def _at(nodes: Nodes, asked: str) -> dict[tuple[str, str, str], discovery.DiscoveredPeer]:
    """Return what a peer knows of all peers, by its own name, channel and address."""
    found: dict[tuple[str, str, str], discovery.DiscoveredPeer] = {}
    try:
        peer = nodes.peer(asked)
        for channel in peer.channels():
            # To the others a peer with a renewed certificate is a new peer, and they know the old one for a while, too.
            for each in sorted(discovery.peers(peer, channel), key=lambda each: each.started):
                found[asked, channel, each.address] = each
    except (hlf_errors.HlfError, errors.NetworkError):
        return {}
    return found


def _is_back(was: discovery.DiscoveredPeer, now: discovery.DiscoveredPeer, *, again: bool) -> bool:
    started = now.started > was.started if again else now.started >= was.started
    return started and was.chaincodes.items() <= now.chaincodes.items()
