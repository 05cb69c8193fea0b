"""
The capacity-gap meter: forecasts for a region and a week against the capacities there.

It adds up figures that organisations consented to show to the platform and the auditor. It publishes only sums of
at least three parties on each side, and each cell once. The difference of two sums must not reveal a figure either.
Claims are spread evenly, so two cells with the same parties reveal no more than one. A cell is published beside
others only if, on each side, its parties are the same as theirs or differ by at least three.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from chaincode.domain.disclosure import audience
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import Side
from chaincode.domain.vocabulary import bounds, money, places, weeks
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

PURPOSE = "capacity-gap-meter"
"""The purpose that a grant must name; with it the owner consents to be counted."""

NEEDED: dict[str, tuple[str, ...]] = {
    "forecast": ("horizon.start", "horizon.end", "region.subdivisions", "demand.units_p50_h87"),
    "capability": ("valid.from", "valid.to", "coverage.regions", "capacity.parcels_per_day_h87"),
}
"""The attributes that the meter needs; it accepts no others, so that nobody shows more."""

ALSO_TAKEN = {"forecast": (), "capability": ("capacity.utilisation_bps",)}

SIDE: dict[str, Side] = {"forecast": "commerce", "capability": "logistics"}

LONGEST_DAYS = 800
WEEKS = Bounds(1, 53)


@dataclass(frozen=True)
class Contribution:
    """
    One party's figures for the meter, stored by platform and auditor.

    Attributes:
        units: by region, then by week; parcels (H87).
        grant_hash: SHA-256 of the grant. A revoked grant has another hash, so its figures no longer count.
    """

    grant_id: str
    party: str
    kind: Literal["forecast", "capability"]
    units: dict[str, dict[str, int]]
    expires_at: int
    grant_hash: str
    salt: str


@dataclass(frozen=True)
class Cell:
    """One region in one week; *gap* is demand without capacity, and negative if capacity is left."""

    region: str
    week: str
    demand: int
    capacity: int
    gap: int
    demand_parties: int
    capacity_parties: int


@dataclass(frozen=True)
class CellParties:
    """The parties in the sum of a cell; platform and auditor store them, so that no later cell reveals one."""

    region: str
    week: str
    demand: tuple[str, ...]
    capacity: tuple[str, ...]


@dataclass(frozen=True)
class Meter:
    """The publishable cells of one computation; platform and auditor store it until it is published."""

    meter_id: str
    computed_at: str
    cells: tuple[Cell, ...]
    salt: str


def check_attributes(kind: str, names: Collection[str]) -> None:
    """
    Refuse attributes other than those that the meter needs.

    Raises:
        Refused: ATTRIBUTE_MISSING or ATTRIBUTE_NOT_NEEDED.
    """
    missing = sorted(set(NEEDED[kind]) - set(names))
    if missing:
        raise Refusal.ATTRIBUTE_MISSING(f"the meter needs {missing[0]}")
    extra = sorted(set(names) - set(NEEDED[kind]) - set(ALSO_TAKEN[kind]))
    if extra:
        raise Refusal.ATTRIBUTE_NOT_NEEDED(f"the meter has no use for {extra[0]}")


def spread(kind: str, values: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """
    Return the claim's parcels by region and week.

    A forecast's median is spread evenly over its days and regions, and a capacity, less the part in use, over its
    regions. Rounding loses no parcel.
    """
    if kind == "forecast":
        days = _days(values["horizon.start"], values["horizon.end"])
        return _apportioned(values["demand.units_p50_h87"], days, values["region.subdivisions"])
    days = _days(values["valid.from"], values["valid.to"])
    free = bounds.BPS - values.get("capacity.utilisation_bps", 0)
    total = values["capacity.parcels_per_day_h87"] * sum(days.values()) * free // bounds.BPS
    return _apportioned(total, days, values["coverage.regions"])


def publishable(
    contributions: Iterable[Contribution], region: str, listed: Iterable[str], published: Sequence[CellParties]
) -> tuple[tuple[Cell, ...], tuple[CellParties, ...]]:
    """Return the cells of *region* that may be published beside those already *published*, and all cells."""
    places.check_subdivision("region", region)
    counted = [one for one in contributions if region in one.units]
    cells, so_far = [], list(published)
    for week in listed:
        demand, capacity = (_parties(counted, kind, region, week) for kind in ("forecast", "capability"))
        new = CellParties(region, week, demand, capacity)
        if _hides_each(new, so_far):
            so_far.append(new)
            cells.append(_cell(counted, new))
    return tuple(cells), tuple(so_far)


def _hides_each(new: CellParties, before: Iterable[CellParties]) -> bool:
    if not audience.enough_parties(new.demand) or not audience.enough_parties(new.capacity):
        return False
    return all(
        (new.region, new.week) != (old.region, old.week)
        and _apart(new.demand, old.demand)
        and _apart(new.capacity, old.capacity)
        for old in before
    )


def _apart(one: Collection[str], other: Collection[str]) -> bool:
    """Return whether the difference of two sums has no parties, or enough to hide each."""
    difference = set(one) ^ set(other)
    return not difference or audience.enough_parties(difference)


def _parties(counted: Iterable[Contribution], kind: str, region: str, week: str) -> tuple[str, ...]:
    return tuple(sorted({one.party for one in counted if one.kind == kind and week in one.units[region]}))


def _cell(counted: Iterable[Contribution], parties: CellParties) -> Cell:
    sums = {"forecast": 0, "capability": 0}
    for one in counted:
        sums[one.kind] += one.units[parties.region].get(parties.week, 0)
    demand, capacity = sums["forecast"], sums["capability"]
    return Cell(
        parties.region, parties.week, demand, capacity, demand - capacity, len(parties.demand), len(parties.capacity)
    )


def _days(start: str, end: str) -> dict[str, int]:
    if (date.fromisoformat(end) - date.fromisoformat(start)).days >= LONGEST_DAYS:
        raise invalid("horizon", f"is longer than {LONGEST_DAYS} days")
    return weeks.days_in(start, end)


def _apportioned(total: int, days: Mapping[str, int], regions: list[str]) -> dict[str, dict[str, int]]:
    """Return *total* spread over regions and weeks, by days. The order of regions is fixed, so that all peers agree."""
    ordered = sorted(regions)
    parts = money.apportion(total, [days[week] for _ in ordered for week in days])
    by_cell = iter(parts)
    return {region: {week: next(by_cell) for week in days} for region in ordered}
