"""
A consistent view of one channel's committed state, and the database of that state.

Every channel has one SQLite file in write-ahead mode: while the next block is
written, a reader sees the state at its own start. Keys are stored as UTF-8
bytes, which have the order of Fabric's ranges.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from google.protobuf import timestamp_pb2

from hlf.network.engines.embedded.state.updates import Row, Version

_PAGE = 256
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, content BLOB NOT NULL);
CREATE TABLE transactions (
    id TEXT PRIMARY KEY, block INTEGER NOT NULL, position INTEGER NOT NULL, code INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE state (
    namespace TEXT, key BLOB, value BLOB NOT NULL, metadata BLOB, block INTEGER NOT NULL, tx INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
CREATE TABLE hashed (
    namespace TEXT, collection TEXT, key_hash BLOB, value_hash BLOB NOT NULL, metadata BLOB,
    block INTEGER NOT NULL, tx INTEGER NOT NULL,
    PRIMARY KEY (namespace, collection, key_hash)
) WITHOUT ROWID;
CREATE TABLE private (
    msp TEXT, namespace TEXT, collection TEXT, key BLOB, key_hash BLOB NOT NULL, value BLOB NOT NULL,
    block INTEGER NOT NULL, tx INTEGER NOT NULL,
    PRIMARY KEY (msp, namespace, collection, key)
) WITHOUT ROWID;
CREATE INDEX private_by_hash ON private (namespace, collection, key_hash);
CREATE TABLE private_sets (
    block INTEGER, tx INTEGER, namespace TEXT, collection TEXT, msp TEXT, content BLOB NOT NULL, expires INTEGER,
    PRIMARY KEY (block, tx, namespace, collection, msp)
) WITHOUT ROWID;
CREATE INDEX private_sets_by_expiry ON private_sets (expires) WHERE expires IS NOT NULL;
CREATE INDEX private_sets_by_collection ON private_sets (namespace, collection);
CREATE TABLE expiries (
    expires INTEGER, namespace TEXT, collection TEXT, key_hash BLOB, block INTEGER, tx INTEGER,
    PRIMARY KEY (expires, namespace, collection, key_hash, block, tx)
) WITHOUT ROWID;
CREATE TABLE missing (
    block INTEGER, tx INTEGER, namespace TEXT, collection TEXT, msp TEXT,
    PRIMARY KEY (block, tx, namespace, collection, msp)
) WITHOUT ROWID;
CREATE TABLE history (
    namespace TEXT, key BLOB, block INTEGER, tx INTEGER, id TEXT NOT NULL, timestamp BLOB NOT NULL, value BLOB,
    PRIMARY KEY (namespace, key, block, tx)
) WITHOUT ROWID;
CREATE TABLE members (name TEXT PRIMARY KEY, msp TEXT NOT NULL) WITHOUT ROWID;
"""


TABLES = frozenset(re.findall(r"CREATE TABLE (\w+)", _SCHEMA))


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection in autocommit mode, usable from any one thread at a time."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=256)
    # Committed data survive the end of this process. If the machine fails, SQLite keeps the file whole but may
    # lose the last blocks, which is acceptable for a development network.
    try:
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192"
        )
    except BaseException:
        connection.close()
        raise
    return connection


def create_schema(connection: sqlite3.Connection) -> None:
    """Create the tables; part of the transaction that is open on *connection*."""
    for statement in _SCHEMA.split(";"):
        if statement.strip():
            connection.execute(statement)


