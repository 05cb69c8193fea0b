"""
The changes of a block, and the conflicts between its transactions.

Transactions of a block are checked one after the other against committed state and the writes of earlier ones in the
block (multi-version concurrency control): a read of a changed value is a conflict. All rules, also for odd cases, are
those of Fabric's state validator. Peers compare the resulting updates by the commit hash.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import transaction_pb2

from hlf.network.engines.embedded.state import rangereads
from hlf.network.engines.embedded.state.keyoperations import Operation
from hlf.wire import blocks, rwsets

Version = rwsets.Version
Row = tuple[str, bytes, Version]
# Namespace and key, or namespace, collection and the key's hash.
Place = Any


class CommittedState(Protocol):
    """Committed state; a snapshot of the ledger has this interface."""

    def state(self, namespace: str, key: str) -> tuple[bytes, Version] | None: ...
    def metadata(self, namespace: str, key: str) -> bytes | None: ...
    def range(self, namespace: str, start: str, end: str) -> Iterator[Row]: ...
    def private_hash(self, namespace: str, collection: str, key_hash: bytes) -> tuple[bytes, Version] | None: ...
    def private_metadata(self, namespace: str, collection: str, key_hash: bytes) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Update:
    """A key's new value (None: deleted), metadata and version; in a collection the value is a hash."""

    value: bytes | None
    metadata: bytes | None
    version: Version


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One public write of a valid transaction."""

    namespace: str
    key: str
    value: bytes | None
    version: Version


class Updates:
    """
    The changes of a block's valid transactions so far.

    Attributes:
        valueless: the transactions that write metadata of a key without a value, for instance if an earlier one of the
            block deleted it.
    """

    def __init__(self, committed: CommittedState) -> None:
        self._committed = committed
        self.public: dict[tuple[str, str], Update] = {}
        self.hashed: dict[tuple[str, str, bytes], Update] = {}
        self.purged: dict[tuple[str, str, bytes], Version] = {}
        self.history: list[HistoryEntry] = []
        self.valueless: list[int] = []

    def conflict(self, rwset: rwsets.TxRwset) -> int:
        """Return the validation code of a transaction with these reads: VALID, or the code of its conflict."""
        for namespace in rwset.namespaces:
            name = namespace.namespace
            if not all(self._read_stands(name, read) for read in namespace.reads):
                return int(transaction_pb2.MVCC_READ_CONFLICT)
            if not all(self._range_stands(name, query) for query in namespace.range_queries):
                return int(transaction_pb2.PHANTOM_READ_CONFLICT)
            for collection in namespace.collections:
                if not all(self._hash_stands(name, collection.name, read) for read in collection.reads):
                    return int(transaction_pb2.MVCC_READ_CONFLICT)
        return int(transaction_pb2.VALID)

    def apply(self, rwset: rwsets.TxRwset, version: Version) -> None:
        """Add the writes of a valid transaction."""
        public: defaultdict[tuple[str, str], Operation] = defaultdict(Operation)
        hashed: defaultdict[tuple[str, str, bytes], Operation] = defaultdict(Operation)
        for namespace in rwset.namespaces:
            name = namespace.namespace
            for write in namespace.writes:
                value = None if write.is_delete else write.value
                public[name, write.key].write(value)
                self.history.append(HistoryEntry(name, write.key, value, version))
            for change in namespace.metadata_writes:
                public[name, change.key].change_metadata(_metadata_bytes(change.entries))
            for collection in namespace.collections:
                self._count_hashed(hashed, name, collection, version)
        # All operations of a transaction on a key are added up before one is applied, wherever they are in the set.
        for place, operation in public.items():
            update = self._outcome(operation, version, place, self._public_metadata, self._public_value)
            if update is not None:
                self.public[place] = update
        for hashed_place, operation in hashed.items():
            update = self._outcome(operation, version, hashed_place, self._hashed_metadata, self._hashed_value)
            if update is not None:
                self.hashed[hashed_place] = update

    def _count_hashed(
        self,
        operations: defaultdict[tuple[str, str, bytes], Operation],
        name: str,
        collection: rwsets.CollectionHashed,
        version: Version,
    ) -> None:
        for write in collection.writes:
            place = (name, collection.name, write.key_hash)
            operations[place].write(None if _deletes(write) else write.value_hash)
            if write.is_purge:
                self.purged[place] = version
        for change in collection.metadata_writes:
            operations[name, collection.name, change.key_hash].change_metadata(_metadata_bytes(change.entries))

    def state_updates(self) -> Iterator[blocks.StateUpdate]:
        """Return the changes in the form that the commit hash covers."""
        for (namespace, key), update in self.public.items():
            yield blocks.StateUpdate(namespace, "", key.encode(), update.value, update.version)
        for (namespace, collection, key_hash), update in self.hashed.items():
            yield blocks.StateUpdate(namespace, collection, key_hash, update.value, update.version)

    def _read_stands(self, namespace: str, read: rwsets.Read) -> bool:
        if (namespace, read.key) in self.public:
            return False
        found = self._committed.state(namespace, read.key)
        return (None if found is None else found[1]) == read.version

    def _hash_stands(self, namespace: str, collection: str, read: rwsets.HashedRead) -> bool:
        if (namespace, collection, read.key_hash) in self.hashed:
            return False
        found = self._committed.private_hash(namespace, collection, read.key_hash)
        return (None if found is None else found[1]) == read.version

    def _range_stands(self, namespace: str, query: rwsets.RangeQuery) -> bool:
        present = self._range(namespace, query)
        if query.merkle is not None:
            if query.merkle.max_degree < 2:
                return False
            reads = rangereads.RangeReads(query.merkle.max_degree)
            for key, version in present:
                reads.add(key, version.block, version.tx)
            described = kv_rwset_pb2.RangeQueryInfo()
            reads.describe(described)
            summary = described.reads_merkle_hashes
            return (
                summary.max_degree == query.merkle.max_degree
                and summary.max_level == query.merkle.max_level
                and tuple(summary.max_level_hashes) == query.merkle.hashes
            )
        for read in query.reads:
            if next(present, None) != (read.key, read.version):
                return False
        return next(present, None) is None

    def _range(self, namespace: str, query: rwsets.RangeQuery) -> Iterator[tuple[str, Version]]:
        """Yield the present range, with committed and changed keys merged."""
        changed = sorted(
            (key, update)
            for (name, key), update in self.public.items()
            if name == namespace and query.start <= key and (not query.end or key < query.end)
        )
        mine = ((key, 0, update.version if update.value is not None else None) for key, update in changed)
        committed = (
            (key, 1, version)
            for key, _, version in self._committed.range(namespace, query.start, query.end)
            if (namespace, key) not in self.public
        )
        for key, _, version in heapq.merge(mine, committed, key=lambda row: row[0]):
            if version is not None:
                yield key, version
        # An iterator that ended early has the last key that it read as its end, so that key comes last, wherever the
        # range begins.
        if not query.exhausted:
            last = self._version(namespace, query.end)
            if last is not None:
                yield query.end, last

    def _version(self, namespace: str, key: str) -> Version | None:
        """Return the present version of a public key; None if there is no such key."""
        changed = self.public.get((namespace, key))
        if changed is not None:
            return None if changed.value is None else changed.version
        found = self._committed.state(namespace, key)
        return None if found is None else found[1]

    def _outcome(
        self,
        operation: Operation,
        version: Version,
        place: Place,
        metadata_at: Callable[[Place], bytes | None],
        value_at: Callable[[Place], bytes | None],
    ) -> Update | None:
        """Return a key's update, based on its present value and metadata; None if nothing changes."""
        if operation.deletes:
            return Update(None, None, version)
        if operation.value is None and not operation.keeps_value:
            self.valueless.append(version.tx)
            return Update(None, None, version)
        if operation.keeps_metadata:
            return Update(operation.value, metadata_at(place), version)
        if not operation.keeps_value:
            return Update(operation.value, operation.metadata, version)
        kept = value_at(place)
        if kept is not None:
            return Update(kept, operation.metadata, version)
        if place in self.public or place in self.hashed:
            self.valueless.append(version.tx)
        return None

    def _public_metadata(self, place: tuple[str, str]) -> bytes | None:
        changed = self.public.get(place)
        return changed.metadata if changed is not None else self._committed.metadata(*place)

    def _hashed_metadata(self, place: tuple[str, str, bytes]) -> bytes | None:
        changed = self.hashed.get(place)
        return changed.metadata if changed is not None else self._committed.private_metadata(*place)

    def _public_value(self, place: tuple[str, str]) -> bytes | None:
        changed = self.public.get(place)
        if changed is not None:
            return changed.value
        found = self._committed.state(*place)
        return None if found is None else found[0]

    def _hashed_value(self, place: tuple[str, str, bytes]) -> bytes | None:
        changed = self.hashed.get(place)
        if changed is not None:
            return changed.value
        found = self._committed.private_hash(*place)
        return None if found is None else found[0]


def _deletes(write: rwsets.HashedWrite) -> bool:
    return write.is_delete or not write.value_hash


def _metadata_bytes(entries: Iterable[tuple[str, bytes]]) -> bytes | None:
    """Return a key's metadata in the form of the ledger; without entries they are removed."""
    encoded = [kv_rwset_pb2.KVMetadataEntry(name=name, value=value) for name, value in entries]
    return bytes(kv_rwset_pb2.KVMetadataWrite(entries=encoded).SerializeToString()) if encoded else None


def metadata_entries(encoded: bytes | None) -> dict[str, bytes]:
    """Return a key's metadata by name."""
    if not encoded:
        return {}
    return {entry.name: entry.value for entry in kv_rwset_pb2.KVMetadataWrite.FromString(encoded).entries}
