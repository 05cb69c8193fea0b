"""Amounts due for returns: platform and merchant compute them, payment firm and auditor get the sums."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import COMMERCE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.orders.due_schemas import (
    DuesSchema,
    ExpectedQuerySchema,
    SharesSchema,
    StatedDueSchema,
    StateDueSchema,
)
from gateway.trade.orders.settlement_schemas import OwedSchema
from hlf import errors

blueprint = Blueprint("dues", __name__, url_prefix="/v1/orders", description="Amounts due for returns of an order")


@blueprint.route("/<order_id>/dues", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(StateDueSchema)
@blueprint.response(201, StatedDueSchema)
def state(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """
    State the amount due for a return, and disclose the sum to the payment firm.

    Platform and merchant compute it from the order, when the return is to be settled; the payment firm, and the
    auditor if one is named, learn the sum in transactions of their own. If only these failed, call again.
    """
    return_id, own = body["return_id"], (context.caller().msp_id,)
    answer: dict[str, Any] = {"order_id": order_id, "return_id": return_id}
    kept = {
        name: context.evaluate(COMMERCE.call(function, [order_id], None, own))
        for name, function in (("order", "Orders:content"), ("dues", "ReturnDues:show"))
    }
    transient = {name: value for name, value in kept.items() if value} | {"salt": minting.salt().encode()}
    try:
        answer["stating"] = context.act(
            COMMERCE, "ReturnDues:state", order_id, return_id, body["in_money"], transient=transient
        )
    except errors.EndorseError as error:
        if error.contract_code != "ALREADY_EXISTS":
            raise
    due = context.evaluate(COMMERCE.call("ReturnDues:due", [order_id, return_id], None, own))
    for name, role in (("disclosing", "payments"), ("showing", "auditor")):
        if role in body:
            told = ("ReturnDues:disclose", order_id, return_id, body[role])
            answer[name] = context.act(COMMERCE, *told, transient={"due": due})
    return answer


@blueprint.route("/<order_id>/dues")
@auth.needs("read")
@blueprint.response(200, DuesSchema)
def read(order_id: str) -> dict[str, Any]:
    """Read every due of an order with its parts, as its platform or merchant."""
    return context.ask_record(COMMERCE, "ReturnDues:read", order_id)


@blueprint.route("/<order_id>/dues/sums")
@auth.needs("read")
@blueprint.response(200, OwedSchema(many=True))
def sums(order_id: str) -> list[dict[str, Any]]:
    """List the sums of an order's dues that the caller's organisation has, as its auditor or payment firm too."""
    return context.ask_list(COMMERCE, "ReturnDues:sums", order_id)


@blueprint.route("/<order_id>/dues/expected")
@auth.needs("read")
@blueprint.arguments(ExpectedQuerySchema, location="query")
@blueprint.response(200, SharesSchema)
def expected(query: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Compute the amount due for a return by the order's terms, before it is requested."""
    asked = (query["line"], query["quantity"], query["reason"])
    return context.ask_record(COMMERCE, "ReturnDues:expected", order_id, *asked)
