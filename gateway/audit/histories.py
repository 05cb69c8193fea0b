"""Histories and proofs, from the caller's own peer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from chaincode.domain import channels
from gateway.fabric import ledgercalls, results
from gateway.http import context
from gateway.http.problems import Problem
from hlf import errors
from hlf.audit.evidence import anchors, receipts
from hlf.audit.evidence import proofs as audit
from hlf.codec import canonical, moments, names
from hlf.wire import keys

# The default chaincode for histories of a channel.
_CHAINCODES = dict(channels.ALL)


def history(channel: str, chaincode: str | None, contract: str, key: str, limit: int) -> dict[str, Any]:
    """
    Return every change of a contract's object, newest first; compare the first *limit* with their blocks.

    The contract's own ``history`` function lists the changes; the blocks show whether the list is true.

    Raises:
        Problem: REQUEST_INVALID if the channel has no default chaincode; HISTORY_UNPROVABLE.
        hlf.errors.EvaluateError: the contract refused.
    """
    named = chaincode or _CHAINCODES.get(channel)
    if named is None:
        words = "This channel has no chaincode by default; name one."
        raise Problem("REQUEST_INVALID", f"query.chaincode: {words}", errors={"query": {"chaincode": [words]}})
    answer = results.read(context.evaluate(ledgercalls.LedgerCall(channel, named, f"{contract}:history", (key,))))
    # An object with several keys has a history for each.
    parts = answer if isinstance(answer, dict) else {"": answer}
    entries = [
        {**_entry(entry, contract), "part": part}
        for part, changes in parts.items()
        for entry in (changes if isinstance(changes, list) else [changes])
    ]
    entries.sort(key=lambda entry: entry["at"], reverse=True)
    proofs = Proofs(channel)
    changes = [_change(proofs, named, key, entry) for entry in entries[:limit]]
    return {"channel": channel, "key": f"{contract}/{key}", "total": len(entries), "changes": changes}


def _entry(entry: Any, contract: str) -> dict[str, Any]:
    """Return one change, in the form of our contracts; the request may name any other chaincode."""
    kinds = {"transaction_id": str, "at": str, "deleted": bool}
    found = entry if isinstance(entry, dict) else {}
    if "value" in found and all(isinstance(found.get(name), kind) for name, kind in kinds.items()):
        return found
    raise Problem("HISTORY_UNPROVABLE", f"{contract} keeps versions: read them as such")


def receipt_file(
    channel: str, transaction_id: str, ask: Callable[[ledgercalls.LedgerCall], bytes] = context.evaluate
) -> Response:
    """Return the receipt of a transaction as a file to download; raises what ``Proofs.of`` raises."""
    made = Proofs(channel, ask).receipt(transaction_id)
    response = Response(made.to_bytes(), content_type="application/json")
    # The file's name is made only of a valid id, never of other text that the caller typed.
    name = transaction_id[:16] if names.TRANSACTION_ID.fits(transaction_id) else "transaction"
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{name}.json"'
    return response


def _change(proofs: Proofs, chaincode: str, key: str, entry: dict[str, Any]) -> dict[str, Any]:
    proof = proofs.of(entry["transaction_id"])
    moment = proof.transaction.timestamp
    return {
        **entry,
        "at": moments.exactly(moment) if moment else None,
        "block_number": proof.block.number,
        "by": proof.creator,
        "endorsed_by": proof.endorsers,
        "verified": proof.verified and proof.transaction.valid and _writes_it(proof, chaincode, key, entry),
    }


def _writes_it(proof: audit.TransactionProof, chaincode: str, key: str, entry: dict[str, Any]) -> bool:
    """
    Return whether the proven transaction wrote exactly the history's value under a key of the object.
    """
    for namespace, write in audit.writes(proof):
        if namespace != chaincode or write.key != entry.get("key", write.key) or not _is_of(write.key, key):
            continue
        if entry["deleted"] and write.is_delete:
            return True
        if not entry["deleted"] and write.value == _canonical(entry["value"]):
            return True
    return False


def _canonical(value: Any) -> bytes | None:
    """Return a value as our contracts write it; None if they cannot."""
    try:
        return canonical.dumps(value)
    except canonical.CanonicalError:
        return None


def _is_of(written: str, key: str) -> bool:
    """
    Return whether a ledger key belongs to the object *key*: the same key, or a composite key that begins with it.
    """
    try:
        _, attributes = keys.split_composite_key(written)
    except errors.WireError:
        return written == key
    return attributes[:1] == [key]


class Proofs:
    """Receipts and proofs of one channel's transactions; each block is read once."""

    def __init__(self, channel: str, ask: Callable[[ledgercalls.LedgerCall], bytes] = context.evaluate) -> None:
        self._channel = channel
        self._ask = ask
        self._made: dict[str, audit.TransactionProof] = {}
        self._blocks: dict[int, bytes] = {}
        genesis = context.services().wallet.genesis(channel)
        self._trusted = [anchors.of_block(genesis)] if genesis is not None else []

    def of(self, transaction_id: str) -> audit.TransactionProof:
        """
        Return the proof of a transaction, from the genesis block that the wallet has for the channel.

        Raises:
            Problem: TRANSACTION_NOT_FOUND.
            hlf.errors.WireError: the peer's answer is malformed.
        """
        if transaction_id not in self._made:
            self._made[transaction_id] = audit.check(self.receipt(transaction_id, with_state=False), self._trusted)
        return self._made[transaction_id]

    def receipt(self, transaction_id: str, *, with_state: bool = True) -> receipts.Receipt:
        """
        Return the receipt of a transaction, from the blocks of the caller's peer; raises what ``of`` raises.

        With *with_state* it also holds the state hash before its block, which is needed only to compare it with a
        checkpoint.
        """
        serialized = self.block_of(transaction_id)
        return receipts.from_ledger(serialized, transaction_id, self.block, with_state=with_state)

    def block(self, number: int) -> bytes:
        """Return a block of the channel as the caller's peer has it; raises what ``Ledgers.evaluate`` raises."""
        if number not in self._blocks:
            self._blocks[number] = self._asked("GetBlockByNumber", str(number))
        return self._blocks[number]

    def block_of(self, transaction_id: str) -> bytes:
        """Return the block that has a transaction; raises what ``of`` raises."""
        return self._asked("GetBlockByTxID", transaction_id)

    def _asked(self, function: str, argument: str) -> bytes:
        try:
            return self._ask(ledgercalls.LedgerCall(self._channel, "qscc", function, (self._channel, argument)))
        except errors.EvaluateError as error:
            words = " ".join([error.message, *(detail.message for detail in error.details)])
            if function == "GetBlockByTxID" and "no such transaction ID" in words:
                raise Problem("TRANSACTION_NOT_FOUND", f"{self._channel} has no transaction {argument}") from error
            raise
