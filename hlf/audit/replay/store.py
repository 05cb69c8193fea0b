"""
The store of a replayed state: in memory, and on disk when it becomes too large.

The file on disk is deleted when the process ends; nobody reads it again.
"""

from __future__ import annotations

import bisect
import hashlib
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

from hlf.wire.rwsets import Entries, Version

# Namespace, collection (empty: public), and the key (a hash where there is a collection).
Place = tuple[str, str, str | bytes]

_CACHED_PLACES = 50_000
_CACHE_KIBIBYTES = 32_000
_SCHEMA = """
CREATE TABLE held (
    namespace TEXT, collection TEXT, hashed INTEGER, key BLOB, value BLOB, metadata BLOB, block INTEGER, tx INTEGER,
    PRIMARY KEY (namespace, collection, hashed, key)
) WITHOUT ROWID;
CREATE TABLE expiring (number INTEGER, namespace TEXT, collection TEXT, hashed INTEGER, key BLOB, written INTEGER);
CREATE INDEX by_number ON expiring (number);
"""


@dataclass(frozen=True, slots=True)
class HeldValue:
    """The value stored at a place; a *value* of None was deleted by the present block."""

    value: bytes | None
    metadata: Entries
    version: Version


class StateStore(Protocol):
    """The stored values by place, and the places that expire by block."""

    def get(self, place: Place) -> HeldValue | None:
        """Return the value stored at *place*, or None."""

    def put(self, changes: Mapping[Place, HeldValue]) -> None:
        """Store *changes*; a change without a value removes its place."""

    def keys(self, namespace: str, start: str, end: str) -> list[str]:
        """Return the public keys from *start* to before *end* (empty: without end), in order."""

    def expire(self, number: int, places: Iterable[tuple[Place, int]]) -> None:
        """Note the places that block *number* removes, and the block that wrote each."""

    def expired(self, number: int) -> list[tuple[Place, int]]:
        """Return the places noted for block *number*, and forget them."""


class InMemoryStore:
    """A store in memory: fast while it is small."""

    def __init__(self) -> None:
        self.held: dict[Place, HeldValue] = {}
        self.expiring: dict[int, list[tuple[Place, int]]] = {}
        self._keys: dict[str, list[str]] = {}
        self.size = 0

    def get(self, place: Place) -> HeldValue | None:
        return self.held.get(place)

    def put(self, changes: Mapping[Place, HeldValue]) -> None:
        for place, held in changes.items():
            before = self.held.get(place)
            if held.value is not None:
                self.held[place] = held
                self.size += _size(place, held)
            if before is not None:
                self.size -= _size(place, before)
                if held.value is None:
                    del self.held[place]
            self._index(place, before is not None, held.value is not None)

    def keys(self, namespace: str, start: str, end: str) -> list[str]:
        found = self._keys.get(namespace, [])
        return found[bisect.bisect_left(found, start) : bisect.bisect_left(found, end) if end else None]

    def expire(self, number: int, places: Iterable[tuple[Place, int]]) -> None:
        self.expiring.setdefault(number, []).extend(places)

    def expired(self, number: int) -> list[tuple[Place, int]]:
        return self.expiring.pop(number, [])

    def _index(self, place: Place, before: bool, after: bool) -> None:  # noqa: FBT001 - was it there, and is it now.
        namespace, collection, key = place
        if before == after or collection or not isinstance(key, str):
            return
        keys = self._keys.setdefault(namespace, [])
        at = bisect.bisect_left(keys, key)
        if before:
            del keys[at]
        else:
            keys.insert(at, key)


