"""
The sellers of merchants; all of `ecommerce` can read them.

The chaincode's policy endorses a seller's registration; afterwards only its merchant changes it.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, store
from chaincode.domain.orders import sellers
from chaincode.domain.orders.sellers import Seller, SellerEntry
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import identifiers
from hlf.codec import names
from hlf.shim import api

_SELLER = "seller"


@dataclasses.dataclass(frozen=True)
class SellerPage:
    """A page of sellers; *bookmark* leads to the next page, and is empty on the last."""

    sellers: tuple[Seller, ...]
    bookmark: str


class Sellers(api.Contract):
    """The shops that merchants sell for; once a key exists, only its merchant endorses it."""

    @api.transaction(endorsed_by=(), called_by=("merchant",))
    def register(self, ctx: api.Context, seller: SellerEntry) -> Seller:
        """
        Register a seller under the caller's organisation, or change one of its own.

        Raises:
            Refused: INVALID_ARGUMENT with the field.
        """
        merchant = access.member(ctx)
        before = store.find(ctx, Seller, _SELLER, merchant, seller.seller_id)
        made = before.changed(seller) if before else sellers.registered(merchant, seller)
        store.save(ctx, made, _SELLER, merchant, seller.seller_id, held_by=[merchant])
        event = {"merchant": merchant, "seller_id": seller.seller_id, "version": made.version}
        store.announce(ctx, "SellerRegistered", event)
        return made

    @api.query
    def read(self, ctx: api.Context, merchant: str, seller_id: str) -> Seller:
        """
        Return one seller of a merchant.

        Raises:
            Refused: SELLER_UNKNOWN.
        """
        return load(ctx, names.MSP_ID.check("merchant", merchant), seller_id)

    @api.query
    def list(self, ctx: api.Context, merchant: str = "", size: int = 100, bookmark: str = "") -> SellerPage:
        """
        Return the next *size* sellers of all merchants, or of one.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        place = [names.MSP_ID.check("merchant", merchant)] if merchant else []
        return SellerPage(*store.page(ctx, Seller, size, bookmark, _SELLER, *place))

    @api.query
    def history(self, ctx: api.Context, merchant: str, seller_id: str) -> tuple[store.KeyChange, ...]:
        """Return all versions of a seller, newest first."""
        found = load(ctx, names.MSP_ID.check("merchant", merchant), seller_id)
        return store.history(ctx, _SELLER, found.merchant, found.entry.seller_id)


def load(ctx: api.Context, merchant: str, seller_id: str) -> Seller:
    """
    Return a seller of a merchant.

    Raises:
        Refused: SELLER_UNKNOWN.
    """
    place = merchant, identifiers.check("seller_id", seller_id)
    return store.load(ctx, Seller, Refusal.SELLER_UNKNOWN, _SELLER, *place)
