"""
The record of audit requests: every request that needs the scope ``audit`` is written down before it is answered.

A record has names and ids (who asked, for which channel, transaction or object), but no values and no queries. If
it cannot be written, the request is not answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Response, after_this_request, current_app, g, request

from gateway.http import auth, context
from gateway.store.database import Store

SCOPE = "audit"
# Ids are shorter; longer text in their place is cut.
_LONGEST = 300


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
        """Write a request down; return its number."""
        values = (int(self._clock() * 1000), msp_id, user, token_id, what, subject, request_id)
        with self._store.connection() as database:
            written = database.execute(
                "INSERT INTO accesses (at, msp_id, user, token_id, what, subject, request_id) VALUES (?,?,?,?,?,?,?)",
                values,
            )
            return int(written.lastrowid or 0)

    def end(self, number: int, status: int) -> None:
        """Add the status of the answer."""
        with self._store.connection() as database:
            database.execute("UPDATE accesses SET status = ? WHERE number = ?", (status, number))

    def of(self, msp_id: str, *, before: int | None, limit: int) -> list[Access]:
        """Return an organisation's requests with numbers below *before*, newest first."""
        with self._store.connection() as database:
            rows = database.execute(
                "SELECT * FROM accesses WHERE msp_id = ? AND number < ? ORDER BY number DESC LIMIT ?",
                (msp_id, before if before is not None else 1 << 62, limit),
            ).fetchall()
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
