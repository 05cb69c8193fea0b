"""Transactions and histories of a channel, with proofs."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from gateway.audit import histories, verifications
from gateway.audit.accesses import Accesses
from gateway.audit.schemas import (
    AccessesQuerySchema,
    AccessesSchema,
    HistoryQuerySchema,
    HistorySchema,
    NewVerificationSchema,
    TransactionSchema,
    VerificationPageSchema,
    VerificationSchema,
    VerificationsQuerySchema,
)
from gateway.http import auth, context, idempotency
from gateway.http.inputs import Blueprint

blueprint = Blueprint("audit", __name__, url_prefix="/v1/audit", description="History and proof")


@blueprint.route("/<channel>/transactions/<transaction_id>")
@auth.needs("audit")
@blueprint.response(200, TransactionSchema)
def transaction(channel: str, transaction_id: str) -> dict[str, Any]:
    """Show the parts of a committed transaction and check its hashes and signatures."""
    return histories.Proofs(channel).of(transaction_id).document()


@blueprint.route("/<channel>/transactions/<transaction_id>/receipt")
@auth.needs("audit")
@blueprint.response(200, description="The receipt: a file for `selat audit check`, described in docs/audit.md")
def receipt(channel: str, transaction_id: str) -> Response:
    """
    Get one file that proves a transaction without this gateway, a token or the network.

    The file holds the transaction's whole block and the channel's configurations: give it only to those who may see
    them.
    """
    return histories.receipt_file(channel, transaction_id)


@blueprint.route("/accesses")
@auth.needs("audit")
@blueprint.arguments(AccessesQuerySchema, location="query")
@blueprint.response(200, AccessesSchema)
def accesses(query: dict[str, Any]) -> dict[str, Any]:
    """
    List the audit requests of the caller's organisation at this gateway, newest first.

    The list has names and ids, no values. A full page ends with `next`: ask again with `before` set to it.
    """
    found = Accesses(context.services().store).of(
        context.caller().msp_id, before=query.get("before"), limit=query["limit"]
    )
    return {"accesses": found, "next": found[-1].number if len(found) == query["limit"] else None}


@blueprint.route("/verifications", methods=["POST"])
@auth.needs("audit")
@idempotency.keyed
@blueprint.arguments(NewVerificationSchema)
@blueprint.response(202, VerificationSchema)
def verify(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Have a whole channel verified, up to its newest block.

    The gateway reads each block from your own peer and replays it under the channel's rules, as `selat audit verify`
    does. While a verification of the channel runs, the same one is answered. An organisation has at most 5 running.
    """
    begun = verifications.told(verifications.ask(body["channel"]))
    return begun, {"Location": f"{verifications.ADDRESS}/{begun['id']}", "Retry-After": "1"}


@blueprint.route("/verifications")
@auth.needs("audit")
@blueprint.arguments(VerificationsQuerySchema, location="query")
@blueprint.response(200, VerificationPageSchema)
def verified(query: dict[str, Any]) -> dict[str, Any]:
    """
    List the verifications that the caller's organisation has asked for, newest first; they are kept for 90 days.

    A full page ends with `next`: ask again with `before` set to it.
    """
    found = verifications.latest(query["limit"], query.get("before", ""))
    full = len(found) == query["limit"]
    return {"verifications": map(verifications.told, found), "next": found[-1].id if full else None}


@blueprint.route("/verifications/<verification_id>")
@auth.needs("audit")
@blueprint.response(200, VerificationSchema)
def verification(verification_id: str) -> dict[str, Any]:
    """Read how far a verification is, and then its verdict."""
    return verifications.told(verifications.found(verification_id))


@blueprint.route("/verifications/<verification_id>/report")
@auth.needs("audit")
@blueprint.response(
    200,
    description="A file as `selat audit verify --json` writes it (docs/audit.md); 202 with the verification until then",
)
def verification_report(verification_id: str) -> Response:
    """Get the report of a verification; one whose blocks could not be read has none."""
    found = verifications.told(verifications.found(verification_id))
    if found["state"] == verifications.RUNNING:
        waiting = jsonify(VerificationSchema().dump(found))
        waiting.status_code = 202
        waiting.headers["Retry-After"] = "1"
        return waiting
    return verifications.report_file(verification_id)


@blueprint.route("/<channel>/history/<contract>/<path:key>")
@auth.needs("audit")
@blueprint.arguments(HistoryQuerySchema, location="query")
@blueprint.response(200, HistorySchema)
def history(query: dict[str, Any], channel: str, contract: str, key: str) -> dict[str, Any]:
    """
    List every change of a contract's object, newest first, and compare each with its block.

    The contract's own `history` function lists the changes; the blocks show whether the list is true.
    """
    return histories.history(channel, query.get("chaincode"), contract, key, query["limit"])
