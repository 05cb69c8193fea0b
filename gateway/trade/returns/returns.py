"""Returns: the contract decides them by the terms that the order pins."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.returns.return_schemas import DecidedSchema, OfJourneyQuerySchema, ReturnSchema

blueprint = Blueprint("returns", __name__, url_prefix="/v1/returns", description="Returns, decided by published terms")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ReturnSchema)
@blueprint.response(201, DecidedSchema)
def request(body: dict[str, Any]) -> dict[str, Any]:
    """Submit a buyer's request. It is decided at once, and an approval books the way back."""
    asked = asked_for(body)
    return {"return_id": asked["return_id"], **context.act(TRADE, "Returns:request", asked)}


@blueprint.route("/preview", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(ReturnSchema)
@blueprint.response(200, description="The decision as it would be now, with the result of every rule")
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """Preview the decision on a request; nothing is written."""
    return context.ask_record(TRADE, "Returns:preview", asked_for(body))


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(OfJourneyQuerySchema, location="query")
@blueprint.response(200, description="The ids of the journey's returns")
def of_journey(query: dict[str, Any]) -> list[str]:
    """List the returns of a journey."""
    return context.ask_list(TRADE, "Returns:of_journey", query["journey_id"])


@blueprint.route("/<return_id>")
@auth.needs("read")
@blueprint.response(200, description="Its state, which follows the goods, and the decision")
def read(return_id: str) -> dict[str, Any]:
    """Read a return in its present state."""
    return context.ask_record(TRADE, "Returns:read", return_id)


def asked_for(body: dict[str, Any]) -> dict[str, Any]:
    """Return the contract's request; the link's token becomes its hash."""
    asked = dict(body)
    asked["buyer_hash"] = minting.link_hash(asked.pop("tracking_token"))
    asked.setdefault("return_id", minting.public_id("return"))
    return asked
