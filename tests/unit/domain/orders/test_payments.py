"""Payments: never more taken than reserved, nor given back than taken, and every state is reached."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.orders import payments
from chaincode.domain.orders.payments import Authorisation, PaymentChange
from chaincode.domain.vocabulary.money import Rates
from hlf.codec.refusals import Refused

AT = "2026-11-22T07:00:00.000Z"
TERMS = Authorisation("o1", "PMSP", "MMSP", "FMSP", 45_650, "SGD", "CNY", "A" * 22)
RATES = Rates("2026-11-20", "USD", {"CNY": "7.11", "SGD": "1.30"}, "MAS")
RESERVED = payments.authorised("p1", TERMS, AT)


def change(number: int = 0, amount: int | None = None, **more: str) -> PaymentChange:
    return PaymentChange(f"{number:022}", amount, **more)


def code(call, *args, **named) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


CAPTURED = RESERVED.captured_by(change(1, 45_650), AT)
SETTLED = CAPTURED.settled_by(change(2), AT, RATES)
REFUNDED = CAPTURED.refunded_by(change(3, 45_650), AT)
VOIDED = RESERVED.voided_by(change(4), AT)
BY_STATE = {"authorised": RESERVED, "captured": CAPTURED, "settled": SETTLED, "refunded": REFUNDED, "voided": VOIDED}
ALLOWED = {
    "authorised": {"capture", "void"},
    "captured": {"capture", "settle", "refund"},
    "settled": {"refund"},
    "refunded": set(),
    "voided": set(),
}


@pytest.mark.parametrize("state", BY_STATE)
@pytest.mark.parametrize("step", ["capture", "settle", "refund", "void"])
def test_every_step_from_every_state(state, step):
    """Only the listed steps; a capture of a payment taken in full has nothing left to take."""
    payment = BY_STATE[state]
    assert payment.state == state
    steps = {
        "capture": lambda: payment.captured_by(change(9, 1), AT),
        "settle": lambda: payment.settled_by(change(9), AT, RATES),
        "refund": lambda: payment.refunded_by(change(9, 1), AT),
        "void": lambda: payment.voided_by(change(9), AT),
    }
    if (state, step) == ("captured", "capture"):
        assert code(steps[step]) == "AMOUNT_EXCEEDS"
    elif step in ALLOWED[state]:
        assert steps[step]().entries[-1].step == step
    else:
        assert code(steps[step]) == "WRONG_STATE"


def test_settling_pays_out_at_the_rate_of_a_day():
    """456.50 SGD at 1.30 and 7.11 are 2496.70 CNY; the day stays with the payment."""
    assert (SETTLED.settled, SETTLED.paid_out) == (45_650, round(45_650 * 711 / 130))
    assert (SETTLED.rate_date, SETTLED.rate_base) == ("2026-11-20", "USD")
    assert code(CAPTURED.settled_by, change(5), AT, None) == "RATES_NEEDED"
    assert code(CAPTURED.settled_by, change(5, 100), AT, RATES) == "INVALID_ARGUMENT"


def test_the_same_currency_needs_no_rate():
    """And none is recorded."""
    same = payments.authorised("p1", dataclasses.replace(TERMS, settle_currency="SGD"), AT)
    settled = same.captured_by(change(1, 45_650), AT).settled_by(change(2), AT, None)
    assert (settled.paid_out, settled.rate_date) == (45_650, "")


def test_what_was_refunded_before_is_not_settled():
    """Only what is left is paid out."""
    part = CAPTURED.refunded_by(change(5, 5_650), AT)
    assert part.state == "captured"
    assert part.settled_by(change(6), AT, RATES).settled == 40_000


def test_each_change_has_its_own_salt():
    """Else the hash of the next state could be found from the last."""
    assert code(RESERVED.captured_by, PaymentChange(TERMS.salt, 1), AT) == "SALT_REUSED"
    assert code(PaymentChange, "short") == "SALT_TOO_SHORT"
    assert CAPTURED.terms.salt == change(1).salt


def test_what_goes_back_after_the_settlement_comes_out_of_the_merchants_share():
    """It was paid out and stays so in the books; of what was captured the merchant keeps less."""
    back = SETTLED.refunded_by(change(7, 5_650), AT)
    assert (back.state, back.settled, back.refunded) == ("settled", 40_000, 5_650)
    assert back.paid_out == SETTLED.paid_out
    assert code(back.refunded_by, change(8, 40_001), AT) == "AMOUNT_EXCEEDS"
    assert back.refunded_by(change(8, 40_000), AT).state == "refunded"


def test_a_debt_is_kept_back_from_the_next_settlement():
    """In the payment's currency, before anything is exchanged; never more than is settled."""
    part = CAPTURED.settled_by(change(2), AT, RATES, 5_650)
    assert (part.settled, part.netted, part.paid_out) == (45_650, 5_650, round(40_000 * 711 / 130))
    whole = CAPTURED.settled_by(change(2), AT, RATES, 99_999)
    assert (whole.settled, whole.netted, whole.paid_out) == (45_650, 45_650, 0)


