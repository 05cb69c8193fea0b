"""
Plans: the chosen chain, the leg that each carrier sees, the public notice, and the carriers' answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from chaincode.domain.disclosure import disclosures
from chaincode.domain.matching.choice import Choice
from chaincode.domain.matching.demands import Demand
from chaincode.domain.matching.evidence import Evidence, applied
from chaincode.domain.matching.exclusions import CarrierFacts
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Offer
from chaincode.domain.matching.solver import Chain, ChoiceProblem, Figures, Graph
from chaincode.domain.refusals import Refusal
from hlf.codec import moments, records
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class BookedOffer:
    """An offer without capacity on the day of a step."""

    offer_id: str
    step: int


@dataclasses.dataclass(frozen=True)
class Circumstances:
    """The facts besides the offers when a plan was made; with them it can be computed and checked again."""

    pairs: tuple[Pair, ...]
    entitled: dict[str, tuple[str, ...]]
    refused: tuple[str, ...] = ()
    pinned: dict[str, str] = dataclasses.field(default_factory=dict)
    taken: tuple[BookedOffer, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def problem(self, demand: Demand, offers: Iterable[Offer]) -> ChoiceProblem:
        """Return the problem that the plan solves."""
        standing = CarrierFacts(
            entitled=self.entitled,
            refused=frozenset(self.refused),
            pinned={int(number): offer_id for number, offer_id in self.pinned.items()},
            taken=frozenset((each.offer_id, each.step) for each in self.taken),
        )
        return ChoiceProblem(demand, applied(offers, self.evidence), self.pairs, standing)


@dataclasses.dataclass(frozen=True)
class Leg:
    """
    The stages that one carrier does without a hand-over; it sees nothing else of the plan.

    Attributes:
        price: for all its stages together, in minor units.
        receives_from, hands_to: its neighbours; empty at the ends.
    """

    plan_id: str
    number: int
    carrier: str
    stages: tuple[str, ...]
    offers: tuple[str, ...]
    places: tuple[str, ...]
    begins_on: str
    hours: int
    parcels: int
    weight_grm: int
    price: Amount
    currency: str
    receives_from: str
    hands_to: str
    answer_by: str
    salt: str


@dataclasses.dataclass(frozen=True)
class Plan:
    """
    A plan as platform and auditor store it.

    Attributes:
        offers: the ids of all compared offers.
        units: names of the booked units, needed to release them.
        replaces: the plan that this one replaces.
    """

    plan_id: str
    journey_id: str
    matched_at: str
    demand: Demand
    offers: tuple[str, ...]
    circumstances: Circumstances
    figures: Figures
    gap: Amount
    legs: tuple[Leg, ...]
    units: tuple[str, ...]
    replaces: str
    salt: str


@dataclasses.dataclass(frozen=True)
class PlanNotice:
    """
    The public part of a plan.

    Attributes:
        legs: SHA-256 of each leg; with it the carrier can check that its leg is part of this plan.
    """

    plan_id: str
    journey_id: str
    kind: Literal["forward", "reverse", "exchange"]
    matched_at: str
    answer_by: str
    plan_hash: str
    certificate_hash: str
    legs: tuple[str, ...]
    replaces: str
    platform: str


@dataclasses.dataclass(frozen=True)
class LegAnswer:
    """A carrier's answer on its leg; *reason* is one word, and empty for an acceptance."""

    plan_id: str
    number: int
    carrier: str
    state: Literal["accepted", "refused", "failed"]
    reason: str
    answered_at: str


@dataclasses.dataclass(frozen=True)
class AgreedPlan:
    """A plan that all carriers accepted, with the carriers in the order of their legs."""

    journey_id: str
    kind: str
    plan_id: str
    carriers: tuple[str, ...]
    agreed_at: str
    platform: str


def answer_by(demand: Demand, now: int) -> str:
    """Return the deadline for the carriers' answers."""
    return moments.text(now + demand.answer_hours * moments.HOUR)


