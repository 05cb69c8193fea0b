"""What happened on a channel, with proof."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from gateway import auth, provenance
from gateway.schemas.audit import HistoryQuerySchema, HistorySchema, TransactionSchema

blueprint = Blueprint("audit", __name__, url_prefix="/v1/audit", description="History and proof")


@blueprint.route("/<channel>/transactions/<transaction_id>")
@auth.needs("audit")
@blueprint.response(200, TransactionSchema)
def transaction(channel: str, transaction_id: str) -> dict[str, Any]:
    """Take a committed transaction apart, with its hashes and signatures recomputed."""
    return provenance.Proofs(channel).of(transaction_id).document()


@blueprint.route("/<channel>/history/<contract>/<path:key>")
@auth.needs("audit")
@blueprint.arguments(HistoryQuerySchema, location="query")
@blueprint.response(200, HistorySchema)
def history(query: dict[str, Any], channel: str, contract: str, key: str) -> dict[str, Any]:
    """
    List every change of a contract's object, newest first, each found again in its block.

    The contract's own `history` function says what the changes are; the blocks say whether that is true.
    """
    return provenance.history(channel, query.get("chaincode"), contract, key, query["limit"])
