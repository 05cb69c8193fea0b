"""
The observed performance of carriers, and its comparison with their claims.

Only legs count whose beginning and end were signed by two parties: the
handover that began it, and the handover (or the recorded delivery) that ended
it. A leg also ends when its carrier, or the giver of the goods, reports them lost, or damaged and not passed on. Such a
leg was not on time, and has no duration if the goods never arrived. A plan counts only if it was stated before the leg
began. `tallies` adds the legs up by carrier, lane and quarter.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from chaincode.domain.journeys.custody import Custody, Period
from chaincode.domain.journeys.pages import Entry, IncidentKind, Page
from chaincode.domain.vocabulary import bounds
from hlf.codec import moments
from hlf.codec.records import Instant

_ENDING = (IncidentKind.LOST, IncidentKind.DAMAGED)
"""Incidents after which a leg is over if nobody takes the goods over."""

FEWEST = 3
"""With fewer observations there is no percentile: a single shipment would decide it."""


@dataclasses.dataclass(frozen=True)
class JourneyLeg:
    """
    One carrier's part of one journey, from place to place; ``planned_at`` is the planned end.

    A leg that ended with a loss was bound for the place that giver and taker signed, or else for the journey's
    destination.
    """

    carrier: str
    origin: str
    destination: str
    began: int
    ended: int
    planned_at: int | None
    incidents: int
    lost: bool = False
    damaged: bool = False

    @property
    def minutes(self) -> int:
        """How long the carrier had the goods."""
        return (self.ended - self.began) // moments.MINUTE


@dataclasses.dataclass(frozen=True)
class ObservedPerformance:
    """A carrier on a lane: number of legs, durations, punctuality; None if there are too few legs."""

    carrier: str
    origin: str
    destination: str
    n: int
    since: str
    until: str
    p50_minutes: int | None
    p90_minutes: int | None
    p95_minutes: int | None
    on_time_bps: int | None
    incidents_ppm: int
    loss_ppm: int
    damage_ppm: int


@dataclasses.dataclass(frozen=True)
class DeclaredPerformance:
    """A carrier's claims for the same lane, as disclosed to the caller."""

    p50_hours: int
    p90_hours: int
    on_time_bps: int


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Observed over declared, in basis points: 10000 is as declared, 12000 a fifth longer; None with too few legs."""

    observed: ObservedPerformance
    p50_bps: int | None
    p90_bps: int | None
    on_time_bps: int | None


@dataclasses.dataclass(frozen=True)
class Estimate:
    """
    The expected time of delivery: half, and nine in ten, of *n* earlier journeys took no longer from this stage on.
    """

    stage_id: str
    n: int
    p50_at: Instant
    p90_at: Instant


@dataclasses.dataclass(frozen=True)
class StageDuration:
    """The time from the last occurrence of a step to the delivery."""

    stage_id: str
    step: str
    minutes: int
    delivered_at: Instant


def legs(held: Custody, pages: Mapping[str, Page], destination: str) -> tuple[JourneyLeg, ...]:
    """Return the finished, dual-signed legs of one journey to *destination*; *pages* by party."""
    ends: list[tuple[int, str] | None] = [(period.since, period.place) for period in held.periods[1:]]
    ends.append(None if held.ended_at is None else (held.ended_at, held.ended_place))
    found = (_leg(period, end, pages, destination) for period, end in zip(held.periods, ends, strict=True))
    return tuple(leg for leg in found if leg)


def _leg(period: Period, end: tuple[int, str] | None, pages: Mapping[str, Page], destination: str) -> JourneyLeg | None:
    """Return the leg of *period*, which ended at *end* if that is known; None while it goes on."""
    if not period.giver:
        return None
    mine = pages[period.custodian]
    reported = sorted(
        (each for page in (mine, pages[period.giver]) for each in page.incidents if period.since <= each.at),
        key=lambda each: each.at,
    )
    mishap = next((each for each in reported if each.kind in _ENDING), None)
    if end is None and mishap is None:
        return None
    ended, place = end or (mishap.at if mishap else period.since, period.bound_for or destination)
    planned = [times.planned_at for times in mine.times if times.first_stated_at <= period.since]
    return JourneyLeg(
        carrier=period.custodian,
        origin=period.place,
        destination=place,
        began=period.since,
        ended=ended,
        planned_at=max(planned, default=None),
        incidents=sum(period.since <= each.at <= ended for each in mine.incidents),
        lost=end is None and any(each.kind is IncidentKind.LOST for each in reported),
        damaged=any(each.kind is IncidentKind.DAMAGED and each.at <= ended for each in reported),
    )


def calibrated(seen: ObservedPerformance, claimed: DeclaredPerformance) -> Calibration:
    """Return *seen* compared with *claimed*."""
    return Calibration(
        observed=seen,
        p50_bps=_ratio(seen.p50_minutes, claimed.p50_hours * 60),
        p90_bps=_ratio(seen.p90_minutes, claimed.p90_hours * 60),
        on_time_bps=_ratio(seen.on_time_bps, claimed.on_time_bps),
    )


def _ratio(seen: int | None, claimed: int) -> int | None:
    return None if seen is None or claimed <= 0 else seen * bounds.BPS // claimed


def estimate(timeline: Sequence[Entry], n: int, p50_minutes: int | None, p90_minutes: int | None) -> Estimate | None:
    """
    Return when a journey will be delivered, if *n* journeys of its lane and type took so long from `latest` on.

    None if the journey has not begun or is delivered, or with fewer than FEWEST earlier journeys.
    """
    last = latest(timeline)
    if last is None or p50_minutes is None or p90_minutes is None:
        return None
    return Estimate(last.stage_id, n, last.at + p50_minutes * moments.MINUTE, last.at + p90_minutes * moments.MINUTE)


def latest(timeline: Sequence[Entry]) -> Entry | None:
    """Return the last event of goods under way; None before the first and after the delivery."""
    return timeline[-1] if timeline and _delivered(timeline) is None else None


def passed(timeline: Sequence[Entry]) -> tuple[StageDuration, ...]:
    """Return how long a delivered journey took from each step on; nothing before it is delivered."""
    delivered = _delivered(timeline)
    if delivered is None:
        return ()
    reached = {(entry.stage_id, entry.step): entry.at for entry in timeline if entry.at <= delivered}
    return tuple(
        StageDuration(stage_id, step, (delivered - at) // moments.MINUTE, delivered)
        for (stage_id, step), at in sorted(reached.items())
    )


def _delivered(timeline: Sequence[Entry]) -> int | None:
    ends = [entry.at for entry in timeline if (entry.stage_id, entry.step) == ("S20", "accepting")]
    return ends[-1] if ends else None
