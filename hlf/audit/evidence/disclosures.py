"""Proving a private value against the hashes that a channel has of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hlf.audit.replay import report, verification, verifier
from hlf.errors import WireError
from hlf.wire import blocks, keys, rwsets, signatures

OVERWRITTEN = "overwritten"
DELETED = "deleted"
PURGED = "purged"
EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PrivateWrite:
    """
    A transaction that committed to a value; it counts only if *valid*.

    Attributes:
        block_hash: the hash of its block, in hexadecimal.
        endorsers: MSP ids of the transaction's endorsers, sorted.
    """

    block_number: int
    transaction_id: str
    creator: bytes
    valid: bool
    block_hash: str = ""
    endorsers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueChange:
    """
    A later change of a value: OVERWRITTEN, DELETED, PURGED or EXPIRED; an expiry has neither place nor time.
    """

    kind: str
    block_number: int | None = None
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class ValueProof:
    """
    The proof of a private value from a chain.

    Attributes:
        report: the report on the chain itself.
        writes: the transactions that wrote exactly this value, in order.
        since: the changes after the last valid write; empty if the value is still stored.
    """

    report: report.Report
    writes: tuple[PrivateWrite, ...]
    since: tuple[ValueChange, ...]

    @property
    def verdict(self) -> str:
        """HOLDS: a valid transaction committed to the value. DOES_NOT_HOLD: none did, or the chain is wrong."""
        if self.report.verdict != report.HOLDS:
            return self.report.verdict
        if not any(write.valid for write in self.writes):
            return report.DOES_NOT_HOLD if self.report.complete else report.CANNOT_TELL
        return report.HOLDS if self.report.complete else report.CANNOT_TELL


def prove_value(
    serialized: Iterable[bytes],
    namespace: str,
    collection: str,
    key: str,
    value: bytes,
    *,
    trusted: bytes | None = None,
    processes: int | None = None,
    on_block: Callable[[int], object] | None = None,
) -> ValueProof:
    """
    Verify a chain; return whether it commits to exactly *value* under the private *key*, and later changes.

    A channel holds the hashes of private keys and values. Somebody who has the value can prove with this that its
    owner committed to it, when and by whom. For the other arguments and what is raised see ``verify``.
    """
    wanted = _SoughtValue(namespace, collection, key, value)
    found: list[PrivateWrite] = []
    since: list[ValueChange] = []

    def watch(block: blocks.Block, transaction: blocks.BlockTransaction, valid: bool) -> None:  # noqa: FBT001
        for write in wanted.touching(transaction):
            kind = PURGED if write.is_purge else DELETED if write.is_delete else OVERWRITTEN
            if kind == OVERWRITTEN and write.value_hash == wanted.value_hash:
                found.append(_private_write(block, transaction, valid))
                if valid:
                    since.clear()
            elif valid and any(each.valid for each in found):
                since.append(ValueChange(kind, block.number, transaction.transaction_id))

    verifying = verifier.Verifier(trusted=trusted, watch=watch)
    outcome = verification.run(verifying, serialized, processes=processes, on_block=on_block)
    gone = outcome.complete and verifying.private_hash(namespace, collection, wanted.key_hash) != wanted.value_hash
    if gone and not since and any(write.valid for write in found):
        since.append(ValueChange(EXPIRED))
    return ValueProof(outcome, tuple(found), tuple(since))


def private_writes(
    serialized: Iterable[bytes], namespace: str, collection: str, key: str, value: bytes
) -> list[PrivateWrite]:
    """
    Return the transactions that wrote exactly *value* to the private *key*, in order; none if it was never written.

    The blocks are not verified: their giver could have changed them. ``prove_value`` verifies them.

    Raises:
        WireError: a block is malformed.
    """
    wanted = _SoughtValue(namespace, collection, key, value)
    return [
        _private_write(block, transaction, transaction.valid)
        for block in map(blocks.decode, serialized)
        for transaction in block.transactions
        if any(not w.is_delete and w.value_hash == wanted.value_hash for w in wanted.touching(transaction))
    ]


class _SoughtValue:
    """The private key and the value to look for."""

    def __init__(self, namespace: str, collection: str, key: str, value: bytes) -> None:
        self._namespace = namespace
        self._collection = collection
        self.key_hash = keys.hash_key(key.encode())
        self.value_hash = hashlib.sha256(value).digest()

    def touching(self, transaction: blocks.BlockTransaction) -> Iterator[rwsets.HashedWrite]:
        """Yield the writes of *transaction* to the key."""
        for action in transaction.actions:
            for part in action.rwset.namespaces:
                for collection in part.collections if part.namespace == self._namespace else ():
                    for write in collection.writes if collection.name == self._collection else ():
                        if write.key_hash == self.key_hash:
                            yield write


def _private_write(block: blocks.Block, transaction: blocks.BlockTransaction, valid: bool) -> PrivateWrite:  # noqa: FBT001
    endorsers = {_msp_id(e.endorser) for action in transaction.actions for e in action.endorsements}
    return PrivateWrite(
        block.number,
        transaction.transaction_id,
        transaction.creator,
        valid,
        block.hash.hex(),
        tuple(sorted(endorsers)),
    )


def _msp_id(identity: bytes) -> str:
    try:
        return signatures.parse_identity(identity)[0]
    except WireError:
        return "nobody known"
