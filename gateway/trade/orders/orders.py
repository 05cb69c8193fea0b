"""Orders: platform and merchant see the content, the whole channel the state."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import COMMERCE, TRADE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade import minting
from gateway.trade.orders import credits
from gateway.trade.orders.order_schemas import (
    CancelSchema,
    FulfilSchema,
    OrderContentSchema,
    PlacedSchema,
    PlaceSchema,
    PublicOrderSchema,
    TallySchema,
)
from gateway.trade.receipts import CommittedSchema
from hlf.codec import canonical

blueprint = Blueprint("orders", __name__, url_prefix="/v1/orders", description="Orders on the ecommerce channel")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(PlaceSchema)
@blueprint.response(201, PlacedSchema)
def place(body: dict[str, Any]) -> dict[str, Any]:
    """
    Place an order and make the shopper's link.

    Only platform and merchant get the content, with the return terms that it pins; these must be published. A
    second transaction writes the public part for all.
    """
    return placed(body)


@blueprint.route("/<order_id>/opening", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, CommittedSchema)
def open_placed(order_id: str) -> dict[str, Any]:
    """Write the public part of a placed order, if that failed when it was placed."""
    order = context.ask(COMMERCE, "Orders:content", order_id)
    return context.act(COMMERCE, "Orders:open", order_id, order["platform"], order["merchant"], order["terms"])


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, PublicOrderSchema(many=True))
def every(query: dict[str, Any]) -> Any:
    """List the public part of all orders, by pages."""
    page = context.ask_record(COMMERCE, "Orders:list", *paging.asked(query))
    return paging.answer(page["orders"], page["bookmark"])


@blueprint.route("/<order_id>")
@auth.needs("read")
@blueprint.response(200, PublicOrderSchema)
def read(order_id: str) -> dict[str, Any]:
    """Read an order's public part."""
    return context.ask_record(COMMERCE, "Orders:read", order_id)


@blueprint.route("/<order_id>/content")
@auth.needs("read")
@blueprint.response(200, OrderContentSchema)
def content(order_id: str) -> dict[str, Any]:
    """Read an order's content, as its platform or merchant; in the form in which it was placed."""
    told = context.ask_record(COMMERCE, "Orders:content", order_id)
    amount, holder = told.pop("credit", "0"), told.pop("credit_hash", "")
    if int(amount):
        told["credit"] = {"amount": amount, "holder_hash": holder or told["buyer_token_hash"]}
    return told


@blueprint.route("/<order_id>/account")
@auth.needs("read")
@blueprint.response(200, TallySchema(many=True))
def account(order_id: str) -> list[dict[str, Any]]:
    """Read how many units of each line are on journeys, delivered, in returns and returned."""
    return context.ask_list(TRADE, "Accounts:read", order_id)


@blueprint.route("/<order_id>/confirmation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def confirm(order_id: str) -> dict[str, Any]:
    """Confirm an order."""
    return context.act(COMMERCE, "Orders:confirm", order_id)


@blueprint.route("/<order_id>/cancellation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(CancelSchema)
@blueprint.response(200, CommittedSchema)
def cancel(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Cancel an order; the reason is public on the channel."""
    return context.act(COMMERCE, "Orders:cancel", order_id, body["reason"])


@blueprint.route("/<order_id>/fulfilment", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(FulfilSchema)
@blueprint.response(200, CommittedSchema)
def fulfil(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Record the journey that carries an order."""
    return context.act(COMMERCE, "Orders:fulfil", order_id, body["journey_id"])


@blueprint.route("/<order_id>/closing", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def close(order_id: str) -> dict[str, Any]:
    """Close an order."""
    return context.act(COMMERCE, "Orders:close", order_id)


def placed(body: dict[str, Any], token: str = "") -> dict[str, Any]:
    """Place and open an order; return its answer with the shopper's link, a new one if no *token* is given."""
    order_id = body.pop("order_id", None) or minting.public_id("order")
    pinned = body["terms"]
    promised = context.ask(TRADE, "Terms:read", pinned["terms_id"], str(pinned["version"]))["terms"]
    token = token or minting.link_token()
    order = {**body, "buyer_token_hash": minting.link_hash(token), "salt": minting.salt()}
    transient = {"terms": canonical.dumps(promised)}
    spent = order.pop("credit", None)
    if spent:
        order |= {"credit": spent["amount"], "credit_hash": minting.link_hash(spent["tracking_token"])}
        transient |= credits.spendable({**order, "buyer_hash": order["credit_hash"]})
    transient["order"] = canonical.dumps(order)
    written = context.act(COMMERCE, "Orders:place", order_id, transient=transient)
    opened = context.act(COMMERCE, "Orders:open", order_id, body["platform"], body["merchant"], body["terms"])
    return {
        "order_id": order_id,
        "order_hash": written["result"]["order_hash"],
        "tracking_token": token,
        "tracking_path": f"/track/{token}",
        "placing": written,
        "opening": opened,
    }
