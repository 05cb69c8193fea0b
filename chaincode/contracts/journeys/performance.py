"""The contract of observed performance, from hand-overs that both sides signed."""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, store
from chaincode.contracts.journeys import counting, journeystate
from chaincode.contracts.register import participants
from chaincode.domain.journeys import performance, tallies
from chaincode.domain.journeys.tallies import LaneTally
from hlf.shim import api


@dataclasses.dataclass(frozen=True)
class ObservedLanes:
    """A page of a carrier's lanes; *bookmark* leads to the next page, and is empty on the last."""

    lanes: tuple[performance.ObservedPerformance, ...]
    bookmark: str


@dataclasses.dataclass(frozen=True)
class UncountedJourneys:
    """The journeys on a page that need counting; *bookmark* leads to the next page, and is empty on the last."""

    journey_ids: tuple[str, ...]
    bookmark: str


class Performance(api.Contract):
    """Observed performance of carriers by lane, over the last four quarters, from the journeys that were counted."""

    @api.transaction(endorsed_by=(), called_by=("participant",))
    def count(self, ctx: api.Context, journey_ids: tuple[str, ...]) -> tuple[str, ...]:
        """
        Count these journeys; return those whose count changed.

        Every participant may call this at any time. A journey that is counted again replaces its earlier count.

        Raises:
            Refused: NOT_A_PARTICIPANT, JOURNEY_UNKNOWN, INVALID_ARGUMENT for none or more than 100 journeys.
        """
        participants.participant(ctx, access.member(ctx))
        tallies.AT_ONCE.check("journey_ids", len(journey_ids))
        tallying = counting.TallyChanges(ctx)
        changed = tuple(each for each in sorted(set(journey_ids)) if tallying.count(each))
        tallying.save()
        for journey_id in sorted(set(journey_ids)):
            if counting.finished(ctx, journeystate.load(ctx, journey_id)):
                journeystate.forget_open(ctx, journey_id)
        store.announce(ctx, "JourneysCounted", {"journey_ids": changed})
        return changed

    @api.query
    def uncounted(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> UncountedJourneys:
        """
        Return which of the next *size* journeys `count` would change or find finished; only open ones are listed.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        listed, following = store.page(ctx, str, size, bookmark, journeystate.OPEN)
        found = [journeystate.load(ctx, each) for each in listed]
        wanted = tuple(
            journey.journey_id
            for journey in found
            if counting.observed(ctx, journey) != counting.counted(ctx, journey.journey_id)
            or counting.finished(ctx, journey)
        )
        return UncountedJourneys(wanted, following)

    @api.query
    def carrier(self, ctx: api.Context, msp_id: str, size: int = 100, bookmark: str = "") -> ObservedLanes:
        """Return the observed performance of one carrier, lane by lane, *size* lanes at a time."""
        participants.participant(ctx, msp_id)
        lanes, following = store.page(ctx, counting.ObservedLane, size, bookmark, counting.OF_CARRIER, msp_id)
        found = (_seen(ctx, counting.lane_tally(ctx, each.origin, each.destination, msp_id)) for each in lanes)
        return ObservedLanes(tuple(each for each in found if each), following)

    @api.query
    def lane(self, ctx: api.Context, origin: str, destination: str) -> tuple[performance.ObservedPerformance, ...]:
        """Return the observed performance of every carrier between two places."""
        return tuple(counting.on_lane(ctx, origin, destination).values())

    @api.query(read_on=("caller",))
    def compare(
        self, ctx: api.Context, msp_id: str, origin: str, destination: str, declared: performance.DeclaredPerformance
    ) -> performance.Calibration | None:
        """
        Return a carrier's observed performance on a lane beside its declared figures; null if there is none.

        The declared figures are private. Only this query at the caller's own peer uses them; they are not stored or
        sent on.
        """
        seen = _seen(ctx, counting.lane_tally(ctx, origin, destination, msp_id))
        return performance.calibrated(seen, declared) if seen else None


def _seen(ctx: api.Context, tally: LaneTally) -> performance.ObservedPerformance | None:
    return tally.observed(clock.now(ctx))
