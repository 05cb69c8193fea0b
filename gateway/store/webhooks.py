"""Webhooks: the address and filters of each, and how far its events were sent."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gateway.store import seals
from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import webhook_attempts, webhook_messages, webhooks

ACTIVE, PAUSED, FAILING = "active", "paused", "failing"
MOST_OF_ONE = 100
# How long a replaced secret still signs, so that a receiver has time to take the new one.
OVERLAP_SECONDS = 24 * 3600
SECRET_PREFIX = "whsec_"  # noqa: S105  What every secret of Standard Webhooks begins with.
_SECRET_BYTES = 32

_OWN = (webhooks.c.msp_id == sa.bindparam("of_msp_id"), webhooks.c.user == sa.bindparam("of_user"))
_ONE = webhooks.c.id == sa.bindparam("this")
_CREATE = PreparedStatement(
    sa.insert(webhooks),
    *("id", "msp_id", "user", "url", "channel", "filters", "sealed", "state", "created_at", "block_number", "index"),
    *("subscription", "due_at"),
)
_COUNT = PreparedStatement(sa.select(sa.func.count().label("number")).select_from(webhooks).where(_OWN[0]))
_ALL = PreparedStatement(sa.select(webhooks).where(*_OWN).order_by(webhooks.c.created_at, webhooks.c.id))
_FIND = PreparedStatement(sa.select(webhooks).where(*_OWN, _ONE))
_CHANGE = PreparedStatement(sa.update(webhooks).where(_ONE), "url", "filters", "state", "reason", "given_up")
_SEAL = PreparedStatement(sa.update(webhooks).where(_ONE), "sealed")
_MOVE = PreparedStatement(sa.update(webhooks).where(_ONE), "block_number", "index")
_AWAKE = PreparedStatement(
    sa.update(webhook_messages).where(
        webhook_messages.c.webhook_id == sa.bindparam("this"), webhook_messages.c.state == "waiting"
    ),
    "next_at",
)
_EMPTY = PreparedStatement(
    sa.delete(webhook_messages).where(
        webhook_messages.c.webhook_id == sa.bindparam("this"),
        webhook_messages.c.state == "waiting",
        webhook_messages.c.block_number >= 0,
    )
)
_DELETE = (
    PreparedStatement(sa.delete(webhooks).where(_ONE)),
    PreparedStatement(sa.delete(webhook_messages).where(webhook_messages.c.webhook_id == sa.bindparam("this"))),
    PreparedStatement(sa.delete(webhook_attempts).where(webhook_attempts.c.webhook_id == sa.bindparam("this"))),
)


class WebhookLimitError(Exception):
    """The organisation has as many webhooks as one may have."""


@dataclass(frozen=True)
class Filters:
    """
    Which events of a channel are sent; an empty filter lets all of them through.

    Attributes:
        names: names of events.
        things: numbers or names, as on labels, of which an event must have one.
    """

    chaincode: str = ""
    names: tuple[str, ...] = ()
    things: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subscription:
    """
    What makes a webhook a subscription to a named query of EPCIS.

    Attributes:
        schedule: the parts of EPCIS's schedule; None if each event is sent as it comes.
        token: the receiver's own, which signs; empty for none.
    """

    name: str
    query: Mapping[str, Any]
    schedule: Mapping[str, str] | None = None
    report_if_empty: bool = False
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class EventPlace:
    """Where an event stands: its block, and its transaction's index there."""

    block_number: int
    index: int


@dataclass(frozen=True)
class Webhook:
    """
    One webhook of a user.

    Attributes:
        state: ``active``, ``paused`` by its user, or ``failing``: the gateway gave up, for *reason*.
        place: the last event that was looked at.
        given_up: messages in a row that could not be delivered.
        due_at: when its subscription is asked again, in milliseconds since 1970; 0 without a schedule.
        secrets: those that sign now, the newest first.
    """

    id: str
    msp_id: str
    user: str
    url: str
    channel: str
    filters: Filters
    state: str
    reason: str
    created_at: datetime
    place: EventPlace
    given_up: int
    holder: str
    held_until: int
    secrets: tuple[str, ...] = field(repr=False)
    subscription: Subscription | None = None
    due_at: int = 0


