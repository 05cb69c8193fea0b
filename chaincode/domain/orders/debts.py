"""
Debts of merchants: money that buyers got back after the merchant was paid.

Each such refund is a debt of its own, stored by platform, merchant and payment firm, so that a refund of one order
and the settlement of another do not touch the same record. The merchant's next settlements in that currency pay the
debts off, as far as the payment firm brings them along; one that it leaves out stays owed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from chaincode.domain.disclosure import disclosures
from chaincode.domain.orders.payments import Authorisation, Payment
from hlf.codec.bounds import Bounds
from hlf.codec.records import Amount

MOST = Bounds(0, 100)
"""How many debts one settlement pays off."""


@dataclasses.dataclass(frozen=True)
class Debt:
    """
    What a merchant owes to a payment firm for one refund, in minor units of *currency*.

    Attributes:
        payment_id, entry: the refund, by its payment and its number among the payment's entries.
    """

    platform: str
    merchant: str
    payments: str
    currency: str
    payment_id: str
    entry: int
    amount: Amount
    salt: str

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.platform, self.merchant, self.payments})

    @property
    def place(self) -> tuple[str, ...]:
        """What its key is made of."""
        return (self.platform, self.merchant, self.payments, self.currency, self.payment_id, f"{self.entry:06}")

    def is_of(self, terms: Authorisation) -> bool:
        """Return whether payments under *terms* pay it off."""
        return self.place[:4] == paid_off_by(terms)


@dataclasses.dataclass(frozen=True)
class Debts:
    """The debts that a settlement pays off, and their sum."""

    debts: tuple[Debt, ...]
    total: Amount


def paid_off_by(terms: Authorisation) -> tuple[str, str, str, str]:
    """Return the beginning of the keys of the debts that payments under *terms* pay off."""
    return (terms.platform, terms.merchant, terms.payments, terms.currency)


def together(debts: Iterable[Debt]) -> Debts:
    """Return *debts* with their sum."""
    known = tuple(debts)
    return Debts(known, sum(each.amount for each in known))


def of(refunded: Payment, amount: int, salt: str) -> Debt:
    """Return the debt of *amount* for the last refund of a payment."""
    return Debt(
        *paid_off_by(refunded.terms), refunded.payment_id, len(refunded.entries), amount, _salted(salt)
    )  # fmt: skip


def paid_off(debts: Iterable[Debt], amount: int, salt: str) -> tuple[Debt, ...]:
    """Return *debts* after *amount* was paid, first to the first; a paid debt has an amount of 0."""
    after = []
    for each in debts:
        part = min(each.amount, amount)
        amount -= part
        after.append(dataclasses.replace(each, amount=each.amount - part, salt=_salted(salt)) if part else each)
    return tuple(after)


def _salted(salt: str) -> str:
    return disclosures.derived_salt(salt, "debt")
