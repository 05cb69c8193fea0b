"""A return from request to close: every state, every transition, every refusal, every deadline."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import epcis
from chaincode.domain.journeys.pages import Entry
from chaincode.domain.returns import handling, returns
from chaincode.domain.returns.returns import ReturnState
from chaincode.domain.returns.review import Decision, Outcome
from chaincode.domain.returns.terms import Condition, Rejection, Resolution
from hlf.codec import moments
from hlf.codec.refusals import Refused
from tests.unit.domain.returns.returning import AGENT, ARBITER, ASKED, CARRIER, SELLER, request, terms

HOUR, DAY = moments.HOUR, moments.DAY
HASH = "a" * 64
ROLES = returns.Roles(seller=SELLER, agent=AGENT, arbiter=ARBITER)


def decided(outcome: Outcome) -> Decision:
    """Return a decision with that outcome."""
    code = Rejection.OUTSIDE_WINDOW.value if outcome is Outcome.REJECTED else ""
    carrier = CARRIER if outcome is Outcome.APPROVED else ""
    return Decision(outcome, code, "T1", 1, HASH, ASKED, (), carrier)


def lodged(outcome: Outcome = Outcome.APPROVED, **changes) -> returns.Return:
    """Return a return just sent off, with that outcome."""
    draft = handling.drafted(request(**changes), ROLES, ASKED)
    return handling.submitted(draft, AGENT, decided(outcome), terms(), ASKED)


def moved(step: str, at: int, taker: str = "") -> Entry:
    """Return an event of the goods on their way back."""
    event = {"destinationList": [{"destination": epcis.party(taker)}]} if taker else {}
    event["selat:recorder"] = epcis.party(taker or CARRIER)
    return Entry("S22", step, at, at, f"ni:///sha-256;{step}{at}", HASH, event)


def received(**changes) -> returns.Return:
    """Return a return whose goods arrived at the seller."""
    timeline = [
        moved("shipping", ASKED + HOUR),
        moved("departing", ASKED + 2 * HOUR),
        moved("receiving", ASKED + 9 * HOUR, SELLER),
    ]
    return returns.observed(lodged(**changes), timeline, terms())


NOW = ASKED + 10 * HOUR


def passed(**changes) -> returns.Return:
    """Return a return that passed its inspection."""
    return handling.inspected(received(**changes), SELLER, Condition.UNUSED, 1, Condition.UNUSED, terms(), NOW, HASH)


def failed() -> returns.Return:
    """Return a return that failed its inspection."""
    return handling.inspected(received(), SELLER, Condition.DAMAGED, 1, Condition.UNUSED, terms(), NOW, HASH)


def disputed(known: returns.Return | None = None) -> returns.Return:
    """Return a return before the arbiter."""
    return handling.disputed(known or lodged(Outcome.REJECTED), AGENT, terms(), NOW, HASH)


def states(known: returns.Return) -> list[str]:
    """Every state a return went through."""
    return [act.state.value for act in known.acts]


def overdue(known: returns.Return, carrier: str = CARRIER) -> returns.Return:
    """Return a return after somebody wrote down that its deadline passed."""
    return handling.enforced(known, carrier, terms(), known.due + 1)


REACHED = {
    "draft": lambda: handling.drafted(request(), ROLES, ASKED),
    "approved": lodged,
    "rejected": lambda: lodged(Outcome.REJECTED),
    "referred": lambda: lodged(Outcome.REFERRED),
    "returnless": lambda: lodged(Outcome.RETURNLESS_APPROVED),
    "scheduled": lambda: handling.scheduled(lodged(), CARRIER, NOW + HOUR, NOW),
    "pickup failed": lambda: handling.pickup_failed(
        handling.scheduled(lodged(), CARRIER, NOW + HOUR, NOW), CARRIER, "nobody_home", terms(), NOW
    ),
    "picked up": lambda: returns.observed(lodged(), [moved("shipping", NOW)], terms()),
    "in transit": lambda: returns.observed(lodged(), [moved("shipping", NOW), moved("departing", NOW + 1)], terms()),
    "received": received,
    "passed": passed,
    "failed": failed,
    "refunded": lambda: handling.settled(passed(), SELLER, Resolution.REFUND, terms(), NOW, HASH),
    "exchanged": lambda: handling.settled(
        passed(resolution=Resolution.EXCHANGE), SELLER, Resolution.EXCHANGE, terms(), NOW, HASH
    ),
    "repaired": lambda: handling.settled(
        passed(resolution=Resolution.REPAIR), SELLER, Resolution.REPAIR, terms(), NOW, HASH
    ),
    "credited": lambda: handling.settled(
        passed(resolution=Resolution.STORE_CREDIT), SELLER, Resolution.STORE_CREDIT, terms(), NOW, HASH
    ),
    "sent back": lambda: handling.sent_back(failed(), SELLER, terms(), NOW, HASH),
    "cancelled": lambda: handling.cancelled(lodged(), AGENT, NOW),
    "expired": lambda: overdue(REACHED["pickup failed"]()),
    "disputed": disputed,
    "arbitrated": lambda: handling.arbitrated(disputed(), ARBITER, "refund", "", terms(), NOW, HASH),
    "closed": lambda: handling.closed(lodged(Outcome.REJECTED), AGENT, NOW),
}


def test_every_state_is_reached():
    """No state of the specification is out of reach."""
    assert {state for make in REACHED.values() for state in states(make())} == {state.value for state in ReturnState}


def test_the_long_way():
    """Approved, fetched, carried, received, inspected, refunded, closed: each state once, in order."""
    done = handling.closed(handling.settled(passed(), SELLER, Resolution.REFUND, terms(), NOW, HASH), AGENT, NOW)
    assert states(done) == [
        "DRAFT", "SUBMITTED", "APPROVED", "PICKUP_ASSIGNED", "PICKED_UP", "IN_RETURN_TRANSIT", "RECEIVED",
        "INSPECTED_PASS", "REFUNDED", "CLOSED",
    ]  # fmt: skip
    assert done.reverse_journey_id == "R1-reverse"
    assert done.roles.carrier == CARRIER


def test_an_exchange_names_its_journey():
    """The new goods travel on a journey of their own, named after the return."""
    assert REACHED["exchanged"]().exchange_journey_id == "R1-exchange"
    assert REACHED["refunded"]().exchange_journey_id == ""


def test_the_seller_answers_what_is_referred_to_it():
    """Yes assigns the pick-up, or leaves worthless goods with the buyer; no is a rejection."""
    answer = (terms(), NOW, HASH)
    assert (
        handling.answered(lodged(Outcome.REFERRED), SELLER, True, CARRIER, *answer).state is ReturnState.PICKUP_ASSIGNED
    )
    assert (
        handling.answered(lodged(Outcome.REFERRED), SELLER, True, "", *answer).state is ReturnState.RETURNLESS_APPROVED
    )
    assert handling.answered(lodged(Outcome.REFERRED), SELLER, False, CARRIER, *answer).state is ReturnState.REJECTED


def test_a_carrier_that_never_comes_does_not_cost_the_buyer():
    """Nobody came and nobody came again: the arbiter decides, and if it is silent, the buyer gets its money."""
    waiting = overdue(REACHED["approved"]())
    assert (waiting.state, waiting.acts[-1].notes["deadline"]) == (ReturnState.PICKUP_FAILED, "carrier did not come")
    brought = overdue(waiting)
    assert (brought.state, brought.acts[-1].notes["deadline"]) == (ReturnState.DISPUTED, "carrier never came")
    awarded = overdue(brought)
    assert handling.settled(awarded, SELLER, Resolution.REFUND, terms(), NOW, HASH).state is ReturnState.REFUNDED


@pytest.mark.parametrize(
    ("start", "deadline", "leads_to"),
    [
        ("draft", handling.DRAFT_DAYS * DAY, "EXPIRED"),
        ("referred", 72 * HOUR, "PICKUP_ASSIGNED"),
        ("approved", 72 * HOUR, "PICKUP_FAILED"),
        ("scheduled", 72 * HOUR, "PICKUP_FAILED"),
        ("pickup failed", 14 * DAY, "EXPIRED"),
        ("received", 72 * HOUR, "INSPECTED_PASS"),
        ("passed", 336 * HOUR, "DISPUTED"),
        ("returnless", 336 * HOUR, "DISPUTED"),
        ("disputed", 30 * DAY, "ARBITRATED"),
        ("rejected", 14 * DAY, "CLOSED"),
        ("failed", 14 * DAY, "CLOSED"),
        ("refunded", 14 * DAY, "CLOSED"),
        ("sent back", 14 * DAY, "CLOSED"),
        ("expired", 14 * DAY, "CLOSED"),
    ],
)
def test_every_deadline_has_its_consequence(start, deadline, leads_to):
    """Not before the deadline, and then by anybody's act: silence never leaves a return hanging."""
    known = REACHED[start]()
    last = max(act.at for act in known.acts)
    assert last + deadline - 72 * HOUR <= known.due <= last + deadline
    with pytest.raises(Refused, match="NOT_DUE"):
        handling.enforced(known, CARRIER, terms(), known.due)
    after = overdue(known)
    assert after.state == leads_to
    assert after.acts[-1].by == ""


