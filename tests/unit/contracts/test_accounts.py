"""Accounts of orders: what a journey carries was ordered, is carried once, and comes back once."""

from __future__ import annotations

import pytest

from hlf.shim import api, testing
from tests.unit.contracts import selling, shipping, trading
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
    user,
)

HASH = "a" * 64


@pytest.fixture
def market() -> selling.Market:
    """Both channels."""
    return selling.Market()


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def units(market: selling.Market, order_id: str = "O1") -> list[tuple[int, int, int, int]]:
    """Ordered, allotted, coming or come back, and left, by line."""
    return [
        (each["ordered"], each["allotted"], each["returning"] + each["returned"], each["left"])
        for each in market.query("Accounts:read", order_id)
    ]


def delivered(market: selling.Market, *journeys: str) -> None:
    """Have the last carrier give these to the buyer."""
    for journey_id in journeys:
        market.record(LAST_MILE, "S20", "accepting", market.hour + 1, "VNHAN", journey_id)


def test_units_travel_once(market):
    """Two journeys share the lines of an order; a third finds nothing left, and the account says so."""
    order = market.ordered("O1", 3, 2)
    market.send("J1", order, l1=2)
    with refused("MORE_THAN_ORDERED"):
        market.send("J2", order, l1=2)
    with refused("MORE_THAN_ORDERED"):
        market.send("J2", order)
    market.send("J2", order, l1=1, l2=2)
    assert units(market) == [(3, 3, 0, 3), (2, 2, 0, 2)]
    with refused("MORE_THAN_ORDERED"):
        market.send("J3", order, l2=1)
    carried = market.query("Journeys:read", "J2")["journey"]["lines"]
    assert carried == [{**told, "quantity": units} for told, units in zip(order["lines"], (1, 2), strict=True)]
    assert len(market.query("Accounts:history", "O1")) == 2


def test_two_journeys_in_one_block_do_not_carry_the_same_units(market):
    """Both were endorsed while the units were there; the second is invalid."""
    order = market.ordered("O1", 3)
    market.send("J0", order, l1=1)
    first, second = (
        market.ledger.endorse(
            "Journeys:open", market.opening(name, order=order, lines=[{"line": "1", "quantity": 2}]),
            client=user(PLATFORM), endorsed_by=shipping.MAJORITY, at=shipping.at(market.hour),
        )
        for name in ("J1", "J2")
    )  # fmt: skip
    market.ledger.commit(first)
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        market.ledger.commit(second)


def test_nothing_is_sent_that_nobody_ordered(market):
    """The peers of both sides look at the order on their own channel, whatever the platform says."""
    with refused("ORDER_UNKNOWN"):
        market.send("J1", market.order("O9"))


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [trading.fact_line(quantity=1_000)]},
        {"lines": [trading.fact_line(quantity=3, returnless=True)]},
        {"lines": [trading.fact_line(quantity=3)]},
        {"placed_at": "2025-01-01T00:00:00Z"},
        {"destination": "VNSGN"},
        {"buyer_hash": "c" * 64},
        {"order_hash": "d" * 64},
        {"merchant": PAYMENTS},
    ],
)
def test_the_order_is_told_as_it_was_placed(market, changes):
    """One word changed and it is another order: more units, another date, a line that is said to be cheap."""
    order = market.ordered("O1", 3)
    with pytest.raises(testing.Refused, match=r"^(ORDER_DIFFERS|NOT_A_SELLER): "):
        market.send("J1", {**order, **changes})


def test_an_account_does_not_change_its_order(market):
    """What the first journey told stands for all of them, even at peers that cannot ask on the other channel."""
    order = market.ordered("O1", 3)
    market.send("J1", order, l1=1)
    market.ledger._elsewhere.clear()
    with refused("ORDER_DIFFERS"):
        market.send("J2", {**order, "destination": "VNSGN"}, l1=1)


