"""The tables of each release lead to those of the next, with all rows."""

from __future__ import annotations

import sqlite3
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.store import backends, migrating, migrations
from gateway.store.database import Store, StoreError
from gateway.store.tables import METADATA
from gateway.store.tokens import TokenError, Tokens
from tests.unit.gateway.store import earlier


@pytest.fixture
def url_of(url, tmp_path):
    """Return the database's URL, as SQLAlchemy takes it."""
    (tmp_path / "data").mkdir()
    return backends.chosen(url, tmp_path / "data").url


def differences(url: sa.URL) -> list:
    """Alembic's list of what the database has that the tables do not, and the reverse."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), METADATA)
    # SQLite's number of a row is never empty, whether or not its table says so.
    return [each for each in found if not (isinstance(each, list) and each[0][0] == "modify_nullable")]


def columns(url: sa.URL) -> dict[str, list[tuple[str, str, bool]]]:
    """Each table's columns: name, type, and whether it may be empty."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        return {
            name: sorted((each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(name))
            for name in METADATA.tables
        }


def test_the_steps_make_what_a_new_database_gets_at_once(url, url_of, tmp_path, request):
    """There are two ways to the same tables, so they are compared."""
    migrating.upgrade(url_of)
    assert differences(url_of) == []
    by_steps = columns(url_of)
    other = request.getfixturevalue("postgresql_server") + "&options=-csearch_path%3Dpublic" if url else ""
    Store(tmp_path / "new", other)
    new = backends.chosen(other, tmp_path / "new").url
    assert differences(new) == []
    assert columns(new) == by_steps


def test_the_last_step_is_the_head():
    """A database that has it is not looked at further."""
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_a_file_from_before_the_migrations_keeps_everything(tmp_path):
    """Tokens that were given away stay good, and each other row is there."""
    old = sqlite3.connect(tmp_path / "gateway.sqlite")
    old.executescript(earlier.SCHEMA)
    old.executescript(earlier.ROWS)
    old.close()
    store = Store(tmp_path)
    assert differences(backends.chosen("", tmp_path).url) == []
    with store.reading() as database:
        kept = {
            name: database.execute(sa.select(sa.func.count().label("n")).select_from(table)).fetchone()["n"]
            for name, table in METADATA.tables.items()
        }
    assert {name for name, count in kept.items() if count == 1} == set(earlier.TABLES)
    with pytest.raises(TokenError, match="unknown"):  # Its id is there; the secret is not this one.
        Tokens(store).caller("selat_000000000001_x")
    assert [each.id for each in Tokens(store).all()] == ["000000000001"]


def test_a_database_of_a_later_release_is_left_alone(opened):
    """An older release beside a newer one would write what the newer one does not understand."""
    with opened().reading() as database:
        database.driver.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="later release"):
        opened()


def test_gateways_that_start_at_once_make_the_tables_once(opened):
    """Workers and replicas open a new database at the same moment."""
    failed: list[Exception] = []

    def start() -> None:
        try:
            opened()
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    starting = [threading.Thread(target=start) for _ in range(4)]
    for each in starting:
        each.start()
    for each in starting:
        each.join()
    assert failed == []
