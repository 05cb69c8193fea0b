"""The messages that wait for webhooks, who delivers them, and the outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store.database import Store
from gateway.store.processes import GatewayProcess, free, silent
from gateway.store.statements import PreparedStatement
from gateway.store.tables import webhook_attempts, webhook_messages, webhooks
from gateway.store.webhooks import ACTIVE, FAILING, EventPlace, Webhook, Webhooks

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
# How long delivered messages, and dead letters, can be listed.
DELIVERED_SECONDS, DEAD_SECONDS = 7 * 24 * 3600, 30 * 24 * 3600
# Messages of one webhook that wait at once; further events stay in the read model until there is room.
_QUEUE = 100
# A test message has no event, and goes before all messages that have one.
_NO_EVENT = EventPlace(-1, 0)

_THIS = webhooks.c.id == sa.bindparam("this")
_OWN = webhook_messages.c.webhook_id == sa.bindparam("of")
_ONE = (_OWN, webhook_messages.c.id == sa.bindparam("this"))
_BY_PLACE = (webhook_messages.c.block_number, webhook_messages.c.index)
_OPEN = PreparedStatement(
    sa.select(webhooks)
    .where(
        webhooks.c.state == ACTIVE,
        sa.or_(webhooks.c.holder == sa.bindparam("self"), free(webhooks.c.holder, webhooks.c.held_until)),
    )
    .order_by(webhooks.c.id)
)
_TAKE = PreparedStatement(
    sa.update(webhooks).where(
        _THIS,
        webhooks.c.state == ACTIVE,
        sa.or_(webhooks.c.holder == sa.bindparam("self"), free(webhooks.c.holder, webhooks.c.held_until)),
    ),
    "holder",
    "held_until",
)
_HELD = (_THIS, webhooks.c.holder == sa.bindparam("self"))
_LEAVE = PreparedStatement(sa.update(webhooks).where(webhooks.c.holder == sa.bindparam("self")), "holder", "held_until")
_MOVE = PreparedStatement(
    sa.update(webhooks).where(
        *_HELD, webhooks.c.block_number == sa.bindparam("was_block"), webhooks.c.index == sa.bindparam("was_index")
    ),
    "block_number",
    "index",
    "due_at",
)
_STOP = PreparedStatement(sa.update(webhooks).where(_THIS), "state", "reason")
_GIVEN_UP = PreparedStatement(sa.update(webhooks).where(_THIS), "given_up")
_QUEUEING = insert(webhook_messages)
_PUT = PreparedStatement(
    _QUEUEING.on_conflict_do_update(
        index_elements=["webhook_id", "id"],
        set_={name: _QUEUEING.excluded[name] for name in ("body", "state", "attempts", "next_at", "changed_at")},
    ),
    *("webhook_id", "id", "type", "body", "block_number", "index", "state", "attempts", "next_at", "changed_at"),
)
_WAITING = PreparedStatement(
    sa.select(sa.func.count().label("number"))
    .select_from(webhook_messages)
    .where(_OWN, webhook_messages.c.state == WAITING)
)
_ALL_WAITING = PreparedStatement(
    sa.select(sa.func.count().label("number"))
    .select_from(webhook_messages)
    .where(webhook_messages.c.state == sa.bindparam("wanted"))
)
_NEXT = PreparedStatement(
    sa.select(webhook_messages).where(_OWN, webhook_messages.c.state == WAITING).order_by(*_BY_PLACE).limit(1)
)
_FIND = PreparedStatement(sa.select(webhook_messages).where(*_ONE))
_NOTE = PreparedStatement(sa.update(webhook_messages).where(*_ONE), "state", "attempts", "next_at", "changed_at")
_LOG = PreparedStatement(
    sa.insert(webhook_attempts), "webhook_id", "message_id", "at", "status", "words", "milliseconds"
)
_ATTEMPTS = PreparedStatement(
    sa.select(webhook_attempts)
    .where(webhook_attempts.c.webhook_id == sa.bindparam("of"), webhook_attempts.c.number < sa.bindparam("before"))
    .order_by(webhook_attempts.c.number.desc())
    .limit(sa.bindparam("most"))
)
_LISTED = PreparedStatement(
    sa.select(webhook_messages)
    .where(_OWN, webhook_messages.c.state == sa.bindparam("wanted"))
    .order_by(*_BY_PLACE)
    .limit(sa.bindparam("most"))
)
_FORGET = tuple(
    PreparedStatement(
        sa.delete(webhook_messages).where(
            webhook_messages.c.state == state, webhook_messages.c.changed_at < sa.bindparam(name)
        )
    )
    for state, name in ((DELIVERED, "delivered_before"), (DEAD, "dead_before"))
)
_FORGET_LOG = PreparedStatement(sa.delete(webhook_attempts).where(webhook_attempts.c.at < sa.bindparam("dead_before")))


@dataclass(frozen=True)
class WebhookMessage:
    """
    One message of a webhook; times in milliseconds since 1970.

    Attributes:
        body: the CloudEvent, as JSON text.
        state: ``waiting``, ``delivered`` or ``dead``.
    """

    webhook_id: str
    id: str
    type: str
    place: EventPlace
    body: str = field(repr=False)
    state: str = WAITING
    attempts: int = 0
    next_at: int = 0
    changed_at: int = 0


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver a message; *status* is None if no answer came."""

    message_id: str
    at: int
    status: int | None
    words: str
    milliseconds: int
    number: int = 0