def test_goods_are_sent_of_an_order_that_is_confirmed_and_not_over(market):
    """Not of one that is only placed, is cancelled, or is closed."""
    order = market.placed("O1", 3)
    with refused("WRONG_STATE"):
        market.send("J1", order, l1=1)
    market.sell("Orders:confirm", "O1", by=MERCHANT)
    market.send("J1", order, l1=1)
    market.sell("Orders:fulfil", "O1", "J1")
    market.send("J2", order, l1=1)
    market.sell("Orders:close", "O1")
    with refused("WRONG_STATE"):
        market.send("J3", order, l1=1)
    cancelled = market.ordered("O2", 1)
    market.sell("Orders:cancel", "O2", "OUT_OF_STOCK")
    with refused("WRONG_STATE"):
        market.send("J4", cancelled)


@pytest.mark.parametrize("missing", [PLATFORM, MERCHANT])
def test_validation_wants_both_sides_of_the_order(market, missing):
    """From the first journey on: a majority without one of the two is not enough, whatever it runs."""
    order = market.ordered("O1", 3)
    others = [msp_id for msp_id in MEMBERS if msp_id != missing]
    for journey_id in ("J1", "J2"):
        opening = market.opening(journey_id, order=order, lines=[{"line": "1", "quantity": 1}])
        with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
            market.ledger.invoke(
                "Journeys:open", opening, client=user(PLATFORM), endorsed_by=others, at=shipping.at(market.hour)
            )
        if journey_id == "J1":
            market.send("J0", order, l1=1)


def test_peers_that_are_not_on_the_other_channel_leave_it_out(market):
    """Carriers and customs write what the two sides write, and rely on their signatures."""
    order = market.ordered("O1", 3)
    opening = market.opening("J1", order=order)
    everybody = market.ledger.endorse(
        "Journeys:open", opening, client=user(PLATFORM), endorsed_by=MEMBERS, at=shipping.at(market.hour)
    )
    assert everybody.endorsers == set(MEMBERS)
    for msp_id in (ORIGIN, FORWARDER, LAST_MILE, CUSTOMS):
        market.ledger.evaluate(
            "Journeys:open", market.opening("J1", order=market.order("O9")), client=user(PLATFORM), peer=msp_id,
            at=shipping.at(market.hour),
        )  # fmt: skip
    for msp_id in (PLATFORM, MERCHANT, PAYMENTS, AUDITOR):
        with refused("ORDER_UNKNOWN"):
            market.ledger.evaluate(
                "Journeys:open", market.opening("J1", order=market.order("O9")), client=user(PLATFORM), peer=msp_id,
                at=shipping.at(market.hour),
            )  # fmt: skip


def test_a_chaincode_that_does_not_answer_is_not_left_out(market):
    """A peer that is on the other channel and cannot ask there refuses, rather than sign unseen."""
    order = market.ordered("O1", 3)
    market.commerce._chaincodes.clear()
    with pytest.raises(testing.CallFailed, match="PEER_REFUSED"):
        market.send("J1", order)


class Broken:
    """What a peer's chaincode may be: of another making, and failing without a code."""

    name = "commerce"

    def invoke(self, stub: api.Stub) -> api.Response:
        """Fail."""
        return api.Response(500, "panic")


def test_a_chaincode_that_fails_at_the_question_is_not_believed(market):
    """Nor is it taken for a peer that could not ask."""
    order = market.ordered("O1", 3)
    market.commerce._chaincodes["commerce"] = Broken()
    with refused("NOT_ANSWERED"):
        market.send("J1", order)


def test_an_order_whose_goods_are_on_their_way_is_not_cancelled(market):
    """Nor one of which a single unit is; before that it is."""
    market.ordered("O2", 1)
    market.sell("Orders:cancel", "O2", "OUT_OF_STOCK")
    market.send("J1", market.ordered("O1", 3), l1=1)
    with refused("NOT_CANCELLABLE"):
        market.sell("Orders:cancel", "O1", "BUYER_REQUEST")


