"""Single attributes of a claim shown to one named organisation, and the record of who was shown what."""

from __future__ import annotations

import json
from typing import Any

from flask_smorest import Blueprint

from chaincode.domain import canonical, disclosures
from gateway import auth, current, identifiers, once
from gateway.current import TRADE
from gateway.problems import Problem
from gateway.schemas.disclosures import (
    DisclosedSchema,
    GrantedSchema,
    GrantSchema,
    LedgerEntrySchema,
    RequestedSchema,
    RequestSchema,
    RevokedSchema,
)

blueprint = Blueprint("disclosures", __name__, url_prefix="/v1/disclosures", description="Who is shown which attribute")


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(GrantSchema)
@blueprint.response(201, GrantedSchema)
def grant(body: dict[str, Any]) -> dict[str, Any]:
    """
    Show attributes of one of the caller's claims to one organisation.

    The grant is written by owner, recipient and auditor; the values go to the recipient alone.
    """
    owner, grant_id = current.caller().msp_id, identifiers.public_id("grant")
    document, chosen = _chosen(body["claim_id"], body["revision"], body["attributes"])
    granted = current.act(
        TRADE,
        "Disclosures:grant",
        grant_id,
        transient={"grant": canonical.dumps({**body, "salt": identifiers.salt()})},
        endorsers=[owner, body["recipient"], _auditor()],
    )
    delivered = _deliver(grant_id, body["recipient"], document, chosen)
    return {"grant_id": grant_id, "grant": granted, "delivery": delivered}


@blueprint.route("/<grant_id>")
@auth.needs("read")
@blueprint.response(200, DisclosedSchema)
def read(grant_id: str) -> dict[str, Any]:
    """Read, as its recipient, what was disclosed."""
    return current.ask(TRADE, "Disclosures:read", grant_id)


@blueprint.route("/<grant_id>/grant")
@auth.needs("read")
@blueprint.response(200, description="The grant as owner, recipient and auditor keep it")
def show(grant_id: str) -> dict[str, Any]:
    """Read a grant's terms, without the values."""
    return current.ask(TRADE, "Disclosures:show", grant_id)


@blueprint.route("/<grant_id>/receipt")
@auth.needs("read")
@blueprint.response(200, description="What is left of a revoked grant")
def receipt(grant_id: str) -> dict[str, Any]:
    """Read the receipt of a revocation."""
    return current.ask(TRADE, "Disclosures:receipt", grant_id)


@blueprint.route("/<grant_id>/revoke", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.response(200, RevokedSchema)
def revoke(grant_id: str) -> dict[str, Any]:
    """Take a grant back: the recipient's copy is purged, a receipt stays."""
    owner = current.caller().msp_id
    stored = current.evaluate(TRADE.call("Disclosures:show", [grant_id], None, (owner,)))
    revoked = current.act(
        TRADE,
        "Disclosures:revoke",
        grant_id,
        transient={"grant": stored, "salt": identifiers.salt().encode()},
        endorsers=[owner, json.loads(stored)["recipient"], _auditor()],
    )
    return {"grant_id": grant_id, **revoked}


@blueprint.route("/given")
@auth.needs("read")
@blueprint.response(200, LedgerEntrySchema(many=True))
def given() -> list[dict[str, Any]]:
    """List who was shown what of the caller's claims."""
    return current.ask(TRADE, "Disclosures:given")


@blueprint.route("/received")
@auth.needs("read")
@blueprint.response(200, LedgerEntrySchema(many=True))
def received() -> list[dict[str, Any]]:
    """List what the caller was granted."""
    return current.ask(TRADE, "Disclosures:received")


@blueprint.route("/audit")
@auth.needs("audit")
@blueprint.response(200, LedgerEntrySchema(many=True))
def audited() -> list[dict[str, Any]]:
    """List, as the auditor, every grant between any two."""
    return current.ask(TRADE, "Disclosures:audit")


@blueprint.route("/requests", methods=["POST"])
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
        endorsers=[current.caller().msp_id, body["owner"], _auditor()],
    )
    return {"request_id": request_id, **requested}


@blueprint.route("/requests", methods=["GET"], endpoint="requests")
@auth.needs("read")
@blueprint.response(200, description="Requests by or to the caller")
def requests() -> list[dict[str, Any]]:
    """List requests by or to the caller's organisation; the auditor's list has all."""
    return current.ask(TRADE, "Disclosures:requests")


def _chosen(claim_id: str, revision: int, attributes: list[str]) -> tuple[str, list[str]]:
    """The document of one of the caller's claims, and the disclosures of just these attributes."""
    claim = current.ask(TRADE, "Claims:read", claim_id, str(revision))
    by_name = {disclosures.read(each).name: each for each in claim["disclosures"]}
    missing = sorted(set(attributes) - set(by_name))
    if missing:
        words = f"The claim has no attribute {missing[0]}."
        raise Problem("REQUEST_INVALID", f"json.attributes: {words}", errors={"json": {"attributes": [words]}})
    return claim["document"], [by_name[name] for name in attributes]


def _deliver(grant_id: str, recipient: str, document: str, chosen: list[str]) -> dict[str, Any]:
    return current.act(
        TRADE,
        "Disclosures:deliver",
        grant_id,
        recipient,
        transient={"document": document.encode(), "disclosures": json.dumps(chosen).encode()},
        endorsers=[recipient],
    )


def _auditor() -> str:
    return current.services().settings.auditor
