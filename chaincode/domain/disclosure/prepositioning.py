"""
Advice for overseas warehouses: how much to send to which one, and by when, to meet the forecast from nearby.

Each region's demand of a week goes to the warehouse that reaches it soonest and has space. The quantity is the
median and a part of the spread up to the 90th percentile. It must leave early enough for 95 of 100 transits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chaincode.domain.disclosure import gapmeter
from chaincode.domain.vocabulary import bounds, places, weeks
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

GRANTS, WAREHOUSES = Bounds(1, 500), Bounds(1, 100)
"""Forecasts that one question reads, and warehouses that it compares."""

NEEDED = ("horizon.start", "horizon.end", "region.subdivisions", "demand.units_p50_h87")


@dataclass(frozen=True)
class Warehouse:
    """
    A warehouse near the buyers.

    Attributes:
        reaches: hours to each region it serves (HUR).
        inbound_p95_hur: hours from the origin to its door, in 95 of 100 cases.
        room_h87: parcels it can take in a week.
    """

    locode: str
    reaches: dict[str, int]
    inbound_p95_hur: int
    room_h87: int

    def __post_init__(self) -> None:
        places.check_locode("warehouse.locode", self.locode)
        for region, hours in self.reaches.items():
            places.check_subdivision("warehouse.reaches", region)
            bounds.HOURS.check("warehouse.reaches", hours)
        bounds.HOURS.check("warehouse.inbound_p95_hur", self.inbound_p95_hur)
        bounds.ROOM.check("warehouse.room_h87", self.room_h87)


@dataclass(frozen=True)
class WeeklyDemand:
    """The demand of a region in a week: median and 90th percentile."""

    region: str
    week: str
    median: int
    high: int


@dataclass(frozen=True)
class Advice:
    """Send so many parcels to this warehouse by that day; *locode* is empty if no warehouse has space."""

    region: str
    week: str
    locode: str
    units: int
    ship_by: str


def demand(claims: Iterable[Mapping[str, Any]]) -> tuple[WeeklyDemand, ...]:
    """
    Return the disclosed forecasts by region and week, in order; without a p90 the median is used.

    Raises:
        Refused: INVALID_ARGUMENT if a forecast does not show the attributes that are needed.
    """
    medians: dict[tuple[str, str], int] = {}
    highs: dict[tuple[str, str], int] = {}
    for values in claims:
        missing = [name for name in NEEDED if name not in values]
        if missing:
            raise invalid("grant_ids", f"a grant does not show {missing[0]}")
        high = dict(values)
        high["demand.units_p50_h87"] = values.get("demand.units_p90_h87", values["demand.units_p50_h87"])
        for sums, source in ((medians, values), (highs, high)):
            for region, by_week in gapmeter.spread("forecast", source).items():
                for week, units in by_week.items():
                    sums[region, week] = sums.get((region, week), 0) + units
    return tuple(
        WeeklyDemand(region, week, median, max(median, highs[region, week]))
        for (region, week), median in sorted(medians.items(), key=lambda item: (item[0][1], item[0][0]))
    )


def advise(wanted: Iterable[WeeklyDemand], warehouses: Iterable[Warehouse], safety_bps: int) -> tuple[Advice, ...]:
    """
    Return the advice for *wanted*, in its order; *safety_bps* of the spread is added to the median.

    In a week, regions with larger demand choose first. Of equally near warehouses, the one with the earlier LOCODE
    is taken.
    """
    bounds.BASIS_POINTS.check("safety_bps", safety_bps)
    listed = sorted(warehouses, key=lambda one: one.locode)
    if len({one.locode for one in listed}) != len(listed):
        raise invalid("warehouses", "lists one twice")
    if len(listed) not in WAREHOUSES:
        raise invalid("warehouses", f"must be {WAREHOUSES.least} to {WAREHOUSES.most}")
    room: dict[tuple[str, str], int] = {}
    found: list[Advice] = []
    for one in sorted(wanted, key=lambda one: (one.week, -one.median, one.region)):
        left = one.median + (one.high - one.median) * safety_bps // bounds.BPS
        near = sorted(
            (each for each in listed if one.region in each.reaches), key=lambda each: each.reaches[one.region]
        )
        for each in near:
            taken = min(left, room.setdefault((each.locode, one.week), each.room_h87))
            if taken:
                room[each.locode, one.week] -= taken
                found.append(Advice(one.region, one.week, each.locode, taken, _ship_by(one.week, each)))
                left -= taken
        if left:
            found.append(Advice(one.region, one.week, "", left, ""))
    return tuple(found)


def _ship_by(week: str, warehouse: Warehouse) -> str:
    """Return the last day on which goods may leave to arrive before the week begins."""
    days = -(-warehouse.inbound_p95_hur // 24)
    return (weeks.monday("week", week) - timedelta(days=days)).isoformat()
