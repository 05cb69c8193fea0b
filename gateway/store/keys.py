"""
Idempotency keys in use, and the answers to their requests, for ``gateway.http.idempotency``.

A key belongs to an organisation's user, whatever token it came with. Nobody can read keys, requests or answers in
the file: a row's id and the key that decrypts its answer are both made from the idempotency key's text, which is
not kept, and from the gateway's secret, which is in another file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.http import problems
from gateway.store import processes, seals
from gateway.store.database import Store, StoreConnection, StoreError
from gateway.store.processes import GatewayProcess
from gateway.store.statements import PreparedStatement
from gateway.store.tables import idempotency_keys, idempotency_steps

# After this time a repetition takes over a request without an answer, even if its process lives: transactions that were
# sent keep their ids, and the earlier attempt can send nothing more.
_ABANDONED_SECONDS = 10
_RANDOM_BYTES = 8
_KEPT_SECONDS = 24 * 3600
_FORGET_SECONDS = 60
_SEED = -1

_FIND = PreparedStatement(sa.select(idempotency_keys).where(idempotency_keys.c.id == sa.bindparam("row")))
_TAKING = insert(idempotency_keys)
_TAKE = PreparedStatement(
    _TAKING.on_conflict_do_update(
        index_elements=["id"],
        set_={"attempt": _TAKING.excluded.attempt, "started_at": _TAKING.excluded.started_at},
        where=sa.and_(
            idempotency_keys.c.attempt == sa.bindparam("earlier"),
            idempotency_keys.c.answer.is_(None),
        ),
    ),
    "id",
    "fingerprint",
    "attempt",
    "started_at",
)
_HELD = (idempotency_keys.c.id == sa.bindparam("row"), idempotency_keys.c.attempt == sa.bindparam("held"))
_NOTE = PreparedStatement(sa.update(idempotency_keys).where(*_HELD), "transaction_id")
_ANSWER = PreparedStatement(sa.update(idempotency_keys).where(*_HELD), "answer")
_LEAVE = PreparedStatement(sa.update(idempotency_keys).where(*_HELD), "attempt")
_RELEASE = PreparedStatement(sa.delete(idempotency_keys).where(*_HELD))
_STEPS = PreparedStatement(sa.select(idempotency_steps).where(idempotency_steps.c.id == sa.bindparam("row")))
_STEPPING = insert(idempotency_steps)
_STEP = PreparedStatement(
    _STEPPING.on_conflict_do_update(index_elements=["id", "number"], set_={"sealed": _STEPPING.excluded.sealed})
)
_FORGET_STEPS = PreparedStatement(sa.delete(idempotency_steps).where(idempotency_steps.c.id == sa.bindparam("row")))
_FORGET_KEYS = PreparedStatement(
    sa.delete(idempotency_keys).where(idempotency_keys.c.started_at < sa.bindparam("before"))
)
_FORGET_STRAYS = PreparedStatement(
    sa.delete(idempotency_steps).where(idempotency_steps.c.id.not_in(sa.select(idempotency_keys.c.id)))
)


@dataclass(frozen=True)
class StoredAnswer:
    """The answer to a request, kept for repetitions."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class ClaimedKey:
    """
    A key, held by one attempt at its request.

    Attributes:
        seed: random values of the request are made from it, so that another attempt makes the same ones.
        steps: the signed transactions of earlier attempts, by their place in the request, not yet carried on.
    """

    row: bytes
    cipher: bytes
    attempt: bytes
    seed: bytes = field(repr=False)
    steps: dict[int, bytes] = field(default_factory=dict, repr=False)
    _drawn: Iterator[int] = field(default_factory=itertools.count, repr=False, compare=False)

    def random(self, size: int) -> bytes:
        """Return bytes that nobody can guess; each attempt gets the same ones in the same order."""
        drawn = next(self._drawn)
        return hashlib.shake_256(self.seed + drawn.to_bytes(4, "big")).digest(size)


