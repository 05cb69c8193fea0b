"""Disclosure of single attributes of a claim to one organisation, and the record of all disclosures."""

from __future__ import annotations

from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade import minting
from gateway.trade.disclosure import disclosing
from gateway.trade.disclosure.disclosure_schemas import (
    DisclosedSchema,
    GrantedSchema,
    GrantSchema,
    LedgerEntrySchema,
    RevokedSchema,
)
from gateway.trade.receipts import CommittedSchema

blueprint = Blueprint(
    "disclosures", __name__, url_prefix="/v1/disclosures", description="Disclosures of single attributes"
)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(GrantSchema)
@blueprint.response(201, GrantedSchema)
def grant(body: dict[str, Any]) -> dict[str, Any]:
    """
    Disclose attributes of one of the caller's claims to one organisation.

    Owner, recipient and auditor get the grant; only the recipient gets the values.
    """
    grant_id = minting.public_id("grant")
    granted, delivered = disclosing.grant(grant_id, body)
    return {"grant_id": grant_id, "grant": granted, "delivery": delivered}


@blueprint.route("/<grant_id>")
@auth.needs("read")
@blueprint.response(200, DisclosedSchema)
def read(grant_id: str) -> dict[str, Any]:
    """Read the disclosed values, as their recipient."""
    return context.ask_record(TRADE, "Disclosures:read", grant_id)


@blueprint.route("/<grant_id>/grant")
@auth.needs("read")
@blueprint.response(200, description="The grant as stored by owner, recipient and auditor")
def show(grant_id: str) -> dict[str, Any]:
    """Read a grant's terms, without the values."""
    return context.ask_record(TRADE, "Disclosures:show", grant_id)


@blueprint.route("/<grant_id>/receipt")
@auth.needs("read")
@blueprint.response(200, description="The receipt of a revoked grant")
def receipt(grant_id: str) -> dict[str, Any]:
    """Read the receipt of a revocation."""
    return context.ask_record(TRADE, "Disclosures:receipt", grant_id)


@blueprint.route("/<grant_id>/revoke", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, RevokedSchema)
def revoke(grant_id: str) -> dict[str, Any]:
    """Revoke a grant: purge the recipient's copy and leave a receipt."""
    owner = context.caller().msp_id
    stored = context.evaluate(TRADE.call("Disclosures:show", [grant_id], None, (owner,)))
    revoked = context.act(
        TRADE,
        "Disclosures:revoke",
        grant_id,
        transient={"grant": stored, "salt": minting.salt().encode()},
    )
    return {"grant_id": grant_id, **revoked}


@blueprint.route("/given")
@auth.needs("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, LedgerEntrySchema(many=True))
def given(query: dict[str, Any]) -> Any:
    """List the grants that the caller gave, by pages."""
    page = context.ask_record(TRADE, "Disclosures:given", *paging.asked(query))
    return paging.answer(page["grants"], page["bookmark"])


@blueprint.route("/received")
@auth.needs("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, LedgerEntrySchema(many=True))
def received(query: dict[str, Any]) -> Any:
    """List the grants that the caller received, by pages."""
    page = context.ask_record(TRADE, "Disclosures:received", *paging.asked(query))
    return paging.answer(page["grants"], page["bookmark"])


@blueprint.route("/audit")
@auth.needs("audit")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, LedgerEntrySchema(many=True))
def audited(query: dict[str, Any]) -> Any:
    """List all grants, as the auditor, by pages."""
    page = context.ask_record(TRADE, "Disclosures:audit", *paging.asked(query))
    return paging.answer(page["grants"], page["bookmark"])


@blueprint.route("/<grant_id>/delivery", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def deliver(grant_id: str) -> dict[str, Any]:
    """Deliver the values of a grant, as its owner: the requester's part of a reciprocal grant."""
    terms = context.ask(TRADE, "Disclosures:show", grant_id)["terms"]
    document, chosen = disclosing.chosen(terms["claim_id"], terms["revision"], terms["attributes"])
    return disclosing.deliver(grant_id, terms["recipient"], document, chosen)
