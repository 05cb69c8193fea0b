"""
A gateway's plan: the peers to ask for endorsements, and the next ones after refusals.

Groups have peers, and layouts have the number of endorsements from each group.
The plan keeps the first answer's payload; all others must have the same bytes.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fabric_protos.gateway import gateway_pb2

from hlf.wire import proposals

if TYPE_CHECKING:
    from fabric_protos.peer import proposal_response_pb2 as responses

    from hlf.network.engines.embedded.endorse.endorser import EndorsementOutcome
    from hlf.network.engines.embedded.endorse.endorsers import Layout
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.order.orderers import OrdererState

TIMED_OUT = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
LOST = "rpc error: code = Unavailable desc = error reading from server: EOF"


class EndorsementSearch:
    """The state of one call's search for endorsements."""

    def __init__(
        self,
        layouts: Sequence[Layout],
        groups: Mapping[str, Sequence[PeerState]],
        order: Iterable[Layout] | None = None,
    ) -> None:
        """
        Begin a search.

        There can be thousands of layouts, and most searches need one: *order*
        yields them when they are tried, if it is not the order of *layouts*.
        """
        self._layouts = layouts
        self._order = iter(layouts if order is None else order)
        self._smallest = min((sum(count for _, count in layout) for layout in layouts), default=0)
        self._current: Layout = ()
        self._groups = {name: list(peers) for name, peers in groups.items()}
        # A peer can satisfy several principals; as in Fabric it counts for the last group that lists it.
        self._group_of = {peer.name: name for name, peers in groups.items() for peer in peers}
        self._received: list[tuple[str, responses.Endorsement]] = []
        self._counts: collections.Counter[str] = collections.Counter()
        self._exhausted: set[str] = set()
        self._completed: Layout | None = None
        self.payload: bytes | None = None
        self.details: list[gateway_pb2.ErrorDetail] = []

    @property
    def completed(self) -> bool:
        """Whether the endorsements are enough for one of the layouts."""
        return self._completed is not None

    def endorsers(self) -> list[PeerState]:
        """Return the peers to ask now, all at once; empty if no layout is left."""
        for layout in self._order:
            missing = [(name, count - self._counts[name]) for name, count in layout if count > self._counts[name]]
            if any(name in self._exhausted or count > len(self._groups.get(name, ())) for name, count in missing):
                continue
            self._current = layout
            chosen: list[PeerState] = []
            for name, count in missing:
                chosen += self._groups[name][:count]
                del self._groups[name][:count]
            return chosen
        return []

    def accept(self, peer: PeerState, outcome: EndorsementOutcome) -> bool:
        """Count an endorsement for every layout; return False if its payload differs from the first."""
        # The gateway's own peer answers first, even if the policy does not need it; then it counts for no group.
        group = self._group_of.get(peer.name, "")
        self._groups[group] = [other for other in self._groups.get(group, ()) if other is not peer]
        if outcome.endorsement is None:
            raise ValueError(f"{peer.name} answers without an endorsement")
        if self.payload is None:
            self.payload = outcome.payload
        elif self.payload != outcome.payload:
            self.details.append(detail(peer, proposals.MISMATCH))
            return False
        self._received.append((group, outcome.endorsement))
        self._counts[group] += 1
        if len(self._received) >= self._smallest:
            candidates = itertools.chain([self._current] if self._current else (), self._layouts)
            self._completed = next(filter(self._is_complete, candidates), self._completed)
        return True

    def following(self, peer: PeerState) -> tuple[PeerState | None, str]:
        """Return the next peer of the same group, or None and the group that has nobody left."""
        group = self._group_of[peer.name]
        if self._groups[group]:
            return self._groups[group].pop(0), ""
        return None, group

    def abandon(self, *groups: str) -> None:
        """Drop the layouts that need more endorsements from *groups*."""
        self._exhausted.update(name for name in groups if name)

    def unique_endorsements(self) -> list[responses.Endorsement]:
        """Return the collected endorsements of the layout, each endorser once."""
        wanted = dict(self._completed or ())
        unique: dict[bytes, responses.Endorsement] = {}
        for group, endorsement in self._received:
            if wanted.get(group):
                wanted[group] -= 1
                unique.setdefault(endorsement.endorser, endorsement)
        return list(unique.values())

    def _is_complete(self, layout: Layout) -> bool:
        return all(self._counts[name] >= count for name, count in layout)


def detail(node: PeerState | OrdererState, reason: str) -> gateway_pb2.ErrorDetail:
    """Return the detail about one endorser or orderer in a gateway's error."""
    return gateway_pb2.ErrorDetail(address=node.address, msp_id=node.msp_id, message=reason)


def unreachable(address: str) -> str:
    """Return a real gateway's error text if nobody listens at a node's address."""
    return (
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp '
        f'{address}: connect: connection refused"'
    )
