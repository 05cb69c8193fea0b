"""Store credit: given once for a return, spent once on an order, given back with what was paid with it."""

from __future__ import annotations

import pytest

from hlf.shim import testing
from tests.support.leaks import stands
from tests.unit.contracts import selling, shipping
from tests.unit.contracts.orders.test_dues import came_back
from tests.unit.contracts.trading import AUDITOR, LAST_MILE, MERCHANT, PAYMENTS, PLATFORM, salt

CREDIT = {"resolutions": ["refund", "store_credit"], "condition": "used", "restocking_bps": 0}
PRICE = 19_900


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def sold(order_id: str, market: selling.Market | None = None, **changes: object) -> selling.Market:
    """Return a market with an order of 3 units, paid and delivered; its journey has the order's name."""
    made = market or selling.Market(reasons={"DEFECTIVE": CREDIT})
    made.send(order_id, made.ordered(order_id, 3, **changes))
    if int(str(changes.get("credit", 0))) < 3 * PRICE:
        made.paid(order_id)
    made.record(LAST_MILE, "S20", "accepting", made.hour + 1, "VNHAN", order_id)
    return made


def settle(market: selling.Market, order_id: str, return_id: str, units: int = 1) -> str:
    """Return the state of a return after it was settled with the proof of its credit."""
    proof = market.commerce.evaluate(
        "Credits:proof", order_id, return_id, units, client=shipping.user(MERCHANT), at=shipping.at(market.hour)
    ).text
    settled = ("Returns:settle", return_id, "store_credit", proof)
    return str(market.submit(*settled, by=MERCHANT, endorsed_by=selling.BOTH)["state"])


def credited(market: selling.Market, return_id: str = "R1", units: int = 1, order_id: str = "O1") -> None:
    """Settle a return with store credit, as the shopper asked."""
    came_back(market, return_id, units, "DEFECTIVE", resolution="store_credit", journey_id=order_id)
    market.state_due(order_id, return_id)
    market.issue(order_id, return_id)


def test_a_return_gives_credit_once(market):
    """By exactly what it comes to, proved by the record of both; the money stays with the seller."""
    credited(market)
    assert market.balance() == PRICE
    with refused("ALREADY_REFUNDED"):
        market.issue("O1", "R1")
    with refused("NOT_REFUNDED"):
        market.submit("Returns:settle", "R1", "store_credit", "a" * 64, by=MERCHANT, endorsed_by=selling.BOTH)
    with refused("NOT_REFUNDED"):
        market.proof("O1", "R1", 1)
    assert settle(market, "O1", "R1") == "STORE_CREDITED"
    assert market.balance() == PRICE


def test_credit_pays_for_a_part_and_comes_back_with_it(market):
    """The payment is of the rest; what goes back of the order goes back as it was paid, to the last unit."""
    credited(market)
    with refused("CREDIT_EXCEEDED"):
        market.placed("O2", 3, credit=str(PRICE + 1))
    with refused("INVALID_ARGUMENT"):
        market.placed("O2", 3, credit=str(3 * PRICE + 1))
    sold("O2", market, credit="10000")
    assert market.balance() == PRICE - 10_000
    (payment,) = [
        each["payment"] for each in market.commerce.evaluate(
            "Settlement:list", client=shipping.user(PAYMENTS), at=shipping.at(market.hour)
        ).json()["payments"] if each["payment"]["terms"]["order_id"] == "O2"
    ]  # fmt: skip
    assert payment["captured"] == str(3 * PRICE - 10_000)
    came_back(market, "R2", 1, "DEFECTIVE", journey_id="O2")
    due = market.due("O2", "R2")
    assert (due["amount"], due["credit"]) == (str(PRICE - 3_333), "3333")
    with refused("NOT_REFUNDED"):
        market.refund("O2", "R2")
    market.issue("O2", "R2")
    market.refund("O2", "R2")
    came_back(market, "R3", 2, "DEFECTIVE", journey_id="O2")
    assert market.due("O2", "R3")["credit"] == str(10_000 - 3_333)
    market.issue("O2", "R3")
    market.refund("O2", "R3")
    assert market.balance() == PRICE


