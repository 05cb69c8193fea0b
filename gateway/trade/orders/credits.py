"""Store credit: given for returns, spent on orders, given back of cancelled ones; platform and merchant keep it."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import COMMERCE, TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.orders.credit_schemas import (
    BalanceSchema,
    CreditProofSchema,
    CreditQuerySchema,
    IssuedSchema,
    IssueSchema,
)

blueprint = Blueprint("credits", __name__, url_prefix="/v1", description="Store credit of shoppers")


@blueprint.route("/credit")
@auth.needs("read")
@blueprint.arguments(CreditQuerySchema, location="query")
@blueprint.response(200, BalanceSchema)
def read(query: dict[str, Any]) -> dict[str, Any]:
    """Read what the holder of a shopper's link may spend at a seller, as its platform or merchant."""
    query["buyer_hash"] = minting.link_hash(query.pop("tracking_token"))
    return context.ask_record(COMMERCE, "Credits:read", *place(query))


@blueprint.route("/orders/<order_id>/credit", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(IssueSchema)
@blueprint.response(201, IssuedSchema)
def issue(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """
    Give the buyer the store credit due for a return, or give back that of a cancelled order.

    State the due of the return first; money that is due besides is refunded afterwards.
    """
    own = (context.caller().msp_id,)
    order = context.ask(COMMERCE, "Orders:content", order_id)
    transient = {
        "order": context.evaluate(COMMERCE.call("Orders:content", [order_id], None, own)),
        "salt": minting.salt().encode(),
        **spendable({**order, "buyer_hash": order.get("credit_hash") or order["buyer_token_hash"]}),
    }
    if "return_id" not in body:
        return {"order_id": order_id, **context.act(COMMERCE, "Credits:restore", order_id, transient=transient)}
    asked = [order_id, body["return_id"]]
    transient["due"] = context.evaluate(COMMERCE.call("ReturnDues:due", asked, None, own))
    return {"order_id": order_id, **context.act(COMMERCE, "Credits:issue", *asked, transient=transient)}


@blueprint.route("/credit/proofs/<order_id>/<return_id>")
@auth.needs("read")
@blueprint.response(200, CreditProofSchema)
def proof(order_id: str, return_id: str) -> dict[str, Any]:
    """Read the proof that credit was given for a return."""
    units = context.ask_record(TRADE, "Returns:entitlement", order_id, return_id)["units"]
    found = context.evaluate(COMMERCE.call("Credits:proof", [order_id, return_id, units]))
    return {"proof_hash": found.decode()}


def place(known: dict[str, Any]) -> list[str]:
    """Return the arguments that name a credit, of a query or an order."""
    named = [str(known[name]) for name in ("platform", "merchant", "currency", "buyer_hash")]
    return [*named, str(known.get("seller_id") or "")]


def spendable(known: dict[str, Any]) -> dict[str, bytes]:
    """Return a credit for the transient data, as the caller's organisation keeps it; nothing if there is none."""
    own = (context.caller().msp_id,)
    kept = context.evaluate(COMMERCE.call("Credits:show", place(known), None, own))
    return {"credit": kept} if kept else {}