def test_returns_are_counted_over_all_journeys(market):
    """Each takes back what its journey brought, all together what was ordered."""
    order = market.ordered("O1", 3)
    market.send("J1", order, l1=2)
    market.send("J2", order, l1=1)
    delivered(market, "J1", "J2")
    market.lodge("R1", journey_id="J1", quantity=2)
    assert market.lodge("R2", journey_id="J1", quantity=1)["decision"]["code"] == "ALREADY_RETURNED"
    assert market.lodge("R3", journey_id="J2", quantity=2)["decision"]["code"] == "QTY_EXCEEDS"
    assert market.lodge("R4", journey_id="J2", quantity=1)["state"] == "PICKUP_ASSIGNED"
    assert market.lodge("R5", journey_id="J2", quantity=1)["decision"]["code"] == "ALREADY_RETURNED"
    assert units(market) == [(3, 3, 3, 0)]
    market.submit("Returns:cancel", "R4", by=PLATFORM, endorsed_by=selling.BOTH)
    assert units(market) == [(3, 3, 2, 1)]


def test_a_rejection_is_not_disputed_once_its_units_have_come_back(market):
    """Turned down, it freed them; two returns would be paid for the same ones."""
    market.send("J1", market.ordered("O1", 1))
    delivered(market, "J1")
    assert market.lodge("R1", reason="DEFECTIVE")["state"] == "REJECTED"
    assert market.lodge("R2")["state"] == "PICKUP_ASSIGNED"
    with refused("UNITS_RETURNED"):
        market.submit("Returns:dispute", "R1", HASH, by=PLATFORM, endorsed_by=selling.BOTH)
    market.submit("Returns:cancel", "R2", by=PLATFORM, endorsed_by=selling.BOTH)
    market.submit("Returns:dispute", "R1", HASH, by=PLATFORM, endorsed_by=selling.BOTH)
    assert market.lodge("R3")["decision"]["code"] == "ALREADY_RETURNED"


def test_two_returns_in_one_block_do_not_take_back_the_same_units(market):
    """One order, one unit, two requests: the list of its returns has changed under the second."""
    market.send("J1", market.ordered("O1", 1))
    delivered(market, "J1")
    first, second = (
        market.ledger.endorse(
            "Returns:request", market.request(name), client=user(PLATFORM), endorsed_by=shipping.MAJORITY,
            at=shipping.at(market.hour),
        )
        for name in ("R1", "R2")
    )  # fmt: skip
    market.ledger.commit(first)
    with pytest.raises(testing.TransactionInvalid, match="PHANTOM_READ_CONFLICT|MVCC_READ_CONFLICT"):
        market.ledger.commit(second)


def test_a_return_is_refunded_by_the_payments_own_record(market):
    """Of that order and that return, looked up on `ecommerce` by every peer that is there; zeros prove nothing."""
    market.send("J1", market.ordered("O1", 2))
    market.paid("O1")
    delivered(market, "J1")
    for return_id in ("R1", "R2"):
        market.lodge(return_id, reason="DEFECTIVE", evidence=[HASH])
        market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", f"{return_id}-reverse")
        market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", f"{return_id}-reverse")
        market.submit("Returns:inspect", return_id, "damaged", 1, HASH, by=MERCHANT, endorsed_by=selling.BOTH)
    with refused("NOT_REFUNDED"):
        market.submit("Returns:settle", "R1", "refund", "0" * 64, by=MERCHANT, endorsed_by=selling.BOTH)
    other = market.refunded("O1", "R2")
    with refused("NOT_REFUNDED"):
        market.submit("Returns:settle", "R1", "refund", other, by=MERCHANT, endorsed_by=selling.BOTH)
    proof = market.refunded("O1", "R1")
    with refused("NOT_REFUNDED"):
        market.submit("Returns:settle", "R1", "refund", other, by=MERCHANT, endorsed_by=selling.BOTH)
    made = market.submit("Returns:settle", "R1", "refund", proof, by=MERCHANT, endorsed_by=selling.BOTH)
    assert (made["state"], made["acts"][-1]["notes"]["proof_hash"]) == ("REFUNDED", proof)