def test_an_order_paid_with_credit_alone_needs_no_payment(market):
    """A refund of it is credit, and its record proves the refund."""
    credited(market, units=3)
    sold("O2", market, credit=str(3 * PRICE))
    assert market.balance() == 0
    came_back(market, "R2", 3, "DEFECTIVE", journey_id="O2")
    market.state_due("O2", "R2")
    market.issue("O2", "R2")
    settled = ("Returns:settle", "R2", "refund", market.proof("O2", "R2", 3))
    assert market.submit(*settled, by=MERCHANT, endorsed_by=selling.BOTH)["state"] == "REFUNDED"
    assert market.balance() == 3 * PRICE


def test_the_seller_may_pay_money_for_a_return_that_was_for_credit(market):
    """Then it comes to no credit, and the proof of a refund settles it."""
    came_back(market, "R1", 1, "DEFECTIVE", resolution="store_credit", journey_id="O1")
    market.state_due("O1", "R1", in_money=True)
    with refused("WRONG_STATE"):
        market.issue("O1", "R1")
    due = market.kept("ReturnDues:due", "O1", "R1")
    market.sell("ReturnDues:disclose", "O1", "R1", PAYMENTS, by=MERCHANT, transient={"due": due})
    settled = ("Returns:settle", "R1", "refund", market.refund("O1", "R1"))
    assert market.submit(*settled, by=MERCHANT, endorsed_by=selling.BOTH)["state"] == "REFUNDED"
    assert market.balance() == 0


def test_a_cancelled_order_gives_its_credit_back_once(market):
    """Until then it is spent; another buyer cannot use it at all."""
    credited(market)
    market.ordered("O2", 1, credit="10000")
    with refused("WRONG_STATE"):
        market.restore("O2")
    market.sell("Orders:cancel", "O2", "BUYER_REQUEST")
    assert market.balance() == PRICE - 10_000
    market.restore("O2")
    with refused("ALREADY_REFUNDED"):
        market.restore("O2")
    assert market.balance() == PRICE
    with refused("CREDIT_EXCEEDED"):
        market.placed("O3", 1, credit="1", credit_hash="f" * 64)


def test_two_orders_cannot_spend_the_same_credit(market):
    """The balance that an order spends is the one that both keep now; an earlier one is not as stored."""
    credited(market)
    old = market.credit()
    market.placed("O2", 1, credit=str(PRICE))
    market.credit = lambda *_: old
    with refused("NOT_AS_STORED"):
        market.placed("O3", 1, credit=str(PRICE))
    market.credit = lambda *_: {}
    with refused("NOT_AS_STORED"):
        market.placed("O3", 1, credit="1")


def test_credit_is_with_platform_and_merchant_alone(market):
    """The payment firm and the auditor are told nothing, and no sum is in a block."""
    credited(market)
    for stranger in (PAYMENTS, AUDITOR):
        with refused("NOT_A_PARTY"):
            market.kept("Credits:show", PLATFORM, MERCHANT, "USD", shipping.BUYER, by=stranger)
    told = market.commerce.evaluate("Credits:list", client=shipping.user(PLATFORM), at=shipping.at(market.hour))
    assert [each["balance"] for each in told.json()["credits"]] == [str(PRICE)]
    came_back(market, "R2", 1, "DEFECTIVE", resolution="store_credit", journey_id="O1")
    market.state_due("O1", "R2")
    kept = {name: market.kept(function, *of) for name, function, *of in (
        ("order", "Orders:content", "O1"), ("due", "ReturnDues:due", "O1", "R2"),
    )}  # fmt: skip
    written = market.commerce.invoke(
        "Credits:issue", "O1", "R2", client=shipping.user(PLATFORM), at=shipping.at(market.hour),
        transient={**kept, **market.credit(), "salt": salt("issue").encode()},
    )  # fmt: skip
    assert not stands(PRICE, repr(written.payload + written.rwset))
    assert {collection for collection, _ in written.private_writes} == {
        f"_implicit_org_{each}" for each in selling.BOTH
    }


@pytest.fixture
def market() -> selling.Market:
    """Return an order of 3 units at 199.00 USD, paid and delivered."""
    return sold("O1")
