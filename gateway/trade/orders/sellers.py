"""Sellers of merchants, and baskets that make one order for each seller."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import COMMERCE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.orders import orders
from gateway.trade.orders.seller_schemas import (
    BasketOrderSchema,
    CheckedOutSchema,
    CheckoutSchema,
    SellerSchema,
    SellersQuerySchema,
)
from gateway.trade.receipts import CommittedSchema

sellers = Blueprint("sellers", __name__, url_prefix="/v1/sellers", description="Sellers that merchants sell for")
checkouts = Blueprint("checkouts", __name__, url_prefix="/v1/checkouts", description="Baskets of several sellers")


@sellers.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@sellers.arguments(SellerSchema)
@sellers.response(201, CommittedSchema)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Register a seller under the caller's organisation, or change one."""
    return context.act(COMMERCE, "Sellers:register", body)


@sellers.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@sellers.arguments(SellersQuerySchema, location="query")
@sellers.response(200, description="Sellers, each with its version")
def every(query: dict[str, Any]) -> Any:
    """List the sellers of all merchants, or of one, by pages."""
    page = context.ask_record(COMMERCE, "Sellers:list", query["merchant"], *paging.asked(query))
    return paging.answer(page["sellers"], page["bookmark"])


@sellers.route("/<merchant>/<seller_id>")
@auth.needs("read")
@sellers.response(200, description="The seller and its version")
def read(merchant: str, seller_id: str) -> dict[str, Any]:
    """Read a seller of a merchant."""
    return context.ask_record(COMMERCE, "Sellers:read", merchant, seller_id)


@checkouts.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@checkouts.arguments(CheckoutSchema)
@checkouts.response(201, CheckedOutSchema)
def check_out(body: dict[str, Any]) -> dict[str, Any]:
    """
    Place the orders of a basket, one after the other; each merchant sees its own alone.

    One link leads to the goods of all of them, beside the link of each order. If one fails, those before it are
    placed: list them and go on, or cancel them.
    """
    checkout_id = body.get("checkout_id") or minting.public_id("checkout")
    token = minting.basket_token(len(body["orders"]))
    placed = [
        orders.placed({**order, "checkout_id": checkout_id}, link)
        for order, link in zip(body["orders"], minting.links_in(token), strict=True)
    ]
    return {
        "checkout_id": checkout_id,
        "tracking_token": token,
        "tracking_path": f"/track/{token}/orders",
        "orders": placed,
    }


@checkouts.route("/<checkout_id>")
@auth.needs("read")
@checkouts.response(200, BasketOrderSchema(many=True))
def of_checkout(checkout_id: str) -> list[dict[str, Any]]:
    """List the orders of a basket that the caller's organisation has."""
    return context.ask_list(COMMERCE, "Orders:of_checkout", checkout_id)
