"""The differences of SQLite and PostgreSQL: open a connection, begin a transaction, notice a dead connection."""

from __future__ import annotations

import os
import select
import sqlite3
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite

_LOCK_SECONDS = 10
SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Backend(Protocol):
    """One kind of database. A connection is the driver's own; it commits each statement unless ``begin`` was called."""

    dialect: sa.Dialect
    errors: tuple[type[Exception], ...]
    url: sa.URL

    def connect(self) -> Any:
        """Return a new connection, whose rows are read by the names of their columns."""
        ...

    def usable(self, connection: Any) -> bool:
        """Return whether a kept connection may still be used."""
        ...

    def begin(self, connection: Any, durable: bool) -> None:
        """Begin a transaction that writes."""
        ...

    def alone(self, connection: Any, name: str) -> None:
        """Wait until no other transaction holds *name*, and hold it until the end of this transaction."""
        ...

    def check_writable(self, connection: Any) -> None:
        """Raise one of ``errors`` if nothing can be written."""
        ...


class SQLite:
    """A file of its own. A connection to a file that has been replaced is not used again."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self._path = path
        self.url = sa.URL.create(SQLITE, database=str(path))
        self.dialect: sa.Dialect = pysqlite.dialect(paramstyle="named")
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = self.connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_LOCK_SECONDS, check_same_thread=False, isolation_level=None, factory=_Connection
        )
        connection.row_factory = sqlite3.Row
        connection.file = _file(self._path)
        return connection

    def usable(self, connection: Any) -> bool:
        return bool(connection.file == _file(self._path))

    def begin(self, connection: Any, durable: bool) -> None:
        if connection.durable != durable:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.durable = durable
        connection.execute("BEGIN IMMEDIATE")

    def alone(self, connection: Any, name: str) -> None:
        pass  # BEGIN IMMEDIATE has waited already, because a file has one writer.

    def check_writable(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


class _Connection(sqlite3.Connection):
    """A connection that knows its file, by device and number, and whether its commits wait for the disk."""

    file: tuple[int, int] = (0, 0)
    durable: bool | None = None


class PostgreSQL:
    """A server, shared by gateways on several hosts. A connection prepares the statements that it sends often."""

    def __init__(self, url: sa.URL) -> None:
        try:
            import psycopg
            from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
        except ImportError:
            raise MissingDriverError("PostgreSQL needs a driver: pip install 'selat[postgresql]'") from None
        self._psycopg = psycopg
        self.url = url.set(drivername="postgresql+psycopg")
        self.dialect: sa.Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        _, self._parameters = self.dialect.create_connect_args(self.url)  # type: ignore[no-untyped-call]
        self.errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def connect(self) -> Any:
        return self._psycopg.connect(
            autocommit=True,
            connect_timeout=_LOCK_SECONDS,
            application_name="selat-gateway",
            row_factory=self._psycopg.rows.dict_row,
            **self._parameters,
        )

    def usable(self, connection: Any) -> bool:
        """Return False if the server has closed the connection; an idle connection is readable only then."""
        if connection.closed:
            return False
        polled = select.poll()
        polled.register(connection.fileno(), select.POLLIN)
        return not polled.poll(0)

    def begin(self, connection: Any, durable: bool) -> None:
        connection.execute("BEGIN" if durable else "BEGIN; SET LOCAL synchronous_commit = off")

    def alone(self, connection: Any, name: str) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"selat {name}",))

    def check_writable(self, connection: Any) -> None:
        found = connection.execute("SELECT current_setting('transaction_read_only') AS only").fetchone()
        if found["only"] != "off":
            raise self._psycopg.errors.ReadOnlySqlTransaction("the server is a standby, or read-only")


class MissingDriverError(Exception):
    """The driver of this database is not installed; the message says how to install it."""


def chosen(url: str, folder: Path) -> Backend:
    """
    Return the database of *url*; SQLite's file in *folder* if it is empty.

    Raises:
        ValueError: not a URL of PostgreSQL. The message does not have the URL, which may hold a password.
        MissingDriverError
    """
    found = check_url(url)
    return SQLite(folder / "gateway.sqlite") if found is None else PostgreSQL(found)


def check_url(url: str) -> sa.URL | None:
    """
    Return the parts of a database's URL; None if it is empty.

    Raises:
        ValueError: as for ``chosen``.
    """
    if not url:
        return None
    try:
        found = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError("it must be a URL, as postgresql://<user>@<host>/<database>") from None
    if found.drivername not in {POSTGRESQL, "postgres"}:
        raise ValueError("it must begin with postgresql://; without it the gateway keeps a SQLite file in its folder")
    return found


def _file(path: Path) -> tuple[int, int]:
    """Return the device and number of a file; zeros if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino
