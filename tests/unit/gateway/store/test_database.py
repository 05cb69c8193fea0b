"""The gateway's database file and the connections to it."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from gateway.store.database import Store

FULL, NORMAL = 2, 1
TWICE = "INSERT INTO idempotency_keys VALUES (x'01', x'02', x'03', 1, '', NULL), (x'01', x'02', x'03', 1, '', NULL)"


def _synchronous(database: sqlite3.Connection) -> int:
    return database.execute("PRAGMA synchronous").fetchone()[0]


def test_one_connection_serves_one_use_after_another(tmp_path):
    """Opening one costs more than a query, and closing the last one of a file rewrites it."""
    store = Store(tmp_path)
    with store.connection() as first:
        pass
    with store.connection() as second, store.connection() as beside:
        assert second is first
        assert beside is not first


def test_a_connection_that_failed_is_not_used_again(tmp_path):
    """Its changes are undone, and the next use gets one that works."""
    store = Store(tmp_path)
    with pytest.raises(sqlite3.IntegrityError), store.connection() as failed:
        failed.execute(TWICE)
    with pytest.raises(sqlite3.ProgrammingError):
        failed.execute("SELECT 1")
    with store.connection() as database:
        assert database.execute("SELECT count(*) FROM idempotency_keys").fetchone()[0] == 0


def test_a_file_that_was_replaced_counts_at_once(tmp_path):
    """An operator may put back a copy; a kept connection would go on with the file that is gone."""
    store = Store(tmp_path / "own")
    with Store(tmp_path / "copy").connection() as database:
        database.execute("INSERT INTO checkpoints VALUES ('AMSP', 'u', 'c', 'cc', 'n', 7, 'ab')")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "copy" / "gateway.sqlite", tmp_path / "put")
    for path in (tmp_path / "own").glob("gateway.sqlite-*"):
        path.unlink()
    (tmp_path / "put").replace(tmp_path / "own" / "gateway.sqlite")
    with store.connection() as database:
        assert database.execute("SELECT block_number FROM checkpoints").fetchone()[0] == 7


def test_a_change_waits_for_the_disk_unless_it_need_not(tmp_path):
    """What a kept connection was last used for says nothing about its next use."""
    store = Store(tmp_path)
    with store.connection(durable=False) as database:
        assert _synchronous(database) == NORMAL
    with store.connection() as database:
        assert _synchronous(database) == FULL
