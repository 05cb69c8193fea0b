"""
Products of merchants; all of `ecommerce` can read them.

The chaincode's policy endorses a product's first offer; afterwards only its merchant does.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, store
from chaincode.domain.orders import products
from chaincode.domain.orders.products import Listing, Product
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import goods
from hlf.codec import names, records
from hlf.shim import api

_KEY = "product"


@dataclasses.dataclass(frozen=True)
class ListingPage:
    """A page of products; *bookmark* leads to the next page, and is empty on the last."""

    listings: tuple[Listing, ...]
    bookmark: str


class Catalogue(api.Contract):
    """The products of merchants; once a key exists, only its merchant endorses it."""

    @api.transaction(endorsed_by=(), called_by=("merchant",))
    def offer(self, ctx: api.Context, product: str) -> Listing:
        """
        Offer a product, or change one of the caller's own; this makes a new version.

        Raises:
            Refused: INVALID_ARGUMENT with the field.
        """
        merchant, offered = access.member(ctx), records.loads(Product, product, "product")
        before = store.find(ctx, Listing, _KEY, merchant, offered.gtin)
        return _keep(ctx, before.amended(offered) if before else products.listed(merchant, offered))

    @api.transaction(endorsed_by=("caller",), called_by=("merchant",))
    def withdraw(self, ctx: api.Context, gtin: str) -> Listing:
        """
        Withdraw one of the caller's products.

        Raises:
            Refused: PRODUCT_UNKNOWN, WRONG_STATE.
        """
        return _keep(ctx, _listing(ctx, access.member(ctx), gtin).withdrawn())

    @api.query
    def read(self, ctx: api.Context, merchant: str, gtin: str) -> Listing:
        """Return one product of one merchant."""
        return _listing(ctx, merchant, gtin)

    @api.query
    def list(self, ctx: api.Context, merchant: str = "", size: int = 100, bookmark: str = "") -> ListingPage:
        """
        Return the next *size* products of all merchants, or of one.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        place = [names.MSP_ID.check("merchant", merchant)] if merchant else []
        return ListingPage(*store.page(ctx, Listing, size, bookmark, _KEY, *place))

    @api.query
    def history(self, ctx: api.Context, merchant: str, gtin: str) -> tuple[store.KeyChange, ...]:
        """Return all versions of a product, newest first."""
        return store.history(ctx, _KEY, names.MSP_ID.check("merchant", merchant), goods.check_gtin("gtin", gtin))


def _listing(ctx: api.Context, merchant: str, gtin: str) -> Listing:
    place = names.MSP_ID.check("merchant", merchant), goods.check_gtin("gtin", gtin)
    found = store.find(ctx, Listing, _KEY, *place)
    if not found:
        raise Refusal.PRODUCT_UNKNOWN(f"{merchant} offers no {gtin}")
    return found


def _keep(ctx: api.Context, listing: Listing) -> Listing:
    store.save(ctx, listing, _KEY, listing.merchant, listing.product.gtin, held_by=[listing.merchant])
    payload = {"merchant": listing.merchant, "gtin": listing.product.gtin, "state": listing.state}
    store.announce(ctx, "ProductListed", {**payload, "version": listing.version})
    return listing