def test_a_silent_seller_cannot_keep_worthless_goods_open():
    """Where nobody fetches, the seller's silence leaves the goods with the buyer."""
    assert overdue(lodged(Outcome.REFERRED), carrier="").state is ReturnState.RETURNLESS_APPROVED


@pytest.mark.parametrize("start", ["picked up", "in transit", "cancelled", "arbitrated", "closed"])
def test_some_states_have_no_deadline(start):
    """Goods on the road and finished returns wait for nobody."""
    with pytest.raises(Refused, match="NO_DEADLINE"):
        handling.enforced(REACHED[start](), CARRIER, terms(), NOW + 10_000 * DAY)


def test_the_awards():
    """An arbiter gives the money, has the goods fetched after all, or lets the outcome stand."""
    judge = (terms(), NOW, HASH)
    paid = handling.arbitrated(disputed(), ARBITER, "refund", CARRIER, *judge)
    assert handling.settled(paid, SELLER, Resolution.REFUND, terms(), NOW, HASH).state is ReturnState.REFUNDED
    fetched = handling.arbitrated(disputed(), ARBITER, "fetch", CARRIER, *judge)
    assert (fetched.state, fetched.roles.carrier) == (ReturnState.PICKUP_ASSIGNED, CARRIER)
    upheld = handling.arbitrated(disputed(), ARBITER, "uphold", CARRIER, *judge)
    assert handling.closed(upheld, AGENT, NOW).state is ReturnState.CLOSED
    with pytest.raises(Refused, match="WRONG_AWARD"):
        handling.arbitrated(disputed(failed()), ARBITER, "fetch", CARRIER, *judge)
    with pytest.raises(Refused, match="WRONG_AWARD"):
        handling.arbitrated(disputed(), ARBITER, "fetch", "", *judge)
    with pytest.raises(Refused, match="ALREADY_ARBITRATED"):
        handling.disputed(handling.settled(paid, SELLER, Resolution.REFUND, *judge), AGENT, *judge)


