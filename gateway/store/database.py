"""
The gateway's own SQLite file: access tokens, idempotency keys, checkpoints, and the record of audit requests.

It keeps no part of the ledger.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
"""


class Store:
    """
    A folder with one database file, readable by its owner only.

    A connection is opened for each use: it costs a tenth of a millisecond and is safe across threads and forks.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._path = folder / "gateway.sqlite"
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        with self.connection() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection; commit its changes at the end, or undo all of them after an exception."""
        database = sqlite3.connect(self._path, timeout=10)
        database.row_factory = sqlite3.Row
        try:
            with database:
                yield database
        finally:
            database.close()

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
