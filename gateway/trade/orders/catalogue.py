"""The product catalogue of all merchants on the ecommerce channel."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import COMMERCE
from gateway.http.inputs import Blueprint
from gateway.trade.orders.catalogue_schemas import ListQuerySchema, ProductSchema
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint("catalogue", __name__, url_prefix="/v1/catalogue", description="Products of merchants")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ProductSchema)
@blueprint.response(201, CommittedSchema)
def offer(body: dict[str, Any]) -> dict[str, Any]:
    """Offer a product, or change its description."""
    return context.act(COMMERCE, "Catalogue:offer", body)


@blueprint.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@blueprint.arguments(ListQuerySchema, location="query")
@blueprint.response(200, description="Listings")
def every(query: dict[str, Any]) -> Any:
    """List the products of all merchants, or of one, by pages."""
    page = context.ask_record(COMMERCE, "Catalogue:list", query["merchant"], *paging.asked(query))
    return paging.answer(page["listings"], page["bookmark"])


@blueprint.route("/<merchant>/<gtin>")
@auth.needs("read")
@blueprint.response(200, description="The listing")
def read(merchant: str, gtin: str) -> dict[str, Any]:
    """Read one listing."""
    return context.ask_record(COMMERCE, "Catalogue:read", merchant, gtin)


@blueprint.route("/<gtin>/withdrawal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def withdraw(gtin: str) -> dict[str, Any]:
    """Withdraw one of the caller's own products."""
    return context.act(COMMERCE, "Catalogue:withdraw", gtin)
