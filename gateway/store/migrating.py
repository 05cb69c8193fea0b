"""Bring a database's tables up to date: a new one gets them at once, an older one by Alembic's steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from gateway.store import backends, migrations, reports
from gateway.store.migrations import HEAD
from gateway.store.tables import METADATA

_VERSION = "SELECT version_num FROM alembic_version"
_LOCK = "migrations"


class FromTheFutureError(Exception):
    """A later release has changed the database; this one would not understand it."""


def bring_up_to_date(backend: backends.Backend, connection: Any) -> None:
    """
    Make the tables that this release needs; wait while another process does.

    A database that an earlier release made keeps all its rows.

    Raises:
        FromTheFutureError
    """
    if _version(backend, connection) == HEAD:
        return
    backend.begin(connection, True)
    backend.alone(connection, _LOCK)
    found = _version(backend, connection)
    if found is None and not _exists(backend, connection, "tokens"):
        _make(backend, connection)
        found = HEAD
    connection.execute("COMMIT")
    if found != HEAD:
        upgrade(backend.url)


def upgrade(url: sa.URL, to: str = "head") -> None:
    """
    Do Alembic's steps up to *to*, all or none.

    Raises:
        FromTheFutureError
    """
    # Imported here, because only a database of an earlier release needs it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            if url.get_backend_name() == backends.SQLITE:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"selat {_LOCK}"})
            config.attributes["connection"] = connection
            command.upgrade(config, to)
            connection.commit()
    except CommandError as error:
        raise FromTheFutureError(
            f"the database was changed by a later release of selat; install that release ({error})"
        ) from error
    finally:
        engine.dispose()


def _version(backend: backends.Backend, connection: Any) -> str | None:
    if not _exists(backend, connection, "alembic_version"):
        return None
    row = connection.execute(_VERSION).fetchone()
    return str(row["version_num"]) if row else None


def _exists(backend: backends.Backend, connection: Any, table: str) -> bool:
    """Return whether the database has a table; *table* is a constant of this module."""
    if backend.dialect.name == backends.SQLITE:
        asked = f"SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = '{table}'"  # noqa: S608
    else:
        asked = f"SELECT 1 AS found WHERE to_regclass('{table}') IS NOT NULL"
    return connection.execute(asked).fetchone() is not None


def _make(backend: backends.Backend, connection: Any) -> None:
    """Make all tables as they are now; a test compares them with those that the steps make."""
    for table in METADATA.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=backend.dialect)))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            connection.execute(str(CreateIndex(index).compile(dialect=backend.dialect)))
    for statement in reports.statements(backend.dialect.name):
        connection.execute(statement)
    connection.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(f"INSERT INTO alembic_version VALUES ('{HEAD}')")  # noqa: S608  A constant.
