"""The review of return requests: every reason, every rejection, and what must never happen."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import epcis, pages
from chaincode.domain.register import stages
from chaincode.domain.returns import review
from chaincode.domain.returns.review import Outcome
from chaincode.domain.returns.terms import Condition, Rejection, Resolution, ReturnReason
from hlf.codec import moments, records
from hlf.codec.refusals import Refused
from tests.unit.domain.returns import returning
from tests.unit.domain.returns.returning import ASKED, decision, facts, line, terms

OPENED_LATE = {"pinned_from": returning.ORDERED + 1}

REJECTED = {
    Rejection.TERMS_NOT_IN_FORCE: (facts(**OPENED_LATE), {}),
    Rejection.BUYER_MISMATCH: (facts(), {"buyer_hash": "c" * 64}),
    Rejection.NOT_DELIVERED: (facts(delivered=None), {}),
    Rejection.ALREADY_RETURNED: (facts(returnable=0), {}),
    Rejection.QTY_EXCEEDS: (facts(returnable=2), {"quantity": 3}),
    Rejection.OUTSIDE_WINDOW: (facts(terms=terms(window_days=0, roll=False)), {}),
    Rejection.FINAL_SALE: (facts(terms=terms(final_sale=True)), {}),
    Rejection.CATEGORY_EXCLUDED: (facts(journey=line(excluded=True)), {}),
    Rejection.REASON_NOT_COVERED: (facts(), {"resolution": Resolution.EXCHANGE}),
    Rejection.EVIDENCE_MISSING: (facts(), {"reason": ReturnReason.DEFECTIVE, "evidence": ("1", "1")}),
    Rejection.CONDITION_NOT_MET: (facts(), {"condition": Condition.USED}),
    Rejection.LIMIT_REACHED: (facts(recent=10), {}),
    Rejection.NO_REVERSE_COVERAGE: (facts(carrier=None), {}),
}


def test_every_rejection_has_a_case():
    """The table above leaves none out."""
    assert set(REJECTED) == set(Rejection)


@pytest.mark.parametrize("code", Rejection)
def test_each_rule_rejects_with_its_facts_and_a_way_out(code):
    """A rejection names the rule, the facts it used, and what would have passed."""
    known, changes = REJECTED[code]
    made = decision(known=known, **changes)
    assert (made.outcome, made.code) == (Outcome.REJECTED, code)
    assert made.finding.rule is code
    assert made.finding.would_pass_if
    assert made.carrier == ""


@pytest.mark.parametrize("reason", [each for each in ReturnReason if each not in review.NEVER_HAD])
def test_each_reason_is_covered_by_terms_that_cover_it(reason):
    """With enough evidence every reason is decided for the buyer, or referred where the terms say so."""
    made = decision(reason=reason, evidence=("1", "2"))
    referred = reason is ReturnReason.WRONG_ITEM
    assert made.outcome is (Outcome.REFERRED if referred else Outcome.APPROVED)
    assert made.carrier == ("" if referred else returning.CARRIER)


def test_a_reason_the_terms_do_not_know_is_rejected():
    """The answer lists the reasons that are covered."""
    made = decision(known=facts(terms=terms(reasons={"DEFECTIVE": terms().reasons["DEFECTIVE"]})))
    assert made.code == Rejection.REASON_NOT_COVERED
    assert "DEFECTIVE" in made.finding.would_pass_if


def test_what_never_came_is_lost_after_its_time():
    """NOT_RECEIVED waits until the parcel is overdue, and then there is nothing to fetch."""
    missing = facts(delivered=None, attempted=None, carrier=None)
    early = decision(known=missing, reason=ReturnReason.NOT_RECEIVED)
    assert early.code == Rejection.NOT_DELIVERED
    overdue = returning.ORDERED + 30 * moments.DAY
    assert moments.text(overdue) in early.finding.would_pass_if
    assert decision(now=overdue, known=missing, reason=ReturnReason.NOT_RECEIVED).outcome is Outcome.RETURNLESS_APPROVED


def test_what_is_reported_lost_need_not_be_waited_for():
    """The buyer asks at once; nothing is delivered that a request for another reason could return."""
    lost = facts(delivered=None, attempted=None, carrier=None, lost_at=returning.ORDERED + moments.HOUR)
    made = decision(now=returning.ORDERED + 2 * moments.HOUR, known=lost, reason=ReturnReason.NOT_RECEIVED)
    assert (made.outcome, made.carrier) == (Outcome.RETURNLESS_APPROVED, "")
    assert decision(known=lost, reason=ReturnReason.DEFECTIVE, evidence=("1",)).code == Rejection.NOT_DELIVERED


@pytest.mark.parametrize("reason", sorted(review.NEVER_HAD))
def test_nobody_fetches_what_the_buyer_never_had(reason):
    """Units that were short, or a parcel that is said to be delivered and is not there."""
    made = decision(reason=reason, evidence=("1", "2"))
    assert (made.outcome, made.carrier) == (Outcome.RETURNLESS_APPROVED, "")


def test_a_line_below_the_limit_is_not_worth_fetching():
    """Returnless lines are approved without a carrier, even where nobody fetches."""
    made = decision(known=facts(journey=line(returnless=True), carrier=None))
    assert (made.outcome, made.carrier) == (Outcome.RETURNLESS_APPROVED, "")


def test_some_reasons_stand_above_rules():
    """A recall passes window, final sale and category; a defect passes a final sale, and no more."""
    final = terms(final_sale=True)
    sold = facts(journey=line(excluded=True), terms=final)
    late = ASKED + 400 * moments.DAY
    assert decision(now=late, known=sold, reason=ReturnReason.RECALLED).outcome is Outcome.APPROVED
    defect = {"reason": ReturnReason.DEFECTIVE, "evidence": ("1", "2")}
    assert decision(known=facts(terms=final), **defect).outcome is Outcome.APPROVED
    assert decision(known=sold, **defect).code == Rejection.CATEGORY_EXCLUDED


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, "2026-01-19T23:59:59.999+07:00"),
        ({"window_days": 5}, "2026-01-19T23:59:59.999+07:00"),
        ({"window_days": 5, "roll": False}, "2026-01-17T23:59:59.999+07:00"),
        ({"window_days": 5, "holidays": ("2026-01-19", "2026-01-20")}, "2026-01-21T23:59:59.999+07:00"),
        ({"basis": "order", "window_days": 30}, "2026-02-04T23:59:59.999+07:00"),
        ({"basis": "first_attempt"}, "2026-01-16T23:59:59.999+07:00"),
    ],
)
def test_the_window_ends_on_the_places_own_calendar(changes, ends):
    """Days count from the day of the basis; a Saturday, Sunday or holiday rolls to the next business day."""
    attempted = review.GoodsEvent(moments.parse("2026-01-09T10:00:00.000+07:00").at, "VNHAN")
    assert decision(known=facts(terms=terms(**changes), attempted=attempted)).window_ends == ends


def at(text: str) -> int:
    """Return that instant."""
    return moments.parse(text).at


ORDER_BASED = {"basis": "order", "window_days": 7, "roll": False}
SAME_DAY = {"window_days": 0, "roll": False}
WEEK = {"window_days": 7, "roll": False}


@pytest.mark.parametrize(
    ("promised", "place", "ordered", "delivered", "asked", "ends"),
    [
        (ORDER_BASED, "VNHAN", "2026-11-23T06:30:00+07:00", "2026-11-25T10:00:00+07:00",
         "2026-11-30T12:00:00+07:00", "2026-11-30T23:59:59.999+07:00"),
        (ORDER_BASED, "VNHAN", "2026-11-23T12:00:00+07:00", "2026-11-25T10:00:00+07:00",
         "2026-12-01T06:00:00+07:00", "2026-11-30T23:59:59.999+07:00"),
        (SAME_DAY, "VNHAN", "2026-01-05T00:00:00Z", "2026-01-06T00:00:00+00:00",
         "2026-01-06T22:00:00Z", "2026-01-06T23:59:59.999+07:00"),
        (SAME_DAY, "VNHAN", "2026-01-05T00:00:00Z", "2026-01-06T07:00:00+07:00",
         "2026-01-06T22:00:00Z", "2026-01-06T23:59:59.999+07:00"),
        (WEEK, "DEBER", "2026-10-01T00:00:00Z", "2026-10-20T15:00:00+02:00",
         "2026-10-27T23:30:00+01:00", "2026-10-27T23:59:59.999+01:00"),
    ],
)  # fmt: skip
def test_the_windows_days_are_those_of_the_place(promised, place, ordered, delivered, asked, ends):
    """Neither UTC's days, nor those of an offset that a carrier wrote, nor those before a change of clocks."""
    known = facts(
        journey=returning.journey(ordered_at=at(ordered), destination=place),
        terms=terms(**promised),
        delivered=review.GoodsEvent(at(delivered), place),
    )
    made = decision(now=at(asked), known=known)
    assert made.window_ends == ends
    assert made.code == ("" if at(asked) <= at(ends) else Rejection.OUTSIDE_WINDOW)


