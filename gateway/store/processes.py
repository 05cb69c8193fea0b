"""The gateway's processes on one database: their signs of life, and work that each repeats."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Hashable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store.database import Store, StoreConnection, StoreError
from gateway.store.statements import PreparedStatement
from gateway.store.tables import gateway_processes

# How often a process that holds a lease reports that it is alive, and after which silence its leases are free.
ALIVE_SECONDS = 1.0
_SILENT_MILLISECONDS = 3_000

_ID = gateway_processes.c.id
_SEEN = PreparedStatement(sa.select(gateway_processes.c.seen_at).where(sa.bindparam("process") == _ID))
_REPORTING = insert(gateway_processes)
_REPORT = PreparedStatement(
    _REPORTING.on_conflict_do_update(index_elements=["id"], set_={"seen_at": _REPORTING.excluded.seen_at}),
    "id",
    "seen_at",
)
_FORGET = PreparedStatement(sa.delete(gateway_processes).where(gateway_processes.c.seen_at < sa.bindparam("before")))
_LOG = logging.getLogger("gateway")


class GatewayProcess:
    """
    One process, which reports that it is alive as long as it holds leases in the database.

    Attributes:
        id: its name as bytes; no two processes have the same.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.name = secrets.token_hex(8)
        self.id = self.name.encode()
        self._store = store
        self._clock = clock
        self._reported = 0
        # The methods of a set are atomic, so it needs no lock.
        self._held: set[Hashable] = set()

    def hold(self, what: Hashable) -> None:
        """Report from now on, each second, that this process is alive."""
        self._held.add(what)

    def leave(self, what: Hashable) -> None:
        """Stop reporting for this lease."""
        self._held.discard(what)

    def report(self, database: StoreConnection) -> None:
        """Report that this process is alive, in the transaction that takes a lease, unless it has just done so."""
        now = int(self._clock() * 1000)
        if now - self._reported >= ALIVE_SECONDS * 1000:
            database.execute(_REPORT, {"id": self.id, "seen_at": now})
            self._reported = now

    def report_alive(self) -> None:
        """
        Report that this process is alive, if it holds a lease.

        Raises:
            gateway.store.database.StoreError: the next call reports it.
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
    """Return the parameter of ``free``: a process last seen before this is dead *now* (seconds since 1970)."""
    return {"silent": int(now * 1000) - _SILENT_MILLISECONDS}


def is_dead(database: StoreConnection, process: bytes, now: float) -> bool:
    """Return whether a process has been silent too long; False if it is not known."""
    seen = database.execute(_SEEN, {"process": process}).fetchone()
    return seen is not None and seen["seen_at"] <= silent(now)["silent"]


def forget(database: StoreConnection, before: int) -> None:
    """Delete processes that were last seen before this second."""
    database.execute(_FORGET, {"before": before * 1000})


class RepeatedWork:
    """
    Calls *work* every so many seconds; while the database cannot be used, it tries again.

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
        """End the work: return when the present round is over."""
        self.ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self.ending.wait(self._every):
            try:
                self._work()
            except StoreError as error:
                _LOG.error("%s wait for the database: %s", self._name, error)
