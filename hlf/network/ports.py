"""The ports of the network's listeners: chosen once, and kept in the state folder."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import random
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from hlf.network import errors
from hlf.network.state import Record
from hlf.network.topology import Consortium

CHOSEN = "HLF_PORTS"
"""The variable that says from which ports to choose, such as ``20000-20999``."""

PEER_USES = ("listen", "chaincode", "operations")
ORDERER_USES = ("listen", "admin", "operations")
"""The listeners that every peer and every orderer has."""

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
SLOTS = (0, 1)
"""A chaincode's server has two ports, so that the next version is served while the present one still is."""

_FIRST, _LAST = 10_000, 32_000
_NARROW = 100


def assign(record: Record, consortium: Consortium) -> None:
    """
    Give a port to every node and every chaincode server that has none yet.

    A port that the consortium file names is used unchanged, and is nobody else's. Others are free ones
    below the range from which the system serves outgoing connections: a port of
    that range may be in use by anybody when the network is started again.

    Raises:
        StateError: the file names another port than a node has had since the first start.
        EngineError: no port is free, or the variable ``HLF_PORTS`` is no range.
    """
    _place(record, consortium)
    free = _free({port for uses in record.ports.values() for port in uses.values()} | _named(consortium))
    for peer in consortium.peers:
        _give(record, peer.name, {**dict.fromkeys(PEER_USES), "listen": peer.port}, free)
    for orderer in consortium.orderers:
        fixed = {"listen": orderer.port, "admin": orderer.admin_port}
        _give(record, orderer.name, {**dict.fromkeys(ORDERER_USES), **fixed}, free)
    for chaincode in consortium.chaincodes:
        server = next((each for each in consortium.servers if each.name == chaincode.server), None)
        if server is None:
            continue
        members = chaincode.installed_by if server.per_organisation else ("",)
        for slot in SLOTS:
            _give(record, chaincode_key(chaincode.channel, chaincode.name, slot), dict.fromkeys(members), free)


def choose(count: int) -> list[int]:
    """
    Return so many free ports for programs that are no part of a consortium file, chosen as :func:`assign` does.

    Raises:
        EngineError: as for :func:`assign`.
    """
    return list(itertools.islice(_free(set()), count))


def share(number: int, of: int) -> str:
    """
    Return a part of the range for one of several programs that choose side by side, as ``HLF_PORTS`` takes it.

    A port that one has chosen is free until it listens there, so others might choose it too. A range too narrow to be
    divided is returned whole.

    Raises:
        EngineError: the variable ``HLF_PORTS`` is no range.
    """
    first, end = _range()
    width = (end - first) // of
    if width < _NARROW:
        return f"{first}-{end - 1}"
    return f"{first + number * width}-{first + (number + 1) * width - 1}"


def chaincode_key(channel: str, chaincode: str, slot: int = 0) -> str:
    """Return the name under which the ports of a chaincode's servers are kept, in one of its two slots."""
    return f"chaincode:{channel}:{chaincode}" + (f":{slot}" if slot else "")


def check_free(program: str, addresses: Iterable[str]) -> None:
    """
    Check that the addresses of a program are free.

    Raises:
        PortTakenError: names the program, the address and what to do.
    """
    for address in addresses:
        if not _is_free(int(address.rpartition(":")[2])):
            raise errors.PortTakenError(
                program,
                address,
                "Stop that program (`ss -tanp` names it) and run the same command again. A network that has run "
                "keeps its addresses, as its channels name them; a new one chooses others in a new folder: --state.",
            )


def _give(record: Record, node: str, uses: dict[str, int | None], free: Iterator[int]) -> None:
    given = record.ports.setdefault(node, {})
    for use, fixed in uses.items():
        if fixed is not None and record.started and given.get(use, fixed) != fixed:
            raise errors.StateError(
                Path("state.json"),
                f"{node} has listened at {given[use]} since the first start, and the file says {fixed}",
                f"Its channels know it there. Write {given[use]}, or leave the port out.",
            )
        if fixed is not None:
            given[use] = fixed
        elif use not in given:
            given[use] = next(free)


def _named(consortium: Consortium) -> set[int]:
    """Return the ports that the file names: nodes, or programs of others, may listen there later than all others."""
    addresses = [address for each in consortium.chaincodes for address in each.addresses.values()]
    told = {port for address in addresses if (port := address.rpartition(":")[2]).isdigit()}
    nodes = [peer.port for peer in consortium.peers]
    nodes += [port for each in consortium.orderers for port in (each.port, each.admin_port)]
    return {*map(int, told), *(port for port in nodes if port is not None)}


def _place(record: Record, consortium: Consortium) -> None:
    """Keep the hosts of nodes; certificates and channels name them, so those of a started network stay."""
    hosts = consortium.hosts
    for node in consortium.nodes:
        before, now = record.hosts.get(node), hosts.get(node)
        if record.started and node in record.ports and before != now:
            raise errors.StateError(
                Path("state.json"),
                f"others reach {node} at {before or 'this machine'} since the first start, and the file says "
                f"{now or 'nothing'}",
                f"Write `host: {before}`." if before else "Leave `host` out, or begin in another folder: --state.",
            )
        if now is not None:
            record.hosts[node] = now


def _free(taken: set[int]) -> Iterator[int]:
    """Yield free ports from a random one on, so that networks that start together do not choose the same ones."""
    first, last = _range()
    start = random.randrange(first, last)  # noqa: S311 - not a secret
    for offset in range(last - first):
        port = first + (start - first + offset) % (last - first)
        if port not in taken and _is_free(port):
            yield port
    raise errors.EngineError(f"no free port from {first} to {last - 1} on 127.0.0.1", "Stop some other programs.")


def _range() -> tuple[int, int]:
    """Return the first port to choose from, and the one after the last."""
    chosen = os.environ.get(CHOSEN)
    if chosen is None:
        last = _LAST
        # Elsewhere than on Linux the range stays below what other systems use as well.
        with contextlib.suppress(OSError, ValueError, IndexError):
            last = min(last, int(_EPHEMERAL.read_text().split()[0]) - 1)
        return _FIRST, max(last, _FIRST + 4_000)
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", chosen)
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last <= 65_535:
        cure = "Write the first port and the last, such as 20000-20999, both from 1024 to 65535."
        raise errors.EngineError(f"{CHOSEN} is {chosen!r}, which is no range of ports", cure)
    return first, last + 1


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: an address in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            # A port below 1024 may be free though it is forbidden to us; the program that listens there reports it.
            return error.errno == errno.EACCES
        return True
