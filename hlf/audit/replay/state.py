"""
A channel's state, replayed from its blocks.

It has public keys with their values and private ones as hashes, each with its version and metadata: all that
validation needs. A block's transactions are judged one after the other, against the state before the block and the
changes of earlier transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fabric_protos.peer import transaction_pb2

from hlf.audit.replay import ranges
from hlf.audit.replay.store import HeldValue, InMemoryStore, OnDiskStore, Place, StateStore
from hlf.wire import blocks, keys, rwsets
from hlf.wire.rwsets import Entries, Version

_VALID = int(transaction_pb2.VALID)
_CONFLICT = int(transaction_pb2.MVCC_READ_CONFLICT)
_PHANTOM = int(transaction_pb2.PHANTOM_READ_CONFLICT)
_UPSERT, _METADATA, _NO_METADATA, _DELETE = 1, 2, 4, 8
_NOTHING: tuple[int, bytes | None, Entries] = (0, None, ())

__all__ = ["HeldValue", "Place", "Replay", "ReplayedState"]


class ReplayedState:
    """Everything committed so far."""

    MOST_IN_MEMORY = 48 << 20

    def __init__(self) -> None:
        self._store: StateStore = InMemoryStore()

    def get(self, place: Place) -> HeldValue | None:
        """Return the value stored at *place*, or None."""
        return self._store.get(place)

    def value(self, namespace: str, key: str) -> bytes | None:
        """Return a public value, or None."""
        held = self._store.get((namespace, "", key))
        return held.value if held is not None else None

    def policy(self, place: Place) -> bytes | None:
        """Return the endorsement policy of a key itself, or None."""
        held = self._store.get(place)
        if held is None or not held.metadata:
            return None
        return dict(held.metadata).get(keys.VALIDATION_PARAMETER)

    def keys(self, namespace: str, start: str, end: str) -> list[str]:
        """Return the public keys from *start* to before *end* (empty: without end), in order."""
        return self._store.keys(namespace, start, end)

    def commit(self, number: int, replay: Replay, block_to_live: Callable[[str, str], int]) -> None:
        """
        Store the changes of block *number*, then remove what expires with it.

        *block_to_live* says for how many blocks a collection keeps its data, 0 meaning for ever.
        """
        store = self._store
        store.put(replay.changes)
        for place, held in replay.changes.items():
            namespace, collection, _ = place
            lifetime = block_to_live(namespace, collection) if collection and held.value is not None else 0
            if lifetime:
                store.expire(number + lifetime + 1, [(place, number)])
        gone = {}
        for place, written in store.expired(number):
            current = store.get(place)
            # A key that was written again since lives as long as its new value.
            if current is not None and current.version.block == written:
                gone[place] = HeldValue(None, (), current.version)
        store.put(gone)
        if isinstance(store, InMemoryStore) and store.size > self.MOST_IN_MEMORY:
            self._store = OnDiskStore(store)


class Replay:
    """The changes of one block's valid transactions so far."""

    def __init__(self, state: ReplayedState, number: int) -> None:
        self._state = state
        self._number = number
        self.changes: dict[Place, HeldValue] = {}

    def conflict(self, rwset: rwsets.TxRwset) -> int:
        """Return VALID, or the code of the conflict that a read has."""
        for namespace in rwset.namespaces:
            name = namespace.namespace
            for read in namespace.reads:
                if not self._stands((name, "", read.key), read.version):
                    return _CONFLICT
            for query in namespace.range_queries:
                if not self._range_stands(name, query):
                    return _PHANTOM
            for collection in namespace.collections:
                for hashed in collection.reads:
                    if not self._stands((name, collection.name, hashed.key_hash), hashed.version):
                        return _CONFLICT
        return _VALID

    def add(self, rwset: rwsets.TxRwset, index: int) -> None:
        """Add the writes of the valid transaction at *index*."""
        version = Version(self._number, index)
        for place, change in _changes(rwset).items():
            flags, value, metadata = change
            current = self.changes.get(place) or self._state.get(place)
            if flags & _DELETE:
                self.changes[place] = HeldValue(None, (), version)
            elif flags & _UPSERT and flags & (_METADATA | _NO_METADATA):
                self.changes[place] = HeldValue(value, metadata, version)
            elif flags in (0, _UPSERT):
                self.changes[place] = HeldValue(value, current.metadata if current is not None else (), version)
            elif current is not None and current.value is not None:
                # A write of metadata alone gives the value a new version; a key without a value gets none.
                self.changes[place] = HeldValue(current.value, metadata, version)

    def updates(self) -> Iterator[blocks.StateUpdate]:
        """Yield the changes as peers hash them."""
        for (name, collection, key), held in self.changes.items():
            encoded = key if isinstance(key, bytes) else key.encode()
            yield blocks.StateUpdate(name, collection, encoded, held.value, held.version)

    def _stands(self, place: Place, version: Version | None) -> bool:
        if place in self.changes:
            return False
        held = self._state.get(place)
        return (held.version if held is not None else None) == version

    def _range_stands(self, namespace: str, query: rwsets.RangeQuery) -> bool:
        present = list(self._range(namespace, query.start, query.end))
        if not query.exhausted:
            # If the iterator was left early, the end is the last key that was seen. Peers check it last, wherever
            # the range begins.
            last = self.changes.get((namespace, "", query.end)) or self._state.get((namespace, "", query.end))
            if last is not None and last.value is not None:
                present.append((query.end, last.version))
        if query.merkle is not None:
            degree = query.merkle.max_degree
            return degree >= 2 and ranges.summary(present, degree) == query.merkle
        return present == [(read.key, read.version) for read in query.reads]

    def _range(self, namespace: str, start: str, end: str) -> Iterator[tuple[str, Version]]:
        changed = {
            key
            for (name, collection, key) in self.changes
            if name == namespace and isinstance(key, str) and start <= key and (not end or key < end)
        }
        for key in sorted(changed.union(self._state.keys(namespace, start, end))):
            place = (namespace, "", key)
            held = self.changes.get(place) or self._state.get(place)
            if held is not None and held.value is not None:
                yield key, held.version


