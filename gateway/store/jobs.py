"""Requests that are answered later: the request, the process that works on it, and the answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store import seals
from gateway.store.database import Store
from gateway.store.keys import StoredAnswer
from gateway.store.processes import GatewayProcess, free, silent
from gateway.store.statements import PreparedStatement
from gateway.store.tables import jobs

WAITING, DONE = "waiting", "done"
# The prefixes of the ids of batches and of captured documents.
BATCH, CAPTURE = "batch_", "capture_"
# How long an answer can be read after its job has ended.
KEPT_SECONDS = 24 * 3600
# Jobs of one organisation that wait at once.
MOST_WAITING = 5_000

_OWN = (jobs.c.msp_id == sa.bindparam("of_msp_id"), jobs.c.user == sa.bindparam("of_user"))
_ONE = jobs.c.id == sa.bindparam("this")
_FREE = (jobs.c.state == WAITING, jobs.c.next_at <= sa.bindparam("now"), free(jobs.c.holder, jobs.c.held_until))
_PUT = PreparedStatement(
    insert(jobs).on_conflict_do_nothing(),
    *("id", "msp_id", "user", "batch", "number", "path", "fingerprint", "sealed", "state", "created_at"),
)
_COUNT = PreparedStatement(
    sa.select(sa.func.count().label("number")).select_from(jobs).where(_OWN[0], jobs.c.state == WAITING)
)
_FIND = PreparedStatement(sa.select(jobs).where(*_OWN, _ONE))
_OF_BATCH = PreparedStatement(
    sa.select(jobs).where(*_OWN, jobs.c.batch == sa.bindparam("this")).order_by(jobs.c.number)
)
_ALL = PreparedStatement(
    sa.select(jobs).where(*_OWN).order_by(jobs.c.created_at.desc(), jobs.c.number).limit(sa.bindparam("most"))
)
_DUE = PreparedStatement(
    sa.select(jobs).where(*_FREE).order_by(jobs.c.next_at, jobs.c.number).limit(sa.bindparam("most"))
)
_TAKE = PreparedStatement(sa.update(jobs).where(_ONE, *_FREE), "holder", "held_until")
_HELD = (_ONE, jobs.c.holder == sa.bindparam("self"))
_AGAIN = PreparedStatement(sa.update(jobs).where(*_HELD), "attempts", "next_at", "held_until")
_FINISH = PreparedStatement(sa.update(jobs).where(*_HELD), "state", "attempts", "sealed", "answer", "finished_at")
_FORGET = PreparedStatement(sa.delete(jobs).where(jobs.c.state == DONE, jobs.c.finished_at < sa.bindparam("before")))


class JobLimitError(Exception):
    """The organisation has as many jobs waiting as one may have."""


class OtherRequestError(Exception):
    """The idempotency key belongs to another request."""


@dataclass(frozen=True)
class JobRequest:
    """
    A request as it was sent; its path may have a query.

    Attributes:
        key: the idempotency key under which it is done, so that it is done once.
        retries_conflicts: whether it is done again if another transaction changed the same thing.
    """

    path: str
    body: bytes = field(repr=False)
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    retries_conflicts: bool = False


@dataclass(frozen=True)
class JobOwner:
    """Who sent a request, and what its token allowed."""

    msp_id: str
    user: str
    token_id: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Job:
    """
    One request that is answered later; times in milliseconds since 1970.

    Attributes:
        batch: the batch that it is a part of, at the place *number*; empty for one by itself.
        request, owner: None once it is done.
        answer: None until then.
    """

    id: str
    batch: str
    number: int
    path: str
    state: str
    attempts: int
    created_at: int
    finished_at: int | None
    request: JobRequest | None = field(repr=False)
    owner: JobOwner | None
    answer: StoredAnswer | None = field(repr=False)


class Jobs:
    """The jobs of all gateways on one database."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._secret = store.secret()
        self._key = seals.key(self._secret, "jobs")
        self._clock = clock

    def put(self, owner: JobOwner, request: JobRequest) -> Job:
        """
        Return the job for a request; a repetition with the same key gets the same one.

        Raises:
            OtherRequestError, JobLimitError
        """
        identifier = f"job_{self._mac('id', owner.msp_id, owner.user, request.key).hex()[:32]}"
        self._put(owner, [(identifier, request)], "")
        row = self._row(owner.msp_id, owner.user, identifier)
        if row is None or not hmac.compare_digest(row["fingerprint"], self._fingerprint(request)):
            raise OtherRequestError
        return self._read(row)

    def put_all(self, owner: JobOwner, requests: Sequence[JobRequest], beginning: str = BATCH) -> str:
        """
        Return the id of a batch with a job for each request; *beginning* says what kind of batch it is.

        Raises:
            JobLimitError
        """
        batch = f"{beginning}{secrets.token_hex(16)}"
        made = [(f"job_{secrets.token_hex(16)}", each) for each in requests]
        self._put(owner, made, batch)
        return batch

    def _put(self, owner: JobOwner, made: Sequence[tuple[str, JobRequest]], batch: str) -> None:
        now = self._now()
        rows = [
            {
                "id": identifier,
                "msp_id": owner.msp_id,
                "user": owner.user,
                "batch": batch,
                "number": number,
                "path": each.path,
                "fingerprint": self._fingerprint(each),
                "sealed": seals.sealed(self._key, _packed(each, owner), identifier.encode()),
                "state": WAITING,
                "created_at": now,
            }
            for number, (identifier, each) in enumerate(made)
        ]
        with self._store.connection() as database:
            # The count must include the jobs of other transactions.
            database.alone(f"jobs {owner.msp_id}")
            if not batch and database.execute(_FIND, _own(owner.msp_id, owner.user, made[0][0])).fetchone():
                return  # A repetition adds no job, so the limit does not apply.
            waiting = database.execute(_COUNT, {"of_msp_id": owner.msp_id}).fetchone()["number"]
            if waiting + len(rows) > MOST_WAITING:
                raise JobLimitError
            database.execute_each(_PUT, rows)

    def find(self, msp_id: str, user: str, identifier: str) -> Job | None:
        """Return one of a user's jobs; None if it is not one of them."""
        row = self._row(msp_id, user, identifier)
        return self._read(row) if row else None

    def of_batch(self, msp_id: str, user: str, batch: str) -> list[Job]:
        """Return the jobs of one of a user's batches, in order; empty if it is not one of them."""
        if not batch:
            return []
        with self._store.reading() as database:
            rows = database.execute(_OF_BATCH, _own(msp_id, user, batch)).fetchall()
        return [self._read(row) for row in rows]

    def captures(self, msp_id: str, user: str, after: str, most: int) -> dict[str, list[Job]]:
        """Return the jobs of a user's captured documents by their ids, in the order of these, after an id."""
        found: dict[str, list[Job]] = {}
        for row in self._of_captures(msp_id, user, max(after, CAPTURE), most):
            found.setdefault(row["batch"], []).append(self._read(row))
        return found

    def _of_captures(self, msp_id: str, user: str, after: str, most: int) -> list[Any]:
        own = (jobs.c.msp_id == msp_id, jobs.c.user == user, jobs.c.batch > after, jobs.c.batch < f"{CAPTURE}~")
        some = sa.select(jobs.c.batch).where(*own).group_by(jobs.c.batch).order_by(jobs.c.batch).limit(most).subquery()
        asked = sa.select(jobs).join(some, jobs.c.batch == some.c.batch).where(*own)
        with self._store.reading() as database:
            return list(database.execute(asked.order_by(jobs.c.batch, jobs.c.number)).fetchall())

    def of_user(self, msp_id: str, user: str, most: int) -> list[Job]:
        """Return a user's jobs, newest first."""
        with self._store.reading() as database:
            rows = database.execute(_ALL, {"of_msp_id": msp_id, "of_user": user, "most": most}).fetchall()
        return [self._read(row) for row in rows]

    def due(self, most: int) -> list[Job]:
        """Return jobs that somebody should work on now."""
        with self._store.reading() as database:
            rows = database.execute(_DUE, {"now": self._now(), "most": most, **silent(self._clock())}).fetchall()
        return [self._read(row) for row in rows]

    def take(self, job: Job, process: GatewayProcess, seconds: int) -> bool:
        """
        Take the lease of a job for a process; return False if another was faster.

        The lease ends when the process dies, or after so long. The process must report that it is alive until it leaves
        the job's id.
        """
        now = self._now()
        values = {"this": job.id, "now": now, "holder": process.name, "held_until": now + seconds * 1000}
        with self._store.connection(durable=False) as database:
            process.report(database)
            taken = database.execute(_TAKE, {**values, **silent(self._clock())}).rowcount == 1
        if taken:
            process.hold(job.id)
        return bool(taken)

    def again(self, job: Job, holder: str, next_at: int) -> None:
        """Let a job be tried again later, by any process."""
        values = {"attempts": job.attempts + 1, "next_at": next_at, "held_until": 0}
        with self._store.connection(durable=False) as database:
            database.execute(_AGAIN, {"this": job.id, "self": holder, **values})

    def finish(self, job: Job, holder: str, answer: StoredAnswer) -> None:
        """Store the answer, encrypted, and delete the request."""
        kept = [answer.status, dict(answer.headers), base64.b64encode(answer.body).decode()]
        values = {
            "state": DONE,
            "attempts": job.attempts + 1,
            "sealed": b"",
            "answer": seals.sealed(self._key, json.dumps(kept).encode(), job.id.encode()),
            "finished_at": self._now(),
        }
        with self._store.connection() as database:
            database.execute(_FINISH, {"this": job.id, "self": holder, **values})

    def forget_old(self) -> None:
        """Delete jobs whose answers are older than they are kept."""
        with self._store.connection(durable=False) as database:
            database.execute(_FORGET, {"before": self._now() - KEPT_SECONDS * 1000})

    def _row(self, msp_id: str, user: str, identifier: str) -> Any:
        with self._store.reading() as database:
            return database.execute(_FIND, _own(msp_id, user, identifier)).fetchone()

    def _read(self, row: Any) -> Job:
        name = row["id"].encode()
        request, owner, answer = None, None, None
        if row["state"] == WAITING:
            request, owner = _unpacked(seals.unsealed(self._key, row["sealed"], name), row)
        else:
            status, headers, body = json.loads(seals.unsealed(self._key, row["answer"], name))
            answer = StoredAnswer(status, headers, base64.b64decode(body))
        return Job(
            row["id"],
            row["batch"],
            row["number"],
            row["path"],
            row["state"],
            row["attempts"],
            row["created_at"],
            row["finished_at"],
            request,
            owner,
            answer,
        )

    def _fingerprint(self, request: JobRequest) -> bytes:
        return self._mac("content", request.path, request.body.decode("latin-1"))

    def _mac(self, purpose: str, *parts: str) -> bytes:
        """Return a keyed hash, so that nobody can find a short private value by trying."""
        text = json.dumps([purpose, *parts]).encode()
        return hmac.new(self._secret, b"jobs" + text, hashlib.sha256).digest()

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _own(msp_id: str, user: str, identifier: str) -> dict[str, str]:
    return {"of_msp_id": msp_id, "of_user": user, "this": identifier}


def _packed(request: JobRequest, owner: JobOwner) -> bytes:
    kept = {
        "body": base64.b64encode(request.body).decode(),
        "key": request.key,
        "headers": dict(request.headers),
        "retries_conflicts": request.retries_conflicts,
        "token_id": owner.token_id,
        "scopes": sorted(owner.scopes),
    }
    return json.dumps(kept).encode()


def _unpacked(packed: bytes, row: Any) -> tuple[JobRequest, JobOwner]:
    kept = json.loads(packed)
    request = JobRequest(
        row["path"], base64.b64decode(kept["body"]), kept["key"], kept["headers"], kept["retries_conflicts"]
    )
    return request, JobOwner(row["msp_id"], row["user"], kept["token_id"], frozenset(kept["scopes"]))