def test_what_was_exchanged_may_come_back_again(market):
    """The replacement is a unit of the order, too, and travels on the journey that its return opened."""
    market.send("J1", market.ordered("O1", 1))
    delivered(market, "J1")
    market.lodge("R1", reason="DEFECTIVE", resolution="exchange", evidence=[HASH])
    market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", "R1-reverse")
    market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", "R1-reverse")
    market.submit("Returns:inspect", "R1", "damaged", 1, HASH, by=MERCHANT, endorsed_by=selling.BOTH)
    market.majority("Returns:settle", "R1", "exchange", HASH, [shipping.SSCC], by=MERCHANT)
    assert units(market) == [(1, 1, 1, 1)]
    with refused("MORE_THAN_ORDERED"):
        market.send("J2", market.query("Accounts:history", "O1")[0]["value"]["order"])
    market.hand_over(MERCHANT, LAST_MILE, market.hour, "CNSZX", "R1-exchange")
    delivered(market, "R1-exchange")
    assert market.lodge("R2", journey_id="J1")["decision"]["code"] == "ALREADY_RETURNED"
    assert market.lodge("R3", journey_id="R1-exchange")["state"] == "PICKUP_ASSIGNED"
    assert units(market) == [(1, 1, 2, 0)]


def test_an_exchange_is_not_disputed_once_its_replacement_has_come_back(market):
    """The arbiter could award the money for a unit whose replacement is being paid for."""
    market.send("J1", market.ordered("O1", 1))
    delivered(market, "J1")
    market.lodge("R1", reason="DEFECTIVE", resolution="exchange", evidence=[HASH])
    market.record(LAST_MILE, "S22", "shipping", market.hour, "VNHAN", "R1-reverse")
    market.hand_over(LAST_MILE, MERCHANT, market.hour, "VNHAN", "R1-reverse")
    market.submit("Returns:inspect", "R1", "damaged", 1, HASH, by=MERCHANT, endorsed_by=selling.BOTH)
    market.majority("Returns:settle", "R1", "exchange", HASH, [shipping.SSCC], by=MERCHANT)
    market.hand_over(MERCHANT, LAST_MILE, market.hour, "CNSZX", "R1-exchange")
    delivered(market, "R1-exchange")
    market.lodge("R2", journey_id="R1-exchange")
    with refused("UNITS_RETURNED"):
        market.submit("Returns:dispute", "R1", HASH, by=PLATFORM, endorsed_by=selling.BOTH)
    market.submit("Returns:cancel", "R2", by=PLATFORM, endorsed_by=selling.BOTH)
    market.submit("Returns:dispute", "R1", HASH, by=PLATFORM, endorsed_by=selling.BOTH)
    assert market.lodge("R3", journey_id="R1-exchange")["decision"]["code"] == "ALREADY_RETURNED"
    assert units(market) == [(1, 1, 1, 0)]


@pytest.mark.parametrize(
    ("promised", "outcome"),
    [
        ({}, "APPROVED"),
        ({"final_sale": True}, "REJECTED"),
        ({"returnless_below": "39801"}, "RETURNLESS_APPROVED"),
        ({"returnless_below": "39801", "currency": "SGD"}, "APPROVED"),
    ],
)
def test_final_and_cheap_follow_from_the_pinned_terms(promised, outcome):
    """And from the order's own prices: two telephones at 199.00 USD. Whoever opens the journey has no say in it."""
    market = selling.Market(**promised)
    market.send("J1", market.ordered("O1", 2))
    delivered(market, "J1")
    made = market.lodge("R1")
    assert made["decision"]["outcome"] == outcome
    assert made["decision"]["code"] == ("FINAL_SALE" if outcome == "REJECTED" else "")


def test_an_order_without_journeys_has_no_account(market):
    """Nothing of it is on this channel."""
    market.ordered("O1", 1)
    with refused("ACCOUNT_UNKNOWN"):
        market.query("Accounts:read", "O1")


def test_no_more_is_disputed_than_the_journey_brought(market):
    """A request for too much was rightly turned down; the arbiter must not award it."""
    order = market.ordered("O1", 3)
    market.send("J1", order, l1=2)
    delivered(market, "J1")
    assert market.lodge("R1", quantity=3)["decision"]["code"] == "QTY_EXCEEDS"
    with refused("UNITS_RETURNED"):
        market.submit("Returns:dispute", "R1", HASH, by=PLATFORM, endorsed_by=selling.BOTH)
