"""The processes of the gateway on one database: how each shows that it lives, and what it does again and again."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Hashable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store.database import Store, StoreConnection, StoreError
from gateway.store.statements import Prepared
from gateway.store.tables import gateway_processes

# A process that holds something says so often that it lives; what is held by one that was silent so long is free.
ALIVE_SECONDS = 1.0
_SILENT_MILLISECONDS = 3_000

_ID = gateway_processes.c.id
_SEEN = Prepared(sa.select(gateway_processes.c.seen_at).where(sa.bindparam("process") == _ID))
_REPORTING = insert(gateway_processes)
_REPORT = Prepared(
    _REPORTING.on_conflict_do_update(index_elements=["id"], set_={"seen_at": _REPORTING.excluded.seen_at}),
    "id",
    "seen_at",
)
_FORGET = Prepared(sa.delete(gateway_processes).where(gateway_processes.c.seen_at < sa.bindparam("before")))
_LOG = logging.getLogger("gateway")


class GatewayProcess:
    """
    One process, which says that it lives as long as it holds something of the database's.

    Attributes:
        id: its name as bytes; no two processes have the same.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.name = secrets.token_hex(8)
        self.id = self.name.encode()
        self._store = store
        self._clock = clock
        self._reported = 0
        # Its methods are atomic, so it needs no lock.
        self._held: set[Hashable] = set()

    def hold(self, what: Hashable) -> None:
        """Say each second from now on that this process lives."""
        self._held.add(what)

    def leave(self, what: Hashable) -> None:
        """Do not say it for this any more."""
        self._held.discard(what)

    def report(self, database: StoreConnection) -> None:
        """Say that this process lives, with what it takes in the same transaction, unless it has just said so."""
        now = int(self._clock() * 1000)
        if now - self._reported >= ALIVE_SECONDS * 1000:
            database.execute(_REPORT, {"id": self.id, "seen_at": now})
            self._reported = now

    def report_alive(self) -> None:
        """
        Say that this process lives, if it holds anything.

        Raises:
            gateway.store.database.StoreError: the next call says it.
        """
        if self._held:
            with self._store.connection(durable=False) as database:
                self.report(database)


def free(holder: sa.ColumnElement[str], held_until: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """
    Return the condition that nobody holds a row: the time has passed, or the process named in *holder* is dead.

    Its parameters are ``now``, in the unit of *held_until*, and those of ``silent``.
    """
    dead = sa.exists().where(
        sa.cast(holder, sa.LargeBinary) == _ID, gateway_processes.c.seen_at <= sa.bindparam("silent")
    )
    return sa.or_(held_until < sa.bindparam("now"), dead)


def silent(now: float) -> dict[str, int]:
    """Return the parameter of ``free``: who was last seen then is dead *now*, in seconds since 1970."""
    return {"silent": int(now * 1000) - _SILENT_MILLISECONDS}


def is_dead(database: StoreConnection, process: bytes, now: float) -> bool:
    """Return whether a process has been silent too long; not of one that is not known."""
    seen = database.execute(_SEEN, {"process": process}).fetchone()
    return seen is not None and seen["seen_at"] <= silent(now)["silent"]


def forget(database: StoreConnection, before: int) -> None:
    """Delete processes that were last seen before this second."""
    database.execute(_FORGET, {"before": before * 1000})


class RepeatedWork:
    """
    Calls *work* every so many seconds; while the database cannot be used, the work waits for it.

    Attributes:
        ending: set once the work should end.
    """

    def __init__(self, name: str, every_seconds: float, work: Callable[[], None]) -> None:
        self.ending = threading.Event()
        self._name = name
        self._every = every_seconds
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin the rounds."""
        self._thread.start()

    def stop(self) -> None:
        """Let the present round be the last, and return when it has ended."""
        self.ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self.ending.wait(self._every):
            try:
                self._work()
            except StoreError as error:
                _LOG.error("%s wait for the database: %s", self._name, error)
