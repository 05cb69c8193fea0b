"""Verifications of whole channels: who asked, how far each is, and its outcome."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.store.database import Store
from gateway.store.processes import GatewayProcess, free, silent
from gateway.store.statements import PreparedStatement
from gateway.store.tables import verifications

KEPT_SECONDS = 90 * 24 * 3600
# A verification that failed or ended with its process so often is given up.
MOST_ATTEMPTS = 3
# Of one organisation at once.
MOST_OPEN = 5

_C = verifications.c
_ONE, _OWN, _OPEN = _C.id == sa.bindparam("this"), _C.msp_id == sa.bindparam("of_msp_id"), _C.finished_at.is_(None)
_HELD = (_ONE, _OPEN, _C.holder == sa.bindparam("self"))
_FREE = (_OPEN, free(_C.holder, _C.held_until))
_PUT = PreparedStatement(sa.insert(verifications), "id", "msp_id", "user", "channel", "height", "created_at")
_FIND = PreparedStatement(sa.select(verifications).where(_ONE, _OWN))
_WAITING = PreparedStatement(sa.select(verifications).where(_OWN, _OPEN))
_NEWEST_FIRST = sa.select(verifications).where(_OWN).order_by(_C.created_at.desc(), _C.id).limit(sa.bindparam("most"))
_LATEST = PreparedStatement(_NEWEST_FIRST)
_LAST_AT: sa.BindParameter[int] = sa.bindparam("last_at")
_LAST: sa.BindParameter[str] = sa.bindparam("last_id")
_OLDER = PreparedStatement(
    _NEWEST_FIRST.where(sa.or_(_C.created_at < _LAST_AT, sa.and_(_C.created_at == _LAST_AT, _C.id > _LAST)))
)
_DUE = PreparedStatement(sa.select(verifications).where(*_FREE).order_by(_C.created_at).limit(1))
_TAKE = PreparedStatement(sa.update(verifications).where(_ONE, *_FREE), "holder", "held_until", "attempts", "verified")
_NOTE = PreparedStatement(sa.update(verifications).where(*_HELD), "verified", "held_until")
_FINISH = PreparedStatement(sa.update(verifications).where(*_HELD), "verified", "report", "finished_at")
_FORGET = PreparedStatement(sa.delete(verifications).where(_C.created_at < sa.bindparam("before")))


class VerificationLimitError(Exception):
    """The organisation has as many verifications open as one may have."""


@dataclass(frozen=True)
class Verification:
    """
    One verification; times in seconds since 1970.

    Attributes:
        height: how many blocks the channel had when it was asked for.
        verified: how many of them are verified by now.
        report: None until it is finished; empty if there is none because the blocks could not be read.
    """

    id: str
    msp_id: str
    user: str
    channel: str
    height: int
    verified: int
    attempts: int
    created_at: int
    finished_at: int | None
    report: Mapping[str, Any] | None


class Verifications:
    """The verifications of all gateways on one database."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def ask(self, msp_id: str, user: str, channel: str, height: int) -> str:
        """
        Return the id of a verification of a channel; one that is not finished is not asked for again.

        Raises:
            VerificationLimitError
        """
        identifier, now = f"verification-{secrets.token_hex(12)}", int(self._clock())
        row = {"id": identifier, "msp_id": msp_id, "user": user, "channel": channel, "height": height}
        with self._store.connection() as database:
            database.alone(f"verifications {msp_id}")
            database.execute(_FORGET, {"before": now - KEPT_SECONDS})
            waiting = database.execute(_WAITING, {"of_msp_id": msp_id}).fetchall()
            for each in waiting:
                if each["channel"] == channel:
                    return str(each["id"])
            if len(waiting) >= MOST_OPEN:
                raise VerificationLimitError
            database.execute(_PUT, {**row, "created_at": now})
        return identifier

    def find(self, msp_id: str, identifier: str) -> Verification | None:
        """Return a verification of an organisation; None if it has none with this id."""
        with self._store.reading() as database:
            row = database.execute(_FIND, {"this": identifier, "of_msp_id": msp_id}).fetchone()
        return _read(row) if row else None

    def latest(self, msp_id: str, most: int, before: Verification | None = None) -> list[Verification]:
        """Return the verifications of an organisation, newest first; those after *before* if it is given."""
        asked: dict[str, Any] = {"of_msp_id": msp_id, "most": most}
        if before is not None:
            asked |= {"last_at": before.created_at, "last_id": before.id}
        with self._store.reading() as database:
            rows = database.execute(_LATEST if before is None else _OLDER, asked).fetchall()
        return [_read(row) for row in rows]

    def take(self, process: GatewayProcess, seconds: int) -> Verification | None:
        """
        Take the lease of the verification that waits longest; return None if none waits.

        The lease ends when the process dies, or after so long. The process must report that it is alive until it leaves
        the verification's id.
        """
        now = int(self._clock())
        at = {"now": now, **silent(self._clock())}
        with self._store.connection(durable=False) as database:
            row = database.execute(_DUE, at).fetchone()
            if row is None:
                return None
            process.report(database)
            held = {"holder": process.name, "held_until": now + seconds}
            values = {**held, "attempts": row["attempts"] + 1, "verified": 0}
            if database.execute(_TAKE, {"this": row["id"], **at, **values}).rowcount != 1:
                return None
        process.hold(row["id"])
        return _read({**dict(row), **values})

    def note(self, identifier: str, holder: str, verified: int, seconds: int) -> bool:
        """Store how far a verification is, and renew its lease for so long; return False if another process has it."""
        values = {"verified": verified, "held_until": int(self._clock()) + seconds}
        with self._store.connection(durable=False) as database:
            return bool(database.execute(_NOTE, {"this": identifier, "self": holder, **values}).rowcount == 1)

    def finish(self, identifier: str, holder: str, verified: int, report: Mapping[str, Any]) -> None:
        """Keep the report of a verification; an empty one says that the blocks could not be read."""
        values = {"verified": verified, "report": json.dumps(report), "finished_at": int(self._clock())}
        with self._store.connection() as database:
            database.execute(_FINISH, {"this": identifier, "self": holder, **values})


def _read(row: Any) -> Verification:
    return Verification(
        row["id"],
        row["msp_id"],
        row["user"],
        row["channel"],
        row["height"],
        row["verified"],
        row["attempts"],
        row["created_at"],
        row["finished_at"],
        json.loads(row["report"]) if row["report"] else None,
    )
