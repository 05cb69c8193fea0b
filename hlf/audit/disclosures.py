"""Proving a private value against the hashes that a channel has of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from hlf.wire import blocks, keys


@dataclass(frozen=True, slots=True)
class PrivateWrite:
    """Where a value was committed to; it counts only if *valid*."""

    block_number: int
    transaction_id: str
    creator: bytes
    valid: bool


def private_writes(
    serialized: Iterable[bytes], namespace: str, collection: str, key: str, value: bytes
) -> list[PrivateWrite]:
    """
    The transactions that wrote exactly *value* to the private *key*, in order; none if it was never written.

    A channel holds the hashes of private keys and values. Whoever was told a value can show by this that it is the one
    its owner committed to, when and by whom. Verify the blocks themselves by ``verify``.

    Raises:
        WireError: a block is malformed.
    """
    key_hash, value_hash = keys.hash_key(key.encode()), hashlib.sha256(value).digest()
    found = []
    for block in map(blocks.decode, serialized):
        for transaction in block.transactions:
            written = (
                write
                for action in transaction.actions
                for rwset in action.rwset.namespaces
                if rwset.namespace == namespace
                for hashed in rwset.collections
                if hashed.name == collection
                for write in hashed.writes
            )
            if any(w.key_hash == key_hash and w.value_hash == value_hash and not w.is_delete for w in written):
                found.append(
                    PrivateWrite(block.number, transaction.transaction_id, transaction.creator, transaction.valid)
                )
    return found
