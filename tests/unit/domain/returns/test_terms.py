"""Return terms: what makes a version better, and what a floor asks for."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.returns import floors, returnpolicy, review
from chaincode.domain.returns import terms as rules
from chaincode.domain.returns.review import Outcome
from chaincode.domain.returns.terms import Condition, Cover, Coverage, Rejection, Resolution, ReturnReason
from hlf.codec import records
from hlf.codec.refusals import Refused
from tests.unit.domain.returns.returning import ASKED, decision, facts, terms

COVER = terms().reasons["CHANGE_OF_MIND"]


def with_cover(**changes) -> rules.ReturnTerms:
    """Return the terms with another cover for a change of mind."""
    reasons = {**terms().reasons, "CHANGE_OF_MIND": dataclasses.replace(COVER, **changes)}
    return final(reasons=reasons)


def final(**changes) -> rules.ReturnTerms:
    """Return the terms of a final sale, which leave room for better ones."""
    return terms(final_sale=True, **changes)


BEFORE = final()
BETTER = {
    "window": final(window_days=8),
    "holidays": final(holidays=("2026-01-01",)),
    "exclusion narrowed": final(excluded_hs=("330499",)),
    "exclusion dropped": final(excluded_hs=()),
    "final sale": terms(final_sale=False),
    "limit": final(max_returns_per_90d=11),
    "returnless": final(returnless_below=1),
    "answer": final(seller_answer_hours=71),
    "pick-up": final(pickup_sla_hours=71),
    "lost": final(lost_after_days=29),
    "hand-over": final(handover_days=15),
    "settlement": final(settle_hours=335),
    "dispute": final(dispute_days=15),
    "arbitration": final(arbitration_days=29),
    "coverage": final(coverage=(Coverage("VN", "LastMileMSP"), Coverage("TH", "LastMileMSP"))),
    "resolution": with_cover(resolutions=(Resolution.REFUND, Resolution.REPAIR)),
    "fee": with_cover(restocking_bps=0, payer="seller"),
    "condition": with_cover(condition=Condition.USED),
    "despite": with_cover(despite=(Rejection.FINAL_SALE,)),
}


@pytest.mark.parametrize("point", BETTER)
def test_each_point_counts(point):
    """Better in one point is no worse; the other way round is worse."""
    assert rules.no_worse(BETTER[point], BEFORE)
    assert not rules.no_worse(BEFORE, BETTER[point])


@pytest.mark.parametrize(
    "other",
    [terms(basis="order"), terms(currency="SGD"), terms(refund_trigger="received"), terms(roll=False),
     with_cover(evidence_min=1), with_cover(referred=True), with_cover(restocking_bps=1),
     terms(reasons={"DEFECTIVE": terms().reasons["DEFECTIVE"]}), terms(excluded_hs=("3304", "85"))],
)  # fmt: skip
def test_what_cannot_be_compared_or_is_worse_is_not_better(other):
    """Another basis or currency is another promise; a fee, a proof or an exclusion more is a worse one."""
    assert not rules.no_worse(other, BEFORE)


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
        reasons={reason.value: cover for reason in ReturnReason},
    ),
    st.integers(0, 20), COVERS, st.booleans(), st.sampled_from([(), ("85",), ("851712",)]), st.integers(0, 3),
)  # fmt: skip


@given(TERMS, TERMS, st.sampled_from(ReturnReason), st.sampled_from(Resolution), st.sampled_from(Condition),
       st.integers(0, 3), st.integers(0, 30))  # fmt: skip
def test_no_worse_means_no_worse(new, old, reason, resolution, condition, evidence, days):
    """Whatever the request, what the old version approves the new one does, too, if it is no worse."""
    if not rules.no_worse(new, old):
        return
    asked = {"reason": reason, "resolution": resolution, "condition": condition,
             "evidence": tuple(str(each) for each in range(evidence))}  # fmt: skip
    now = ASKED + days * 86_400_000
    before = decision(now, facts(terms=old), **asked).outcome
    after = decision(now, facts(terms=new), **asked).outcome
    assert before is Outcome.REJECTED or after is not Outcome.REJECTED


@given(TERMS)
def test_terms_are_their_bytes(made):
    """Written and read again they are the same, with the same hash."""
    again = records.loads(rules.ReturnTerms, records.dumps(made))
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
    assert {f"reason {reason}" for reason in ReturnReason} <= named
    assert records.dumps(made)


BAD_FIELDS = {
    "terms.holidays[0]": [{"holidays": ("2026-13-45",)}, {"holidays": ("٢٠٢٧-٠١-٠١",)}, {"holidays": ("9999-12-31",)}],
    "terms.holidays": [{"holidays": ("2027-01-01",) * 1_001}],
    "terms.effective_from": [
        {"effective_from": "๒๐๒๗-๐๑-๐๑T๐๐:๐๐:๐๐Z"},
        {"effective_from": "9999-12-31T23:59:59-05:00"},
        {"effective_from": "0001-01-01T00:00:00Z"},
    ],
    "terms.currency": [{"currency": "dol"}, {"currency": "XXX"}, {"currency": "ANG"}, {"currency": ""}],
    "terms.jurisdiction": [{"jurisdiction": "ZZ"}, {"jurisdiction": "ZZ-1"}, {"jurisdiction": "vn"}],
    "terms.excluded_hs[0]": [{"excluded_hs": (each,)} for each in ("999", "99", "77", "00", "٣٣", "8517129", "")],
    "terms.coverage[0].area": [{"coverage": (Coverage(each, "LastMileMSP"),)} for each in ("zz9", "ZZ", "", "VNHANO")],
    "terms.coverage[0].carrier": [{"coverage": (Coverage("VN", "Last Mile"),)}],
    "terms.terms_id": [{"terms_id": ""}],
    "terms.languages": [{"languages": ("vietnamese!",)}],
    "terms.reasons.SIZE.evidence_min": [{"reasons": {"SIZE": Cover((Resolution.REFUND,), evidence_min=21)}}],
    "terms.reasons.SIZE": [{"reasons": {"SIZE": Cover((Resolution.REFUND,), restocking_bps=10_001)}}],
    "terms.window_days": [{"window_days": 10_000_000}, {"window_days": -1}],
    "terms.pickup_sla_hours": [{"pickup_sla_hours": 1_000_000_000_000}],
    "terms.returnless_below": [{"returnless_below": 10**18}],
    "terms.version": [{"version": 1_000_000}],
}
"""What terms cannot mean, by the field that the refusal names."""


@pytest.mark.parametrize(
    ("field", "changes"), [(field, changes) for field, listed in BAD_FIELDS.items() for changes in listed]
)
def test_terms_that_cannot_be_computed_with_are_refused_by_their_field(field, changes):
    """No such day, currency, country, code or number reaches a later review."""
    with pytest.raises(Refused) as refused:
        rules.checked(terms(**changes))
    assert refused.value.code == "INVALID_ARGUMENT"
    assert refused.value.text.startswith(f"{field}: ")


NUMBERS = [field.name for field in dataclasses.fields(rules.ReturnTerms) if field.type in {"int", "records.Amount"}]


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("number", [-1, 10**18, 10**30])
def test_every_number_of_terms_has_bounds(field, number):
    """A field that somebody adds without bounds fails here."""
    with pytest.raises(Refused, match=f"INVALID_ARGUMENT: terms.{field}: must be from"):
        rules.checked(terms(**{field: number}))


@given(
    st.fixed_dictionaries({field: st.integers(0, rules.BOUNDS[field].most) for field in NUMBERS if field != "version"}),
    st.sampled_from(["delivered", "order", "first_attempt"]),
    st.lists(st.dates(date(2026, 1, 1), date(2036, 1, 1)).map(str), max_size=20).map(tuple),
)
def test_whatever_is_published_can_be_reviewed_by(numbers, basis, holidays):
    """Terms that pass the check decide every request, and the decision can be written and read."""
    made = rules.checked(terms(**numbers, basis=basis, holidays=holidays))
    decided = decision(known=facts(terms=made))
    assert records.loads(review.Decision, records.dumps(decided)) == decided


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"jurisdiction": "ZZ"}, "jurisdiction"), ({"window_days": 3_651}, "window_days"),
     ({"settle_hours": -1}, "settle_hours"), ({"dispute_days": 10**9}, "dispute_days"),
     ({"reasons": {"SIZE": floors.Minimum(evidence_most=21)}}, "reasons.SIZE.evidence_most")],
)  # fmt: skip
def test_a_floor_is_one_that_terms_can_reach(changes, field):
    """Otherwise nobody could publish terms there any more."""
    with pytest.raises(Refused, match=rf"INVALID_ARGUMENT: floor\.{field}"):
        floors.checked(dataclasses.replace(floors.Floor("VN", 7, {}), **changes))
