"""Dues of returns: computed by both sides from the order, told to the payment firm, and paid exactly."""

from __future__ import annotations

import json

import pytest

from hlf.shim import testing
from tests.support.leaks import stands
from tests.unit.contracts import selling, shipping
from tests.unit.contracts.trading import AUDITOR, LAST_MILE, MERCHANT, PAYMENTS, PLATFORM, salt, user

HASH = "a" * 64
FEE = {"resolutions": ["refund", "exchange"], "condition": "used", "payer": "buyer", "restocking_bps": 1_250}
FREE = {"resolutions": ["refund"], "payer": "seller"}
REASONS = {"reasons": {"CHANGE_OF_MIND": FEE, "DEFECTIVE": FREE}}
SHARED = {"freight": "1000", "insurance": "1"}
"""Carriage of an order of lines of 3 and 1 telephones: 7.51 and 2.50."""


@pytest.fixture
def market() -> selling.Market:
    """Return an order of 3 and of 1 units, paid and delivered."""
    return sold()


def sold(*, settle: bool = False, **changes: object) -> selling.Market:
    """Return a market with such an order."""
    made = selling.Market(**REASONS)
    made.send("J1", made.ordered("O1", 3, 1, **SHARED | changes))
    made.paid("O1")
    if settle:
        made.move("settle", "O1")
    made.record(LAST_MILE, "S20", "accepting", made.hour + 1, "VNHAN", "J1")
    return made


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def came_back(market: selling.Market, return_id: str, quantity: int, reason: str, **asked: str) -> None:
    """Lodge a return, fetch its goods and find nothing wrong with them."""
    market.lodge(return_id, quantity=quantity, reason=reason, **asked)
    market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", f"{return_id}-reverse")
    market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", f"{return_id}-reverse")
    market.submit("Returns:inspect", return_id, "unused", quantity, HASH, by=MERCHANT, endorsed_by=selling.BOTH)


def shares(market: selling.Market, by: str = PLATFORM) -> list[dict[str, str]]:
    """Return the parts of every due."""
    asked = market.commerce.evaluate("ReturnDues:read", "O1", client=user(by), at=shipping.at(market.hour))
    return [each["shares"] for each in asked.json()["stated"]]


def settle(market: selling.Market, return_id: str, proof: str) -> str:
    """Return the state of the return after the seller settled it by a refund."""
    settled = ("Returns:settle", return_id, "refund", proof)
    return market.submit(*settled, by=MERCHANT, endorsed_by=selling.BOTH)["state"]


