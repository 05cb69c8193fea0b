"""
The gateway's own database: access tokens, idempotency keys, checkpoints, shoppers' requests, and the record of
audit requests.

It is a SQLite file in the gateway's folder, or a PostgreSQL that several gateways share. It keeps no part of
the ledger.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store import backends, migrating
from gateway.store.statements import PreparedStatement, written
from gateway.store.tables import shared

# How many idle connections are kept; in busy moments more are opened.
_KEPT = 32
_CHECK = "check of the secret"
_NOTE_SHARED = PreparedStatement(insert(shared).on_conflict_do_nothing(), "name", "value")
_SHARED = PreparedStatement(sa.select(shared.c.value).where(shared.c.name == sa.bindparam("name")))


class StoreError(Exception):
    """The database refused, or cannot be reached; nothing of the transaction was written."""


class SecretError(Exception):
    """Another gateway on the same database has another secret; this one could not read its keys."""


class StoreConnection:
    """A connection in use: it executes statements, and makes the driver's errors the store's."""

    def __init__(self, driver: Any, backend: backends.Backend) -> None:
        self.driver = driver
        self._backend = backend

    def execute(self, statement: PreparedStatement | sa.Executable, values: Mapping[str, Any] | None = None) -> Any:
        """Execute a statement, prepared or made for this request, and return the driver's cursor."""
        if isinstance(statement, PreparedStatement):
            text, own = statement.written(self._backend.dialect)
        else:
            text, own = written(statement, self._backend.dialect)
        return self.driver.execute(text, {**own, **(values or {})})

    def execute_each(self, statement: PreparedStatement, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement once for each of *values*."""
        self.driver.cursor().executemany(statement.written(self._backend.dialect)[0], values)

    def alone(self, name: str) -> None:
        """Wait until no other transaction holds *name*, and hold it until the end of this transaction."""
        self._backend.alone(self.driver, name)


class Store:
    """
    One database, and the gateway's folder, readable by its owner only.

    Connections are kept: opening one costs more than a query, and closing the last one of a SQLite file rewrites it.
    Make a store after a fork, never before: connections do not survive one.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        """
        Open the database at *url*, or the file in *folder*, and bring its tables up to date.

        Raises:
            StoreError: the database cannot be reached or written, or a later release has changed it.
            ValueError, backends.MissingDriverError: the URL cannot be used.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._shared = bool(url)
        # Idle connections. A list's methods are atomic, so it needs no lock.
        self._idle: list[Any] = []
        weakref.finalize(self, _close, self._idle)
        self._backend = backends.chosen(url, folder)
        with self.reading() as database:
            try:
                migrating.bring_up_to_date(self._backend, database.driver)
            except migrating.FromTheFutureError as error:
                raise StoreError(str(error)) from None

    @contextmanager
    def connection(self, *, durable: bool = True) -> Iterator[StoreConnection]:
        """
        Yield a connection in a transaction; commit its changes at the end, or undo all of them after an exception.

        Without *durable*, the commit does not wait for the disk, so a power cut may lose the changes, unless later
        durable changes survive: the database keeps their order.

        Raises:
            StoreError: nothing was written.
        """
        with self._used() as database:
            self._backend.begin(database.driver, durable)
            yield database
            database.driver.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[StoreConnection]:
        """
        Yield a connection without a transaction: each statement sees what is committed by then.

        Raises:
            StoreError
        """
        with self._used() as database:
            yield database

    def check_writable(self) -> None:
        """Raise StoreError if nothing can be written at the moment."""
        with self._used() as database:
            self._backend.check_writable(database.driver)

    @contextmanager
    def _used(self) -> Iterator[StoreConnection]:
        driver = None
        try:
            driver = self._taken()
            yield StoreConnection(driver, self._backend)
        except BaseException as error:
            # The connection itself may have failed. Closing it also rolls back its transaction.
            if driver is not None:
                driver.close()
            if isinstance(error, self._backend.errors):
                raise StoreError(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}") from error
            raise
        if len(self._idle) < _KEPT:
            self._idle.append(driver)
        else:
            driver.close()

    def _taken(self) -> Any:
        """Return a kept connection that can still be used, or a new one."""
        while self._idle:
            with contextlib.suppress(IndexError):  # Another thread may take the last one first.
                kept = self._idle.pop()
                if self._backend.usable(kept):
                    return kept
                kept.close()
        return self._backend.connect()

    def secret(self) -> bytes:
        """
        Return 32 random bytes of this gateway, kept in a file in its folder; the first call makes them.

        They are one of the two keys of encrypted answers in the database. Gateways that share a database must share
        them, too.

        Raises:
            SecretError: another gateway on this database has others.
        """
        path = self._folder / "secret"
        if not path.exists():
            self._make_secret(path)
        found = path.read_bytes()
        if self._shared:
            self._check_shared(found, path)
        return found

    def _check_shared(self, secret: bytes, path: Path) -> None:
        """Compare a hash of the secret with that of the first gateway."""
        check = hmac.new(secret, _CHECK.encode(), hashlib.sha256).digest()
        with self.connection() as database:
            database.execute(_NOTE_SHARED, {"name": _CHECK, "value": check})
            known = database.execute(_SHARED, {"name": _CHECK}).fetchone()
        if not hmac.compare_digest(known["value"], check):
            raise SecretError(
                f"{path} is not the secret of the other gateways on this database, so they could not read each "
                "other's idempotency keys; copy the file `secret` from the folder of one of them"
            )

    def _make_secret(self, path: Path) -> None:
        made = self._folder / f"secret.{secrets.token_hex(8)}"
        file = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, secrets.token_bytes(32))
            os.fsync(file)
            # A hard link appears complete or not at all, and does not replace the file of another process.
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
        finally:
            os.close(file)
            made.unlink()


def _close(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()
