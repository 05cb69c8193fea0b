"""
Whatever is bought, returned and cancelled with money and credit: neither is made nor lost, no balance goes below zero.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hlf.shim import testing
from tests.unit.contracts import selling, shipping
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.orders.test_credits import CREDIT, PRICE, sold
from tests.unit.contracts.orders.test_dues import came_back
from tests.unit.contracts.trading import PAYMENTS

WAYS = st.sampled_from(["refund", "store_credit"])
SPENT = st.sampled_from([0, 1, 10_001, PRICE, 3 * PRICE, 3 * PRICE + 1])


class Purse(RuleBasedStateMachine):
    """One buyer, its orders of 3 units each, and a book of its credit that is kept beside the ledger."""

    @initialize()
    def begun(self) -> None:
        """One order is delivered, paid with money alone."""
        self.market, self.numbers = sold("O1", selling.Market(reasons={"DEFECTIVE": CREDIT})), itertools.count(2)
        self.left, self.credit, self.money, self.paid = {"O1": 3}, 0, {"O1": 0}, {"O1": 0}

    @rule(spent=SPENT)
    def buy(self, spent: int) -> None:
        """Buy three more, in part with credit; they are delivered."""
        order_id = f"O{next(self.numbers)}"
        try:
            sold(order_id, self.market, credit=str(spent))
        except testing.Refused as refused:
            assert refused.code in {"CREDIT_EXCEEDED", "INVALID_ARGUMENT"}  # noqa: PT017  (some tries are allowed)
            assert spent > min(self.credit, 3 * PRICE)
            return
        self.credit -= spent
        self.left[order_id], self.money[order_id], self.paid[order_id] = 3, 0, spent

    @rule(spent=SPENT)
    def change_its_mind(self, spent: int) -> None:
        """Buy one, and cancel before it is sent: the credit comes back."""
        if 0 < spent <= min(self.credit, PRICE):
            order_id = f"O{next(self.numbers)}"
            self.market.ordered(order_id, 1, credit=str(spent))
            assert self.market.balance() == self.credit - spent
            self.market.sell("Orders:cancel", order_id, "BUYER_REQUEST")
            self.market.restore(order_id)

    @rule(units=st.integers(1, 3), way=WAYS, pick=st.integers(0, 9))
    def give_back(self, units: int, way: str, pick: int) -> None:
        """Return units of an order, for money or for credit."""
        order_id = sorted(self.left)[pick % len(self.left)]
        units = min(units, self.left[order_id])
        if not units:
            return
        return_id = f"R{next(self.numbers)}"
        came_back(self.market, return_id, units, "DEFECTIVE", resolution=way, journey_id=order_id)
        due = self.market.due(order_id, return_id)
        money, credit = int(due["amount"]), int(due["credit"])
        assert money + credit == units * PRICE
        assert way == "refund" or not money
        if credit:
            self.market.issue(order_id, return_id)
        if money:
            self.market.refund(order_id, return_id)
        self.left[order_id] -= units
        self.credit += credit
        self.money[order_id] += money

    @invariant()
    def conserved(self) -> None:
        """Check that the balance is the book's, and that no order gives back more money than was paid for it."""
        if not hasattr(self, "left"):
            return
        assert self.market.balance() == self.credit >= 0
        asked = self.market.commerce.evaluate(
            "Settlement:list", client=shipping.user(PAYMENTS), at=shipping.at(self.market.hour)
        )
        for each in asked.json()["payments"]:
            order_id = each["payment"]["terms"]["order_id"]
            assert int(each["payment"]["captured"]) + self.paid[order_id] == 3 * PRICE
            assert int(each["payment"]["refunded"]) == self.money[order_id] <= int(each["payment"]["captured"])


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_money_and_credit_are_conserved(seed: int):
    """Random histories of credit and payments."""
    seeded.run(Purse, seed)
