"""Asking an owner for attributes of its claim, with an offer in return or without."""

from __future__ import annotations

import json
from typing import Any

from chaincode.domain import canonical
from gateway import auth, current, identifiers, once, showing
from gateway.current import TRADE
from gateway.inputs import Blueprint
from gateway.schemas.disclosures import AnsweredSchema, RequestedSchema, RequestSchema
from gateway.schemas.receipts import CommittedSchema

blueprint = Blueprint(
    "requests", __name__, url_prefix="/v1/disclosures/requests", description="Asking to be shown attributes"
)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(RequestSchema)
@blueprint.response(201, RequestedSchema)
def request(body: dict[str, Any]) -> dict[str, Any]:
    """Ask an owner for attributes of a claim, with an offer in return or without."""
    request_id = identifiers.public_id("request")
    requested = current.act(
        TRADE,
        "Disclosures:request",
        request_id,
        transient={"request": canonical.dumps({**body, "salt": identifiers.salt()})},
        endorsers=[current.caller().msp_id, body["owner"], showing.auditor()],
    )
    return {"request_id": request_id, **requested}


@blueprint.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@blueprint.response(200, description="Requests by or to the caller")
def every() -> list[dict[str, Any]]:
    """List requests by or to the caller's organisation; the auditor's list has all."""
    return current.ask(TRADE, "Disclosures:requests")


@blueprint.route("/<request_id>")
@auth.needs("read")
@blueprint.response(200, description="The request as requester, owner and auditor keep it")
def show_request(request_id: str) -> dict[str, Any]:
    """Read one request."""
    return current.ask(TRADE, "Disclosures:show_request", request_id)


@blueprint.route("/<request_id>/withdrawal", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.response(200, CommittedSchema)
def withdraw(request_id: str) -> dict[str, Any]:
    """Take a request back."""
    stored, known = _stored_request(request_id)
    return current.act(
        TRADE,
        "Disclosures:withdraw",
        request_id,
        transient={"request": stored},
        endorsers=[current.caller().msp_id, known["asked"]["owner"], showing.auditor()],
    )


@blueprint.route("/<request_id>/grant", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.response(201, AnsweredSchema)
def answer(request_id: str) -> dict[str, Any]:
    """
    Grant exactly what a request asked for.

    What the requester offered in return is granted in the same transaction; neither side reads before both delivered.
    """
    owner = current.caller().msp_id
    stored, known = _stored_request(request_id)
    asked, requester = known["asked"], known["requester"]
    document, chosen = showing.chosen(asked["claim_id"], asked["revision"], asked["attributes"])
    terms = {name: asked[name] for name in ("claim_id", "revision", "attributes", "purpose", "expires_at")}
    terms |= {"recipient": requester, "request_id": request_id, "salt": identifiers.salt()}
    grant_id = identifiers.public_id("grant")
    endorsers = [owner, requester, showing.auditor()]
    transient = {"grant": canonical.dumps(terms)}
    if asked["offer"] is None:
        counter_id = None
        granted = current.act(TRADE, "Disclosures:grant", grant_id, transient=transient, endorsers=endorsers)
    else:
        counter_id = identifiers.public_id("grant")
        transient |= {"request": stored, "counter_salt": identifiers.salt().encode()}
        names = (request_id, grant_id, counter_id)
        granted = current.act(TRADE, "Disclosures:grant_reciprocal", *names, transient=transient, endorsers=endorsers)
    delivered = showing.deliver(grant_id, requester, document, chosen)
    return {"grant_id": grant_id, "counter_grant_id": counter_id, "grant": granted, "delivery": delivered}


def _stored_request(request_id: str) -> tuple[bytes, dict[str, Any]]:
    """A request's exact bytes, which prove it, and what they say."""
    stored = current.evaluate(TRADE.call("Disclosures:show_request", [request_id], None, (current.caller().msp_id,)))
    return stored, json.loads(stored)