@pytest.mark.parametrize(
    ("trigger", "from_"),
    [
        ("picked_up", {"picked up", "in transit", "received", "passed", "returnless"}),
        ("received", {"received", "passed", "returnless"}),
        ("inspected", {"passed", "returnless"}),
    ],
)
def test_the_refund_waits_for_its_trigger(trigger, from_):
    """The terms say from which state on the seller may settle; no other state will do."""
    for start, make in REACHED.items():
        settle = (make(), SELLER, Resolution.REFUND, terms(refund_trigger=trigger), NOW, HASH)
        if start in from_ or start == "arbitrated":
            assert handling.settled(*settle).state is ReturnState.REFUNDED
        else:
            with pytest.raises(Refused, match="WRONG_STATE"):
                handling.settled(*settle)


def test_the_inspection_finds_facts_and_the_terms_decide():
    """A seller cannot fail goods that are as good as the terms ask for, nor pass half of them."""

    def found(condition: Condition, units: int, *others: tuple[Condition, int]) -> tuple[ReturnState, int]:
        two, also = received(quantity=2), [handling.InspectedUnits(*each) for each in others]
        made = handling.inspected(two, SELLER, condition, units, Condition.UNUSED, terms(), NOW, HASH, also)
        return made.state, made.units

    assert found(Condition.SEALED, 2) == (ReturnState.INSPECTED_PASS, 2)
    assert found(Condition.SEALED, 1) == (ReturnState.INSPECTED_PASS, 1)
    assert found(Condition.SEALED, 1, (Condition.UNUSED, 1)) == (ReturnState.INSPECTED_PASS, 2)
    assert found(Condition.USED, 1, (Condition.UNUSED, 1)) == (ReturnState.INSPECTED_PASS, 1)
    assert found(Condition.USED, 2)[0] is ReturnState.INSPECTED_FAIL
    assert found(Condition.SEALED, 0)[0] is ReturnState.INSPECTED_FAIL
    same, minus = (Condition.SEALED, 1), (Condition.USED, -1)
    for wrong in (((Condition.SEALED, 3),), (same, same), (same, minus), (same, (Condition.USED, 2))):
        with pytest.raises(Refused, match="INVALID_ARGUMENT"):
            found(*wrong[0], *wrong[1:])


