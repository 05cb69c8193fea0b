"""
The record of audit requests: every request that needs the scope ``audit`` is stored before it is answered.

A record has names and ids (who asked, for which channel, transaction or object), but no values and no queries. If
it cannot be written, the request is not answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Response, after_this_request, current_app, g, request

from gateway.http import auth, context
from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import accesses

SCOPE = "audit"
# Ids are shorter; longer text in their place is cut.
_LONGEST = 300
_NOTED = ("at", "msp_id", "user", "token_id", "what", "subject", "request_id")
_BEGIN = PreparedStatement(sa.insert(accesses).returning(accesses.c.number), *_NOTED)
_END = PreparedStatement(sa.update(accesses).where(accesses.c.number == sa.bindparam("begun")), "status")
_PAGE = PreparedStatement(
    sa.select(accesses)
    .where(accesses.c.msp_id == sa.bindparam("asking"), accesses.c.number < sa.bindparam("before"))
    .order_by(accesses.c.number.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True)
class Access:
    """
    One request.

    Attributes:
        what: the address's name, as ``audit.transaction`` or ``console.history``.
        subject: the ids in the address, as ``trade/Orders/J1``.
        status: the HTTP status of the answer; None if there is none, or not yet.
    """

    number: int
    at: datetime
    user: str
    token_id: str
    what: str
    subject: str
    status: int | None
    request_id: str


class Accesses:
    """The record in one gateway's store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def begin(self, msp_id: str, user: str, token_id: str, what: str, subject: str, request_id: str) -> int:
        """Store a request; return its number."""
        values = (int(self._clock() * 1000), msp_id, user, token_id, what, subject, request_id)
        with self._store.connection() as database:
            return int(database.execute(_BEGIN, dict(zip(_NOTED, values, strict=True))).fetchone()["number"])

    def end(self, number: int, status: int) -> None:
        """Add the status of the answer."""
        with self._store.connection() as database:
            database.execute(_END, {"status": status, "begun": number})

    def of(self, msp_id: str, *, before: int | None, limit: int) -> list[Access]:
        """Return an organisation's requests with numbers below *before*, newest first."""
        last = before if before is not None else 1 << 62
        with self._store.reading() as database:
            rows = database.execute(_PAGE, {"asking": msp_id, "before": last, "most": limit}).fetchall()
        return [_access(row) for row in rows]


def record() -> None:
    """Record who asks for what, before a view that needs the scope ``audit``."""
    if request.endpoint is None or auth.scope_of(current_app.view_functions[request.endpoint]) != SCOPE:
        return
    asking, kept = context.caller(), Accesses(context.services().store)
    ids = "/".join(str(value) for value in (request.view_args or {}).values())
    number = kept.begin(asking.msp_id, asking.user, asking.token_id, request.endpoint, ids[:_LONGEST], g.request_id)

    @after_this_request
    def finish(response: Response) -> Response:
        kept.end(number, response.status_code)
        return response


def _access(row: Any) -> Access:
    return Access(
        number=row["number"],
        at=datetime.fromtimestamp(row["at"] / 1000, UTC),
        user=row["user"],
        token_id=row["token_id"],
        what=row["what"],
        subject=row["subject"],
        status=row["status"],
        request_id=row["request_id"],
    )
