"""
Tallies: what was observed on a lane, as sums that grow with lanes and not with journeys.

A tally has one part for each quarter (UTC), so that old shipments no longer count: figures are of the present quarter
and the three before it. It keeps how many legs took how long. For this, minutes are kept to three digits, rounded up
(1,234 minutes count as 1,240), so a percentile is at most one percent too long. A leg can be removed again, because
later records may change its facts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from chaincode.domain.journeys.performance import FEWEST, JourneyLeg, ObservedPerformance
from chaincode.domain.vocabulary import bounds
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.records import Instant

QUARTERS = 4
"""How many quarters count, the present one included."""

AT_ONCE = Bounds(1, 100)
"""How many journeys one transaction counts."""

_KEPT = QUARTERS + 1
"""How many quarters a tally keeps: one more, because two clients' clocks may differ at the turn of a quarter."""

_DIGITS = 3

Part = TypeVar("Part")

Durations = dict[str, int]
"""How many took so many minutes, kept to three digits."""


@dataclasses.dataclass(frozen=True)
class Quarter:
    """The sums of one quarter."""

    n: int = 0
    lost: int = 0
    damaged: int = 0
    incidents: int = 0
    planned: int = 0
    on_time: int = 0
    first: Instant = moments.LAST
    last: Instant = moments.FIRST
    minutes: Durations = dataclasses.field(default_factory=dict)

    def counting(self, leg: JourneyLeg, number: int) -> Quarter:
        """Return the sums with *leg* added (*number* is 1) or taken off (-1)."""
        planned = leg.planned_at is not None
        on_time = leg.planned_at is not None and leg.ended <= leg.planned_at and not leg.lost
        return Quarter(
            n=self.n + number,
            lost=self.lost + number * leg.lost,
            damaged=self.damaged + number * leg.damaged,
            incidents=self.incidents + number * leg.incidents,
            planned=self.planned + number * planned,
            on_time=self.on_time + number * on_time,
            first=min(self.first, leg.began),
            last=max(self.last, leg.ended),
            minutes=self.minutes if leg.lost else counted(self.minutes, leg.minutes, number),
        )


@dataclasses.dataclass(frozen=True)
class LaneTally:
    """One carrier on one lane."""

    carrier: str
    origin: str
    destination: str
    quarters: dict[str, Quarter] = dataclasses.field(default_factory=dict)

    def counting(self, leg: JourneyLeg, number: int, now: int) -> LaneTally:
        """Return the tally with *leg* added (*number* is 1) or taken off (-1), and without old quarters."""
        name, kept = quarter_of(leg.ended), _newest(self.quarters, now + moments.SKEW, _KEPT)
        before = kept.get(name, Quarter())
        if name in _names(now + moments.SKEW, _KEPT) and (number > 0 or before.n):
            kept[name] = before.counting(leg, number)
        return dataclasses.replace(self, quarters={name: each for name, each in kept.items() if each.n})

    def observed(self, now: int) -> ObservedPerformance | None:
        """Return the figures of the last quarters at the time *now*; None without any leg."""
        parts = _newest(self.quarters, now, QUARTERS).values()
        n = sum(each.n for each in parts)
        if not n:
            return None
        planned, minutes = sum(each.planned for each in parts), merged(each.minutes for each in parts)
        return ObservedPerformance(
            carrier=self.carrier,
            origin=self.origin,
            destination=self.destination,
            n=n,
            since=moments.text(min(each.first for each in parts)),
            until=moments.text(max(each.last for each in parts)),
            p50_minutes=percentile(minutes, 50),
            p90_minutes=percentile(minutes, 90),
            p95_minutes=percentile(minutes, 95),
            on_time_bps=sum(each.on_time for each in parts) * bounds.BPS // planned if planned >= FEWEST else None,
            incidents_ppm=sum(each.incidents for each in parts) * bounds.PPM // n,
            loss_ppm=sum(each.lost for each in parts) * bounds.PPM // n,
            damage_ppm=sum(each.damaged for each in parts) * bounds.PPM // n,
        )


