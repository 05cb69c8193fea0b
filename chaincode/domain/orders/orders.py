"""
Orders between platform and merchant: the content that both keep private, and the public part on `ecommerce`.

A buyer is never named: an order has the hash of the random token in the shopper's link.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from chaincode.domain.disclosure import disclosures, grants
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, goods, identifiers, incoterms, money, places, timeliness
from chaincode.domain.vocabulary.money import Money
from hlf.codec import moments, names
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid

State = Literal["placed", "confirmed", "fulfilling", "closed", "cancelled"]
Cancellation = Literal["BUYER_REQUEST", "OUT_OF_STOCK", "PAYMENT_FAILED", "EXPORT_PROHIBITED", "FRAUD_SUSPECTED"]

_FOLLOWS: dict[str, tuple[State, ...]] = {
    "confirmed": ("placed",),
    "fulfilling": ("confirmed",),
    "closed": ("fulfilling",),
    # When goods are on their way, an order is not cancelled; the goods are returned.
    "cancelled": ("placed", "confirmed"),
}


@dataclasses.dataclass(frozen=True)
class PinnedTerms:
    """The version of the return terms of an order; later versions do not apply to it."""

    terms_id: str
    version: int
    digest: str

    def __post_init__(self) -> None:
        identifiers.check("terms.terms_id", self.terms_id)
        if self.version < 1:
            raise invalid("terms.version", "counts from 1")
        names.SHA256.check("terms.digest", self.digest)


@dataclasses.dataclass(frozen=True)
class Line:
    """
    One position; *unit_price* in minor units of the order's currency, weight of one unit in grams (GRM).

    *tax* is the duty and tax of the whole line that the buyer pays with the order.
    """

    line: int
    gtin: str
    hs6: str
    quantity: int
    unit_price: Amount
    weight_grm: int
    ahtn8: str = ""
    tax: Amount = 0

    def __post_init__(self) -> None:
        goods.check_gtin("line.gtin", self.gtin)
        goods.check_hs6("line.hs6", self.hs6)
        if self.ahtn8 and goods.check_ahtn8("line.ahtn8", self.ahtn8)[:6] != self.hs6:
            raise invalid("line.ahtn8", "must begin with hs6")
        for field in ("line", "quantity", "weight_grm"):
            bounds.MANY.check(f"line.{field}", getattr(self, field))
        money.MINOR.check("line.unit_price", self.unit_price)
        money.MINOR.check("line.tax", self.tax)


@dataclasses.dataclass(frozen=True)
class Order:
    """
    The agreement of platform and merchant; only these two store it.

    Attributes:
        seller_id: the seller of the merchant (`sellers`); empty if the merchant sells for itself.
        checkout_id: the basket that it was bought in; a basket makes one order for each seller.
        credit: the part that the buyer pays with store credit (`storecredit`); payments are for the rest.
        credit_hash: whose credit that is; empty if the credit is that of *buyer_token_hash*.
    """

    platform: str
    merchant: str
    buyer_token_hash: str
    placed_at: str
    incoterm: str
    named_place: str
    origin: str
    destination: str
    lines: tuple[Line, ...]
    currency: str
    freight: Amount
    insurance: Amount
    terms: PinnedTerms
    salt: str
    seller_id: str = ""
    checkout_id: str = ""
    credit: Amount = 0
    credit_hash: str = ""

    def __post_init__(self) -> None:
        for field in ("seller_id", "checkout_id"):
            if getattr(self, field):
                identifiers.check(f"order.{field}", getattr(self, field))
        names.MSP_ID.check("order.platform", self.platform)
        names.MSP_ID.check("order.merchant", self.merchant)
        names.SHA256.check("order.buyer_token_hash", self.buyer_token_hash)
        grants.moment("order.placed_at", self.placed_at)
        agreed = incoterms.for_parcels("order.incoterm", self.incoterm)
        for field in ("named_place", "origin", "destination"):
            places.check_locode(f"order.{field}", getattr(self, field))
        if not self.lines or [one.line for one in self.lines] != list(range(1, len(self.lines) + 1)):
            raise invalid("order.lines", "must be numbered 1, 2, ...")
        if agreed.payer("S18") == "buyer" and any(one.tax for one in self.lines):
            raise invalid("order.lines.tax", f"under {self.incoterm} the buyer pays duty and tax to customs itself")
        money.check_currency_on("order.currency", self.currency, self.placed_at)
        money.MINOR.check("order.freight", self.freight)
        money.MINOR.check("order.insurance", self.insurance)
        disclosures.check_salt(self.salt, "order.salt")
        if self.credit_hash:
            names.SHA256.check("order.credit_hash", self.credit_hash)
        if not 0 <= self.credit <= self.total.minor:
            raise invalid("order.credit", "must be at most the order's total")

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.platform, self.merchant})

    @property
    def goods_value(self) -> Money:
        """The lines' price without freight and insurance."""
        return Money(sum(one.quantity * one.unit_price for one in self.lines), self.currency)

    @property
    def carried_value(self) -> Money:
        """Goods, freight and insurance (CIF): what customs values."""
        return self.goods_value + Money(self.freight + self.insurance, self.currency)

    @property
    def total(self) -> Money:
        """The price for the buyer: goods, freight, insurance, and the duty and tax that it pays with the order."""
        return self.carried_value + Money(sum(one.tax for one in self.lines), self.currency)


