"""
Filter out the offers that cannot do a stage of a journey, each with a reason.

Each reason is a code, so that an excluded carrier learns which of its own figures was the cause. If several apply,
the first in the order of the codes counts.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
from collections.abc import Mapping, Sequence

from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.offers import Offer

CUSTOMS_STAGES = frozenset({"S14", "S17"})
"""Stages that need a customs licence."""


class Reason(enum.StrEnum):
    """Why an offer is excluded, in the order of the checks."""

    STAGE_NOT_OFFERED = "STAGE_NOT_OFFERED"
    STAGE_NOT_ENTITLED = "STAGE_NOT_ENTITLED"
    REFUSED_BEFORE = "REFUSED_BEFORE"
    NOT_VALID_THEN = "NOT_VALID_THEN"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
    OPERATING_TYPE = "OPERATING_TYPE"
    CAPACITY_SHORT = "CAPACITY_SHORT"
    WEIGHT_EXCEEDED = "WEIGHT_EXCEEDED"
    DIMENSIONS_EXCEEDED = "DIMENSIONS_EXCEEDED"
    DANGEROUS_GOODS = "DANGEROUS_GOODS"
    TEMPERATURE = "TEMPERATURE"
    NO_CASH_ON_DELIVERY = "NO_CASH_ON_DELIVERY"
    NO_CUSTOMS_LICENCE = "NO_CUSTOMS_LICENCE"
    REGION_NOT_COVERED = "REGION_NOT_COVERED"
    PLACE_NOT_COVERED = "PLACE_NOT_COVERED"
    DEADLINE_MISSED = "DEADLINE_MISSED"
    STAGE_PINNED = "STAGE_PINNED"
    CAPACITY_TAKEN = "CAPACITY_TAKEN"


NEEDS = {
    Reason.STAGE_NOT_OFFERED: "stages: offer the stage",
    Reason.STAGE_NOT_ENTITLED: "the register of participants: be entitled to record the stage",
    Reason.REFUSED_BEFORE: "it refused or failed this consignment before",
    Reason.NOT_VALID_THEN: "valid.from, valid.to: from when the goods are ready until they are due",
    Reason.CURRENCY_DIFFERS: "price.currency: the currency that was asked for",
    Reason.OPERATING_TYPE: "operating_type: one that was asked for",
    Reason.CAPACITY_SHORT: "capacity.parcels_per_day_h87, capacity.mass_per_day_kgm: more room",
    Reason.WEIGHT_EXCEEDED: "limits.weight_grm: heavier parcels",
    Reason.DIMENSIONS_EXCEEDED: "limits.dimensions_mmt: larger parcels",
    Reason.DANGEROUS_GOODS: "limits.dangerous_goods_un: take the UN number",
    Reason.TEMPERATURE: "limits.temperature_min_cel, limits.temperature_max_cel: keep the range",
    Reason.NO_CASH_ON_DELIVERY: "limits.cash_on_delivery: collect it",
    Reason.NO_CUSTOMS_LICENCE: "integration.customs_licence: hold one",
    Reason.REGION_NOT_COVERED: "coverage.regions: cover the region",
    Reason.PLACE_NOT_COVERED: "coverage.locodes, coverage.lanes: cover the place or lane",
    Reason.DEADLINE_MISSED: "time.transit_p90_hur: faster",
    Reason.STAGE_PINNED: "the stage was done, or agreed with another, before",
    Reason.CAPACITY_TAKEN: "capacity.parcels_per_day_h87: the day is booked out",
}
"""The attributes of the capability that would have to change."""


@dataclasses.dataclass(frozen=True)
class FilteredOffers:
    """The offers that remain for each step (positions in the given list), and the reasons for the others."""

    candidates: tuple[tuple[int, ...], ...]
    reasons: tuple[Mapping[int, Reason], ...]


@dataclasses.dataclass(frozen=True)
class CarrierFacts:
    """
    Facts about carriers besides their offers.

    Attributes:
        entitled: the stages that each carrier may record; None to skip this check.
        refused: carriers that refused or failed this consignment.
        pinned: the fixed offer of a step, by step number.
        taken: offers without capacity for a step, as (offer, step).
    """

    entitled: Mapping[str, tuple[str, ...]] | None = None
    refused: frozenset[str] = frozenset()
    pinned: Mapping[int, str] = dataclasses.field(default_factory=dict)
    taken: frozenset[tuple[str, int]] = frozenset()


NOTHING_KNOWN = CarrierFacts()


def filtered(demand: Demand, offers: Sequence[Offer], standing: CarrierFacts = NOTHING_KNOWN) -> FilteredOffers:
    """Check every offer for every step. An offer that does not name the stage gets no reason."""
    asked, judged = _PreparedDemand(demand, standing), _Judged(demand, standing)
    reasons: list[dict[int, Reason]] = [{} for _ in demand.steps]
    for position, offer in enumerate(offers):
        positions, excluded = judged.offer(offer, asked.general(offer))
        positions.append(position)
        for number, reason in excluded:
            reasons[number][position] = reason
    candidates = judged.candidates()
    _drop_late(demand, offers, candidates, reasons)
    return FilteredOffers(tuple(candidates), tuple(reasons))


_Excluded = tuple[tuple[int, Reason], ...]


class _Judged:
    """The steps that each offer can do. Many offers differ in nothing that decides it, so they are judged once."""

    def __init__(self, demand: Demand, standing: CarrierFacts) -> None:
        self._demand, self._standing = demand, standing
        self._entitled = standing.entitled
        self._numbers: dict[str, list[int]] = {}
        for number, step in enumerate(demand.steps):
            self._numbers.setdefault(step.stage, []).append(number)
        self._booked_out = {offer_id for offer_id, _ in standing.taken}
        self._able: dict[tuple[int, ...], list[int]] = {}
        self._known: dict[tuple[object, ...], tuple[list[int], _Excluded]] = {}

    def offer(self, offer: Offer, general: Reason | None) -> tuple[list[int], _Excluded]:
        """Return the positions of all offers that can do the same steps, and the steps that this one cannot do."""
        if general is not None or self._standing.pinned or offer.offer_id in self._booked_out:
            return self._judge(offer, general)
        entitled = None if self._entitled is None else self._entitled.get(offer.carrier)
        alike = offer.stages, offer.regions, offer.locodes, offer.lanes, offer.licensed, entitled
        found = self._known.get(alike)
        if found is None:
            found = self._known[alike] = self._judge(offer, None)
        return found

    def candidates(self) -> list[tuple[int, ...]]:
        """Return for each step the positions of the offers that can do it."""
        made: dict[tuple[tuple[int, ...], ...], tuple[int, ...]] = {}
        found = []
        for number in range(len(self._demand.steps)):
            groups = tuple(numbers for numbers in self._able if number in numbers)
            if groups not in made:
                made[groups] = tuple(sorted(itertools.chain.from_iterable(map(self._able.__getitem__, groups))))
            found.append(made[groups])
        return found

    def _judge(self, offer: Offer, general: Reason | None) -> tuple[list[int], _Excluded]:
        able, excluded = [], []
        for stage in offer.stages:
            for number in self._numbers.get(stage, ()):
                reason = _for_step(offer, self._demand.steps[number], number, self._standing, general)
                if reason is None:
                    able.append(number)
                else:
                    excluded.append((number, reason))
        return self._able.setdefault(tuple(able), []), tuple(excluded)


class _PreparedDemand:
    """The part of a demand that is the same at every step, prepared for many comparisons."""

    def __init__(self, demand: Demand, standing: CarrierFacts) -> None:
        self.demand, self.refused = demand, standing.refused
        self.first_day = demand.day_after(0, demand.steps[0].locodes[0])
        self.last_day = demand.day_after(demand.deadline_hours, demand.steps[-1].locodes[-1])
        self.sides = sorted(demand.dimensions_mmt)
        self.special = bool(
            demand.dangerous_goods_un or demand.temperature_min_cel is not None or demand.cash_on_delivery
        )

    def general(self, offer: Offer) -> Reason | None:
        """Return the first reason that does not depend on the step."""
        demand, limits = self.demand, offer.limits
        if offer.carrier in self.refused:
            return Reason.REFUSED_BEFORE
        if offer.valid_from > self.first_day or offer.valid_to < self.last_day:
            return Reason.NOT_VALID_THEN
        if offer.price.currency != demand.currency:
            return Reason.CURRENCY_DIFFERS
        if offer.operating_type not in demand.operating_types:
            return Reason.OPERATING_TYPE
        if demand.parcels > offer.parcels:
            return Reason.CAPACITY_SHORT
        if offer.mass_kgm is not None and demand.weight_grm > offer.mass_kgm * 1_000:
            return Reason.CAPACITY_SHORT
        if limits.weight_grm is not None and demand.heaviest_grm > limits.weight_grm:
            return Reason.WEIGHT_EXCEEDED
        # A parcel may be turned; without a limit every size is accepted.
        if limits.dimensions_mmt and any(map(int.__gt__, self.sides, limits.dimensions_mmt)):
            return Reason.DIMENSIONS_EXCEEDED
        return self._goods(offer) if self.special else None

    def _goods(self, offer: Offer) -> Reason | None:
        demand, limits = self.demand, offer.limits
        if demand.dangerous_goods_un and demand.dangerous_goods_un not in limits.dangerous_goods_un:
            return Reason.DANGEROUS_GOODS
        if demand.temperature_min_cel is not None and not _kept(demand, offer):
            return Reason.TEMPERATURE
        if demand.cash_on_delivery and not limits.cash_on_delivery:
            return Reason.NO_CASH_ON_DELIVERY
        return None


def _for_step(offer: Offer, step: Step, number: int, standing: CarrierFacts, general: Reason | None) -> Reason | None:
    if standing.entitled is not None and step.stage not in standing.entitled.get(offer.carrier, ()):
        return Reason.STAGE_NOT_ENTITLED
    pinned = standing.pinned.get(number)
    if pinned is not None:
        # A finished step counts, even if its carrier refused something later.
        return None if offer.offer_id == pinned else Reason.STAGE_PINNED
    if general:
        return general
    if step.stage in CUSTOMS_STAGES and not offer.licensed:
        return Reason.NO_CUSTOMS_LICENCE
    taken = Reason.CAPACITY_TAKEN if (offer.offer_id, number) in standing.taken else None
    return _not_covered(offer, step) or taken


def _not_covered(offer: Offer, step: Step) -> Reason | None:
    for region in step.regions:
        if region not in offer.regions:
            return Reason.REGION_NOT_COVERED
    return None if _covers(offer, step.locodes) else Reason.PLACE_NOT_COVERED


def _covers(offer: Offer, locodes: tuple[str, ...]) -> bool:
    """Return whether the offer covers the step: its places or lanes if it names any, else all of its regions."""
    if not offer.locodes and not offer.lanes:
        return True
    if len(locodes) == 1:
        return locodes[0] in offer.places
    return "-".join(locodes) in offer.lanes or all(locode in offer.locodes for locode in locodes)


def _kept(demand: Demand, offer: Offer) -> bool:
    """Return whether the carrier's range is within the range that the goods need."""
    least, most = offer.limits.temperature_min_cel, offer.limits.temperature_max_cel
    if least is None or most is None or demand.temperature_min_cel is None or demand.temperature_max_cel is None:
        return False
    return demand.temperature_min_cel <= least <= most <= demand.temperature_max_cel


def _drop_late(
    demand: Demand, offers: Sequence[Offer], candidates: list[tuple[int, ...]], reasons: list[dict[int, Reason]]
) -> None:
    """Exclude offers that would be late even with the fastest offer at every other step and no hand-over."""
    if not all(candidates):
        return
    hours = [offer.transit_hours for offer in offers]
    fastest = [min(map(hours.__getitem__, remaining)) for remaining in candidates]
    spare = demand.deadline_hours - sum(fastest)
    if max(hours) <= spare:
        return
    for number, remaining in enumerate(candidates):
        late = {one for one in remaining if hours[one] > fastest[number] + spare}
        if late:
            candidates[number] = tuple(one for one in remaining if one not in late)
            reasons[number].update(dict.fromkeys(sorted(late), Reason.DEADLINE_MISSED))
