"""
Private data at commit: who gets which values, when they expire, and what a purge removes.

The block has hashes only. The values come from the transient store, where the
endorsers put them. Values that do not match the channel's hash are not used; a
member without a matching value lacks it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from google.protobuf.message import DecodeError

from hlf.network.engines.embedded.state import endorsement, lifecycle
from hlf.network.engines.embedded.state.updates import Updates
from hlf.network.engines.embedded.state.validation import EnvelopeVerdict
from hlf.wire import keys, rwsets

DefinitionByName = Callable[[str], lifecycle.ChaincodeDefinition | None]

_PUT = "INSERT OR REPLACE INTO private VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM private WHERE msp = ? AND namespace = ? AND collection = ? AND key = ?"
_HOLDERS = "SELECT msp, key, value FROM private WHERE namespace = ? AND collection = ? AND key_hash = ?"
_PURGE = "DELETE FROM private WHERE namespace = ? AND collection = ? AND key_hash = ? AND (block, tx) <= (?, ?)"
_EXPIRE_HASH = "DELETE FROM hashed WHERE namespace = ? AND collection = ? AND key_hash = ? AND block = ? AND tx = ?"
_EXPIRE_VALUE = "DELETE FROM private WHERE namespace = ? AND collection = ? AND key_hash = ? AND block = ? AND tx = ?"


@dataclass(frozen=True)
class Holders:
    """A collection's members, and the number of blocks for which they store it (0: no limit)."""

    members: frozenset[str]
    blocks_to_live: int = 0


@dataclass
class PrivateWrites:
    """A block's private values for the members of their collections."""

    values: dict[tuple[str, str, str, bytes], tuple[bytes | None, rwsets.Version]] = field(default_factory=dict)
    sets: list[tuple[int, int, str, str, str, bytes, int | None]] = field(default_factory=list)
    missing: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    expiries: list[tuple[int, str, str, bytes, int, int]] = field(default_factory=list)
    metadata_only: set[tuple[str, str, bytes]] = field(default_factory=set)


class Collections:
    """Finds collections in the definitions before a block."""

    def __init__(self, members: Iterable[str], definition_of: DefinitionByName) -> None:
        self._channel_members = frozenset(members)
        self._definition_of = definition_of
        self._known: dict[tuple[str, str], Holders] = {}

    def get(self, namespace: str, name: str) -> Holders:
        """Return the collection; if it is unknown, one without members."""
        place = (namespace, name)
        if place not in self._known:
            self._known[place] = self._find(namespace, name)
        return self._known[place]

    def _find(self, namespace: str, name: str) -> Holders:
        owner = keys.msp_of_implicit_collection(name)
        if owner is not None:
            return Holders(frozenset({owner}) & self._channel_members)
        definition = None if namespace == lifecycle.NAMESPACE else self._definition_of(namespace)
        config = None if definition is None else definition.collection(name)
        if config is None:
            return Holders(frozenset())
        return Holders(endorsement.member_msp_ids(config) & self._channel_members, config.block_to_live)


def collect(
    number: int, verdicts: Iterable[EnvelopeVerdict], staged: Callable[[str], Iterable[bytes]], collections: Collections
) -> PrivateWrites:
    """Return the private writes of the valid transactions of block *number*."""
    found = PrivateWrites()
    for verdict in verdicts:
        if not verdict.valid or verdict.rwset is None:
            continue
        available: dict[bytes, bytes] | None = None
        for namespace in verdict.rwset.namespaces:
            for hashed in namespace.collections:
                if not hashed.pvt_hash:
                    continue
                if available is None:
                    available = dict(_by_hash(staged(verdict.tx_id)))
                collection = collections.get(namespace.namespace, hashed.name)
                place = (number, verdict.position, namespace.namespace, hashed.name)
                _note_expiries(found, place, hashed, collection)
                content = available.get(hashed.pvt_hash)
                if content is None:
                    found.missing.extend((*place, member) for member in sorted(collection.members))
                else:
                    _add(found, place, content, collection)
    return found


