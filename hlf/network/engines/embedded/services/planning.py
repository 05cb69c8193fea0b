"""A gateway's plans: the peers for an evaluation, and the endorsers of a transaction."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import grpc
from fabric_protos.peer import proposal_response_pb2 as responses

from hlf.network.engines.embedded.endorse import endorsers
from hlf.network.engines.embedded.services import plans
from hlf.network.engines.embedded.wire.statuses import StatusError

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import Views
    from hlf.network.engines.embedded.order.channels import OrderedChannel

Code = grpc.StatusCode
T = TypeVar("T")


class Planner:
    """Plans for the gateway at one peer."""

    def __init__(self, peer: PeerState, views: Views) -> None:
        self._peer = peer
        self._views = views

    def evaluators(self, channel: OrderedChannel, name: str, targets: Sequence[str]) -> list[PeerState]:
        """Return the peers to evaluate at, this one first, then its organisation's, then the others'."""
        found = [peer for peer in self._views.of(channel).running(name) if not targets or peer.msp_id in targets]
        return sorted(found, key=self._distance)

    def for_organisations(self, channel_id: str, name: str, organisations: Sequence[str]) -> plans.EndorsementSearch:
        """
        Return one endorsement of each named organisation.

        Raises:
            StatusError: one of them has no peer that runs the chaincode.
        """
        found = self.by_organisation(channel_id, name)
        missing = [msp_id for msp_id in organisations if msp_id not in found]
        if missing:
            raise StatusError(Code.UNAVAILABLE, f"failed to find any endorsing peers for org(s): {', '.join(missing)}")
        wanted = list(dict.fromkeys(organisations))
        return plans.EndorsementSearch(
            [tuple((msp_id, 1) for msp_id in wanted)], {msp_id: found[msp_id] for msp_id in wanted}
        )

    def protecting(
        self, channel_id: str, interest: responses.ChaincodeInterest, first: PeerState, transient: bool
    ) -> plans.EndorsementSearch:
        """
        Plan so that only members of the written collections get the transient data.

        Raises:
            StatusError: the policy needs others as well, or cannot be satisfied.
        """
        if not transient:
            return self.for_interest(channel_id, interest, first)
        guarded = responses.ChaincodeInterest()
        guarded.CopyFrom(interest)
        protected: list[str] = []
        for call in guarded.chaincodes:
            if call.no_private_reads:
                call.no_private_reads = False
                protected.extend(call.collection_names)
        try:
            return self.for_interest(channel_id, guarded, first)
        except StatusError as error:
            if not protected:
                raise
            try:
                self.for_interest(channel_id, interest, first)
            except StatusError as unguarded:
                raise unguarded from None
            raise StatusError(
                Code.FAILED_PRECONDITION,
                "requires endorsement from organisation(s) that are not in the distribution policy of the private "
                f"data collection(s): [{' '.join(protected)}]; retry specifying trusted endorsing organizations to "
                "protect transient data",
            ) from error

    def for_interest(
        self, channel_id: str, interest: responses.ChaincodeInterest, preferred: PeerState | None
    ) -> plans.EndorsementSearch:
        """
        Return every combination that is enough, in random order, those with *preferred* first.

        Raises:
            StatusError: there is none.
        """
        channel = self._peer.channel(channel_id)
        prefix = "no combination of peers can be derived which satisfy the endorsement policy"
        if channel is None:
            missing = interest.chaincodes[0].name
            raise StatusError(
                Code.FAILED_PRECONDITION,
                f"{prefix}: No metadata was found for chaincode {missing} in channel {channel_id}",
            )
        try:
            found = endorsers.describe(self._views.of(channel), interest)
        except endorsers.NoEndorsersError as error:
            raise StatusError(Code.FAILED_PRECONDITION, f"{prefix}: {error}") from None
        ours = frozenset(group for group, peers in found.groups.items() if preferred in peers)
        order = itertools.chain.from_iterable(map(drawn, found.parted(ours)))
        groups = {name: sorted(peers, key=self._distance) for name, peers in found.groups.items()}
        return plans.EndorsementSearch(found.layouts, groups, order)

    def by_organisation(self, channel_id: str, name: str) -> dict[str, list[PeerState]]:
        """Return the peers that run a chaincode, by organisation; this peer is the first of its own."""
        channel = self._peer.channel(channel_id)
        found: dict[str, list[PeerState]] = {}
        if channel is not None:
            for peer in sorted(self._views.of(channel).running(name), key=self._distance):
                found.setdefault(peer.msp_id, []).append(peer)
        return found

    def _distance(self, peer: PeerState) -> int:
        """Return a peer's rank: this one is the first, then its organisation's others, then the rest."""
        return 0 if peer is self._peer else 1 if peer.msp_id == self._peer.msp_id else 2


def drawn(items: Sequence[T]) -> Iterator[T]:
    """Yield all of *items* in random order; each is drawn only when it is needed."""
    moved: dict[int, int] = {}
    for last in range(len(items) - 1, -1, -1):
        drawn = secrets.randbelow(last + 1)
        yield items[moved.get(drawn, drawn)]
        moved[drawn] = moved.pop(last, last)
