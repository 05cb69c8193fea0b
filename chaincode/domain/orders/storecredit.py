"""
Store credit: what a buyer may spend at a seller instead of money.

A return whose resolution is store credit gives it, by the terms or because the shopper asked for it. It pays for part
of a later order of the same platform, merchant and seller, in the same currency. What goes back of such an order goes
back as credit in the same proportion, so a buyer never has more money or more credit than before the order.

A balance belongs to the hash of a shopper's link. Platform and merchant store it, and both sign every change.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.disclosure import disclosures
from chaincode.domain.orders.orders import Order
from chaincode.domain.refusals import Refusal
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class StoreCredit:
    """
    A buyer's credit at a seller, in minor units of *currency*.

    Attributes:
        buyer_hash: of the link whose holder may spend it.
        issued: for returns, restored: of orders that were paid with credit, spent: on orders; all since the first.
    """

    platform: str
    merchant: str
    seller_id: str
    currency: str
    buyer_hash: str
    issued: Amount
    restored: Amount
    spent: Amount
    salt: str

    @property
    def balance(self) -> int:
        """What may still be spent."""
        return self.issued + self.restored - self.spent

    @property
    def place(self) -> tuple[str, ...]:
        """What its key is made of."""
        return (self.platform, self.merchant, self.seller_id or "-", self.currency, self.buyer_hash)

    def check_of(self, order: Order) -> None:
        """
        Refuse the credit of another buyer or seller.

        Raises:
            Refused: NOT_AS_STORED.
        """
        if self.place != none(order).place:
            raise Refusal.NOT_AS_STORED("the credit is of another buyer, seller or currency than the order")

    def with_issued(self, amount: int, salt: str) -> StoreCredit:
        """Return it with *amount* more, for a return."""
        return dataclasses.replace(self, issued=self.issued + amount, salt=_salted(salt))

    def with_restored(self, amount: int, salt: str) -> StoreCredit:
        """Return it with *amount* back that an order had been paid with."""
        return dataclasses.replace(self, restored=self.restored + amount, salt=_salted(salt))

    def with_spent(self, amount: int, salt: str) -> StoreCredit:
        """
        Return it with *amount* spent on an order.

        Raises:
            Refused: CREDIT_EXCEEDED.
        """
        if amount > self.balance:
            raise Refusal.CREDIT_EXCEEDED("the buyer has less store credit than the order is to be paid with")
        return dataclasses.replace(self, spent=self.spent + amount, salt=_salted(salt))


def none(order: Order) -> StoreCredit:
    """Return the credit of an order's buyer before there is any."""
    holder = order.credit_hash or order.buyer_token_hash
    return StoreCredit(
        order.platform, order.merchant, order.seller_id, order.currency, holder, 0, 0, 0, _salted(order.salt)
    )


def part(order: Order, before: int, amount: int) -> int:
    """
    Return how much of *amount* goes back as credit if *before* of the order went back already.

    It is the order's own share of credit, rounded down over all that went back, so that the parts add up to it.
    """
    total = order.total.minor
    return (before + amount) * order.credit // total - before * order.credit // total if total else 0


def _salted(salt: str) -> str:
    return disclosures.derived_salt(salt, "store credit")
