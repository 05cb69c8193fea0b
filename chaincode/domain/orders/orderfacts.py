"""
The facts of an order that carriers, customs and return terms need, without its goods and prices.

The contract computes them from the order's content and its pinned terms when the order is placed. Their hash is in
the public part of the order on `ecommerce` from the beginning. Channel `trade` gets them when the first journey
opens. So nobody can give `trade` another order than the one that was placed, or change there what the terms decide.
"""

from __future__ import annotations

import dataclasses

from chaincode.domain.disclosure import disclosures
from chaincode.domain.disclosure.disclosures import Disclosure
from chaincode.domain.journeys import goodsfacts
from chaincode.domain.orders.orders import Line, Order, PinnedTerms
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns.terms import ReturnTerms
from chaincode.domain.vocabulary import identifiers, places
from hlf.codec import moments, names, records
from hlf.codec.refusals import invalid


@dataclasses.dataclass(frozen=True)
class FactLine:
    """
    A line without the kind and price of its goods.

    Attributes:
        returnless: the whole line is worth less than the terms' ``returnless_below``.
        excluded: the pinned terms take no goods of its HS code back. A later version that excludes less does not
            change this, unless it excludes nothing.
        goods: the commitments to what the units are (`goodsfacts`).
    """

    line: str
    quantity: int
    returnless: bool
    excluded: bool
    goods: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Facts:
    """
    The facts of an order that channel `trade` gets.

    ``nonce`` is derived from the order's salt. It protects the hash on `ecommerce` against guessing until the first
    journey reveals the facts.
    """

    order_id: str
    order_hash: str
    platform: str
    merchant: str
    buyer_hash: str
    placed_at: str
    origin: str
    destination: str
    terms: PinnedTerms
    lines: tuple[FactLine, ...]
    nonce: str

    def __post_init__(self) -> None:
        identifiers.check("order.order_id", self.order_id)
        for field in ("platform", "merchant"):
            names.MSP_ID.check(f"order.{field}", getattr(self, field))
        for field in ("order_hash", "buyer_hash"):
            names.SHA256.check(f"order.{field}", getattr(self, field))
        for field in ("origin", "destination"):
            places.check_locode(f"order.{field}", getattr(self, field))
        moments.stated("order.placed_at", self.placed_at)
        disclosures.check_salt(self.nonce, "order.nonce")
        if not self.lines or len({each.line for each in self.lines}) != len(self.lines):
            raise invalid("order.lines", "must be one or more, each with its own name")
        for each in self.lines:
            goodsfacts.check_digests("order.lines.goods", each.goods)
            if each.quantity < 1:
                raise invalid("order.lines.quantity", "must be 1 or more")

    @property
    def digest(self) -> str:
        """The hash in the public part of the order."""
        return records.digest(self)

    @property
    def parties(self) -> tuple[str, ...]:
        """The two sides of the order; every change needs the signatures of both."""
        return tuple(sorted({self.platform, self.merchant}))

    def line(self, line: str) -> FactLine | None:
        """Return the line with this name, if there is one."""
        return next((each for each in self.lines if each.line == line), None)


def facts_of(order_id: str, order: Order, terms: ReturnTerms) -> Facts:
    """
    Return the facts of *order* for `trade`, under the *terms* that it pins.

    Raises:
        Refused: WRONG_TERMS if these are not the pinned terms, are of another seller, or were not in force when
            it was placed.
    """
    pinned = PinnedTerms(terms.terms_id, terms.version, terms.digest)
    if pinned != order.terms or terms.seller != order.merchant:
        raise Refusal.WRONG_TERMS(f"order {order_id} pins other terms, or its merchant does not sell under these")
    if terms.in_force_from > moments.parse(order.placed_at).at:
        raise Refusal.WRONG_TERMS(f"the terms were not in force when order {order_id} was placed")
    # Amounts in two currencies cannot be compared without a rate, and terms have no rates.
    below = terms.returnless_below if terms.currency == order.currency else 0
    return Facts(
        order_id=order_id,
        order_hash=records.digest(order),
        platform=order.platform,
        merchant=order.merchant,
        buyer_hash=order.buyer_token_hash,
        placed_at=order.placed_at,
        origin=order.origin,
        destination=order.destination,
        terms=order.terms,
        lines=tuple(
            FactLine(
                line=str(one.line),
                quantity=one.quantity,
                returnless=one.quantity * one.unit_price < below,
                excluded=terms.excludes(one.hs6),
                goods=_committed(order_id, order, one)[0],
            )
            for one in order.lines
        ),
        nonce=disclosures.derived_salt(order.salt, f"facts of {order_id}"),
    )


def shown(order_id: str, order: Order, readers: goodsfacts.Readers) -> dict[str, list[str]]:
    """Return the disclosures of what *readers* need to know of each line's goods."""
    return {
        str(line.line): [
            each.encoded for each in _committed(order_id, order, line)[1] if each.name in goodsfacts.SHOWN[readers]
        ]
        for line in order.lines
    }


def _committed(order_id: str, order: Order, line: Line) -> tuple[tuple[str, ...], tuple[Disclosure, ...]]:
    values = {
        "hs6": line.hs6,
        "gtin14": line.gtin,
        "weight_grm": str(line.weight_grm),
        "unit_price": str(line.unit_price),
        "currency": order.currency,
    }
    known = values | ({"ahtn8": line.ahtn8} if line.ahtn8 else {})
    return goodsfacts.committed(known, order.salt, f"goods of {order_id}/{line.line}")
