"""
Forecasts of e-commerce organisations and capabilities of logistics organisations.

Both are claims: the values stay in their owner's collection, and the channel has the hash of a document of salted
digests. This module makes the salts.
"""

from __future__ import annotations

import json
import time
from typing import Any

from chaincode.domain.disclosure import claims as rules
from chaincode.domain.disclosure import disclosures
from gateway.http import auth, context, idempotency, paging
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.http.problems import Problem
from gateway.trade import minting
from gateway.trade.disclosure import disclosing
from gateway.trade.disclosure.attributes import described
from gateway.trade.disclosure.claim_schemas import (
    AttributeSchema,
    ClaimSchema,
    ClaimSummarySchema,
    CommitmentSchema,
    CommitSchema,
    CommittedClaimSchema,
    ProofSchema,
    ProvenSchema,
    RevisionQuerySchema,
    ShownSubjectSchema,
)
from gateway.trade.receipts import CommittedSchema
from hlf.codec import moments


def _of_kind(kind: rules.ClaimKind, name: str, description: str) -> Blueprint:
    """Return the blueprint for one kind of claim."""
    resource = Blueprint(name, __name__, url_prefix=f"/v1/{name}", description=description)

    @resource.route("", methods=["POST"])
    @auth.needs("write")
    @idempotency.keyed
    @resource.arguments(CommitSchema)
    @resource.response(201, CommittedClaimSchema)
    def commit(body: dict[str, Any]) -> dict[str, Any]:
        """
        Commit to the values of a claim without showing them to anybody.

        A second transaction lets the auditor compare, by digests, that no other claim is about the same.
        """
        return _commit(kind, body)

    @resource.route("", methods=["GET"], endpoint="list")
    @auth.needs("read")
    @resource.arguments(PageQuerySchema, location="query")
    @resource.response(200, ClaimSummarySchema(many=True))
    def summaries(query: dict[str, Any]) -> Any:
        """List the caller's organisation's own claims, by pages."""
        page = context.ask_record(TRADE, "Claims:list", kind.name, *paging.asked(query))
        # A document of RFC 9901 counts its time in seconds.
        listed = [{**entry, "issued_at": entry["issued_at"] * moments.SECOND} for entry in page["claims"]]
        return paging.answer(listed, page["bookmark"])

    @resource.route("/attributes")
    @auth.needs("read")
    @resource.response(200, AttributeSchema(many=True))
    def attributes() -> list[dict[str, Any]]:
        """List the attributes such a claim may have, with type, unit and meaning."""
        return described(kind)

    @resource.route("/<claim_id>")
    @auth.needs("read")
    @resource.arguments(RevisionQuerySchema, location="query")
    @resource.response(200, ClaimSchema)
    def read(query: dict[str, Any], claim_id: str) -> dict[str, Any]:
        """Read one of the caller's organisation's own claims, with its values."""
        found = context.ask_record(TRADE, "Claims:read", claim_id, str(query["revision"]))
        if disclosures.read_document(found["document"].encode()).kind != kind.name:
            raise Problem("NOT_FOUND", f"{claim_id} is not a {kind.name}")
        return found

    return resource


def _commit(kind: rules.ClaimKind, body: dict[str, Any]) -> dict[str, Any]:
    kind.check(body["values"])
    owner = context.caller().msp_id
    claim_id = body.get("claim_id") or minting.public_id(kind.name)
    document, opened = disclosures.commit(
        kind.name,
        owner,
        claim_id,
        body["revision"],
        int(time.time()),
        body["values"],
        kind.slots,
        context.random_bytes,
    )
    transient = {
        "document": document.to_bytes(),
        "disclosures": json.dumps([each.encoded for each in opened]).encode(),
    }
    if not context.ask(TRADE, "Claims:secret_hash", owner)["secret_hash"]:
        transient["secret"] = disclosing.salt()
    committed = context.act(TRADE, "Claims:commit", claim_id, str(body["revision"]), transient=transient)
    shown = disclosing.show_subject(claim_id, body["revision"])
    return {**committed, **committed["result"], "subject": shown}


forecasts = _of_kind(rules.FORECAST, "forecasts", "What an e-commerce organisation expects to sell, and where")
capabilities = _of_kind(rules.CAPABILITY, "capabilities", "What a logistics organisation can carry, and where")
blueprint = Blueprint("claims", __name__, url_prefix="/v1/claims", description="Hashes and proofs of claims")


@blueprint.route("/<owner>/<claim_id>/commitment")
@auth.needs("read")
@blueprint.arguments(RevisionQuerySchema, location="query")
@blueprint.response(200, CommitmentSchema)
def commitment(query: dict[str, Any], owner: str, claim_id: str) -> dict[str, Any]:
    """Read the hash of a claim that its owner committed to."""
    return context.ask_record(TRADE, "Claims:document_hash", owner, claim_id, str(query["revision"]))


@blueprint.route("/<claim_id>/subject", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ShownSubjectSchema)
@blueprint.response(200, CommittedSchema)
def show_subject(body: dict[str, Any], claim_id: str) -> dict[str, Any]:
    """Let the auditor compare what a claim is about, if that failed when it was committed."""
    return disclosing.show_subject(claim_id, body["revision"])


@blueprint.route("/verify", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(ProofSchema)
@blueprint.response(200, ProvenSchema)
def verify(body: dict[str, Any]) -> dict[str, Any]:
    """Check a document and disclosures against the hash on the channel."""
    return context.ask_record(
        TRADE,
        "Claims:verify",
        body["owner"],
        body["claim_id"],
        str(body["revision"]),
        transient={
            "document": body["document"].encode(),
            "disclosures": json.dumps(body["disclosures"]).encode(),
        },
    )
