"""
Simulation: the review of a return on imagined facts, before anything is bought.

It is the same function with the same rules, so the decision after the purchase is the same.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.journeys.journeys import Journey, JourneyLine
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.returns import review
from chaincode.domain.returns.terms import Condition, Resolution, ReturnReason, ReturnTerms
from chaincode.domain.vocabulary import goods, places
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
    would send. ``unit_price`` is in minor units of the terms' currency; without it no return is below
    ``returnless_below``.
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


def simulate(terms: ReturnTerms, scenario: Scenario) -> review.Decision:
    """
    Return the decision of *terms* in *scenario*.

    Raises:
        Refused: INVALID_ARGUMENT, naming the field.
    """
    ordered = moments.stated("scenario.ordered_at", scenario.ordered_at)
    places.check_locode("scenario.destination", scenario.destination)
    delivered = None
    if scenario.delivered_at:
        came = moments.stated("scenario.delivered_at", scenario.delivered_at)
        delivered = review.Happening(came.at, scenario.destination)
    asked = moments.stated("scenario.asked_at", scenario.asked_at)
    if scenario.ordered < 1 or scenario.evidence not in EVIDENCE:
        raise invalid("scenario", f"needs one unit or more, and {EVIDENCE} pieces of evidence")
    goods.check_hs6("scenario.hs6", scenario.hs6)
    price = scenario.unit_price
    cheap = price is not None and scenario.ordered * price < terms.returnless_below
    line = JourneyLine("1", scenario.hs6, scenario.ordered, cheap)
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
    return review.decide(facts, request, asked.at)


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
