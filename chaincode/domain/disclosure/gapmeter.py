"""
The capacity-gap meter: forecasts for a region and a week against the capacities there.

It adds up figures that organisations consented to show to the platform and the auditor, and publishes only sums. Each
rule (`WithholdingRule`) can withhold a cell: a cell is published once; each side has at least three parties; nobody
has two thirds of a side or more; and together with everything published before, no combination of cells is a sum over
fewer than three parties (`isolation`).

Contributions of a period (an ISO week) are frozen at its end and count from the next one; a withdrawal too counts from
the next one, and a grant that expires within a period is not counted in it. A region is computed once in a period. So
all sums of a period are made of one set, and nobody sees two that differ only in a party that joined or left.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from chaincode.domain.disclosure import audience, isolation
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.participants import Side
from chaincode.domain.vocabulary import bounds, money, places, weeks
from hlf.codec import moments
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
        grant_hash: SHA-256 of the grant. A revoked grant has another hash; its figures count until the period ends.
        days: how many days of each week the claim covers: the weight of its daily figure in the week's sum.
        counts_from: the first period whose computations count it.
        claim_id: the claim that the grant shows.
    """

    grant_id: str
    party: str
    kind: Literal["forecast", "capability"]
    units: dict[str, dict[str, int]]
    expires_at: int
    grant_hash: str
    salt: str
    days: dict[str, int] = field(default_factory=dict)
    counts_from: str = ""
    claim_id: str = ""


@dataclass(frozen=True)
class Cell:
    """
    One region in one week; *gap* is demand without capacity, and negative if capacity is left.

    Attributes:
        frozen_at: when its contributions were frozen; later ones are not in the sum.
    """

    region: str
    week: str
    demand: int
    capacity: int
    gap: int
    demand_parties: int
    capacity_parties: int
    frozen_at: str


class WithholdingRule(enum.StrEnum):
    """Why a cell is withheld."""

    PUBLISHED_BEFORE = "PUBLISHED_BEFORE"
    TOO_FEW_PARTIES = "TOO_FEW_PARTIES"
    DOMINATED = "DOMINATED"
    ISOLATES = "ISOLATES"


@dataclass(frozen=True)
class WithheldCell:
    """A cell that is not published, and the rule that it failed."""

    region: str
    week: str
    rule: WithholdingRule


@dataclass(frozen=True)
class Summand:
    """One contribution in a cell: its grant and claim, its party and its weight."""

    grant_id: str
    party: str
    weight: int
    claim_id: str = ""


@dataclass(frozen=True)
class PublishedCell:
    """The parts of a published cell; platform and auditor store them, so that no later cell reveals a party."""

    region: str
    week: str
    demand: tuple[Summand, ...]
    capacity: tuple[Summand, ...]


@dataclass(frozen=True)
class RecomputedCell:
    """
    Whether a published cell is still the sum of its contributions.

    Attributes:
        missing: grants whose figures were purged since; without them nobody can compute the sum again.
    """

    cell: Cell
    same: bool
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Meter:
    """The publishable cells of one computation; platform and auditor store it until it is published."""

    meter_id: str
    computed_at: str
    cells: tuple[Cell, ...]
    withheld: tuple[WithheldCell, ...]
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
        raise Refusal.ATTRIBUTE_NOT_NEEDED(f"the meter does not use {extra[0]}")


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


def days(kind: str, values: Mapping[str, Any]) -> dict[str, int]:
    """Return how many days of each week the claim covers."""
    start, end = ("horizon.start", "horizon.end") if kind == "forecast" else ("valid.from", "valid.to")
    return _days(values[start], values[end])


def period(now: int) -> str:
    """Return the period that the moment *now* is in: its ISO week, in UTC."""
    return weeks.of(moments.utc(now).date())


def frozen_at(period: str) -> str:
    """Return the start of *period*; contributions from then on count in the next one."""
    return f"{weeks.monday('period', period).isoformat()}T00:00:00Z"


def frozen_in(one: Contribution, period: str) -> bool:
    """Return whether *one* was made before *period* began, under a grant that does not expire before it ends."""
    return one.counts_from <= period and one.expires_at >= moments.parse(frozen_at(following(period))).at


def following(known: str) -> str:
    """Return the period after *known*."""
    return weeks.following("period", known, 2)[1]


