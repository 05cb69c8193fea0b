"""The messages of a webhook: CloudEvents of the events that its filters let through, and its tests."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any

from gateway.events import cloudevents
from gateway.http import times
from gateway.readmodel import recordkinds
from gateway.readmodel.queries import LoggedEvent
from gateway.store.checkpoints import EventCursor
from gateway.store.deliveries import WebhookMessage
from gateway.store.webhooks import EventPlace, Webhook

TEST = "selat.webhook.test"


def of(webhook: Webhook, events: Sequence[LoggedEvent]) -> list[WebhookMessage]:
    """Return the messages for the events that concern the webhook, each with an id that every replay repeats."""
    things = {recordkinds.label(each) for each in webhook.filters.things}
    made = []
    for event in events:
        if not things or things & {value for _, value in recordkinds.labels(event.payload)}:
            document = cloud_event(event)
            place = EventPlace(event.block_number, event.index)
            made.append(WebhookMessage(webhook.id, _id(webhook, event), document["type"], place, _text(document)))
    return made


def cloud_event(event: LoggedEvent) -> dict[str, Any]:
    """Return an event as a CloudEvent; it has no ``data`` if its payload is not JSON."""
    cursor = EventCursor(event.block_number, event.transaction_id)
    document = cloudevents.attributes(cursor, event.channel, event.chaincode, event.name)
    if event.at:
        document["time"] = times.text(event.at)
    if event.payload is not None:
        document |= {"datacontenttype": "application/json", "data": event.payload}
    return document


def test(webhook: Webhook, at: int) -> tuple[str, str]:
    """Return the id and body of a test message."""
    identifier = f"msg_{secrets.token_hex(16)}"
    document = {
        "specversion": "1.0",
        "id": identifier,
        "source": f"/v1/webhooks/{webhook.id}",
        "type": TEST,
        "time": times.text(at),
        "datacontenttype": "application/json",
        "data": {"webhook_id": webhook.id, "channel": webhook.channel},
    }
    return identifier, _text(document)


def place_after(webhook: Webhook, events: Sequence[LoggedEvent], asked: int, last: int) -> EventPlace:
    """Return the place up to which events were seen: the last one of a full page, else the model's *last* block."""
    if len(events) == asked:
        return EventPlace(events[-1].block_number, events[-1].index)
    return max(webhook.place, end_of(last), key=lambda place: (place.block_number, place.index))


def end_of(block_number: int) -> EventPlace:
    """Return the place after all events of a block."""
    return EventPlace(block_number, 2**31 - 1)


def _id(webhook: Webhook, event: LoggedEvent) -> str:
    return identifier(webhook.id, event.channel, event.block_number, event.transaction_id, event.chaincode)


def identifier(*parts: object) -> str:
    """Return the id of the message about *parts*: the same each time, so a receiver knows a repetition."""
    named = "\0".join(map(str, parts))
    return f"msg_{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
