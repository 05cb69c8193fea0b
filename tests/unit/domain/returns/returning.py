"""A delivered order, terms and a request, each to be varied: for the tests of reviews and returns."""

from __future__ import annotations

import dataclasses
from typing import Any

from chaincode.domain.journeys.journeys import Journey, JourneyLine, Party
from chaincode.domain.register.stages import JourneyType
from chaincode.domain.returns import review
from chaincode.domain.returns.terms import Condition, Cover, Coverage, Rejection, Resolution, ReturnReason, ReturnTerms
from hlf.codec import moments

ORDERED = moments.parse("2026-01-05T09:00:00.000Z").at
DELIVERED = review.GoodsEvent(moments.parse("2026-01-12T16:00:00.000+07:00").at, "VNHAN")
ASKED = moments.parse("2026-01-14T00:00:00.000Z").at
GOODS = ("g" * 43,) * 6
BUYER = "b" * 64
EVERYTHING = tuple(Resolution)

SELLER, AGENT, CARRIER, ARBITER = "MerchantMSP", "PlatformMSP", "LastMileMSP", "AuditorMSP"


def terms(**changes: Any) -> ReturnTerms:
    """Terms that cover every reason."""
    reasons = {reason.value: Cover(EVERYTHING) for reason in ReturnReason}
    reasons["CHANGE_OF_MIND"] = Cover((Resolution.REFUND,), condition=Condition.UNUSED, payer="buyer")
    reasons["DEFECTIVE"] = Cover(EVERYTHING, evidence_min=2, despite=(Rejection.FINAL_SALE,))
    reasons["RECALLED"] = Cover(
        EVERYTHING, despite=(Rejection.OUTSIDE_WINDOW, Rejection.FINAL_SALE, Rejection.CATEGORY_EXCLUDED)
    )
    reasons["WRONG_ITEM"] = Cover(EVERYTHING, referred=True)
    made = ReturnTerms(
        terms_id="T1",
        version=1,
        seller=SELLER,
        jurisdiction="VN",
        effective_from="2026-01-01T00:00:00Z",
        languages=("vi",),
        window_days=7,
        reasons=reasons,
        arbiter=ARBITER,
        coverage=(Coverage("VN", CARRIER),),
        excluded_hs=("3304",),
    )
    return dataclasses.replace(made, **changes)


def journey(**changes: Any) -> Journey:
    """Return the order's journey: three telephones, delivered in Hanoi."""
    made = Journey(
        journey_id="J1",
        kind=JourneyType.FORWARD,
        order_id="O1",
        order_hash="0" * 64,
        ordered_at=ORDERED,
        terms_id="T1",
        terms_hash=terms().digest,
        buyer_hash=BUYER,
        catalogue_version=1,
        catalogue_hash="0" * 64,
        origin="CNSZX",
        destination="VNHAN",
        epcs=("urn:epc:id:sscc:0614141.1234567890",),
        lines=(JourneyLine("1", 3, goods=GOODS),),
        parties=(Party(AGENT, ("platform",), ()), Party(CARRIER, ("last_mile",), ())),
        custodian=SELLER,
        opened_by=AGENT,
        opened_at=ORDERED,
    )
    return dataclasses.replace(made, **changes)


def line(**changes: Any) -> Journey:
    """Return the journey, its one line changed."""
    return journey(lines=(dataclasses.replace(journey().lines[0], **changes),))


def facts(**changes: Any) -> review.ReturnFacts:
    """Return what is known of a delivered order, nothing of it returned yet."""
    published = changes.pop("terms", terms())
    made = review.ReturnFacts(
        journey=journey(),
        terms=published,
        pinned_from=published.in_force_from,
        delivered=DELIVERED,
        attempted=DELIVERED,
        returnable=3,
        recent=0,
        carrier=CARRIER,
    )
    return dataclasses.replace(made, **changes)


def request(**changes: Any) -> review.ReturnRequest:
    """One unused telephone, not wanted after all."""
    made = review.ReturnRequest(
        "R1", "J1", "1", 1, ReturnReason.CHANGE_OF_MIND, Resolution.REFUND, Condition.UNUSED, BUYER
    )
    return dataclasses.replace(made, **changes)


def decision(now: int = ASKED, known: review.ReturnFacts | None = None, **changes: Any) -> review.Decision:
    """Return the decision on the request with *changes*."""
    return review.decide(known or facts(), request(**changes), now)
