"""What happened on a channel, with proof."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.audit import histories
from gateway.audit.accesses import Accesses
from gateway.audit.schemas import (
    AccessesQuerySchema,
    AccessesSchema,
    HistoryQuerySchema,
    HistorySchema,
    TransactionSchema,
)
from gateway.http import auth, context
from gateway.http.inputs import Blueprint

blueprint = Blueprint("audit", __name__, url_prefix="/v1/audit", description="History and proof")


@blueprint.route("/<channel>/transactions/<transaction_id>")
@auth.needs("audit")
@blueprint.response(200, TransactionSchema)
def transaction(channel: str, transaction_id: str) -> dict[str, Any]:
    """Take a committed transaction apart, with its hashes and signatures recomputed."""
    return histories.Proofs(channel).of(transaction_id).document()


@blueprint.route("/<channel>/transactions/<transaction_id>/receipt")
@auth.needs("audit")
@blueprint.response(200, description="The receipt: a file for `selat audit check`, described in docs/audit.md")
def receipt(channel: str, transaction_id: str) -> Response:
    """
    Take a transaction home: one file that proves it without this gateway, its token or the network.

    The file holds the transaction's whole block and the channel's configurations: give it to those who may see them.
    """
    return histories.receipt_file(channel, transaction_id)


@blueprint.route("/accesses")
@auth.needs("audit")
@blueprint.arguments(AccessesQuerySchema, location="query")
@blueprint.response(200, AccessesSchema)
def accesses(query: dict[str, Any]) -> dict[str, Any]:
    """
    List who of the caller's organisation looked at what through the audit of this gateway, newest first.

    It holds names and ids, no values. A full page ends with `next`: ask again with `before` set to it.
    """
    found = Accesses(context.services().store).of(
        context.caller().msp_id, before=query.get("before"), limit=query["limit"]
    )
    return {"accesses": found, "next": found[-1].number if len(found) == query["limit"] else None}


@blueprint.route("/<channel>/history/<contract>/<path:key>")
@auth.needs("audit")
@blueprint.arguments(HistoryQuerySchema, location="query")
@blueprint.response(200, HistorySchema)
def history(query: dict[str, Any], channel: str, contract: str, key: str) -> dict[str, Any]:
    """
    List every change of a contract's object, newest first, each found again in its block.

    The contract's own `history` function says what the changes are; the blocks say whether that is true.
    """
    return histories.history(channel, query.get("chaincode"), contract, key, query["limit"])