@dataclasses.dataclass(frozen=True)
class BasketOrder:
    """One order of a basket."""

    order_id: str
    merchant: str
    seller_id: str


@dataclasses.dataclass(frozen=True)
class Total:
    """
    The amount to pay for an order in money, as its own record: a payment firm sees this and not the order.

    Its salt is derived from the order's, so that the total does not help anybody to guess the order.
    """

    order_id: str
    amount: Amount
    currency: str
    salt: str

    def check_pays(self, amount: int, currency: str) -> None:
        """
        Refuse a sum that is not the order's.

        Raises:
            Refused: AMOUNT_DIFFERS.
        """
        if (amount, currency) != (self.amount, self.currency):
            raise Refusal.AMOUNT_DIFFERS(f"the total of order {self.order_id} is another sum")


@dataclasses.dataclass(frozen=True)
class PublicOrder:
    """The public part of an order; ``facts_hash`` is the hash of its `orderfacts.Facts`."""

    order_id: str
    order_hash: str
    facts_hash: str
    platform: str
    merchant: str
    terms: PinnedTerms
    state: State = "placed"
    journey_id: str = ""
    reason: str = ""

    @property
    def parties(self) -> tuple[str, ...]:
        """The organisations that must endorse changes of its key."""
        return tuple(sorted({self.platform, self.merchant}))

    def moved(self, state: State, *, journey_id: str = "", reason: str = "") -> PublicOrder:
        """
        Return the order in its next state.

        Raises:
            Refused: WRONG_STATE.
        """
        if self.state not in _FOLLOWS[state]:
            before = " or ".join(_FOLLOWS[state])
            raise Refusal.WRONG_STATE(f"order {self.order_id} is {self.state}; {state} comes after {before}")
        return dataclasses.replace(
            self, state=state, journey_id=journey_id or self.journey_id, reason=reason or self.reason
        )


def total_of(order_id: str, order: Order) -> Total:
    """Return the amount to pay for *order* in money, as platform and merchant store it beside the order."""
    salt = disclosures.derived_salt(order.salt, f"total of {order_id}")
    return Total(order_id, order.total.minor - order.credit, order.currency, salt)


def timely(order: Order, now: int) -> None:
    """
    Raise Refused unless *now* is at or soon after the date of *order*.

    Raises:
        Refused: EVENT_IN_FUTURE, TOO_LATE.
    """
    timeliness.check("order", moments.parse(order.placed_at).at, now)