def test_a_return_is_refunded_by_exactly_what_it_comes_to(market):
    """The price less the fee for a change of mind, carriage too for a defect; the units add up to the line."""
    came_back(market, "R1", 1, "CHANGE_OF_MIND")
    came_back(market, "R2", 2, "DEFECTIVE")
    assert market.due("O1", "R1")["amount"] == str(19_900 - 2_488)
    for amount in ("17411", "17413", "19900"):
        with refused("AMOUNT_DIFFERS"):
            market.refund("O1", "R1", amount)
    assert settle(market, "R1", market.refund("O1", "R1")) == "REFUNDED"
    assert settle(market, "R2", market.refunded("O1", "R2")) == "REFUNDED"
    whole, fee, carriage = 3 * 19_900, 7_462, 751
    first, second = shares(market)
    assert first == {"price": "19900", "restocking": "2488", "carriage": "0", "tax": "0", "amount": "17412"}
    assert second == {"price": "39800", "restocking": "0", "carriage": "500", "tax": "0", "amount": "40300"}
    assert (whole * 1_250 // 10_000, carriage - 251) == (fee, 500)


def test_tax_paid_with_the_order_comes_back_with_its_goods():
    """Under DDP the buyer paid it to the seller; under DAP there is none in the order, and none may be written in."""
    taxed = [
        {"line": number, "gtin": selling.GTIN, "hs6": "851712", "quantity": quantity, "unit_price": "19900",
         "weight_grm": 450, "tax": tax}
        for number, quantity, tax in ((1, 3, "1000"), (2, 1, "0"))
    ]  # fmt: skip
    market = sold(lines=taxed)
    came_back(market, "R1", 2, "DEFECTIVE")
    assert market.due("O1", "R1")["amount"] == str(39_800 + 501 + 667)
    with refused("INVALID_ARGUMENT"):
        market.placed("O2", 1, lines=taxed, incoterm="DAP")


def test_a_return_is_paid_for_once_and_proved_by_a_hash(market):
    """The mark is with platform and merchant, its hash is for everybody on the channel."""
    came_back(market, "R1", 1, "DEFECTIVE")
    came_back(market, "R2", 1, "DEFECTIVE")
    market.due("O1", "R1")
    with refused("NOT_REFUNDED"):
        market.proof("O1", "R1", 1)
    proof = market.refund("O1", "R1")
    assert len(proof) == 64
    with refused("ALREADY_REFUNDED"):
        market.refund("O1", "R1")
    assert market.refunded("O1", "R2") != proof
    for order_id, units, code in (("O9", 1, "ORDER_UNKNOWN"), ("O1", 2, "NOT_REFUNDED")):
        with refused(code):
            market.proof(order_id, "R1", units)


def test_what_goes_back_for_a_return_after_the_settlement_is_owed():
    """The merchant has been paid; the due becomes its debt."""
    market = sold(settle=True)
    came_back(market, "R1", 2, "DEFECTIVE")
    market.refunded("O1", "R1")
    assert json.loads(market.kept("Settlement:debts", "P-O1"))["total"] == str(39_800 + 501)


def test_a_due_is_stated_when_the_return_is_to_be_settled(market):
    """Not before the inspection, not twice, and not for the return of another order."""
    market.lodge("R1", reason="DEFECTIVE")
    with refused("WRONG_STATE"):
        market.state_due("O1", "R1")
    with refused("RETURN_UNKNOWN"):
        market.state_due("O1", "R9")
    market.ordered("O2", 1)
    with refused("RETURN_UNKNOWN"):
        market.state_due("O2", "R1")
    came_back(market, "R2", 1, "DEFECTIVE")
    with refused("NOT_A_PARTY"):
        market.state_due("O1", "R2", by=PAYMENTS)
    market.state_due("O1", "R2")
    with refused("ALREADY_EXISTS"):
        market.state_due("O1", "R2")


@pytest.mark.parametrize("missing", [PLATFORM, MERCHANT])
def test_both_sides_of_the_order_sign_a_due(market, missing):
    """One of them alone states nothing: validation wants both, each for its own collection."""
    came_back(market, "R1", 1, "DEFECTIVE")
    transient = {"order": market.kept("Orders:content", "O1"), "salt": salt("due").encode()}
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        market.commerce.invoke(
            "ReturnDues:state", "O1", "R1", client=user(MERCHANT), transient=transient, at=shipping.at(market.hour),
            endorsed_by=[{PLATFORM, MERCHANT}.difference({missing}).pop()],
        )  # fmt: skip


def test_a_due_is_computed_from_what_both_keep(market):
    """Another order, other dues before, or a due of another making are found by their hashes."""
    came_back(market, "R1", 1, "DEFECTIVE")
    order = market.kept("Orders:content", "O1")
    with refused("NOT_AS_STORED"):
        market.state_due("O1", "R1", order=order.replace(b'"19900"', b'"99900"'))
    market.due("O1", "R1")
    came_back(market, "R2", 1, "DEFECTIVE")
    for dues in (b"", market.kept("ReturnDues:show", "O1").replace(b'"before":0', b'"before":1')):
        with refused("NOT_AS_STORED"):
            market.state_due("O1", "R2", dues=dues)
    due = market.kept("ReturnDues:due", "O1", "R1")
    with refused("NOT_AS_STORED"):
        market.move("refund", "O1", due=due.replace(b'"20151"', b'"1"'), amount="1", return_id="R1")
    with refused("NOT_AS_STORED"):
        market.move("refund", "O1", due=due, amount="20151", return_id="R2")
    with refused("INVALID_ARGUMENT"):
        market.move("refund", "O1", amount="20151", return_id="R1")


def test_the_payment_firm_is_told_the_sum_and_not_the_order(market):
    """It cannot pay what it was not told; others are told nothing, at whatever peer they ask."""
    came_back(market, "R1", 1, "DEFECTIVE")
    market.state_due("O1", "R1")
    due = market.kept("ReturnDues:due", "O1", "R1")
    with refused("NOT_FOUND"):
        market.kept("ReturnDues:due", "O1", "R1", by=PAYMENTS)
    with refused("NOT_AS_STORED"):
        market.move("refund", "O1", due=due, amount="20151", return_id="R1")
    told = market.commerce.invoke(
        "ReturnDues:disclose", "O1", "R1", PAYMENTS, client=user(MERCHANT), transient={"due": due},
        at=shipping.at(market.hour),
    )  # fmt: skip
    assert not any(stands(20_151, each) for each in (told.payload.decode(), told.rwset.decode(errors="replace")))
    assert market.kept("ReturnDues:due", "O1", "R1", by=PAYMENTS) == due
    for caller, function in ((PAYMENTS, "read"), (AUDITOR, "read"), (AUDITOR, "due")):
        for peer in (caller, PLATFORM):
            named = ("O1", "R1")[: 2 if function == "due" else 1]
            with pytest.raises((testing.Refused, testing.CallFailed)):
                market.commerce.evaluate(
                    f"ReturnDues:{function}", *named, client=user(caller), peer=peer, at=shipping.at(market.hour)
                )


def test_an_auditor_that_is_named_gets_the_sum_and_nothing_of_the_order(market):
    """It lists what was disclosed to it, and nothing before."""
    came_back(market, "R1", 1, "DEFECTIVE")
    market.state_due("O1", "R1")
    assert json.loads(market.kept("ReturnDues:sums", "O1", by=AUDITOR)) == []
    due = market.kept("ReturnDues:due", "O1", "R1")
    market.sell("ReturnDues:disclose", "O1", "R1", AUDITOR, by=MERCHANT, transient={"due": due})
    assert json.loads(market.kept("ReturnDues:sums", "O1", by=AUDITOR)) == [json.loads(due)]
    with refused("NOT_FOUND"):
        market.kept("ReturnDues:read", "O1", by=AUDITOR)


def test_a_return_that_comes_to_nothing_is_settled_without_a_payment():
    """The fee of the terms is the whole price; the due itself proves it."""
    keep_all = {"CHANGE_OF_MIND": {**FEE, "restocking_bps": 10_000}}
    market = selling.Market(reasons=keep_all)
    market.send("J1", market.ordered("O1", 1, **SHARED))
    market.record(LAST_MILE, "S20", "accepting", market.hour + 1, "VNHAN", "J1")
    came_back(market, "R1", 1, "CHANGE_OF_MIND")
    assert market.due("O1", "R1")["amount"] == "0"
    assert settle(market, "R1", market.proof("O1", "R1", 1)) == "REFUNDED"


def test_what_to_expect_is_known_before_a_return_is_lodged(market):
    """By the pinned terms and the dues so far, for platform and merchant; nothing is stored."""

    def expect(*asked: object, by: str = PLATFORM) -> dict[str, str]:
        return market.commerce.evaluate(
            "ReturnDues:expected", "O1", *asked, client=user(by), at=shipping.at(market.hour)
        ).json()

    assert expect("1", 3, "DEFECTIVE")["amount"] == str(59_700 + 751)
    assert expect("2", 1, "CHANGE_OF_MIND") == {
        "price": "19900", "restocking": "2488", "carriage": "0", "tax": "0", "amount": "17412",
    }  # fmt: skip
    came_back(market, "R1", 1, "DEFECTIVE")
    expecting = expect("1", 1, "DEFECTIVE")
    market.due("O1", "R1")
    assert shares(market) == [expecting]
    for asked, code in (
        (("1", 3, "DEFECTIVE"), "UNITS_RETURNED"), (("3", 1, "DEFECTIVE"), "INVALID_ARGUMENT"),
        (("1", 0, "DEFECTIVE"), "INVALID_ARGUMENT"), (("1", 1, "SIZE"), "INVALID_ARGUMENT"),
    ):  # fmt: skip
        with refused(code):
            expect(*asked)
    with refused("NOT_FOUND"):
        expect("1", 1, "DEFECTIVE", by=AUDITOR)


def test_a_peer_that_cannot_ask_for_the_return_signs_no_due(market):
    """What it would sign comes from there."""
    came_back(market, "R1", 1, "DEFECTIVE")
    market.commerce._elsewhere.clear()
    with refused("NOT_ANSWERED"):
        market.state_due("O1", "R1")
    with refused("NOT_ANSWERED"):
        market.kept("ReturnDues:expected", "O1", "1", 1, "DEFECTIVE")


def test_a_due_is_not_paid_any_more_when_the_return_is_disputed(market):
    """The seller let the time pass; the arbiter decides now, and its award is paid by the same due."""
    came_back(market, "R1", 1, "DEFECTIVE")
    market.due("O1", "R1")
    market.hour += 24 * 15
    market.submit("Returns:enforce", "R1", by=LAST_MILE, endorsed_by=selling.BOTH)
    with refused("WRONG_STATE"):
        market.refund("O1", "R1")
    market.submit("Returns:arbitrate", "R1", "refund", HASH, by=AUDITOR, endorsed_by=selling.BOTH)
    assert settle(market, "R1", market.refund("O1", "R1")) == "REFUNDED"


def test_units_that_pass_are_paid_and_the_others_after_an_award(market):
    """Two of three are as they should be; for the third the arbiter decides, and it comes to what is left."""
    market.lodge("R1", quantity=3, reason="CHANGE_OF_MIND")
    market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", "R1-reverse")
    market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", "R1-reverse")
    damaged = [{"condition": "damaged", "units": 1}]
    market.submit("Returns:inspect", "R1", "used", 2, HASH, damaged, by=MERCHANT, endorsed_by=selling.BOTH)
    two = market.due("O1", "R1")
    assert (two["units"], two["amount"]) == (2, str(2 * 19_900 - 2_488 - 2_487))
    assert settle(market, "R1", market.refund("O1", "R1")) == "REFUNDED"
    with refused("WRONG_STATE"):
        market.state_due("O1", "R1")
    market.submit("Returns:dispute", "R1", HASH, by=PLATFORM, endorsed_by=selling.BOTH)
    market.submit("Returns:arbitrate", "R1", "refund", HASH, by=AUDITOR, endorsed_by=selling.BOTH)
    with refused("NOT_REFUNDED"):
        settle(market, "R1", market.proof("O1", "R1", 2))
    last = market.due("O1", "R1")
    assert (last["units"], last["before"], last["amount"]) == (3, 2, str(19_900 - 2_487))
    assert settle(market, "R1", market.refund("O1", "R1")) == "REFUNDED"
    with refused("WRONG_STATE"):
        market.state_due("O1", "R1")


def test_what_was_due_before_an_award_is_paid_first(market):
    """The seller did not settle what passed; the award is for all units, in two dues."""
    market.lodge("R1", quantity=2, reason="CHANGE_OF_MIND")
    market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", "R1-reverse")
    market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", "R1-reverse")
    market.submit("Returns:inspect", "R1", "unused", 1, HASH, by=MERCHANT, endorsed_by=selling.BOTH)
    market.due("O1", "R1")
    market.hour += 24 * 15
    market.submit("Returns:enforce", "R1", by=LAST_MILE, endorsed_by=selling.BOTH)
    market.submit("Returns:arbitrate", "R1", "refund", HASH, by=AUDITOR, endorsed_by=selling.BOTH)
    market.state_due("O1", "R1")
    kept = market.commerce.world.private[MERCHANT, "commerce", f"_implicit_org_{MERCHANT}"]
    (second,) = (value for key, (value, _) in kept.items() if "order.due\0" in key and b'"before":1' in value)
    market.sell("ReturnDues:disclose", "O1", "R1", PAYMENTS, by=MERCHANT, transient={"due": second})
    with refused("NOT_REFUNDED"):
        market.move("refund", "O1", due=second, amount=json.loads(second)["amount"], return_id="R1")
    market.refund("O1", "R1")
    market.refund("O1", "R1")
    assert settle(market, "R1", market.proof("O1", "R1", 2)) == "REFUNDED"