@given(st.lists(st.tuples(st.sampled_from(["capture", "refund", "settle"]), st.integers(1, 60_000)), max_size=12))
def test_money_is_never_made(steps):
    """Whatever is tried in whatever order: refunded <= captured <= authorised, and the entries say how."""
    payment = RESERVED
    for number, (step, amount) in enumerate(steps):
        act = payment.captured_by if step == "capture" else payment.refunded_by
        try:
            settles = step == "settle"
            payment = payment.settled_by(change(number), AT, RATES) if settles else act(change(number, amount), AT)
        except Refused as refused:
            assert refused.code in ("AMOUNT_EXCEEDS", "WRONG_STATE")  # noqa: PT017  (some tries are allowed)
    assert 0 <= payment.refunded <= payment.captured <= payment.terms.amount
    if payment.paid:
        assert payment.settled + payment.refunded == payment.captured
    for step, total in (("capture", payment.captured), ("refund", payment.refunded)):
        assert sum(entry.amount for entry in payment.entries if entry.step == step) == total


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_id": ""},
        {"platform": ""},
        {"merchant": ""},
        {"payments": ""},
        {"amount": 0},
        {"amount": 10**18},
        {"currency": "XXX"},
        {"settle_currency": "XXX"},
        {"salt": "short"},
    ],
)
def test_what_is_no_payment_is_refused(wrong):
    """Each field."""
    assert code(dataclasses.replace, TERMS, **wrong) in ("INVALID_ARGUMENT", "SALT_TOO_SHORT")


def test_nothing_is_no_amount():
    """A capture of nothing would be a step without meaning."""
    assert code(change, 1, 0) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("step", [RESERVED.captured_by, CAPTURED.refunded_by])
def test_no_amount_is_meant_without_being_said(step):
    """A body that got lost on its way must not move everything there is."""
    assert code(step, change(5), AT) == "INVALID_ARGUMENT"


def test_a_reservation_is_let_go_as_a_whole():
    """A part of one cannot be named, as for a settlement."""
    assert code(RESERVED.voided_by, change(5, 1), AT) == "INVALID_ARGUMENT"


def test_the_marks_of_a_payment_say_which_it_is_and_hide_its_salts():
    """Each has a salt of its own; a further part of the capture leaves the mark as it is."""
    assert RESERVED.mark is None
    part = RESERVED.captured_by(change(1, 50), AT)
    assert part.captured_by(change(2, 600), AT).mark == part.mark
    settled = payments.settled_mark(CAPTURED, change(2))
    assert (part.mark.step, settled.step) == ("capture", "settle")
    assert len({part.mark.salt, settled.salt, change(1).salt, change(2).salt}) == 4
