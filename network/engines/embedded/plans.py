"""
A gateway's plan: whom to ask for endorsements, and whom next when one refuses.

Groups hold peers, layouts say how many of each group are enough. The plan
keeps the first answer's payload; every other endorser must give the same bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fabric_protos.gateway import gateway_pb2

if TYPE_CHECKING:
    from fabric_protos.peer import proposal_response_pb2 as responses

    from network.engines.embedded.broadcast import Orderer
    from network.engines.embedded.endorser import Outcome
    from network.engines.embedded.peer import Peer

MISMATCH = "ProposalResponsePayloads do not match"


@dataclasses.dataclass
class Layout:
    """Endorsements still required by group, and those collected."""

    required: dict[str, int]
    endorsements: list[responses.Endorsement] = dataclasses.field(default_factory=list)


class Plan:
    """The state of one call's search for endorsements."""

    def __init__(self, layouts: Iterable[dict[str, int]], groups: dict[str, list[Peer]]) -> None:
        self._layouts: list[Layout | None] = [Layout(dict(layout)) for layout in layouts]
        self._groups = {name: list(peers) for name, peers in groups.items()}
        # A peer may satisfy several principals; as in Fabric it then counts for the last group that lists it.
        self._group_of = {peer.name: name for name, peers in groups.items() for peer in peers}
        self._next = 0
        self.payload: bytes | None = None
        self.completed: Layout | None = None
        self.details: list[gateway_pb2.ErrorDetail] = []

    def endorsers(self) -> list[Peer]:
        """Whom to ask now, all at once; empty when no layout is left."""
        while True:
            while self._next < len(self._layouts) and self._layouts[self._next] is None:
                self._next += 1
            if self._next >= len(self._layouts):
                return []
            layout = self._layouts[self._next]
            if any(count > len(self._groups.get(name, ())) for name, count in layout.required.items()):
                self._layouts[self._next] = None
                continue
            chosen: list[Peer] = []
            for name, count in layout.required.items():
                chosen += self._groups[name][:count]
                self._groups[name] = self._groups[name][count:]
            return chosen

    def accept(self, peer: Peer, outcome: Outcome) -> bool:
        """Count an endorsement towards every layout; False if its payload is not that of the first."""
        # The gateway's own peer answers first, also where the policy does not ask for it; then it counts for no group.
        group = self._group_of.get(peer.name, "")
        self._groups[group] = [other for other in self._groups.get(group, ()) if other is not peer]
        if self.payload is None:
            self.payload = outcome.payload
        elif self.payload != outcome.payload:
            self.details.append(detail(peer, MISMATCH))
            return False
        for layout in self._layouts[self._next :]:
            if layout is None or group not in layout.required:
                continue
            layout.required[group] -= 1
            layout.endorsements.append(outcome.endorsement)
            if not layout.required[group]:
                del layout.required[group]
                if not layout.required:
                    self.completed = layout
                    break
        return True

    def following(self, peer: Peer) -> tuple[Peer | None, str]:
        """The next peer of the same group, or None and the group that has nobody left."""
        group = self._group_of[peer.name]
        if self._groups[group]:
            return self._groups[group].pop(0), ""
        return None, group

    def abandon(self, *groups: str) -> None:
        """Give up layouts that need *groups*, and go on to the next layout."""
        for index in range(self._next, len(self._layouts)):
            layout = self._layouts[index]
            if layout is not None and any(name in layout.required for name in groups if name):
                self._layouts[index] = None
        self._next += 1

    def unique_endorsements(self) -> list[responses.Endorsement]:
        """The collected endorsements, each endorser once."""
        unique: dict[bytes, responses.Endorsement] = {}
        for endorsement in self.completed.endorsements:
            unique.setdefault(endorsement.endorser, endorsement)
        return list(unique.values())


def detail(node: Peer | Orderer, reason: str) -> gateway_pb2.ErrorDetail:
    """What a gateway tells its client about one endorser, or orderer."""
    return gateway_pb2.ErrorDetail(address=node.address, msp_id=node.msp_id, message=reason)


def unreachable(address: str) -> str:
    """How a real gateway words that nobody listens at a node's address."""
    return (
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp '
        f'{address}: connect: connection refused"'
    )
