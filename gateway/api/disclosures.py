"""Single attributes of a claim shown to one named organisation, and the record of who was shown what."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from flask_smorest import Blueprint

from chaincode.domain import canonical, disclosures
from gateway import auth, current, identifiers, once
from gateway.current import TRADE
from gateway.problems import Problem
from gateway.schemas.disclosures import (
    AnsweredSchema,
    DisclosedSchema,
    GrantedSchema,
    GrantSchema,
    LedgerEntrySchema,
    RequestedSchema,
    RequestSchema,
    RevokedSchema,
    SealedSchema,
    SealSchema,
)
from gateway.schemas.receipts import CommittedSchema
from hlf import sealing

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
        endorsers=[owner, json.loads(stored)["terms"]["recipient"], _auditor()],
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


@blueprint.route("/requests/<request_id>")
@auth.needs("read")
@blueprint.response(200, description="The request as requester, owner and auditor keep it")
def show_request(request_id: str) -> dict[str, Any]:
    """Read one request."""
    return current.ask(TRADE, "Disclosures:show_request", request_id)


@blueprint.route("/requests/<request_id>/withdrawal", methods=["POST"])
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
        endorsers=[current.caller().msp_id, known["asked"]["owner"], _auditor()],
    )


@blueprint.route("/requests/<request_id>/grant", methods=["POST"])
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
    document, chosen = _chosen(asked["claim_id"], asked["revision"], asked["attributes"])
    terms = {name: asked[name] for name in ("claim_id", "revision", "attributes", "purpose", "expires_at")}
    terms |= {"recipient": requester, "request_id": request_id, "salt": identifiers.salt()}
    grant_id = identifiers.public_id("grant")
    endorsers = [owner, requester, _auditor()]
    transient = {"grant": canonical.dumps(terms)}
    if asked["offer"] is None:
        counter_id = None
        granted = current.act(TRADE, "Disclosures:grant", grant_id, transient=transient, endorsers=endorsers)
    else:
        counter_id = identifiers.public_id("grant")
        transient |= {"request": stored, "counter_salt": identifiers.salt().encode()}
        names = (request_id, grant_id, counter_id)
        granted = current.act(TRADE, "Disclosures:grant_reciprocal", *names, transient=transient, endorsers=endorsers)
    delivered = _deliver(grant_id, requester, document, chosen)
    return {"grant_id": grant_id, "counter_grant_id": counter_id, "grant": granted, "delivery": delivered}


@blueprint.route("/<grant_id>/delivery", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.response(200, CommittedSchema)
def deliver(grant_id: str) -> dict[str, Any]:
    """Deliver, as its owner, what a grant promised: the requester's half of a reciprocal one."""
    terms = current.ask(TRADE, "Disclosures:show", grant_id)["terms"]
    document, chosen = _chosen(terms["claim_id"], terms["revision"], terms["attributes"])
    return _deliver(grant_id, terms["recipient"], document, chosen)


@blueprint.route("/sealed", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(SealSchema)
@blueprint.response(201, SealedSchema)
def seal(body: dict[str, Any]) -> dict[str, Any]:
    """
    Seal attributes to the key of somebody outside the channel (HPKE, RFC 9180).

    The ciphertext is in the answer and kept nowhere; owner and auditor keep a record with its hash.
    """
    key = sealing.PublicKey(sealing.Suite(body.pop("suite")), body.pop("public_key"))
    document, chosen = _chosen(body["claim_id"], body["revision"], body["attributes"])
    seal_id = identifiers.public_id("seal")
    binding = sealing.Binding(TRADE.channel, seal_id, body["recipient"], body["revision"])
    plain = canonical.dumps({"document": document, "disclosures": chosen})
    ciphertext = sealing.seal(plain, key, binding)
    record = {
        **body,
        "key_thumbprint": key.thumbprint,
        "suite": key.suite.value,
        "ciphertext_sha256": hashlib.sha256(ciphertext).hexdigest(),
        "salt": identifiers.salt(),
    }
    recorded = current.act(
        TRADE,
        "Disclosures:record_sealed",
        seal_id,
        transient={"sealed": canonical.dumps(record)},
        endorsers=[current.caller().msp_id, _auditor()],
    )
    return {"seal_id": seal_id, "ciphertext": ciphertext, "binding": dataclasses.asdict(binding), **recorded}


@blueprint.route("/sealed", methods=["GET"], endpoint="sealed")
@auth.needs("read")
@blueprint.response(200, description="Records of what was sealed to whom")
def sealed() -> list[dict[str, Any]]:
    """List what was sealed to outsiders, as its owner or as the auditor."""
    return current.ask(TRADE, "Disclosures:sealed")


def _stored_request(request_id: str) -> tuple[bytes, dict[str, Any]]:
    """A request's exact bytes, which prove it, and what they say."""
    stored = current.evaluate(TRADE.call("Disclosures:show_request", [request_id], None, (current.caller().msp_id,)))
    return stored, json.loads(stored)


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
