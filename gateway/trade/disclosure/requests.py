"""Requests to an owner for attributes of its claim, with or without an offer in return."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.disclosure import disclosing
from gateway.trade.disclosure.disclosure_schemas import (
    AnsweredSchema,
    RequestedSchema,
    RequestListQuerySchema,
    RequestSchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint(
    "requests", __name__, url_prefix="/v1/disclosures/requests", description="Requests for disclosures"
)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(RequestSchema)
@blueprint.response(201, RequestedSchema)
def request(body: dict[str, Any]) -> dict[str, Any]:
    """Ask an owner for attributes of a claim, with or without an offer in return."""
    request_id = minting.public_id("request")
    requested = context.act(
        TRADE,
        "Disclosures:request",
        request_id,
        transient={"request": disclosing.salted(body)},
    )
    return {"request_id": request_id, **requested}


@blueprint.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@blueprint.arguments(RequestListQuerySchema, location="query")
@blueprint.response(200, description="Requests by or to the caller")
def every(query: dict[str, Any]) -> Any:
    """List requests by or to the caller's organisation, by pages; the auditor sees all."""
    page = context.ask_record(TRADE, "Disclosures:requests", query["waiting"], *paging.asked(query))
    return paging.answer(page["requests"], page["bookmark"])


@blueprint.route("/<request_id>")
@auth.needs("read")
@blueprint.response(200, description="The request as stored by requester, owner and auditor")
def show_request(request_id: str) -> dict[str, Any]:
    """Read one request."""
    return context.ask_record(TRADE, "Disclosures:show_request", request_id)


@blueprint.route("/<request_id>/withdrawal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def withdraw(request_id: str) -> dict[str, Any]:
    """Withdraw a request."""
    return context.act(TRADE, "Disclosures:withdraw", request_id, transient=withdrawing(request_id))


@blueprint.route("/<request_id>/grant", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(201, AnsweredSchema)
def answer(request_id: str) -> dict[str, Any]:
    """
    Grant exactly what a request asked for.

    The same transaction grants what the requester offered in return. Neither side can read before both have
    delivered.
    """
    return answered(request_id)


def answered(request_id: str) -> dict[str, Any]:
    """Grant what a request asked for, and deliver it."""
    stored, known = stored_request(request_id)
    asked, requester = known["asked"], known["requester"]
    document, chosen = disclosing.chosen(asked["claim_id"], asked["revision"], asked["attributes"])
    function, names, transient = granting(request_id, stored, known)
    granted = context.act(TRADE, function, *names, transient=transient)
    grant_id, counter_id = names[-2:] if asked["offer"] else (names[0], None)
    delivered = disclosing.deliver(grant_id, requester, document, chosen)
    return {"grant_id": grant_id, "counter_grant_id": counter_id, "grant": granted, "delivery": delivered}


def granting(request_id: str, stored: bytes, known: Mapping[str, Any]) -> tuple[str, list[str], dict[str, bytes]]:
    """Return the function, arguments and transient values that grant a request as it is stored, under new ids."""
    asked = known["asked"]
    terms = {name: asked[name] for name in ("claim_id", "revision", "attributes", "purpose", "expires_at")}
    terms |= {"recipient": known["requester"], "request_id": request_id}
    names, transient = [minting.public_id("grant")], {"grant": disclosing.salted(terms)}
    if asked["offer"] is None:
        return "Disclosures:grant", names, transient
    transient |= {"request": stored, "counter_salt": disclosing.salt()}
    return "Disclosures:grant_reciprocal", [request_id, *names, minting.public_id("grant")], transient


def withdrawing(request_id: str) -> dict[str, bytes]:
    """Return the transient values that withdraw a request."""
    return {"request": stored_request(request_id)[0]}


def stored_request(request_id: str) -> tuple[bytes, dict[str, Any]]:
    """Return a request's exact stored bytes, which prove it, and its values."""
    stored = context.evaluate(TRADE.call("Disclosures:show_request", [request_id], None, (context.caller().msp_id,)))
    return stored, json.loads(stored)
