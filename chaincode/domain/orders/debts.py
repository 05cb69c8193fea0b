"""
What a merchant owes because buyers got money back that it had been paid already.

Platform, merchant and payment firm keep one sum for each currency, and the
merchant's next settlements in that currency go against it first.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.disclosure import disclosures
from chaincode.domain.orders.payments import Authorisation
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class Debt:
    """What a merchant owes to a payment firm from orders of one platform, in minor units of *currency*."""

    platform: str
    merchant: str
    payments: str
    currency: str
    amount: Amount
    salt: str

    @property
    def parties(self) -> frozenset[str]:
        """Who keeps it and may read it."""
        return frozenset({self.platform, self.merchant, self.payments})

    def is_of(self, terms: Authorisation) -> bool:
        """Return whether payments under *terms* count against it."""
        mine = (self.platform, self.merchant, self.payments, self.currency)
        return mine == (terms.platform, terms.merchant, terms.payments, terms.currency)

    def moved(self, amount: int, salt: str) -> Debt:
        """Return the debt with *amount* more, or less if it is negative, after the change of that *salt*."""
        return dataclasses.replace(self, amount=self.amount + amount, salt=disclosures.derived_salt(salt, "debt"))


def none(terms: Authorisation) -> Debt:
    """Return the debt of a merchant that owes nothing yet."""
    return Debt(terms.platform, terms.merchant, terms.payments, terms.currency, 0, terms.salt)