class Webhooks:
    """The webhooks of one gateway, or of all that share its database."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._key = seals.key(store.secret(), "webhooks")
        self._clock = clock

    def create(
        self, msp_id: str, user: str, url: str, channel: str, filters: Filters, place: EventPlace,
        standing: Subscription | None = None, due_at: int = 0,
    ) -> str:  # fmt: skip
        """
        Create a webhook for the events after *place*, or for what a *standing* query finds after it; return its id.

        Raises:
            WebhookLimitError
        """
        identifier = f"wh_{secrets.token_hex(8)}"
        sealed = self._sealed(identifier, [[_secret(), None]])
        with self._store.connection() as database:
            database.alone(f"webhooks {msp_id}")
            if database.execute(_COUNT, {"of_msp_id": msp_id}).fetchone()["number"] >= MOST_OF_ONE:
                raise WebhookLimitError
            database.execute(
                _CREATE,
                {
                    "id": identifier,
                    "msp_id": msp_id,
                    "user": user,
                    "url": url,
                    "channel": channel,
                    "filters": json.dumps(asdict(filters)),
                    "sealed": sealed,
                    "state": ACTIVE,
                    "created_at": int(self._clock()),
                    "block_number": place.block_number,
                    "index": place.index,
                    "subscription": self._packed(identifier, standing) if standing else None,
                    "due_at": due_at,
                },
            )
        return identifier

    def of_user(self, msp_id: str, user: str) -> list[Webhook]:
        """Return a user's webhooks, the oldest first."""
        with self._store.reading() as database:
            rows = database.execute(_ALL, {"of_msp_id": msp_id, "of_user": user}).fetchall()
        return [self.read(row) for row in rows]

    def find(self, msp_id: str, user: str, identifier: str) -> Webhook | None:
        """Return one of a user's webhooks; None if it is not one of them."""
        asked = {"of_msp_id": msp_id, "of_user": user, "this": identifier}
        with self._store.reading() as database:
            row = database.execute(_FIND, asked).fetchone()
        return self.read(row) if row else None

    def change(self, webhook: Webhook, *, url: str, filters: Filters, state: str) -> None:
        """Change a webhook; if it is active, waiting messages are tried at once."""
        changed = {"url": url, "filters": json.dumps(asdict(filters)), "state": state, "reason": "", "given_up": 0}
        with self._store.connection() as database:
            database.execute(_CHANGE, {"this": webhook.id, **changed})
            database.execute(_AWAKE, {"this": webhook.id, "next_at": 0})

    def rotate(self, webhook: Webhook) -> str:
        """Return a new secret; the one before signs too for a day."""
        made, until = _secret(), int(self._clock()) + OVERLAP_SECONDS
        sealed = self._sealed(webhook.id, [[made, None], [webhook.secrets[0], until]])
        with self._store.connection() as database:
            database.execute(_SEAL, {"this": webhook.id, "sealed": sealed})
        return made

    def replay(self, webhook: Webhook, place: EventPlace) -> None:
        """Send the events after *place* again, in order; those that wait already are sent among them."""
        with self._store.connection() as database:
            database.execute(_EMPTY, {"this": webhook.id})
            database.execute(_MOVE, {"this": webhook.id, "block_number": place.block_number, "index": place.index})

    def delete(self, webhook: Webhook) -> None:
        """Delete a webhook, what waits for it and its log."""
        with self._store.connection() as database:
            for statement in _DELETE:
                database.execute(statement, {"this": webhook.id})

    def read(self, row: Any) -> Webhook:
        """Return the webhook in a row of the table."""
        filters, now = json.loads(row["filters"]), self._clock()
        kept = json.loads(seals.unsealed(self._key, row["sealed"], row["id"].encode()))
        return Webhook(
            row["id"],
            row["msp_id"],
            row["user"],
            row["url"],
            row["channel"],
            Filters(filters["chaincode"], tuple(filters["names"]), tuple(filters["things"])),
            row["state"],
            row["reason"],
            datetime.fromtimestamp(row["created_at"], UTC),
            EventPlace(row["block_number"], row["index"]),
            row["given_up"],
            row["holder"],
            row["held_until"],
            tuple(text for text, until in kept if until is None or until > now),
            self._unpacked(row["id"], row["subscription"]) if row["subscription"] else None,
            row["due_at"],
        )

    def _packed(self, identifier: str, standing: Subscription) -> bytes:
        return seals.sealed(self._key, json.dumps(asdict(standing)).encode(), _subscription(identifier))

    def _unpacked(self, identifier: str, packed: bytes) -> Subscription:
        return Subscription(**json.loads(seals.unsealed(self._key, packed, _subscription(identifier))))

    def _sealed(self, identifier: str, kept: list[list[Any]]) -> bytes:
        return seals.sealed(self._key, json.dumps(kept).encode(), identifier.encode())


def _subscription(identifier: str) -> bytes:
    """Return what a webhook's subscription is bound to, which its secrets are not."""
    return f"{identifier} subscription".encode()


def _secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