@given(st.integers(-12 * 60, 14 * 60), st.integers(0, 20 * moments.DAY), st.sampled_from(["VNHAN", "DEBER", "USHNL"]))
def test_one_instant_gets_one_answer(offset, wait, place):
    """Whatever offset its recorder wrote, the same delivery gives the same decision, byte for byte."""

    def asked(written: int) -> bytes:
        text = str(moments.Moment(returning.DELIVERED.at, written))
        observed = epcis.event(
            epcis.Observation("S20", "accepting", text, place), stages.STANDARD.stage("S20"), journey_id="J1",
            order_id="O1", epcs=["urn:epc:id:sscc:0614141.1234567890"], goods={}, recorder=returning.CARRIER,
            recorded_at=returning.DELIVERED.at,
        )  # fmt: skip
        entry = pages.Entry("S20", "accepting", moments.parse(text).at, 0, str(observed["eventID"]), "", observed)
        known = facts(delivered=review.first([entry], "S20", "accepting"), attempted=None)
        return records.dumps(decision(now=returning.DELIVERED.at + wait, known=known))

    assert asked(offset) == asked(0)


def test_a_window_does_not_end_on_a_day_of_rest_of_its_place():
    """Brunei rests on Friday and Sunday: a window that would end on Friday the 16th ends on Saturday."""
    brunei = facts(terms=terms(window_days=4), delivered=review.GoodsEvent(returning.DELIVERED.at, "BNBWN"))
    assert decision(known=brunei).window_ends == "2026-01-17T23:59:59.999+08:00"


