"""What happened on a channel, with proof."""

from __future__ import annotations

import json
from typing import Any

from flask_smorest import Blueprint

from chaincode.domain import canonical
from gateway import audit, auth, current, ledger
from gateway.problems import Problem
from gateway.schemas.audit import HistoryQuerySchema, HistorySchema, TransactionSchema
from hlf import errors
from hlf.wire import blocks, channelconfig

blueprint = Blueprint("audit", __name__, url_prefix="/v1/audit", description="History and proof")

# The chaincode whose contracts a channel's history is asked from, unless the request names one.
_CHAINCODES = {"ecommerce": "commerce", "logistics": "carriage", "trade": "trade"}


@blueprint.route("/<channel>/transactions/<transaction_id>")
@auth.needs("audit")
@blueprint.response(200, TransactionSchema)
def transaction(channel: str, transaction_id: str) -> dict[str, Any]:
    """Take a committed transaction apart, with its hashes and signatures recomputed."""
    return _proof(channel, transaction_id).document()


@blueprint.route("/<channel>/history/<contract>/<path:key>")
@auth.needs("audit")
@blueprint.arguments(HistoryQuerySchema, location="query")
@blueprint.response(200, HistorySchema)
def history(query: dict[str, Any], channel: str, contract: str, key: str) -> dict[str, Any]:
    """
    List every change of a contract's object, newest first, each found again in its block.

    The contract's own `history` function says what the changes are; the blocks say whether that is true.
    """
    chaincode = query.get("chaincode") or _CHAINCODES.get(channel)
    if chaincode is None:
        words = "This channel has no chaincode by default; name one."
        raise Problem("REQUEST_INVALID", f"query.chaincode: {words}", errors={"query": {"chaincode": [words]}})
    answer = current.evaluate(ledger.Call(channel, chaincode, f"{contract}:history", (key,)))
    entries = json.loads(answer)
    changes = [_change(channel, chaincode, entry) for entry in entries[: query["limit"]]]
    return {"channel": channel, "key": f"{contract}/{key}", "total": len(entries), "changes": changes}


def _change(channel: str, chaincode: str, entry: dict[str, Any]) -> dict[str, Any]:
    proof = _proof(channel, entry["transaction_id"])
    return {
        "transaction_id": entry["transaction_id"],
        "at": entry["at"],
        "deleted": entry["deleted"],
        "value": entry["value"],
        "block_number": proof.block.number,
        "by": proof.creator,
        "endorsed_by": proof.endorsers,
        "verified": proof.verified and proof.transaction.valid and _writes_it(proof, chaincode, entry),
    }


def _writes_it(proof: audit.Proof, chaincode: str, entry: dict[str, Any]) -> bool:
    """Whether the proven transaction wrote just the value that the contract's history says it did."""
    for namespace, write in audit.writes(proof):
        if namespace != chaincode:
            continue
        if entry["deleted"] and write.is_delete:
            return True
        if write.value is not None and write.value == canonical.dumps(entry["value"]):
            return True
    return False


def _proof(channel: str, transaction_id: str) -> audit.Proof:
    block = _block(channel, "GetBlockByTxID", transaction_id)
    config = _block(channel, "GetBlockByNumber", str(audit.last_config(blocks.decode(block))))
    bundle = channelconfig.Bundle.from_config_block(config)
    proof = audit.prove(channel, blocks.decode(block), transaction_id, bundle)
    if proof is None:
        raise errors.WireError(f"the peer gave a block without transaction {transaction_id}")
    return proof


def _block(channel: str, function: str, argument: str) -> bytes:
    try:
        return current.evaluate(ledger.Call(channel, "qscc", function, (channel, argument)))
    except errors.EvaluateError as error:
        if function == "GetBlockByTxID" and "no such transaction ID" in " ".join(d.message for d in error.details):
            raise Problem("TRANSACTION_NOT_FOUND", f"Channel {channel} has no transaction {argument}") from error
        raise