class Snapshot:
    """
    Reads of committed state at one height.

    A context manager: it takes the view on entry and releases it on exit. Only one
    thread at a time may call its methods.
    """

    def __init__(self, connection: sqlite3.Connection, release: list[sqlite3.Connection] | None = None) -> None:
        """*release* gets the connection on exit; without it the caller's transaction is used."""
        self._connection = connection
        self._release = release
        self.height = 0

    def __enter__(self) -> Snapshot:
        if self._release is not None:
            self._connection.execute("BEGIN")
        row = self._connection.execute("SELECT max(number) FROM blocks").fetchone()
        self.height = 0 if row[0] is None else row[0] + 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._release is not None:
            self._connection.execute("ROLLBACK")
            self._release.append(self._connection)

    def state(self, namespace: str, key: str) -> tuple[bytes, Version] | None:
        """Return a public value and its version, or None."""
        row = self._connection.execute(
            "SELECT value, block, tx FROM state WHERE namespace = ? AND key = ?", (namespace, key.encode())
        ).fetchone()
        return None if row is None else (row[0], Version(row[1], row[2]))

    def metadata(self, namespace: str, key: str) -> bytes | None:
        """Return a public key's metadata, a ``KVMetadataWrite``, or None."""
        row = self._connection.execute(
            "SELECT metadata FROM state WHERE namespace = ? AND key = ?", (namespace, key.encode())
        ).fetchone()
        return None if row is None else row[0]

    def range(self, namespace: str, start: str, end: str) -> Iterator[Row]:
        """Iterate over the public keys of [start, end) in order; an empty *end* means no end."""
        return self._pages(
            "SELECT key, value, block, tx FROM state WHERE namespace = ?", (namespace,), start.encode(), end.encode()
        )

    def private(self, msp_id: str, namespace: str, collection: str, key: str) -> tuple[bytes, Version] | None:
        """Return the private value of *msp_id* and its version, or None."""
        row = self._connection.execute(
            "SELECT value, block, tx FROM private WHERE msp = ? AND namespace = ? AND collection = ? AND key = ?",
            (msp_id, namespace, collection, key.encode()),
        ).fetchone()
        return None if row is None else (row[0], Version(row[1], row[2]))

    def private_hash(self, namespace: str, collection: str, key_hash: bytes) -> tuple[bytes, Version] | None:
        """Return the hash of a private value and its version, or None."""
        row = self._connection.execute(
            "SELECT value_hash, block, tx FROM hashed WHERE namespace = ? AND collection = ? AND key_hash = ?",
            (namespace, collection, key_hash),
        ).fetchone()
        return None if row is None else (row[0], Version(row[1], row[2]))

    def private_metadata(self, namespace: str, collection: str, key_hash: bytes) -> bytes | None:
        """Return a private key's metadata, a ``KVMetadataWrite``, or None."""
        row = self._connection.execute(
            "SELECT metadata FROM hashed WHERE namespace = ? AND collection = ? AND key_hash = ?",
            (namespace, collection, key_hash),
        ).fetchone()
        return None if row is None else row[0]

    def private_range(self, msp_id: str, namespace: str, collection: str, start: str, end: str) -> Iterator[Row]:
        """Iterate over the private keys of *msp_id* in [start, end); an empty *end* means no end."""
        return self._pages(
            "SELECT key, value, block, tx FROM private WHERE msp = ? AND namespace = ? AND collection = ?",
            (msp_id, namespace, collection),
            start.encode(),
            end.encode(),
        )

    def history(self, namespace: str, key: str) -> Iterator[tuple[str, timestamp_pb2.Timestamp, bytes, bool]]:
        """Iterate over a key's values, newest first: transaction id, its timestamp, value, whether deleted."""
        rows = self._connection.execute(
            "SELECT id, timestamp, value FROM history WHERE namespace = ? AND key = ? ORDER BY block DESC, tx DESC",
            (namespace, key.encode()),
        ).fetchall()
        return (
            (tx_id, timestamp_pb2.Timestamp.FromString(timestamp), value or b"", value is None)
            for tx_id, timestamp, value in rows
        )

    def _pages(self, query: str, place: tuple[str, ...], start: bytes, end: bytes) -> Iterator[Row]:
        """Read a range page by page, so that no cursor stays open between a caller's steps."""
        bounds = " AND key >= ?" + (" AND key < ?" if end else "")
        while True:
            values = (*place, start, end, _PAGE) if end else (*place, start, _PAGE)
            rows = self._connection.execute(f"{query}{bounds} ORDER BY key LIMIT ?", values).fetchall()
            for key, value, block, tx in rows:
                yield key.decode(), value, Version(block, tx)
            if len(rows) < _PAGE:
                return
            start = rows[-1][0] + b"\x00"
