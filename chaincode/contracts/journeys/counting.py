"""
Counting: what was observed of journeys, added to the tallies of their lanes, carriers and pairs of companies.

Events of a journey are endorsed by their recorder alone, and touch only keys of that journey. So they cannot keep
sums that all journeys share, and should not: two orders would wait for each other. A transaction of its own does it
afterwards, for the journeys that it names. It counts what the ledger holds of them at that time; a journey that is
counted again replaces its earlier count. So anybody may count, in any order, as often as wanted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from chaincode.contracts import clock, store
from chaincode.contracts.journeys import journeystate, partypages
from chaincode.domain.journeys import journeys, pages, performance, tallies, tracking
from chaincode.domain.journeys.performance import JourneyLeg, StageDuration
from chaincode.domain.journeys.tallies import CarrierFigures, LaneTally, StageTally
from chaincode.domain.matching import experience
from chaincode.domain.matching.experience import Handover
from chaincode.domain.matching.friction import Pair
from chaincode.domain.vocabulary import timeliness
from hlf.codec import moments
from hlf.shim import api

LANE = "tally-of-lane"
OF_CARRIER = "tally-of-carrier"
_FIGURES = "figures-of-carrier"
_STAGE = "tally-of-stage"
_PAIR = "tally-of-pair"
_COUNTED = "counted-journey"


@dataclasses.dataclass(frozen=True)
class CountedJourney:
    """What is counted of one journey."""

    legs: tuple[JourneyLeg, ...] = ()
    handovers: tuple[Handover, ...] = ()
    passed: tuple[StageDuration, ...] = ()


@dataclasses.dataclass(frozen=True)
class ObservedLane:
    """A lane on which a carrier was observed."""

    origin: str
    destination: str


class TallyChanges:
    """The tallies that one transaction changes. Each is read and written once, however many journeys change it."""

    def __init__(self, ctx: api.Context) -> None:
        self._ctx = ctx
        self._now = clock.now(ctx)
        self._lanes: dict[tuple[str, str, str], LaneTally] = {}
        self._stages: dict[tuple[str, ...], StageTally] = {}
        self._pairs: dict[tuple[str, str], Pair] = {}

    def count(self, journey_id: str) -> bool:
        """
        Count one journey again; return whether anything changed.

        Raises:
            Refused: JOURNEY_UNKNOWN.
        """
        journey = journeystate.load(self._ctx, journey_id)
        before, found = counted(self._ctx, journey_id), observed(self._ctx, journey)
        if before == found:
            return False
        lane = (journey.origin, journey.destination, journey.kind)
        for count, number in ((before, -1), (found, 1)):
            self._add(lane, count, number)
        store.save(self._ctx, found, _COUNTED, journey_id)
        return True

    def save(self) -> None:
        """Write the changed tallies."""
        for (origin, destination, carrier), lane in sorted(self._lanes.items()):
            store.save(self._ctx, lane, LANE, origin, destination, carrier)
            store.save(self._ctx, ObservedLane(origin, destination), OF_CARRIER, carrier, origin, destination)
        for carrier in sorted({carrier for _, _, carrier in self._lanes}):
            known = figures(self._ctx, carrier)
            for lane in (tally for key, tally in sorted(self._lanes.items()) if key[2] == carrier):
                known = known.with_lane(lane, self._now)
            store.save(self._ctx, known, _FIGURES, carrier)
        for place, stage in sorted(self._stages.items()):
            store.save(self._ctx, stage, _STAGE, *place)
        for names, pair in sorted(self._pairs.items()):
            store.save(self._ctx, pair, _PAIR, *names)

    def _add(self, lane: tuple[str, str, str], count: CountedJourney, number: int) -> None:
        for leg in count.legs:
            key = (leg.origin, leg.destination, leg.carrier)
            tally = self._lanes.get(key) or lane_tally(self._ctx, *key)
            self._lanes[key] = tally.counting(leg, number, self._now)
        for each in count.passed:
            place = (*lane, each.stage_id, each.step)
            took = self._stages.get(place) or _stage_tally(self._ctx, *place)
            self._stages[place] = took.counting(each.delivered_at, each.minutes, number, self._now)
        for handover in count.handovers:
            names = (handover.giver, handover.taker)
            pair = self._pairs.get(names) or store.find(self._ctx, Pair, _PAIR, *names) or Pair(*names, 0, 0)
            self._pairs[names] = experience.counted(pair, handover, number)


def observed(ctx: api.Context, journey: journeys.Journey) -> CountedJourney:
    """
    Return the facts of a journey that count: only custodies that all their custodians confirm. Parcels that travelled
    together count as one leg and one hand-over.
    """
    own = partypages.party_pages(ctx, journey).pages
    confirmed = tuple(journeystate.confirmed(ctx, journey, own))
    if len(confirmed) < len(journey.parcels):
        return CountedJourney()
    legs: dict[JourneyLeg, None] = {}
    passed: dict[str, Handover] = {}
    for held, written in confirmed:
        legs |= dict.fromkeys(performance.legs(held, written, journey.destination) if held.number else ())
        passed |= experience.handovers(held, written)
    timeline = pages.timeline(journeystate.with_units(ctx, journey, own))
    return CountedJourney(tuple(legs), tuple(passed.values()), performance.passed(timeline))


def counted(ctx: api.Context, journey_id: str) -> CountedJourney:
    """Return what is counted of a journey."""
    return store.find(ctx, CountedJourney, _COUNTED, journey_id) or CountedJourney()


def finished(ctx: api.Context, journey: journeys.Journey) -> bool:
    """Return whether a journey is over, and so is the time for recording its events."""
    own = partypages.party_pages(ctx, journey).pages
    last = max((page.last_recorded for page in journeystate.with_units(ctx, journey, own)), default=0)
    parcels = journeystate.parcel_records(ctx, journey, own).values()
    over = all(tracking.over(tracking.outcome(journey, each.timeline, each.incidents)) for each in parcels)
    return over and last + timeliness.LATEST + moments.SKEW < clock.now(ctx)


def lane_tally(ctx: api.Context, origin: str, destination: str, carrier: str) -> LaneTally:
    """Return the tally of one carrier on one lane; an empty one if nothing is counted."""
    found = store.find(ctx, LaneTally, LANE, origin, destination, carrier)
    return found or LaneTally(carrier, origin, destination)


def on_lane(ctx: api.Context, origin: str, destination: str) -> dict[str, performance.ObservedPerformance]:
    """Return the observed figures of every carrier between two places, by carrier."""
    now = clock.now(ctx)
    found = (tally.observed(now) for tally in store.each(ctx, LaneTally, LANE, origin, destination))
    return {each.carrier: each for each in found if each}


def figures(ctx: api.Context, carrier: str) -> CarrierFigures:
    """
    Return what is counted of one carrier on all its lanes, under one key.

    A block names the keys that a transaction read. This key does not reveal the lane of a consignment, so a match reads
    it.
    """
    return store.find(ctx, CarrierFigures, _FIGURES, carrier) or CarrierFigures()


def pairs(ctx: api.Context) -> Iterable[Pair]:
    """Return the pairs of companies that handed goods over to each other, sorted."""
    return (pair for pair in store.each(ctx, Pair, _PAIR) if pair.handovers)


def estimate(
    ctx: api.Context, journey: journeys.Journey, written: tuple[pages.Page, ...]
) -> performance.Estimate | None:
    """Return when *journey* will be delivered, by the journeys of its lane and type that are counted."""
    timeline = pages.timeline(written)
    last = performance.latest(timeline)
    if last is None:
        return None
    place = (journey.origin, journey.destination, journey.kind, last.stage_id, last.step)
    took = _stage_tally(ctx, *place).took(clock.now(ctx))
    half, most = tallies.percentile(took, 50), tallies.percentile(took, 90)
    return performance.estimate(timeline, sum(took.values()), half, most)


def _stage_tally(ctx: api.Context, *place: str) -> StageTally:
    return store.find(ctx, StageTally, _STAGE, *place) or StageTally()
