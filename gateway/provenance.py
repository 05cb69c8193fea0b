"""Histories and proofs, asked from the caller's own peer."""

from __future__ import annotations

import json
from typing import Any

from chaincode.domain import canonical
from gateway import current, ledger
from gateway.problems import Problem
from hlf import errors
from hlf.audit import proofs
from hlf.wire import blocks, channelconfig

# The chaincode whose contracts a channel's history is asked from, unless the request names one.
_CHAINCODES = {"ecommerce": "commerce", "logistics": "carriage", "trade": "trade"}


def history(channel: str, chaincode: str | None, contract: str, key: str, limit: int) -> dict[str, Any]:
    """
    Every change of a contract's object, newest first, the first *limit* found again in their blocks.

    The contract's own ``history`` function says what the changes are; the blocks say whether that is true.

    Raises:
        Problem: REQUEST_INVALID, no chaincode is known for the channel; HISTORY_UNPROVABLE.
        hlf.errors.EvaluateError: the contract refused.
    """
    named = chaincode or _CHAINCODES.get(channel)
    if named is None:
        words = "This channel has no chaincode by default; name one."
        raise Problem("REQUEST_INVALID", f"query.chaincode: {words}", errors={"query": {"chaincode": [words]}})
    told = json.loads(current.evaluate(ledger.Call(channel, named, f"{contract}:history", (key,))))
    # An object that is kept under several keys tells the history of each.
    parts = told if isinstance(told, dict) else {"": told}
    entries = [{**entry, "part": part} for part, changes in parts.items() for entry in changes]
    if not all("transaction_id" in entry for entry in entries):
        raise Problem("HISTORY_UNPROVABLE", f"{contract} keeps versions: read them as such")
    entries.sort(key=lambda entry: entry["at"], reverse=True)
    proofs = Proofs(channel)
    changes = [_change(proofs, named, entry) for entry in entries[:limit]]
    return {"channel": channel, "key": f"{contract}/{key}", "total": len(entries), "changes": changes}


def _change(proofs: Proofs, chaincode: str, entry: dict[str, Any]) -> dict[str, Any]:
    proof = proofs.of(entry["transaction_id"])
    return {
        **entry,
        "block_number": proof.block.number,
        "by": proof.creator,
        "endorsed_by": proof.endorsers,
        "verified": proof.verified and proof.transaction.valid and _writes_it(proof, chaincode, entry),
    }


def _writes_it(proof: proofs.Proof, chaincode: str, entry: dict[str, Any]) -> bool:
    """Whether the proven transaction wrote just the value that the contract's history says it did."""
    for namespace, write in proofs.writes(proof):
        if namespace != chaincode:
            continue
        if entry["deleted"] and write.is_delete:
            return True
        if write.value is not None and write.value == canonical.dumps(entry["value"]):
            return True
    return False


class Proofs:
    """Proofs of one channel's transactions; each block is asked for once."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._made: dict[str, proofs.Proof] = {}
        self._bundles: dict[int, channelconfig.Bundle] = {}

    def of(self, transaction_id: str) -> proofs.Proof:
        """
        The proof of a transaction.

        Raises:
            Problem: TRANSACTION_NOT_FOUND.
            hlf.errors.WireError: the peer's answer is not what it should be.
        """
        if transaction_id not in self._made:
            block = blocks.decode(self._block("GetBlockByTxID", transaction_id))
            proof = proofs.prove(self._channel, block, transaction_id, self._bundle(proofs.last_config(block)))
            if proof is None:
                raise errors.WireError(f"the peer gave a block without transaction {transaction_id}")
            self._made[transaction_id] = proof
        return self._made[transaction_id]

    def _bundle(self, number: int) -> channelconfig.Bundle:
        if number not in self._bundles:
            block = self._block("GetBlockByNumber", str(number))
            self._bundles[number] = channelconfig.Bundle.from_config_block(block)
        return self._bundles[number]

    def _block(self, function: str, argument: str) -> bytes:
        try:
            return current.evaluate(ledger.Call(self._channel, "qscc", function, (self._channel, argument)))
        except errors.EvaluateError as error:
            words = " ".join([error.message, *(detail.message for detail in error.details)])
            if function == "GetBlockByTxID" and "no such transaction ID" in words:
                raise Problem("TRANSACTION_NOT_FOUND", f"{self._channel} has no transaction {argument}") from error
            raise
