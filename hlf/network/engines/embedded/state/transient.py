"""
Private data between endorsement and commit.

Endorsers store a transaction's private writes here until its block is
committed. A small file beside the ledger keeps them over a restart, so that
transactions endorsed before it can be committed with their data. It is another
file than the ledger, because an endorsement must not wait for a block being written.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from hlf.network import errors

# Fabric's default: a transaction endorsed so many blocks ago is not expected any more.
_RETENTION = 1000


class TransientStore:
    """Private write sets by transaction id, each with the organisations whose peers produced it."""

    def __init__(self, path: Path) -> None:
        """
        Open or create the file at *path*.

        Raises:
            StateError: it cannot be used.
        """
        self._lock = threading.Lock()
        self._staged: dict[str, dict[bytes, bytes]] = {}
        with contextlib.ExitStack() as opened:
            try:
                self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
                opened.callback(self._connection.close)
                self._load()
            except sqlite3.Error as error:
                raise errors.StateError(
                    path,
                    f"the private data of transactions that are in no block yet cannot be read: {error}",
                    "Remove it, and that data with it; or make room for it, if that is all it wants",
                ) from error
            opened.pop_all()

    def _load(self) -> None:
        self._connection.executescript(
            # The data need not survive a failure of the machine, so the operating system may flush them.
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;"
            "CREATE TABLE IF NOT EXISTS staged (id TEXT, digest BLOB, msp TEXT, height INTEGER, content BLOB,"
            " PRIMARY KEY (id, digest, msp)) WITHOUT ROWID;"
        )
        for tx_id, digest, content in self._connection.execute("SELECT id, digest, content FROM staged"):
            self._staged.setdefault(tx_id, {})[digest] = content

    def put(self, tx_id: str, msp_id: str, content: bytes, height: int) -> None:
        """
        Store the private write set of a peer of *msp_id* at *height*.

        Raises:
            EngineError: it cannot be written.
        """
        digest = hashlib.sha256(content).digest()
        with self._lock:
            try:
                self._connection.execute(
                    "INSERT OR IGNORE INTO staged VALUES (?, ?, ?, ?, ?)", (tx_id, digest, msp_id, height, content)
                )
            except sqlite3.Error as error:
                raise errors.EngineError(
                    f"the private data of a transaction cannot be kept until it is committed: {error}",
                    "Make room on the disk and submit again",
                ) from error
            self._staged.setdefault(tx_id, {})[digest] = content

    def get(self, tx_id: str) -> tuple[bytes, ...]:
        """Return the different private write sets of a transaction."""
        with self._lock:
            return tuple(self._staged.get(tx_id, {}).values())

    def forget(self, tx_ids: Iterable[str], height: int) -> None:
        """Remove the data of committed transactions, and those that are too old."""
        with self._lock:
            gone = [tx_id for tx_id in tx_ids if self._staged.pop(tx_id, None) is not None]
            try:
                self._connection.execute("BEGIN")
                self._connection.executemany("DELETE FROM staged WHERE id = ?", [(tx_id,) for tx_id in gone])
                if height % _RETENTION == 0:
                    self._expire(height - _RETENTION)
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                # Data left here do no harm: their transactions are committed, so they are not read again.
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _expire(self, height: int) -> None:
        for (tx_id,) in self._connection.execute("SELECT DISTINCT id FROM staged WHERE height < ?", (height,)):
            self._staged.pop(tx_id, None)
        self._connection.execute("DELETE FROM staged WHERE height < ?", (height,))