def _by_hash(contents: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield every collection's private write set in *contents*, by its hash on the channel."""
    for content in contents:
        try:
            private = rwset_pb2.TxPvtReadWriteSet.FromString(content)
        except DecodeError:
            continue
        for namespace in private.ns_pvt_rwset:
            for collection in namespace.collection_pvt_rwset:
                yield hashlib.sha256(collection.rwset).digest(), collection.rwset


def _note_expiries(
    found: PrivateWrites, place: tuple[int, int, str, str], hashed: rwsets.CollectionHashed, collection: Holders
) -> None:
    number, position, namespace, name = place
    written = {write.key_hash for write in hashed.writes}
    found.metadata_only.update(
        (namespace, name, write.key_hash) for write in hashed.metadata_writes if write.key_hash not in written
    )
    if collection.blocks_to_live:
        expires = number + collection.blocks_to_live + 1
        found.expiries.extend((expires, namespace, name, key_hash, number, position) for key_hash in written)


def _add(found: PrivateWrites, place: tuple[int, int, str, str], content: bytes, collection: Holders) -> None:
    number, position, namespace, name = place
    expires = number + collection.blocks_to_live + 1 if collection.blocks_to_live else None
    version = rwsets.Version(number, position)
    plain = kv_rwset_pb2.KVRWSet.FromString(content)
    for member in collection.members:
        found.sets.append((*place, member, content, expires))
        for write in plain.writes:
            value = None if write.is_delete or not write.value else write.value
            found.values[member, namespace, name, write.key.encode()] = (value, version)


def store(connection: sqlite3.Connection, number: int, writes: PrivateWrites, updates: Updates) -> None:
    """Write a block's private values in the open transaction; then remove expired and purged ones."""
    puts, deletes = [], []
    for (member, namespace, collection, key), (value, version) in writes.values.items():
        place = (member, namespace, collection, key)
        if value is None:
            deletes.append(place)
        else:
            puts.append((*place, hashlib.sha256(key).digest(), value, version.block, version.tx))
    connection.executemany(_PUT, puts)
    connection.executemany(_DELETE, deletes)
    connection.executemany("INSERT OR REPLACE INTO private_sets VALUES (?, ?, ?, ?, ?, ?, ?)", writes.sets)
    connection.executemany("INSERT OR IGNORE INTO missing VALUES (?, ?, ?, ?, ?)", writes.missing)
    connection.executemany("INSERT OR IGNORE INTO expiries VALUES (?, ?, ?, ?, ?, ?)", writes.expiries)
    for hashed_key in writes.metadata_only:
        _renew(connection, hashed_key, updates)
    for hashed_key, purged in updates.purged.items():
        _purge(connection, hashed_key, purged)
    _expire(connection, number)


def _renew(connection: sqlite3.Connection, place: tuple[str, str, bytes], updates: Updates) -> None:
    """Give values the new version of their hash after a change of metadata only; stale values keep theirs."""
    update = updates.hashed.get(place)
    if update is None or update.value is None:
        return
    rows = connection.execute(_HOLDERS, place).fetchall()
    for member, key, value in rows:
        if hashlib.sha256(value).digest() == update.value:
            connection.execute(
                "UPDATE private SET block = ?, tx = ? WHERE msp = ? AND namespace = ? AND collection = ? AND key = ?",
                (update.version.block, update.version.tx, member, place[0], place[1], key),
            )


def _purge(connection: sqlite3.Connection, place: tuple[str, str, bytes], version: rwsets.Version) -> None:
    """Remove all values of a key up to the purging transaction."""
    until = (version.block, version.tx)
    connection.execute(_PURGE, (*place, *until))
    rows = connection.execute(
        "SELECT block, tx, msp, content FROM private_sets WHERE namespace = ? AND collection = ?"
        " AND (block, tx) <= (?, ?)",
        (*place[:2], *until),
    ).fetchall()
    for block, tx, member, content in rows:
        plain = kv_rwset_pb2.KVRWSet.FromString(content)
        kept = [write for write in plain.writes if hashlib.sha256(write.key.encode()).digest() != place[2]]
        if len(kept) < len(plain.writes):
            left = kv_rwset_pb2.KVRWSet(writes=kept, metadata_writes=plain.metadata_writes)
            connection.execute(
                "UPDATE private_sets SET content = ? WHERE block = ? AND tx = ? AND namespace = ? AND collection = ?"
                " AND msp = ?",
                (left.SerializeToString(), block, tx, *place[:2], member),
            )


def _expire(connection: sqlite3.Connection, number: int) -> None:
    """Remove values and hashes after their blocks to live, unless they were written again."""
    due = connection.execute(
        "SELECT namespace, collection, key_hash, block, tx FROM expiries WHERE expires <= ?", (number,)
    ).fetchall()
    if due:
        connection.executemany(_EXPIRE_HASH, due)
        connection.executemany(_EXPIRE_VALUE, due)
        connection.execute("DELETE FROM expiries WHERE expires <= ?", (number,))
    connection.execute("DELETE FROM private_sets WHERE expires <= ?", (number,))


def forget(connection: sqlite3.Connection, member: str) -> None:
    """Remove what a former member alone had; a real peer that comes back fetches the rest from the other members."""
    place = (member, keys.implicit_collection(member))
    connection.execute("DELETE FROM private WHERE msp = ? AND collection = ?", place)
    connection.execute("DELETE FROM private_sets WHERE msp = ? AND collection = ?", place)


def admit(connection: sqlite3.Connection, namespace: str, collection: str, member: str) -> None:
    """Give a new member of a collection the values of its other members, which real peers fetch."""
    connection.execute(
        "INSERT OR IGNORE INTO private SELECT ?, namespace, collection, key, key_hash, value, block, tx FROM private"
        " WHERE namespace = ? AND collection = ?",
        (member, namespace, collection),
    )
    connection.execute(
        "INSERT OR IGNORE INTO private_sets SELECT block, tx, namespace, collection, ?, content, expires"
        " FROM private_sets WHERE namespace = ? AND collection = ?",
        (member, namespace, collection),
    )


def of_block(connection: sqlite3.Connection, number: int, msp_id: str) -> dict[int, bytes]:
    """Return the ``TxPvtReadWriteSet`` of each transaction of block *number*, with the parts that *msp_id* has."""
    rows = connection.execute(
        "SELECT tx, namespace, collection, content FROM private_sets WHERE block = ? AND msp = ?"
        " ORDER BY tx, namespace, collection",
        (number, msp_id),
    ).fetchall()
    found: dict[int, Any] = {}
    for tx, namespace, collection, content in rows:
        private = found.setdefault(tx, rwset_pb2.TxPvtReadWriteSet())
        if not private.ns_pvt_rwset or private.ns_pvt_rwset[-1].namespace != namespace:
            private.ns_pvt_rwset.add(namespace=namespace)
        private.ns_pvt_rwset[-1].collection_pvt_rwset.add(collection_name=collection, rwset=content)
    return {tx: bytes(private.SerializeToString()) for tx, private in found.items()}
