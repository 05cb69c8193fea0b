"""Return terms: what makes a version better, and what a floor asks for."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain import floors, records, returnpolicy
from chaincode.domain import terms as rules
from chaincode.domain.refusals import Refused
from chaincode.domain.review import Outcome
from chaincode.domain.terms import Condition, Cover, Coverage, Reason, Rejection, Resolution
from tests.unit.domain.returning import ASKED, decision, facts, line, terms

COVER = terms().reasons["CHANGE_OF_MIND"]


def with_cover(**changes) -> rules.Terms:
    """The terms with another cover for a change of mind."""
    return terms(reasons={**terms().reasons, "CHANGE_OF_MIND": dataclasses.replace(COVER, **changes)})


BETTER = {
    "window": terms(window_days=8),
    "holidays": terms(holidays=("2026-01-01",)),
    "exclusion narrowed": terms(excluded_hs=("330499",)),
    "exclusion dropped": terms(excluded_hs=()),
    "final sale": terms(final_sale=False),
    "limit": terms(max_returns_per_90d=11),
    "returnless": terms(returnless_below=1),
    "answer": terms(seller_answer_hours=71),
    "pick-up": terms(pickup_sla_hours=71),
    "lost": terms(lost_after_days=29),
    "hand-over": terms(handover_days=15),
    "settlement": terms(settle_hours=335),
    "dispute": terms(dispute_days=15),
    "arbitration": terms(arbitration_days=29),
    "coverage": terms(coverage=(Coverage("V", "LastMileMSP"),)),
    "resolution": with_cover(resolutions=(Resolution.REFUND, Resolution.REPAIR)),
    "fee": with_cover(restocking_bps=0, payer="seller"),
    "condition": with_cover(condition=Condition.USED),
    "despite": with_cover(despite=(Rejection.FINAL_SALE,)),
}


@pytest.mark.parametrize("point", BETTER)
def test_each_point_counts(point):
    """Better in one point is no worse; the other way round is worse."""
    assert rules.no_worse(BETTER[point], terms())
    assert not rules.no_worse(terms(), BETTER[point])


@pytest.mark.parametrize(
    "other",
    [terms(basis="order"), terms(currency="SGD"), terms(refund_trigger="received"), terms(roll=False),
     with_cover(evidence_min=1), with_cover(referred=True), with_cover(restocking_bps=1),
     terms(reasons={"DEFECTIVE": terms().reasons["DEFECTIVE"]}), terms(excluded_hs=("3304", "85"))],
)  # fmt: skip
def test_what_cannot_be_compared_or_is_worse_is_not_better(other):
    """Another basis or currency is another promise; a fee, a proof or an exclusion more is a worse one."""
    assert not rules.no_worse(other, terms())


COVERS = st.builds(
    Cover,
    resolutions=st.lists(st.sampled_from(Resolution), min_size=1, unique=True).map(tuple),
    evidence_min=st.integers(0, 3),
    payer=st.sampled_from(["seller", "buyer", "carrier"]),
    condition=st.sampled_from(Condition),
    despite=st.lists(st.sampled_from([Rejection.FINAL_SALE, Rejection.OUTSIDE_WINDOW]), unique=True).map(tuple),
    referred=st.booleans(),
)
TERMS = st.builds(
    lambda days, cover, final, excluded, limit: terms(
        window_days=days, final_sale=final, excluded_hs=excluded, max_returns_per_90d=limit,
        reasons={reason.value: cover for reason in Reason},
    ),
    st.integers(0, 20), COVERS, st.booleans(), st.sampled_from([(), ("85",), ("851712",)]), st.integers(0, 3),
)  # fmt: skip


@given(TERMS, TERMS, st.sampled_from(Reason), st.sampled_from(Resolution), st.sampled_from(Condition), st.booleans(),
       st.integers(0, 3), st.integers(0, 30))  # fmt: skip
def test_no_worse_means_no_worse(new, old, reason, resolution, condition, final, evidence, days):
    """Whatever the request, what the old version approves the new one does, too, if it is no worse."""
    if not rules.no_worse(new, old):
        return
    asked = {"reason": reason, "resolution": resolution, "condition": condition,
             "evidence": tuple(str(each) for each in range(evidence))}  # fmt: skip
    now = ASKED + days * 86_400_000
    before = decision(now, facts(journey=line(final_sale=final), terms=old), **asked).outcome
    after = decision(now, facts(journey=line(final_sale=final), terms=new), **asked).outcome
    assert before is Outcome.REJECTED or after is not Outcome.REJECTED


@given(TERMS)
def test_terms_are_their_bytes(made):
    """Written and read again they are the same, with the same hash."""
    again = records.loads(rules.Terms, records.dumps(made))
    assert again == made
    assert again.digest == made.digest


def test_the_longest_area_fetches():
    """A carrier for the city goes before one for the country."""
    made = terms(coverage=(Coverage("VN", "A"), Coverage("VNHAN", "B"), Coverage("TH", "C")))
    assert [made.carrier_for(place) for place in ("VNHAN", "VNSGN", "THBKK", "SGSIN")] == ["B", "A", "C", None]


@pytest.mark.parametrize(
    ("field", "value"),
    [("effective_from", "soon"), ("window_days", -1), ("version", 0), ("jurisdiction", "Vietnam"), ("languages", ()),
     ("holidays", ("1 January",)), ("excluded_hs", ("x",)), ("reasons", {}), ("reasons", {"BORED": COVER}),
     ("arbiter", "MerchantMSP"), ("reasons", {"SIZE": Cover(())})],
)  # fmt: skip
def test_terms_that_cannot_be_applied_are_refused(field, value):
    """The refusal names the field."""
    with pytest.raises(Refused, match=f"INVALID_ARGUMENT: terms.{field}"):
        rules.checked(dataclasses.replace(terms(), **{field: value}))


def test_a_floor_names_every_point():
    """All short-comings at once, so that a seller mends them in one go."""
    floor = floors.Floor(
        "VN", 14, {"CHANGE_OF_MIND": floors.Minimum(free=True), "SIZE": floors.Minimum(condition=Condition.DAMAGED)},
        seller_answer_hours=48, settle_hours=100, dispute_days=30,
    )  # fmt: skip
    points = floors.short_of(with_cover(condition=Condition.SEALED, resolutions=(Resolution.REPAIR,)), floor)
    assert len(points) == 7
    assert floors.short_of(terms(), floors.Floor("VN", 7, {"SIZE": floors.Minimum()})) == ()
    unproven = floors.Floor("VN", 7, {"DEFECTIVE": floors.Minimum(evidence_most=1)})
    assert floors.short_of(terms(), unproven) == ("DEFECTIVE asks for more than 1 pieces of evidence",)
    bored = {"BORED": floors.Minimum()}
    for wrong in (floors.Floor("V", 1, {}), floors.Floor("VN", -1, {}), floors.Floor("VN", 1, bored)):
        with pytest.raises(Refused, match="INVALID_ARGUMENT"):
            floors.checked(wrong)


def test_the_export_has_a_place_for_everything():
    """Types of schema.org where it has them, properties for the rest, canonical bytes for both."""
    made = returnpolicy.export(with_cover(restocking_bps=1_250))
    assert made["restockingFee"] == "12.50"
    assert made["customerRemorseReturnFees"] == "https://schema.org/RestockingFees"
    assert made["itemDefectReturnFees"] == "https://schema.org/FreeReturn"
    named = {each["name"] for each in made["additionalProperty"]}
    assert {f"reason {reason}" for reason in Reason} <= named
    assert records.dumps(made)