class OnDiskStore:
    """A store of any size; the places asked for most recently are in memory."""

    def __init__(self, before: InMemoryStore) -> None:
        """Copy everything from memory."""
        self._database = _temporary(_SCHEMA)
        weakref.finalize(self, self._database.close)
        self._cached: dict[Place, HeldValue | None] = {}
        self.put(before.held)
        for number, places in before.expiring.items():
            self.expire(number, places)

    def get(self, place: Place) -> HeldValue | None:
        try:
            return self._cached[place]
        except KeyError:
            pass
        row = self._database.execute(
            "SELECT value, metadata, block, tx FROM held"
            " WHERE namespace = ? AND collection = ? AND hashed = ? AND key = ?",
            _encoded(place),
        ).fetchone()
        found = None if row is None else HeldValue(row[0], _entries(row[1]), Version(row[2], row[3]))
        self._remember(place, found)
        return found

    def put(self, changes: Mapping[Place, HeldValue]) -> None:
        kept = [
            (*_encoded(place), held.value, _metadata(held.metadata), *held.version)
            for place, held in changes.items()
            if held.value is not None
        ]
        gone = [_encoded(place) for place, held in changes.items() if held.value is None]
        self._database.executemany("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
        self._database.executemany(
            "DELETE FROM held WHERE namespace = ? AND collection = ? AND hashed = ? AND key = ?", gone
        )
        for place, held in changes.items():
            self._remember(place, held if held.value is not None else None)

    def keys(self, namespace: str, start: str, end: str) -> list[str]:
        query = "SELECT key FROM held WHERE namespace = ? AND collection = '' AND hashed = 0 AND key >= ?"
        bounds = [start.encode()]
        if end:
            query += " AND key < ?"
            bounds.append(end.encode())
        return [row[0].decode() for row in self._database.execute(f"{query} ORDER BY key", (namespace, *bounds))]

    def expire(self, number: int, places: Iterable[tuple[Place, int]]) -> None:
        rows = [(number, *_encoded(place), written) for place, written in places]
        self._database.executemany("INSERT INTO expiring VALUES (?, ?, ?, ?, ?, ?)", rows)

    def expired(self, number: int) -> list[tuple[Place, int]]:
        rows = self._database.execute(
            "SELECT namespace, collection, hashed, key, written FROM expiring WHERE number = ?", (number,)
        ).fetchall()
        self._database.execute("DELETE FROM expiring WHERE number = ?", (number,))
        return [((name, inner, key if hashed else key.decode()), written) for name, inner, hashed, key, written in rows]

    def _remember(self, place: Place, held: HeldValue | None) -> None:
        if len(self._cached) >= _CACHED_PLACES:
            self._cached.clear()
        self._cached[place] = held


class TransactionIds:
    """
    The transaction ids of a channel: in memory, and on disk from a number on.

    On disk each id is a hash under a key of this process alone, so nobody can choose ids with the same hash.
    """

    MOST_IN_MEMORY = 100_000

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._recent: set[str] = set()
        self._database: sqlite3.Connection | None = None

    def __contains__(self, transaction_id: object) -> bool:
        if transaction_id in self._recent:
            return True
        if self._database is None:
            return False
        hashed = self._hash(str(transaction_id))
        return self._database.execute("SELECT 1 FROM ids WHERE id = ?", (hashed,)).fetchone() is not None

    def update(self, transaction_ids: Iterable[str]) -> None:
        """Add the ids of a block."""
        self._recent.update(transaction_ids)
        if len(self._recent) <= self.MOST_IN_MEMORY:
            return
        if self._database is None:
            self._database = _temporary("CREATE TABLE ids (id BLOB PRIMARY KEY) WITHOUT ROWID;")
            weakref.finalize(self, self._database.close)
        rows: Iterator[tuple[bytes]] = ((hashed,) for hashed in sorted(map(self._hash, self._recent)))
        self._database.executemany("INSERT OR IGNORE INTO ids VALUES (?)", rows)
        self._recent.clear()

    def _hash(self, transaction_id: str) -> bytes:
        return hashlib.blake2b(transaction_id.encode(), digest_size=16, key=self._key).digest()


def _temporary(schema: str) -> sqlite3.Connection:
    """Return a database in a file without a name, for as long as this process lives."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIBIBYTES}"):
        database.execute(f"PRAGMA {setting}")
    database.executescript(schema)
    database.execute("BEGIN")
    return database


def _size(place: Place, held: HeldValue) -> int:
    """Return the approximate size in memory, in bytes."""
    value = len(held.value) if held.value is not None else 0
    return 400 + len(place[2]) + value + sum(len(content) + 150 for _, content in held.metadata)


def _encoded(place: Place) -> tuple[str, str, int, bytes]:
    namespace, collection, key = place
    return (namespace, collection, 1, key) if isinstance(key, bytes) else (namespace, collection, 0, key.encode())


def _metadata(entries: Entries) -> bytes:
    if not entries:
        return b""
    message = kv_rwset_pb2.KVMetadataWrite()
    for name, value in entries:
        message.entries.add(name=name, value=value)
    return bytes(message.SerializeToString())


def _entries(metadata: bytes) -> Entries:
    if not metadata:
        return ()
    return tuple((e.name, e.value) for e in kv_rwset_pb2.KVMetadataWrite.FromString(metadata).entries)
