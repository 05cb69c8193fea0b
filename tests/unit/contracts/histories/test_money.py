"""Whatever is tried with the payments of an order, in whatever order: its money is neither made nor lost."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.contracts.histories import seeded
from tests.unit.contracts.test_orders import Shop
from tests.unit.contracts.trading import MERCHANT, salt

PAYMENTS = st.sampled_from(["p1", "p2"])
TOTAL = 40_600
AMOUNTS = st.sampled_from([1, 600, 40_000, TOTAL, TOTAL + 1])
KNOWN = {"ALREADY_CAPTURED", "ALREADY_REFUNDED", "ALREADY_SETTLED", "AMOUNT_EXCEEDS", "ORDER_CANCELLED", "WRONG_STATE"}


class Money(RuleBasedStateMachine):
    """One order of 406.00 SGD with two payments, and a book that is kept beside the ledger."""

    @initialize()
    def placed(self) -> None:
        """Place the order, and reserve its total twice."""
        self.shop, self.numbers = Shop(), itertools.count(1)
        self.shop.place()
        self.shop.open()
        self.book = {"captured": 0, "refunded": 0, "settled": 0}
        self.cancelled, self.paid, self.owed = False, False, 0
        for payment in ("p1", "p2"):
            self.shop.authorise(payment, settle_currency="SGD", salt=salt(payment))

    def tried(self, call, *args, **named) -> bool:
        """Whether it was not refused; a refusal has one of the codes that these steps know."""
        return seeded.went_through(KNOWN, call, *args, **named)

    @rule(payment=PAYMENTS, amount=AMOUNTS)
    def capture(self, payment: str, amount: int) -> None:
        """Take some of it."""
        if self.tried(self.shop.move, "capture", next(self.numbers), payment=payment, amount=str(amount)):
            assert not self.cancelled
            self.book["captured"] += amount

    @rule(payment=PAYMENTS, amount=AMOUNTS)
    def refund(self, payment: str, amount: int) -> None:
        """Give some of it back."""
        if self.tried(self.shop.move, "refund", next(self.numbers), payment=payment, amount=str(amount)):
            self.book["refunded"] += amount
            if self.paid:
                self.book["settled"] -= amount
                self.owed += amount

    @rule(payment=PAYMENTS)
    def settle(self, payment: str) -> None:
        """Pay the rest out."""
        if self.tried(self.shop.move, "settle", next(self.numbers), payment=payment):
            assert not self.cancelled
            self.book["settled"] += self.book["captured"] - self.book["refunded"]
            self.paid = True

    @rule(payment=PAYMENTS)
    def void(self, payment: str) -> None:
        """Let a reservation go."""
        self.tried(self.shop.move, "void", next(self.numbers), payment=payment)

    @rule()
    def cancel(self) -> None:
        """Cancel the order."""
        self.cancelled |= self.tried(self.shop.submit, "Orders:cancel", "o1", "BUYER_REQUEST")

    @invariant()
    def conserved(self) -> None:
        """Check the ledger against the book: no more is taken than the order's sum, nor paid out than was taken."""
        told = self.shop.ask("Settlement:list", by=MERCHANT).json()["payments"]
        for name, amount in self.book.items():
            assert sum(int(one["payment"][name]) for one in told) == amount
        assert self.book["captured"] <= TOTAL
        assert self.book["refunded"] + self.book["settled"] <= self.book["captured"]
        if self.paid:
            assert self.book["refunded"] + self.book["settled"] == self.book["captured"]
        assert not (self.cancelled and self.paid)
        assert int(self.shop.ask("Settlement:debts", "p1", by=MERCHANT).json()["total"]) == self.owed


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_the_payments_of_an_order_add_up(seed: int):
    """Random histories of the payments of one order."""
    seeded.run(Money, seed)
