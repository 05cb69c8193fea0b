"""Find the troubles of a running network: orderers that do not answer, and channels that cannot be ordered."""

from __future__ import annotations

from collections.abc import Iterable

from hlf import errors
from hlf.network.admin.nodes import Nodes
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer

_ASK_SECONDS = 5.0
_FAILED = "failed"


def of(folder: Folder, record: Record, consortium: Consortium, orderers: Iterable[Orderer]) -> list[str]:
    """Return the troubles of the *orderers*, in words; each is called as its own administrator."""
    found = []
    with Nodes(folder, record, consortium, timeout=_ASK_SECONDS) as nodes:
        for orderer in orderers:
            try:
                admin = nodes.orderer_admin(orderer)
                standings = [admin.channel(channel.name) for channel in consortium.channels]
            except errors.HlfError as silent:
                found.append(f"{orderer.name}: {silent}")
                continue
            found += [
                f"channel {standing.name} failed at {orderer.name}: {standing.reason or 'its log says why'}"
                for standing in standings
                if standing is not None and standing.status == _FAILED
            ]
    return found