@given(st.integers(0, 400 * moments.DAY), st.integers(0, 400 * moments.DAY), st.sampled_from(ReturnReason))
def test_asking_later_never_turns_a_closed_window_into_a_yes(wait, longer, reason):
    """Metamorphic: once refused for the window, refused for the window at any later time."""
    first = decision(now=ASKED + wait, reason=reason, evidence=("1", "2"))
    if first.code == Rejection.OUTSIDE_WINDOW:
        assert decision(now=ASKED + wait + longer, reason=reason, evidence=("1", "2")).code == Rejection.OUTSIDE_WINDOW


@given(st.integers(0, 60 * moments.DAY), st.integers(0, 30), st.integers(0, 30))
def test_a_longer_window_never_refuses_more(wait, days, more):
    """Metamorphic: what a window of some days lets pass, a longer one does, too."""
    short = decision(now=ASKED + wait, known=facts(terms=terms(window_days=days)))
    long = decision(now=ASKED + wait, known=facts(terms=terms(window_days=days + more)))
    assert short.outcome is Outcome.REJECTED or long.outcome is short.outcome


@given(
    st.sampled_from(ReturnReason), st.sampled_from(Resolution), st.sampled_from(Condition), st.integers(1, 5),
    st.integers(0, 4), st.integers(0, 12), st.booleans(), st.booleans(), st.integers(0, 3),
)  # fmt: skip
def test_every_request_gets_one_answer_and_all_rules(
    reason, resolution, condition, quantity, returned, recent, final, delivered, evidence
):
    """The review is total and deterministic, and a decision names a code exactly when it rejects."""
    known = facts(
        terms=terms(final_sale=final), returnable=max(3 - returned, 0), recent=recent,
        delivered=returning.DELIVERED if delivered else None,
    )  # fmt: skip
    changes = {"reason": reason, "resolution": resolution, "condition": condition, "quantity": quantity,
               "evidence": tuple(str(each) for each in range(evidence))}  # fmt: skip
    made = decision(known=known, **changes)
    assert records.dumps(made) == records.dumps(decision(known=known, **changes))
    assert records.loads(review.Decision, records.dumps(made)) == made
    assert (made.outcome is Outcome.REJECTED) == bool(made.code) == any(not each.met for each in made.findings)


def test_a_request_for_nothing_is_refused():
    """No such line, and no unit, are mistakes of the caller, not decisions."""
    for changes in ({"line": "9"}, {"quantity": 0}):
        with pytest.raises(Refused, match="INVALID_ARGUMENT"):
            decision(**changes)


def test_would_pass_if_is_true():
    """Doing what the answer says makes the rule pass."""
    for code, (known, changes) in REJECTED.items():
        if code is Rejection.QTY_EXCEEDS:
            assert decision(known=known, **{**changes, "quantity": 2}).code == ""
        if code is Rejection.CONDITION_NOT_MET:
            assert decision(known=known, condition=Condition.UNUSED).code == ""
        if code is Rejection.EVIDENCE_MISSING:
            assert decision(known=known, **{**changes, "evidence": ("1", "2")}).code == ""
        if code is Rejection.LIMIT_REACHED:
            assert decision(known=dataclasses.replace(known, recent=9)).code == ""