class Deliveries:
    """The messages of all webhooks."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._webhooks = Webhooks(store, clock)

    def open(self, holder: str) -> list[Webhook]:
        """Return the active webhooks that no other process delivers at the moment."""
        with self._store.reading() as database:
            rows = database.execute(
                _OPEN, {"self": holder, "now": int(self._clock()), **silent(self._clock())}
            ).fetchall()
        return [self._webhooks.read(row) for row in rows]

    def take(self, webhook_id: str, process: GatewayProcess, seconds: int) -> bool:
        """
        Take or keep the lease of a webhook's delivery; return False if another process has it.

        The lease ends when the process dies, or after so long. The process must report that it is alive until it calls
        :meth:`leave`.
        """
        now, holder = int(self._clock()), process.name
        values = {"this": webhook_id, "self": holder, "holder": holder, "now": now, "held_until": now + seconds}
        with self._store.connection(durable=False) as database:
            process.report(database)
            taken = database.execute(_TAKE, {**values, **silent(self._clock())}).rowcount == 1
        if taken:
            process.hold(webhook_id)
        return bool(taken)

    def leave(self, holder: str) -> None:
        """Leave all webhooks of a process to others."""
        with self._store.connection(durable=False) as database:
            database.execute(_LEAVE, {"self": holder, "holder": "", "held_until": 0})

    def room(self, webhook_id: str) -> int:
        """Return how many further messages may wait for a webhook."""
        return max(0, _QUEUE - self.waiting(webhook_id))

    def waiting(self, webhook_id: str) -> int:
        """Return how many messages wait for a webhook."""
        with self._store.reading() as database:
            return int(database.execute(_WAITING, {"of": webhook_id}).fetchone()["number"])

    def waiting_in_all(self) -> int:
        """Return how many messages wait for the webhooks of all users."""
        with self._store.reading() as database:
            return int(database.execute(_ALL_WAITING, {"wanted": WAITING}).fetchone()["number"])

    def queue(
        self, webhook: Webhook, holder: str, messages: Sequence[WebhookMessage], place: EventPlace, due_at: int = 0
    ) -> bool:
        """
        Queue messages, and set the webhook's *place* and when it is due again: all of this, or nothing.

        Return False if the webhook was moved otherwise, or another process delivers it.
        """
        moved = {
            "this": webhook.id,
            "self": holder,
            "was_block": webhook.place.block_number,
            "was_index": webhook.place.index,
            "block_number": place.block_number,
            "index": place.index,
            "due_at": due_at,
        }
        with self._store.connection() as database:
            if database.execute(_MOVE, moved).rowcount != 1:
                return False
            if messages:
                database.execute_each(_PUT, [self._row(each) for each in messages])
        return True

    def test(self, webhook: Webhook, message_id: str, kind: str, body: str) -> None:
        """Queue a test message before all others."""
        with self._store.connection() as database:
            database.execute(_PUT, self._row(WebhookMessage(webhook.id, message_id, kind, _NO_EVENT, body)))

    def next(self, webhook_id: str) -> WebhookMessage | None:
        """Return the message that must be delivered next; None if none waits."""
        with self._store.reading() as database:
            row = database.execute(_NEXT, {"of": webhook_id}).fetchone()
        return _message(row) if row else None

    def delivered(self, message: WebhookMessage, attempt: Attempt) -> None:
        """Note that a message arrived."""
        self._note(message, attempt, DELIVERED, 0, given_up=0)

    def again(self, message: WebhookMessage, attempt: Attempt, next_at: int) -> None:
        """Note that an attempt failed, and when the next one is due; later messages wait for it."""
        self._note(message, attempt, WAITING, next_at)

    def give_up(self, message: WebhookMessage, attempt: Attempt, given_up: int) -> None:
        """Note that a message cannot be delivered; it stays as a dead letter, and the next one follows."""
        self._note(message, attempt, DEAD, 0, given_up=given_up)

    def stop(self, webhook_id: str, reason: str) -> None:
        """Deliver nothing more to a webhook until its user starts it again."""
        with self._store.connection() as database:
            database.execute(_STOP, {"this": webhook_id, "state": FAILING, "reason": reason})

    def revive(self, webhook: Webhook, message_id: str) -> WebhookMessage | None:
        """Let a dead letter wait again, in its place, and return it; None if the webhook has no such one."""
        with self._store.connection() as database:
            row = database.execute(_FIND, {"of": webhook.id, "this": message_id}).fetchone()
            if row is None or row["state"] != DEAD:
                return None
            revived = {"state": WAITING, "attempts": 0, "next_at": 0, "changed_at": self._now()}
            database.execute(_NOTE, {"of": webhook.id, "this": message_id, **revived})
            return _message({**dict(row), **revived})

    def listed(self, webhook_id: str, state: str, most: int) -> list[WebhookMessage]:
        """Return messages of a webhook in one state, in the order of their events."""
        with self._store.reading() as database:
            rows = database.execute(_LISTED, {"of": webhook_id, "wanted": state, "most": most}).fetchall()
        return [_message(row) for row in rows]

    def attempts(self, webhook_id: str, before: int, most: int) -> list[Attempt]:
        """Return the attempts of a webhook, newest first, of lower numbers than *before*."""
        with self._store.reading() as database:
            rows = database.execute(_ATTEMPTS, {"of": webhook_id, "before": before, "most": most}).fetchall()
        return [
            Attempt(each["message_id"], each["at"], each["status"], each["words"], each["milliseconds"], each["number"])
            for each in rows
        ]

    def last_arrivals(self, webhook_ids: Collection[str]) -> dict[str, int]:
        """Return when a message last arrived at each webhook that one ever arrived at, in milliseconds since 1970."""
        log = webhook_attempts
        asked = (
            sa.select(log.c.webhook_id, sa.func.max(log.c.at).label("at"))
            .where(log.c.webhook_id.in_(sorted(webhook_ids)), log.c.status >= 200, log.c.status < 300)
            .group_by(log.c.webhook_id)
        )
        with self._store.reading() as database:
            return {row["webhook_id"]: row["at"] for row in database.execute(asked).fetchall()}

    def forget_old(self) -> None:
        """Delete messages and attempts that are older than they are kept."""
        now = self._now()
        before = {"delivered_before": now - DELIVERED_SECONDS * 1000, "dead_before": now - DEAD_SECONDS * 1000}
        with self._store.connection(durable=False) as database:
            for statement in (*_FORGET, _FORGET_LOG):
                database.execute(statement, before)

    def _note(
        self, message: WebhookMessage, attempt: Attempt, state: str, next_at: int, *, given_up: int | None = None
    ) -> None:
        noted = {"state": state, "attempts": message.attempts + 1, "next_at": next_at, "changed_at": attempt.at}
        logged = {
            "webhook_id": message.webhook_id,
            "message_id": message.id,
            "at": attempt.at,
            "status": attempt.status,
            "words": attempt.words,
            "milliseconds": attempt.milliseconds,
        }
        with self._store.connection() as database:
            database.execute(_NOTE, {"of": message.webhook_id, "this": message.id, **noted})
            database.execute(_LOG, logged)
            if given_up is not None:
                database.execute(_GIVEN_UP, {"this": message.webhook_id, "given_up": given_up})

    def _row(self, message: WebhookMessage) -> dict[str, Any]:
        return {
            "webhook_id": message.webhook_id,
            "id": message.id,
            "type": message.type,
            "body": message.body,
            "block_number": message.place.block_number,
            "index": message.place.index,
            "state": WAITING,
            "attempts": 0,
            "next_at": 0,
            "changed_at": self._now(),
        }

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _message(row: Any) -> WebhookMessage:
    return WebhookMessage(
        row["webhook_id"],
        row["id"],
        row["type"],
        EventPlace(row["block_number"], row["index"]),
        row["body"],
        row["state"],
        row["attempts"],
        row["next_at"],
        row["changed_at"],
    )
