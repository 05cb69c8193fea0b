"""What a block changes in the model, as plain values: nothing here reads or writes anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.readmodel import recordkinds
from hlf import jsontext
from hlf.codec import moments
from hlf.errors import WireError
from hlf.steps.events import BlockAndPrivateData
from hlf.wire import keys, rwsets
from hlf.wire.blocks import Action, BlockTransaction

# The longest key in bytes: an index cannot hold a longer one, and no contract of the trade writes one.
_LONGEST_NAME = 1000


@dataclass(frozen=True)
class RecordWrite:
    """
    A record's new value.

    Attributes:
        record: names it within its channel, without showing its key.
        private: whether it is from a private collection, and so is not on the channel.
        state: the member ``state`` of the document; empty if it has none.
    """

    record: str
    kind: str
    id: str
    private: bool
    state: str
    document: Mapping[str, Any] = field(repr=False)
    transaction_id: str = ""
    at: int = 0

    @property
    def text(self) -> str:
        return json.dumps(self.document, separators=(",", ":"))


@dataclass(frozen=True)
class RecordDeletion:
    """A record that is no longer there."""

    record: str


@dataclass(frozen=True)
class Event:
    """A chaincode's event; *index* is its transaction's place in the block."""

    index: int
    chaincode: str
    name: str
    transaction_id: str
    at: int
    payload: str = field(repr=False)


@dataclass(frozen=True)
class Changes:
    """All that one block changes, in order."""

    number: int
    previous_hash: bytes
    hash: bytes
    steps: tuple[RecordWrite | RecordDeletion, ...]
    events: tuple[Event, ...]


def of(found: BlockAndPrivateData) -> Changes:
    """Return what a block changes; invalid transactions change nothing."""
    block = found.block
    steps: list[RecordWrite | RecordDeletion] = []
    events: list[Event] = []
    for transaction in block.transactions:
        if transaction.valid:
            at = _milliseconds(transaction)
            for action in transaction.actions:
                steps += _public(transaction, action, at)
                events += _event(transaction, action, at)
            steps += _private(transaction, found.private.get(transaction.index), at)
    return Changes(block.number, block.previous_hash, block.hash, tuple(steps), tuple(events))


def _public(transaction: BlockTransaction, action: Action, at: int) -> Iterator[RecordWrite | RecordDeletion]:
    """Yield the changes of public records, and the ends of private ones: the channel has the hash of each key."""
    for namespace in action.rwset.namespaces:
        for write in namespace.writes:
            yield from _written(transaction, namespace.namespace, "", write, at)
        for collection in namespace.collections:
            for hashed in collection.writes:
                if hashed.is_delete or hashed.is_purge:
                    yield RecordDeletion(_record(namespace.namespace, collection.name, hashed.key_hash))


def _private(
    transaction: BlockTransaction, found: rwsets.PrivateRwset | None, at: int
) -> Iterator[RecordWrite | RecordDeletion]:
    for namespace in found.namespaces if found else ():
        for collection in namespace.collections:
            for write in collection.writes:
                yield from _written(transaction, namespace.namespace, collection.name, write, at)


def _written(
    transaction: BlockTransaction, namespace: str, collection: str, write: rwsets.Write, at: int
) -> Iterator[RecordWrite | RecordDeletion]:
    try:
        object_type, attributes = keys.split_composite_key(write.key)
    except WireError:
        return
    kind = recordkinds.BY_TYPE.get(object_type)
    if kind is None:
        return
    record, name = _record(namespace, collection, hashlib.sha256(write.key.encode()).digest()), "/".join(attributes)
    document = _document(write.value)
    if document is None or len(name.encode()) > _LONGEST_NAME:
        yield RecordDeletion(record)
        return
    state = document.get("state")
    yield RecordWrite(
        record,
        kind,
        name,
        bool(collection),
        state if isinstance(state, str) and len(state) <= recordkinds.LONGEST and recordkinds.storable(state) else "",
        document,
        transaction.transaction_id,
        at,
    )


def _document(value: bytes | None) -> dict[str, Any] | None:
    """Return a record's members; None if it was deleted, or another chaincode writes something else there."""
    try:
        found = jsontext.loads(value) if value else None
    except WireError:
        return None
    return found if isinstance(found, dict) else None


def _event(transaction: BlockTransaction, action: Action, at: int) -> Iterator[Event]:
    event = action.event
    if event is not None:
        try:
            payload = json.dumps(jsontext.loads(event.payload), separators=(",", ":"))
        except WireError:
            payload = ""
        name = event.name.replace("\0", "")
        yield Event(transaction.index, event.chaincode, name, transaction.transaction_id, at, payload)


def _record(namespace: str, collection: str, key_hash: bytes) -> str:
    return hashlib.sha256(b"\0".join((namespace.encode(), collection.encode(), key_hash))).hexdigest()


def _milliseconds(transaction: BlockTransaction) -> int:
    """Return the moment that the transaction's client stated; zero if it stated none that can be read."""
    stated = transaction.timestamp
    return 0 if stated is None else moments.since_epoch(stated)