STEPS = {
    "NOT_THE_AGENT": [
        lambda by: handling.submitted(REACHED["draft"](), by, decided(Outcome.APPROVED), terms(), NOW),
        lambda by: handling.cancelled(lodged(), by, NOW),
        lambda by: handling.disputed(lodged(Outcome.REJECTED), by, terms(), NOW, HASH),
        lambda by: handling.closed(lodged(Outcome.REJECTED), by, NOW),
    ],
    "NOT_THE_SELLER": [
        lambda by: handling.answered(lodged(Outcome.REFERRED), by, True, CARRIER, terms(), NOW, HASH),
        lambda by: handling.inspected(received(), by, Condition.UNUSED, 1, Condition.UNUSED, terms(), NOW, HASH),
        lambda by: handling.settled(passed(), by, Resolution.REFUND, terms(), NOW, HASH),
        lambda by: handling.sent_back(failed(), by, terms(), NOW, HASH),
    ],
    "NOT_THE_CARRIER": [
        lambda by: handling.scheduled(lodged(), by, NOW + HOUR, NOW),
        lambda by: handling.pickup_failed(REACHED["scheduled"](), by, "late", terms(), NOW),
    ],
    "NOT_THE_ARBITER": [lambda by: handling.arbitrated(disputed(), by, "refund", "", terms(), NOW, HASH)],
}


@pytest.mark.parametrize("code", STEPS)
def test_each_step_belongs_to_one_party(code):
    """Whoever else tries it is refused: no carrier approves, no seller schedules, no agent judges."""
    entitled = {"AGENT": AGENT, "SELLER": SELLER, "CARRIER": CARRIER, "ARBITER": ARBITER}[code.split("_")[2]]
    for step in STEPS[code]:
        step(entitled)
        for stranger in {AGENT, SELLER, CARRIER, ARBITER, "CustomsMSP", ""} - {entitled}:
            with pytest.raises(Refused) as refused:
                step(stranger)
            assert refused.value.code == code


def test_nobody_judges_its_own_return():
    """A seller that lodged the request cannot answer it; an arbiter that lodged it cannot judge it."""
    own = dataclasses.replace(lodged(Outcome.REFERRED), roles=dataclasses.replace(ROLES, agent=SELLER))
    with pytest.raises(Refused, match="OWN_RETURN"):
        handling.answered(own, SELLER, True, CARRIER, terms(), NOW, HASH)
    judged = dataclasses.replace(disputed(), roles=dataclasses.replace(ROLES, agent=ARBITER))
    with pytest.raises(Refused, match="OWN_RETURN"):
        handling.arbitrated(judged, ARBITER, "refund", "", terms(), NOW, HASH)


@pytest.mark.parametrize(
    "step",
    [
        lambda late: handling.submitted(REACHED["draft"](), AGENT, decided(Outcome.APPROVED), terms(), late),
        lambda late: handling.answered(lodged(Outcome.REFERRED), SELLER, False, "", terms(), late, HASH),
        lambda late: handling.scheduled(lodged(), CARRIER, late, late),
        lambda late: handling.pickup_failed(REACHED["scheduled"](), CARRIER, "late", terms(), late),
        lambda late: handling.inspected(
            received(), SELLER, Condition.DAMAGED, 1, Condition.UNUSED, terms(), late, HASH
        ),
        lambda late: handling.disputed(lodged(Outcome.REJECTED), AGENT, terms(), late, HASH),
        lambda late: handling.arbitrated(disputed(), ARBITER, "uphold", "", terms(), late, HASH),
    ],
)
def test_after_the_deadline_it_is_too_late(step):
    """Who missed a deadline cannot act as if it had not passed."""
    with pytest.raises(Refused, match="DEADLINE_PASSED"):
        step(NOW + 100 * DAY)


