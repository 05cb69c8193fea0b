"""The gateway's database and the connections to it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys

import psycopg
import pytest
import sqlalchemy as sa

from gateway.http.settings import Settings, SettingsError
from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor
from gateway.store.database import SecretError, Store, StoreError
from gateway.store.statements import PreparedStatement
from gateway.store.tables import checkpoints

FULL, NORMAL = 2, 1
READER = CheckpointReader("AMSP", "u", "c", "cc", "n")
INSERT = PreparedStatement(sa.insert(checkpoints))
ROW = {
    "msp_id": "AMSP",
    "user": "u",
    "channel": "c",
    "chaincode": "cc",
    "name": "n",
    "block_number": 7,
    "transaction_id": "ab",
}

# Counts as fast as the database allows, and says each number once it is kept.
COUNTING = """
import sys
from pathlib import Path
from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor
from gateway.store.database import Store
kept = Checkpoints(Store(Path(sys.argv[1]), sys.argv[2]))
for number in range(10**9):
    kept.set(CheckpointReader("AMSP", "u", "c", "cc", "n"), EventCursor(number, "ab"))
    print(number, flush=True)
"""


def _synchronous(database) -> int:
    return database.driver.execute("PRAGMA synchronous").fetchone()[0]


def test_one_connection_serves_one_use_after_another(opened):
    """Opening one costs more than a query, and closing the last one of a file rewrites it."""
    store = opened()
    with store.connection() as first:
        pass
    with store.connection() as second, store.reading() as beside:
        assert second.driver is first.driver
        assert beside.driver is not first.driver


def test_a_connection_that_failed_is_not_used_again(opened):
    """Its changes are undone, and the next use gets one that works."""
    store = opened()
    with pytest.raises(StoreError, match=r"IntegrityError|UniqueViolation"), store.connection() as failed:
        failed.execute_each(INSERT, [ROW, ROW])
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError)):
        failed.driver.execute("SELECT 1")
    assert Checkpoints(store).get(READER) is None


def test_a_change_is_undone_by_whatever_ends_it(opened):
    """A view's own error, after a statement that worked, leaves nothing behind."""
    store = opened()
    with contextlib.suppress(RuntimeError), store.connection() as database:
        database.execute(INSERT, ROW)
        raise RuntimeError("a defect")
    assert Checkpoints(store).get(READER) is None


def test_a_killed_process_loses_nothing_that_was_acknowledged(opened, url, tmp_path):
    """What a caller was told is in the database, whatever happens to the process a moment later."""
    opened()
    counting = subprocess.Popen(
        [sys.executable, "-c", COUNTING, str(tmp_path / "data"), url], stdout=subprocess.PIPE, text=True
    )
    with counting:
        for _ in range(20):
            told = int(counting.stdout.readline())
        counting.kill()
        told = max([told, *map(int, counting.stdout.read().split())])
    assert Checkpoints(opened()).get(READER).block_number >= told


def test_a_file_that_was_replaced_counts_at_once(tmp_path):
    """An operator may put back a copy; a kept connection would go on with the file that is gone."""
    store = Store(tmp_path / "own")
    with Store(tmp_path / "copy").reading() as database:
        database.execute(INSERT, ROW)
        database.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "copy" / "gateway.sqlite", tmp_path / "put")
    for path in (tmp_path / "own").glob("gateway.sqlite-*"):
        path.unlink()
    (tmp_path / "put").replace(tmp_path / "own" / "gateway.sqlite")
    assert Checkpoints(store).get(READER) == EventCursor(7, "ab")


def test_a_connection_that_the_server_closed_is_not_used(postgresql_url, tmp_path):
    """After a restart of the database the next request works as any other."""
    store = Store(tmp_path, postgresql_url)
    with store.reading() as database:
        lost = database.driver.info.backend_pid
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (lost,))
    with store.connection() as database:
        database.execute(INSERT, ROW)
    assert Checkpoints(store).get(READER) == EventCursor(7, "ab")


def test_a_change_waits_for_the_disk_unless_it_need_not(tmp_path):
    """What a kept connection was last used for says nothing about its next use."""
    store = Store(tmp_path)
    with store.connection(durable=False) as database:
        assert _synchronous(database) == NORMAL
    with store.connection() as database:
        assert _synchronous(database) == FULL


def test_a_change_waits_for_the_servers_disk_unless_it_need_not(postgresql_url, tmp_path):
    """The setting holds for one transaction; the connection's next one waits again."""
    store = Store(tmp_path, postgresql_url)
    said = "SHOW synchronous_commit"
    with store.connection(durable=False) as database:
        assert database.driver.execute(said).fetchone() == {"synchronous_commit": "off"}
    with store.connection() as database:
        assert database.driver.execute(said).fetchone() == {"synchronous_commit": "on"}


def test_a_database_that_cannot_be_written_says_so(postgresql_url, tmp_path):
    """A standby answers reads, so only a question about writing shows that it is one."""
    store = Store(tmp_path, postgresql_url)
    store.check_writable()
    read_only = Store(tmp_path, postgresql_url + "%20-cdefault_transaction_read_only%3Don")
    with pytest.raises(StoreError, match="read-only"):
        read_only.check_writable()


def test_a_database_that_is_away_is_named_as_the_stores_error(tmp_path):
    """The driver's errors do not leave the store; and nothing of the URL is in the message."""
    with pytest.raises(StoreError) as away:
        Store(tmp_path, f"postgresql://selat:geheim@/postgres?host={tmp_path}")
    assert "geheim" not in str(away.value)


def test_gateways_on_one_database_must_have_one_secret(postgresql_url, tmp_path):
    """Otherwise the same key would act once at each of them."""
    assert len(Store(tmp_path / "a", postgresql_url).secret()) == 32
    (tmp_path / "b").mkdir()
    shutil.copy(tmp_path / "a" / "secret", tmp_path / "b" / "secret")
    assert Store(tmp_path / "b", postgresql_url).secret() == Store(tmp_path / "a", postgresql_url).secret()
    with pytest.raises(SecretError, match="copy the file"):
        Store(tmp_path / "c", postgresql_url).secret()


@pytest.mark.parametrize("text", ["mysql://u:geheim@h/d", "geheim", "postgresql://u:geheim@h:port/d"])
def test_a_database_that_the_gateway_cannot_use_is_refused_at_the_start(tmp_path, text):
    """The message names the setting and the cure, and not the URL: it may hold a password."""
    with pytest.raises(SettingsError, match="SELAT_DATABASE cannot be used: it must be") as refused:
        Settings(wallet=tmp_path, data=tmp_path, database=text)
    assert "geheim" not in str(refused.value)
    assert "geheim" not in repr(Settings(wallet=tmp_path, data=tmp_path, database="postgresql://u:geheim@h/d"))