def legs(graph: Graph, choice: Choice, plan_id: str, until: str, salt: str) -> tuple[Leg, ...]:
    """Return the legs of a chain: neighbouring steps of the same carrier are one leg."""
    runs = _runs(graph, choice)
    carriers = [graph.offers[choice.chain[run[0]]].carrier for run in runs]
    found, elapsed = [], 0
    for number, run in enumerate(runs):
        chosen = [graph.offers[choice.chain[step]] for step in run]
        if number:
            elapsed += chosen[0].dwell_hours
        hours = sum(offer.transit_hours for offer in chosen)
        steps = [graph.demand.steps[step] for step in run]
        found.append(
            Leg(
                plan_id=plan_id,
                number=number,
                carrier=carriers[number],
                stages=tuple(step.stage for step in steps),
                offers=tuple(offer.offer_id for offer in chosen),
                places=tuple("-".join(step.locodes) for step in steps),
                begins_on=graph.demand.day_after(elapsed, steps[0].locodes[0]),
                hours=hours,
                parcels=graph.demand.parcels,
                weight_grm=graph.demand.weight_grm,
                price=sum(graph.prices[choice.chain[step]] for step in run),
                currency=graph.demand.currency,
                receives_from=carriers[number - 1] if number else "",
                hands_to=carriers[number + 1] if number + 1 < len(runs) else "",
                answer_by=until,
                salt=disclosures.derived_salt(salt, f"leg {number}"),
            )
        )
        elapsed += hours
    return tuple(found)


def days(graph: Graph, chain: Chain) -> list[tuple[int, int, str]]:
    """Return for each step its number, the position of its offer, and the local day on which the carrier begins it."""
    found, elapsed = [], 0
    for number, here in enumerate(chain):
        if number:
            elapsed += graph.wait(chain[number - 1], here)
        place = graph.demand.steps[number].locodes[0]
        found.append((number, here, graph.demand.day_after(elapsed, place)))
        elapsed += graph.offers[here].transit_hours
    return found


def notice(plan: Plan, certificate_hash: str, platform: str) -> PlanNotice:
    """Return the public part of *plan*, of that platform's tender."""
    return PlanNotice(
        plan_id=plan.plan_id,
        journey_id=plan.journey_id,
        kind=plan.demand.kind,
        matched_at=plan.matched_at,
        answer_by=plan.legs[0].answer_by,
        plan_hash=records.digest(plan),
        certificate_hash=certificate_hash,
        legs=tuple(records.digest(leg) for leg in plan.legs),
        replaces=plan.replaces,
        platform=platform,
    )


def check_in_time(notice: PlanNotice, now: int) -> None:
    """
    Refuse an answer after the deadline.

    Raises:
        Refused: DEADLINE_PASSED.
    """
    if now > moments.parse(notice.answer_by).at:
        raise Refusal.DEADLINE_PASSED(f"answers to plan {notice.plan_id} were due at {notice.answer_by}")


def to_replace(plan: Plan, answers: Mapping[int, LegAnswer], failed: Sequence[int], now: int) -> tuple[str, ...]:
    """
    Return the carriers that do not take part in the next plan: those that refused, failed, or did not answer in time.

    Raises:
        Refused: PLAN_STANDS if there are none; LEG_UNKNOWN.
    """
    for number in failed:
        if not 0 <= number < len(plan.legs):
            raise Refusal.LEG_UNKNOWN(f"plan {plan.plan_id} has {len(plan.legs)} legs")
    late = now > moments.parse(plan.legs[0].answer_by).at
    out = set()
    for leg in plan.legs:
        answered = answers.get(leg.number)
        if leg.number in failed or (answered and answered.state != "accepted") or (late and not answered):
            out.add(leg.carrier)
    if not out:
        raise Refusal.PLAN_STANDS(f"nobody refused or failed plan {plan.plan_id}, and there is time to answer")
    return tuple(sorted(out | set(plan.circumstances.refused)))


def pinned(plan: Plan, done: int) -> dict[str, str]:
    """
    Return the fixed offers for the steps of the first *done* legs.

    Raises:
        Refused: LEG_UNKNOWN.
    """
    if not 0 <= done < len(plan.legs):
        raise Refusal.LEG_UNKNOWN(f"of {len(plan.legs)} legs at most all but the last are done")
    names = [offer_id for leg in plan.legs[:done] for offer_id in leg.offers]
    return {str(number): offer_id for number, offer_id in enumerate(names)}


def _runs(graph: Graph, choice: Choice) -> list[list[int]]:
    """Return the steps, grouped while the carrier stays the same."""
    found: list[list[int]] = []
    before = ""
    for number, position in enumerate(choice.chain):
        carrier = graph.offers[position].carrier
        if carrier == before:
            found[-1].append(number)
        else:
            found.append([number])
        before = carrier
    return found