def test_a_late_refund_is_still_a_refund():
    """The deadline for settling opens the way to the arbiter; it does not forbid paying."""
    known = passed()
    assert (
        handling.settled(known, SELLER, Resolution.REFUND, terms(), known.due + DAY, HASH).state is ReturnState.REFUNDED
    )


def test_a_refund_may_stand_in_for_anything_and_nothing_else_may():
    """A buyer that wants a repair may get its money, and not a voucher."""
    wanted = passed(resolution=Resolution.REPAIR)
    assert handling.settled(wanted, SELLER, Resolution.REFUND, terms(), NOW, HASH).state is ReturnState.REFUNDED
    with pytest.raises(Refused, match="RESOLUTION_DIFFERS"):
        handling.settled(wanted, SELLER, Resolution.STORE_CREDIT, terms(), NOW, HASH)


def test_a_pickup_is_scheduled_within_its_time():
    """A time in the past or after the deadline is no appointment; a failed one can be made again."""
    for at in (NOW - 1, ASKED + 73 * HOUR):
        with pytest.raises(Refused, match="INVALID_ARGUMENT"):
            handling.scheduled(lodged(), CARRIER, at, NOW)
    again = handling.scheduled(REACHED["pickup failed"](), CARRIER, NOW + DAY, NOW + HOUR)
    assert again.state is ReturnState.PICKUP_SCHEDULED


@pytest.mark.parametrize(
    ("start", "stands"),
    [("draft", False), ("approved", True), ("rejected", False), ("cancelled", False), ("expired", False),
     ("refunded", True), ("disputed", True), ("closed", False)],
)  # fmt: skip
def test_units_of_returns_that_came_to_nothing_are_free_again(start, stands):
    """Only returns that stand count against the order's quantity and the buyer's limit."""
    assert REACHED[start]().stands is stands


def test_an_upheld_outcome_stands_as_it_was():
    """A rejection that the arbiter upholds frees the units; a closed refund does not."""
    upheld = handling.arbitrated(disputed(), ARBITER, "uphold", "", terms(), NOW, HASH)
    assert upheld.stands is False
    assert handling.closed(upheld, AGENT, NOW).stands is False
    assert handling.closed(REACHED["refunded"](), AGENT, NOW).stands is True


STEP = st.sampled_from(
    [
        lambda known, by, now: handling.submitted(known, by, decided(Outcome.APPROVED), terms(), now),
        lambda known, by, now: handling.answered(known, by, True, CARRIER, terms(), now, HASH),
        lambda known, by, now: handling.scheduled(known, by, now, now),
        lambda known, by, now: handling.pickup_failed(known, by, "late", terms(), now),
        lambda known, by, now: handling.inspected(known, by, Condition.UNUSED, 1, Condition.UNUSED, terms(), now, HASH),
        lambda known, by, now: handling.settled(known, by, Resolution.REFUND, terms(), now, HASH),
        lambda known, by, now: handling.sent_back(known, by, terms(), now, HASH),
        lambda known, by, now: handling.cancelled(known, by, now),
        lambda known, by, now: handling.disputed(known, by, terms(), now, HASH),
        lambda known, by, now: handling.arbitrated(known, by, "fetch", CARRIER, terms(), now, HASH),
        lambda known, by, now: handling.closed(known, by, now),
        lambda known, by, now: handling.enforced(known, CARRIER, terms(), now),
        lambda known, by, now: returns.observed(known, [moved("shipping", now)], terms()),
        lambda known, by, now: returns.observed(known, [moved("receiving", now, SELLER)], terms()),
    ]
)


@given(
    st.sampled_from(Outcome),
    st.lists(st.tuples(STEP, st.sampled_from([AGENT, SELLER, CARRIER, ARBITER, ""]), st.integers(0, 40)), max_size=25),
)
def test_any_history_is_whole(outcome, steps):
    """Whatever parties try in whatever order: acts are only added, the last is the state, and nothing leaves CLOSED."""
    known, now = lodged(outcome), ASKED
    for step, by, days in steps:
        now += days * DAY
        try:
            after = step(known, by, now)
        except Refused:
            continue
        assert after.acts[: len(known.acts)] == known.acts
        assert after.state is after.acts[-1].state
        assert known.state is not ReturnState.CLOSED or after == known
        assert sum(act.state is ReturnState.REFUNDED for act in after.acts) <= 1 + sum(
            act.state is ReturnState.ARBITRATED for act in after.acts
        )
        known = after