def _changes(rwset: rwsets.TxRwset) -> dict[Place, tuple[int, bytes | None, Entries]]:
    """
    Return what a transaction does to each place: flags, the last value, the last metadata.

    Flags are added up as Fabric adds them (``core/ledger/kvledger/txmgmt/validation/tx_ops.go``), in a byte: a key
    that a forged set writes twice gets the same strange result here and there.
    """
    found: dict[Place, tuple[int, bytes | None, Entries]] = {}
    for namespace in rwset.namespaces:
        name = namespace.namespace
        for key, value in namespace.writes:
            _add(found, (name, "", key), _UPSERT if value else _DELETE, value)
        for described in namespace.metadata_writes:
            _describe(found, (name, "", described.key), described.entries)
        for collection in namespace.collections:
            for hashed in collection.writes:
                place = (name, collection.name, hashed.key_hash)
                _add(found, place, _DELETE if hashed.is_delete else _UPSERT, hashed.value_hash)
            for marked in collection.metadata_writes:
                _describe(found, (name, collection.name, marked.key_hash), marked.entries)
    return found


def _add(found: dict[Place, tuple[int, bytes | None, Entries]], place: Place, flag: int, value: bytes | None) -> None:
    flags, before, metadata = found.get(place, _NOTHING)
    found[place] = (flags + flag) & 0xFF, before if flag == _DELETE else value, metadata


def _describe(found: dict[Place, tuple[int, bytes | None, Entries]], place: Place, entries: Entries) -> None:
    flags, value, before = found.get(place, _NOTHING)
    # As in Fabric, removing all metadata does not remove metadata that the same transaction set before.
    metadata = entries or before
    found[place] = (flags + (_METADATA if entries else _NO_METADATA)) & 0xFF, value, metadata
