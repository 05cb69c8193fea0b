"""Returns: the contract decides them by the terms that the order pins."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.http import auth, context, idempotency, inputs
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.trade import minting
from gateway.trade.returns import photos, sentphotos, shownphotos
from gateway.trade.returns.return_schemas import (
    DecidedSchema,
    OfJourneyQuerySchema,
    PhotoQuerySchema,
    PhotosSchema,
    ReturnSchema,
    SentReturnSchema,
)

blueprint = Blueprint("returns", __name__, url_prefix="/v1/returns", description="Returns, decided by published terms")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(SentReturnSchema)
@inputs.takes(most=photos.MOST_ENCODED)
@blueprint.response(201, DecidedSchema)
def request(body: dict[str, Any]) -> dict[str, Any]:
    """
    Submit a buyer's request. It is decided at once, and an approval books the way back.

    Photographs come with it: who judges the return sees them here, and the ledger has what they hash to.
    """
    sent = sentphotos.taken(body)
    asked = asked_for(body)
    done = sentphotos.kept(asked["return_id"], sent, lambda: context.act(TRADE, "Returns:request", asked))
    return {"return_id": asked["return_id"], **done}


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


@blueprint.route("/<return_id>/photos")
@auth.needs("read")
@blueprint.response(200, PhotosSchema)
def photographs(return_id: str) -> dict[str, Any]:
    """List the photos of a return, for those who judge it: its seller, the buyer's agent, the arbiter of a dispute."""
    return {"photos": _seen(return_id)}


@blueprint.route("/<return_id>/photos/<digest>")
@auth.needs("read")
@blueprint.arguments(PhotoQuerySchema, location="query")
@blueprint.response(
    200, {"type": "string", "format": "binary"}, content_type=photos.TYPES[0], description="The photo, a JPEG"
)
def photograph(_query: dict[str, Any], return_id: str, digest: str) -> Response:
    """Get a photo of a return, for those who judge it."""
    if digest not in _seen(return_id):
        raise Problem("NOT_FOUND", "The return has no such photo, or it is not kept here any more")
    return shownphotos.answer(return_id, digest)


def _seen(return_id: str) -> list[str]:
    stored = context.ask_record(TRADE, "Returns:read", return_id)["stored"]
    found = shownphotos.seen_by(return_id, stored, context.caller().msp_id)
    if found is None:
        raise Problem("NOT_FOUND", "Your organisation does not judge this return, and so sees no photos of it")
    return found


def asked_for(body: dict[str, Any]) -> dict[str, Any]:
    """Return the contract's request; the link's token becomes its hash."""
    asked = dict(body)
    asked["buyer_hash"] = minting.link_hash(asked.pop("tracking_token"))
    asked.setdefault("return_id", minting.public_id("return"))
    return asked