def publishable(
    contributions: Iterable[Contribution], region: str, listed: Iterable[str], published: Sequence[PublishedCell],
    frozen_at: str,
) -> tuple[tuple[Cell, ...], tuple[WithheldCell, ...], tuple[PublishedCell, ...]]:  # fmt: skip
    """
    Return the cells of *region* that may now be published, those that may not, and *published* with the new ones.
    """
    places.check_subdivision("region", region)
    counted = [one for one in contributions if region in one.units]
    cells, withheld, so_far = [], [], list(published)
    for week in listed:
        demand, capacity = (_summands(counted, kind, region, week) for kind in ("forecast", "capability"))
        new = PublishedCell(region, week, demand, capacity)
        cell = _cell(counted, new, frozen_at)
        rule = _fails(new, counted, so_far)
        if rule:
            withheld.append(WithheldCell(region, week, rule))
            continue
        so_far.append(new)
        cells.append(cell)
    return tuple(cells), tuple(withheld), tuple(so_far)


def recomputed(cell: Cell, parts: PublishedCell, contributions: Iterable[Contribution]) -> RecomputedCell:
    """Return whether *cell* is the sum of its *parts*; compute it again from *contributions*."""
    grants = {one.grant_id for one in (*parts.demand, *parts.capacity)}
    counted = [one for one in contributions if one.grant_id in grants]
    missing = sorted(grants - {one.grant_id for one in counted})
    same = not missing and _cell(counted, parts, cell.frozen_at) == cell
    return RecomputedCell(cell, same, tuple(missing))


def _fails(
    new: PublishedCell, counted: Sequence[Contribution], published: Sequence[PublishedCell]
) -> WithholdingRule | None:
    """Return the first rule that forbids publishing *new*."""
    if any((new.region, new.week) == (old.region, old.week) for old in published):
        return WithholdingRule.PUBLISHED_BEFORE
    sides = (new.demand, new.capacity)
    if not all(audience.enough_parties({one.party for one in side}) for side in sides):
        return WithholdingRule.TOO_FEW_PARTIES
    if any(_dominated(side, counted, new) for side in sides):
        return WithholdingRule.DOMINATED
    cells = (*published, new)
    if _isolates([cell.demand for cell in cells]) or _isolates([cell.capacity for cell in cells]):
        return WithholdingRule.ISOLATES
    return None


def _dominated(side: Iterable[Summand], counted: Iterable[Contribution], cell: PublishedCell) -> bool:
    """Return whether one party has two thirds or more, so that the sum nearly is its figure; or all have nothing."""
    by_party: dict[str, int] = {}
    mine = {one.grant_id for one in side}
    for one in counted:
        if one.grant_id in mine:
            by_party[one.party] = by_party.get(one.party, 0) + one.units[cell.region].get(cell.week, 0)
    return max(by_party.values()) * 3 >= sum(by_party.values()) * 2


def _isolates(sides: Sequence[Sequence[Summand]]) -> bool:
    """
    Return whether a party is given away, if each grant has a figure of its own or if those of one claim have the same.

    Two grants can show the same revision of a claim or two of them, and nobody outside knows which.
    """

    def by_claim(one: Summand) -> str:
        return f"{one.party}/{one.claim_id}" if one.claim_id else one.grant_id

    for name in (lambda one: one.grant_id, by_claim):
        cells = [{name(one): one.weight for one in side} for side in sides]
        if isolation.gives_away(cells, {name(one): one.party for side in sides for one in side}):
            return True
    return False


def _summands(counted: Iterable[Contribution], kind: str, region: str, week: str) -> tuple[Summand, ...]:
    found = [one for one in counted if one.kind == kind and week in one.units[region]]
    return tuple(
        Summand(one.grant_id, one.party, one.days.get(week, 1), one.claim_id)
        for one in sorted(found, key=lambda one: one.grant_id)
    )


def _cell(counted: Iterable[Contribution], cell: PublishedCell, frozen_at: str) -> Cell:
    sums = {"forecast": 0, "capability": 0}
    for one in counted:
        sums[one.kind] += one.units[cell.region].get(cell.week, 0)
    demand, capacity = sums["forecast"], sums["capability"]
    of_demand, of_capacity = (len({one.party for one in side}) for side in (cell.demand, cell.capacity))
    return Cell(cell.region, cell.week, demand, capacity, demand - capacity, of_demand, of_capacity, frozen_at)


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
