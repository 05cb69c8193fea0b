"""
The gateway's own SQLite file: access tokens, idempotency keys, checkpoints, shoppers' requests, and the record of
audit requests.

It keeps no part of the ledger.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# How many connections wait for the next request; a busier moment opens more for itself.
_KEPT = 32

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    id          TEXT PRIMARY KEY,
    digest      BLOB NOT NULL,
    msp_id      TEXT NOT NULL,
    user        TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;
-- Keys were kept by token before; what was kept so can be thrown away.
DROP TABLE IF EXISTS idempotency;
CREATE TABLE IF NOT EXISTS idempotency_keys (
    id             BLOB PRIMARY KEY,
    fingerprint    BLOB NOT NULL,
    attempt        BLOB NOT NULL,
    started_at     INTEGER NOT NULL,
    transaction_id TEXT NOT NULL DEFAULT '',
    answer         BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (started_at);
-- What a key's request has sent, and the seed of what it made at random (number -1), encrypted like its answer.
CREATE TABLE IF NOT EXISTS idempotency_steps (
    id     BLOB NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (id, number)
) STRICT;
CREATE TABLE IF NOT EXISTS checkpoints (
    msp_id         TEXT NOT NULL,
    user           TEXT NOT NULL,
    channel        TEXT NOT NULL,
    chaincode      TEXT NOT NULL,
    name           TEXT NOT NULL,
    block_number   INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    PRIMARY KEY (msp_id, user, channel, chaincode, name)
) STRICT;
CREATE TABLE IF NOT EXISTS accesses (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    msp_id     TEXT NOT NULL,
    user       TEXT NOT NULL,
    token_id   TEXT NOT NULL,
    what       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status     INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS accesses_of ON accesses (msp_id, number);
CREATE TABLE IF NOT EXISTS lodgings (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    link_hash TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS lodgings_of ON lodgings (link_hash, number);
"""


class _Connection(sqlite3.Connection):
    """A connection that knows its file, by device and number, and whether its commits wait for the disk."""

    file: tuple[int, int] = (0, 0)
    durable: bool | None = None


class Store:
    """
    A folder with one database file, readable by its owner only.

    Connections are kept: opening one costs more than a query, and closing the last one of a file rewrites it. Make a
    store after a fork, never before: SQLite's connections do not survive one.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._path = folder / "gateway.sqlite"
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        # Those that nobody uses at the moment. Its methods are atomic, so it needs no lock.
        self._idle: list[_Connection] = []
        weakref.finalize(self, _close, self._idle)
        with self.connection() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)

    @contextmanager
    def connection(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """
        Yield a connection; commit its changes at the end, or undo all of them after an exception.

        Changes that are not *durable* are not waited for on the disk. A power cut may lose them, unless later durable
        changes are there: the file keeps their order.
        """
        database = self._taken()
        try:
            if database.durable != durable:
                database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                database.durable = durable
            with database:
                yield database
        except BaseException:
            # Whatever failed may be the connection itself.
            database.close()
            raise
        if len(self._idle) < _KEPT:
            self._idle.append(database)
        else:
            database.close()

    def _taken(self) -> _Connection:
        """Return a kept connection or a new one; never one to a file that has been replaced."""
        file = _file(self._path)
        while self._idle:
            with contextlib.suppress(IndexError):  # Another thread may take the last one first.
                database = self._idle.pop()
                if database.file == file:
                    return database
                database.close()
        database = sqlite3.connect(self._path, timeout=10, check_same_thread=False, factory=_Connection)
        database.row_factory = sqlite3.Row
        database.file = _file(self._path)
        return database

    def secret(self) -> bytes:
        """
        Return 32 random bytes of this gateway, kept in a file beside the database; the first call makes them.

        Encrypted answers in the database cannot be read without them, nor with them alone.
        """
        path = self._folder / "secret"
        if not path.exists():
            self._make_secret(path)
        return path.read_bytes()

    def _make_secret(self, path: Path) -> None:
        made = self._folder / f"secret.{secrets.token_hex(8)}"
        file = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, secrets.token_bytes(32))
            os.fsync(file)
            # A link appears complete or not at all, and does not replace that of another process.
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
        finally:
            os.close(file)
            made.unlink()


def _file(path: Path) -> tuple[int, int]:
    """Return the device and number of a file; zeros if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _close(connections: list[_Connection]) -> None:
    while connections:
        connections.pop().close()
