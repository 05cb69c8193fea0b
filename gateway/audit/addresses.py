"""Transactions and histories of a channel, with proofs."""

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
