"""
Simulation: the review of a return on imagined facts, before anything is bought.

It is the same function with the same rules, so the decision after the purchase is the same.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.journeys.journeys import Journey, JourneyLine
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.returns import amounts, review
from chaincode.domain.returns.amounts import Sale, Shares
from chaincode.domain.returns.terms import Condition, Resolution, ReturnReason, ReturnTerms
from chaincode.domain.vocabulary import goods, money, places
from hlf.codec import moments
from hlf.codec.bounds import Bounds
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid

_NOBODY = "0" * 64


EVIDENCE = Bounds(0, 100)
"""The most pieces of evidence in a scenario: more than a request may have, to see what terms ask for."""


@dataclasses.dataclass(frozen=True)
class Scenario:
    """
    An imagined order and return.

    ``delivered_at`` is empty if the parcel never arrives. ``evidence`` counts the photographs that the shopper
    would send. Amounts are in minor units of the terms' currency: ``unit_price``, without which no return is below
    ``returnless_below`` and the answer has no amount, and what is paid for ``carriage`` and ``tax`` of all units.
    """

    hs6: str
    ordered: int
    ordered_at: str
    delivered_at: str
    destination: str
    asked_at: str
    reason: ReturnReason
    resolution: Resolution
    quantity: int = 1
    condition: Condition = Condition.UNUSED
    evidence: int = 0
    unit_price: Amount | None = None
    carriage: Amount | None = None
    tax: Amount | None = None


@dataclasses.dataclass(frozen=True)
class SimulatedDecision(review.Decision):
    """The decision in a scenario, and the amount of the return; None if it is rejected, or no price is given."""

    comes_to: Shares | None = None


def simulate(terms: ReturnTerms, scenario: Scenario) -> SimulatedDecision:
    """
    Return the decision of *terms* in *scenario*, and the amount that goes back.

    Raises:
        Refused: INVALID_ARGUMENT, naming the field.
    """
    ordered = moments.stated("scenario.ordered_at", scenario.ordered_at)
    places.check_locode("scenario.destination", scenario.destination)
    delivered = None
    if scenario.delivered_at:
        came = moments.stated("scenario.delivered_at", scenario.delivered_at)
        delivered = review.GoodsEvent(came.at, scenario.destination)
    asked = moments.stated("scenario.asked_at", scenario.asked_at)
    if scenario.ordered < 1 or scenario.evidence not in EVIDENCE:
        raise invalid("scenario", f"needs one unit or more, and {EVIDENCE} pieces of evidence")
    goods.check_hs6("scenario.hs6", scenario.hs6)
    price = scenario.unit_price
    cheap = price is not None and scenario.ordered * price < terms.returnless_below
    line = JourneyLine("1", scenario.ordered, cheap, terms.excludes(scenario.hs6))
    facts = review.ReturnFacts(
        journey=_imagined(terms, scenario, line, ordered.at),
        terms=terms,
        pinned_from=terms.in_force_from,
        delivered=delivered,
        attempted=delivered,
        returnable=scenario.ordered,
        recent=0,
        carrier=terms.carrier_for(scenario.destination),
    )
    request = review.ReturnRequest(
        return_id="simulated",
        journey_id="simulated",
        line="1",
        quantity=scenario.quantity,
        reason=scenario.reason,
        resolution=scenario.resolution,
        condition=scenario.condition,
        buyer_hash=_NOBODY,
        evidence=tuple(str(number) for number in range(scenario.evidence)),
    )
    decision = review.decide(facts, request, asked.at)
    fields = {each.name: getattr(decision, each.name) for each in dataclasses.fields(decision)}
    return SimulatedDecision(**fields, comes_to=_comes_to(terms, scenario, decision))


def _comes_to(terms: ReturnTerms, scenario: Scenario, decision: review.Decision) -> Shares | None:
    if scenario.unit_price is None or decision.outcome is review.Outcome.REJECTED:
        return None
    paid = {"unit_price": scenario.unit_price, "carriage": scenario.carriage or 0, "tax": scenario.tax or 0}
    for field, amount in paid.items():
        money.MINOR.check(f"scenario.{field}", amount)
    price = scenario.ordered * scenario.unit_price
    sale = Sale(scenario.ordered, price, paid["carriage"], paid["tax"], terms.currency)
    return amounts.shares(sale, 0, scenario.quantity, decision.payer, decision.restocking_bps)


def _imagined(terms: ReturnTerms, scenario: Scenario, line: JourneyLine, ordered_at: int) -> Journey:
    return Journey(
        journey_id="simulated",
        kind=JourneyType.FORWARD,
        order_id="simulated",
        order_hash=_NOBODY,
        ordered_at=ordered_at,
        terms_id=terms.terms_id,
        terms_hash=terms.digest,
        buyer_hash=_NOBODY,
        catalogue_version=0,
        catalogue_hash=_NOBODY,
        origin=scenario.destination,
        destination=scenario.destination,
        epcs=(),
        lines=(line,),
        parties=(),
        custodian=terms.seller,
        opened_by=terms.seller,
        opened_at=ordered_at,
    )
