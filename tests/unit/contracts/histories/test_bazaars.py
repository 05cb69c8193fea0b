"""
Whatever two platforms sell for three sellers of two organisations: each order's money is its own, and a merchant's debt
comes off what it gets on that platform alone.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chaincode import commerce
from chaincode.domain.returns.terms import ReturnTerms
from hlf.codec import records
from hlf.shim import testing
from tests.unit.contracts.histories import seeded
from tests.unit.contracts.test_orders import ORDER, TERMS
from tests.unit.contracts.trading import AUDITOR, MERCHANT, PAYMENTS, PLATFORM, START, as_bytes, salt, user

BAZAAR, WORKSHOP = "BazaarMSP", "WorkshopMSP"
PLATFORMS, MERCHANTS = (PLATFORM, BAZAAR), (MERCHANT, WORKSHOP)
SELLERS = {"sound": MERCHANT, "light": MERCHANT, "forge": WORKSHOP}
TOTAL = 40_600
AMOUNTS = st.sampled_from([1, 600, 40_000, TOTAL, TOTAL + 1])
KNOWN = {"ALREADY_CAPTURED", "ALREADY_SETTLED", "AMOUNT_EXCEEDS", "ORDER_CANCELLED", "WRONG_STATE"}
STRANGE = {"NOT_A_PARTY", "NOT_FOUND", "NOT_AS_STORED"}
PICK = st.integers(0, 15)


@dataclass
class Sold:
    """What the book knows of one order and its payment."""

    platform: str
    merchant: str
    seller: str
    basket: str
    captured: int = 0
    refunded: int = 0
    settled: int = 0
    netted: int = 0
    paid_out: bool = False
    cancelled: bool = False


class Bazaars(RuleBasedStateMachine):
    """Baskets on two platforms, and a book of each order and of each merchant's debts."""

    @initialize()
    def begun(self) -> None:
        """Three sellers are registered."""
        self.numbers, self.orders, self.owed = itertools.count(1), dict[str, Sold](), Counter[tuple[str, str]]()
        self.ledger = testing.Ledger(
            commerce.chaincode, (*PLATFORMS, *MERCHANTS, PAYMENTS, AUDITOR), channel="ecommerce"
        )
        self.terms = {each: {**TERMS, "seller": each} for each in MERCHANTS}
        for seller_id, merchant in SELLERS.items():
            seller = {"seller_id": seller_id, "name": seller_id, "country": "CN", "terms_id": TERMS["terms_id"]}
            self.submit("Sellers:register", as_bytes(seller), by=merchant)

    def submit(self, function: str, *args: Any, by: str, **transient: bytes) -> testing.Result:
        """Submit as a member."""
        return self.ledger.invoke(function, *args, client=user(by), transient=transient, at=START)

    def ask(self, function: str, *args: Any, by: str) -> testing.Result:
        """Evaluate as a member, on its own peer."""
        return self.ledger.evaluate(function, *args, client=user(by), at=START)

    @rule(platform=st.sampled_from(PLATFORMS), sellers=st.sets(st.sampled_from(sorted(SELLERS)), min_size=1))
    def buy(self, platform: str, sellers: set[str]) -> None:
        """Fill a basket at some sellers, and reserve the total of each order."""
        basket = f"B{next(self.numbers)}"
        for seller_id in sorted(sellers):
            name, merchant = f"O{next(self.numbers)}", SELLERS[seller_id]
            digest = records.shaped(ReturnTerms, self.terms[merchant], "terms").digest
            pinned = {"terms_id": TERMS["terms_id"], "version": 1, "digest": digest}
            made = {**ORDER, "platform": platform, "merchant": merchant, "seller_id": seller_id, "terms": pinned,
                    "checkout_id": basket, "salt": salt(name)}  # fmt: skip
            self.submit("Orders:place", name, by=platform, order=as_bytes(made), terms=as_bytes(self.terms[merchant]))
            self.submit("Orders:open", name, platform, merchant, pinned, by=platform)
            payment = {"order_id": name, "platform": platform, "merchant": merchant, "payments": PAYMENTS,
                       "amount": str(TOTAL), "currency": "SGD", "settle_currency": "SGD",
                       "salt": salt("payment", name)}  # fmt: skip
            total = self.ask("Orders:total", name, by=merchant).payload
            self.submit("Settlement:authorise", f"P-{name}", by=platform, payment=as_bytes(payment), total=total)
            self.orders[name] = Sold(platform, merchant, seller_id, basket)

    def moved(self, step: str, name: str, amount: int = 0) -> bool:
        """Whether a payment moved on."""
        payment, salted = f"P-{name}", {"salt": salt("change", next(self.numbers))}
        kept = {"payment": self.ask("Settlement:show", payment, by=PAYMENTS).payload}
        if step == "settle":
            kept["debts"] = self.ask("Settlement:debts", payment, by=PAYMENTS).payload
        change = as_bytes(salted | ({"amount": str(amount)} if amount else {}))
        return seeded.went_through(
            KNOWN, self.submit, f"Settlement:{step}", payment, by=PAYMENTS, change=change, **kept
        )

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, amount=AMOUNTS)
    def capture(self, pick: int, amount: int) -> None:
        """Take some of an order's money."""
        name, sold = self.one(pick)
        if self.moved("capture", name, amount):
            assert not sold.cancelled
            sold.captured += amount

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, amount=AMOUNTS)
    def refund(self, pick: int, amount: int) -> None:
        """Give some of it back; a merchant that was paid owes it on that platform."""
        name, sold = self.one(pick)
        if self.moved("refund", name, amount):
            sold.refunded += amount
            if sold.paid_out:
                sold.settled -= amount
                self.owed[sold.platform, sold.merchant] += amount

    @precondition(lambda self: self.orders)
    @rule(pick=PICK)
    def settle(self, pick: int) -> None:
        """Pay a merchant out, less what it owes there."""
        name, sold = self.one(pick)
        if self.moved("settle", name):
            assert not sold.cancelled
            sold.settled, sold.paid_out = sold.captured - sold.refunded, True
            sold.netted = min(sold.settled, self.owed[sold.platform, sold.merchant])
            self.owed[sold.platform, sold.merchant] -= sold.netted

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, by=st.sampled_from([*PLATFORMS, *MERCHANTS]))
    def cancel(self, pick: int, by: str) -> None:
        """Cancel an order, as one of its two sides; the other platform and the other merchant cannot."""
        name, sold = self.one(pick)
        known = KNOWN if by in (sold.platform, sold.merchant) else STRANGE
        if seeded.went_through(known, self.submit, "Orders:cancel", name, "BUYER_REQUEST", by=by):
            assert by in (sold.platform, sold.merchant)
            sold.cancelled = True

    @precondition(lambda self: self.orders)
    @rule(pick=PICK)
    def look(self, pick: int) -> None:
        """Read an order and its basket, as each of the four: a side reads its own, and nobody else anything."""
        name, sold = self.one(pick)
        for by in (*PLATFORMS, *MERCHANTS):
            mine = {each for each, one in self.orders.items()
                    if one.basket == sold.basket and by in (one.platform, one.merchant)}  # fmt: skip
            assert {each["order_id"] for each in self.ask("Orders:of_checkout", sold.basket, by=by).json()} == mine
            for function, place in (("Orders:content", name), ("Settlement:read", f"P-{name}")):
                read = seeded.went_through(STRANGE, self.ask, function, place, by=by)
                assert read == (by in (sold.platform, sold.merchant))

    def one(self, pick: int) -> tuple[str, Sold]:
        """One of the orders."""
        return list(self.orders.items())[pick % len(self.orders)]

    @invariant()
    def conserved(self) -> None:
        """Check each payment and each debt against the book."""
        for name, sold in getattr(self, "orders", {}).items():
            told = self.ask("Settlement:read", f"P-{name}", by=sold.merchant).json()["payment"]
            book = (sold.captured, sold.refunded, sold.settled, sold.netted)
            assert tuple(int(told[each]) for each in ("captured", "refunded", "settled", "netted")) == book
            assert sold.refunded <= sold.captured <= TOTAL
            assert not (sold.cancelled and sold.paid_out)
            debts = self.ask("Settlement:debts", f"P-{name}", by=PAYMENTS).json()
            assert int(debts["total"]) == self.owed[sold.platform, sold.merchant]


@pytest.mark.timeout(seeded.SECONDS)
@pytest.mark.parametrize("seed", seeded.SEEDS)
def test_each_platform_and_merchant_has_its_own_money(seed: int):
    """Random histories of baskets on two platforms."""
    seeded.run(Bazaars, seed)