@dataclasses.dataclass(frozen=True)
class LaneFigures:
    """The main figures of one carrier on one lane; on_time_bps is None with too few plans."""

    n: int
    on_time_bps: int | None
    loss_ppm: int
    damage_ppm: int
    since: str
    until: str


@dataclasses.dataclass(frozen=True)
class CarrierFigures:
    """The figures of one carrier, by lane (such as ``VNHPH-VNHAN``)."""

    lanes: dict[str, LaneFigures] = dataclasses.field(default_factory=dict)

    def with_lane(self, tally: LaneTally, now: int) -> CarrierFigures:
        """Return the figures with those of one lane as they are *now*."""
        seen, lane = tally.observed(now), f"{tally.origin}-{tally.destination}"
        others = {name: each for name, each in self.lanes.items() if name != lane}
        if seen is None:
            return CarrierFigures(others)
        short = LaneFigures(seen.n, seen.on_time_bps, seen.loss_ppm, seen.damage_ppm, seen.since, seen.until)
        return CarrierFigures({**others, lane: short})

    def on(self, origin: str, destination: str, now: int) -> LaneFigures | None:
        """Return the figures of a lane, if its last leg is in the quarters that count *now*."""
        found = self.lanes.get(f"{origin}-{destination}")
        recent = found is not None and quarter_of(moments.parse(found.until).at) in _names(now, QUARTERS)
        return found if recent else None


@dataclasses.dataclass(frozen=True)
class StageTally:
    """How long the journeys of one lane and type took from one step to their delivery."""

    quarters: dict[str, Durations] = dataclasses.field(default_factory=dict)

    def counting(self, delivered_at: int, minutes: int, number: int, now: int) -> StageTally:
        """Return the tally with one journey added (*number* is 1) or taken off (-1), and without old quarters."""
        name, kept = quarter_of(delivered_at), _newest(self.quarters, now + moments.SKEW, _KEPT)
        if name in _names(now + moments.SKEW, _KEPT):
            kept[name] = counted(kept.get(name, {}), minutes, number)
        return StageTally({name: each for name, each in kept.items() if each})

    def took(self, now: int) -> Durations:
        """Return the durations of the last quarters at the time *now*."""
        return merged(_newest(self.quarters, now, QUARTERS).values())


def quarter_of(at: int) -> str:
    """Return the quarter of *at*, such as ``2026-Q4``."""
    day = datetime.fromtimestamp(at // moments.SECOND, UTC)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def kept_minutes(minutes: int) -> int:
    """Return *minutes* rounded up to three digits."""
    step = int("1" + "0" * max(len(str(minutes)) - _DIGITS, 0))
    return -(-minutes // step) * step


def counted(durations: Mapping[str, int], minutes: int, number: int) -> Durations:
    """Return *durations* with *number* more that took *minutes*; a count is never below 0."""
    name = str(kept_minutes(max(minutes, 0)))
    changed = {**durations, name: max(durations.get(name, 0) + number, 0)}
    return {name: times for name, times in changed.items() if times}


def merged(several: Iterable[Mapping[str, int]]) -> Durations:
    """Return the sum of *several* durations."""
    found: Durations = {}
    for each in several:
        for name, times in each.items():
            found[name] = found.get(name, 0) + times
    return found


def percentile(durations: Mapping[str, int], share: int) -> int | None:
    """
    Return the shortest duration that *share* percent do not exceed (nearest rank), in minutes; None for fewer than
    FEWEST.
    """
    total = sum(durations.values())
    if total < FEWEST:
        return None
    rank = max(-(-share * total // 100), 1)
    for name in sorted(durations, key=int):
        rank -= durations[name]
        if rank <= 0:
            return int(name)
    return None


def _names(now: int, number: int) -> list[str]:
    """Return the names of the last *number* quarters at the time *now*."""
    year, quarter = quarter_of(min(now, moments.LAST)).split("-Q")
    latest = int(year) * 4 + int(quarter) - 1
    return [f"{each // 4}-Q{each % 4 + 1}" for each in range(latest - number + 1, latest + 1)]


def _newest(quarters: Mapping[str, Part], now: int, number: int) -> dict[str, Part]:
    return {name: quarters[name] for name in _names(now, number) if name in quarters}