class Keys:
    """
    Idempotency keys in use, and the encrypted answers of finished requests.

    Each attempt's name begins with that of its process, which reports that it is alive as long as it holds keys.
    """

    def __init__(
        self, store: Store, clock: Callable[[], float] = time.time, process: GatewayProcess | None = None
    ) -> None:
        self._store = store
        self._secret = store.secret()
        self._clock = clock
        self._forgot = 0
        self._process = process or GatewayProcess(store, clock)
        # Keys to leave once the database can be used again. A list's methods are atomic, so it needs no lock.
        self._left: list[tuple[PreparedStatement, dict[str, bytes]]] = []

    def begin(self, msp_id: str, user: str, key: str, content: tuple[bytes, ...]) -> ClaimedKey | StoredAnswer:
        """
        Take a key for a request with this content, or return the answer to repeat.

        An earlier attempt without an answer is carried on: at once if it has given up, three seconds after its process
        died, or after ten seconds. The new attempt knows what was sent.

        Raises:
            problems.Problem: the key belongs to another request, or its request still runs.
        """
        caller = (msp_id.encode(), user.encode(), key.encode())
        attempt = self._process.id + os.urandom(_RANDOM_BYTES)
        held = ClaimedKey(self._mac(b"row", *caller), self._mac(b"seal", *caller), attempt, os.urandom(32))
        fingerprint = self._mac(b"content", *content)
        now = int(self._clock())
        # Not durable: the row matters only with a transaction's id, which is stored durably later.
        with self._store.connection(durable=False) as database:
            self._forget_old(database, now)
            row = database.execute(_FIND, {"row": held.row}).fetchone()
            if row is not None and not hmac.compare_digest(row["fingerprint"], fingerprint):
                raise problems.Problem("IDEMPOTENCY_KEY_REUSED")
            if row is not None and row["answer"] is not None:
                return _opened(held, row["answer"])
            if row is not None and row["attempt"] and self._is_worked_on(database, row):
                raise problems.Problem("IDEMPOTENCY_IN_PROGRESS")
            # Of two attempts that found no row, or the same abandoned one, one loses here and waits.
            taken = database.execute(
                _TAKE,
                {
                    "id": held.row,
                    "fingerprint": fingerprint,
                    "attempt": held.attempt,
                    "started_at": now,
                    "earlier": row["attempt"] if row is not None else b"none",
                },
            )
            if taken.rowcount != 1:
                raise problems.Problem("IDEMPOTENCY_IN_PROGRESS")
            self._process.report(database)
            carried_on = held if row is None else self._carried_on(database, held)
        self._process.hold(held.attempt)
        return carried_on

    def _is_worked_on(self, database: StoreConnection, row: Mapping[str, Any]) -> bool:
        """Return whether the attempt at a key may still answer: it is young, and its process not known to be dead."""
        if int(self._clock()) - row["started_at"] >= _ABANDONED_SECONDS:
            return False
        return not processes.is_dead(database, row["attempt"][:-_RANDOM_BYTES], self._clock())

    def leave_late(self) -> None:
        """
        Leave the keys that could not be left before.

        Raises:
            gateway.store.database.StoreError: the next call leaves them.
        """
        left = self._left[:]
        if left:
            with self._store.connection(durable=False) as database:
                for statement, values in left:
                    database.execute(statement, values)
            del self._left[: len(left)]

    def _carried_on(self, database: StoreConnection, held: ClaimedKey) -> ClaimedKey:
        """Return *held* with the seed and the steps of earlier attempts."""
        rows = database.execute(_STEPS, {"row": held.row})
        steps = {row["number"]: _unsealed(held, row["sealed"]) for row in rows}
        return replace(held, seed=steps.pop(_SEED, held.seed), steps=steps)

    def note_step(self, held: ClaimedKey, number: int, transaction_id: str, signed: bytes) -> None:
        """
        Store the transaction that the key's request will send next, as its step *number*, and the request's seed.

        Raises:
            problems.Problem: another attempt has taken the key; this one must send nothing.
        """
        with self._store.connection() as database:
            noted = database.execute(_NOTE, {"transaction_id": transaction_id, **_own(held)})
            if noted.rowcount == 1:
                kept = ((_SEED, held.seed), (number, signed))
                database.execute_each(
                    _STEP, [{"id": held.row, "number": each, "sealed": _sealed(held, text)} for each, text in kept]
                )
        if noted.rowcount != 1:
            raise problems.Problem("IDEMPOTENCY_IN_PROGRESS", "Another request with this key took over")

    def finish(self, held: ClaimedKey, answer: StoredAnswer) -> None:
        """Keep the answer, encrypted."""
        self._process.leave(held.attempt)
        kept = [answer.status, dict(answer.headers), base64.b64encode(answer.body).decode()]
        with self._store.connection() as database:
            finished = database.execute(_ANSWER, {"answer": _sealed(held, json.dumps(kept).encode()), **_own(held)})
            if finished.rowcount == 1:
                database.execute(_FORGET_STEPS, {"row": held.row})

    def suspend(self, held: ClaimedKey) -> None:
        """Let the next repetition carry the request on: it has sent something whose outcome is unknown."""
        self._leave(_LEAVE, {"attempt": b"", **_own(held)}, held)

    def release(self, held: ClaimedKey) -> None:
        """Release a key whose request wrote nothing."""
        self._leave(_RELEASE, _own(held), held)

    def _leave(self, statement: PreparedStatement, values: dict[str, bytes], held: ClaimedKey) -> None:
        """Leave a key, or let ``leave_late`` do it."""
        self._process.leave(held.attempt)
        try:
            with self._store.connection(durable=False) as database:
                database.execute(statement, values)
        except StoreError:
            self._left.append((statement, values))
            raise

    def _forget_old(self, database: StoreConnection, now: int) -> None:
        """Delete the keys of a day ago, once in a minute."""
        if now - self._forgot >= _FORGET_SECONDS:
            database.execute(_FORGET_KEYS, {"before": now - _KEPT_SECONDS})
            database.execute(_FORGET_STRAYS)
            processes.forget(database, now - _KEPT_SECONDS)
            self._forgot = now

    def _mac(self, purpose: bytes, *parts: bytes) -> bytes:
        """Return a keyed hash, so that nobody can find a short key or a short private value by trying."""
        digest = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in (purpose, *parts):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()


def _own(held: ClaimedKey) -> dict[str, bytes]:
    """Return the parameters of the condition that an attempt still holds its key."""
    return {"row": held.row, "held": held.attempt}


def _opened(held: ClaimedKey, sealed: bytes) -> StoredAnswer:
    status, headers, body = json.loads(_unsealed(held, sealed))
    return StoredAnswer(status, headers, base64.b64decode(body))


def _sealed(held: ClaimedKey, plain: bytes) -> bytes:
    return seals.sealed(held.cipher, plain, held.row)


def _unsealed(held: ClaimedKey, sealed: bytes) -> bytes:
    return seals.unsealed(held.cipher, sealed, held.row)
