"""
Debts of merchants: money that buyers got back after the merchant was paid.

Platform, merchant and payment firm store one sum for each currency. The merchant's next settlements in that
currency pay it off first.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.disclosure import disclosures
from chaincode.domain.orders.payments import Authorisation
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class Debt:
    """The debt of a merchant to a payment firm from orders of one platform, in minor units of *currency*."""

    platform: str
    merchant: str
    payments: str
    currency: str
    amount: Amount
    salt: str

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.platform, self.merchant, self.payments})

    def is_of(self, terms: Authorisation) -> bool:
        """Return whether payments under *terms* pay it off."""
        mine = (self.platform, self.merchant, self.payments, self.currency)
        return mine == (terms.platform, terms.merchant, terms.payments, terms.currency)

    def moved(self, amount: int, salt: str) -> Debt:
        """Return the debt with *amount* added (it may be negative), with a new *salt*."""
        return dataclasses.replace(self, amount=self.amount + amount, salt=disclosures.derived_salt(salt, "debt"))


def none(terms: Authorisation) -> Debt:
    """Return a debt of zero, for a merchant that owes nothing yet."""
    return Debt(terms.platform, terms.merchant, terms.payments, terms.currency, 0, terms.salt)
