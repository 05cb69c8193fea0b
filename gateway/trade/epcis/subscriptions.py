"""
Standing queries: the messages of webhooks that are EPCIS subscriptions.

A streaming subscription gets each new event in a document of its own. One with a schedule gets, at each moment of it,
all new events in one document, or in several if there are many.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from gateway.readmodel import epcisqueries
from gateway.readmodel.epcisqueries import PlacedEvent
from gateway.readmodel.model import Model
from gateway.store.deliveries import WebhookMessage
from gateway.store.webhooks import EventPlace, Subscription, Webhook
from gateway.trade.epcis import documents, parameters, schedules
from gateway.webhooks import messages

TYPE = "EPCISQueryDocument"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNATURE = "GS1-Signature"
_TOGETHER = 500


@dataclass(frozen=True)
class QueuedEvents:
    """New messages, the place up to which the channel was read, and when to read again (milliseconds since 1970)."""

    messages: list[WebhookMessage]
    place: EventPlace
    due_at: int


def due(webhook: Webhook, standing: Subscription, now: int) -> bool:
    """Return whether it is time to read the channel."""
    return standing.schedule is None or webhook.due_at <= now


def queued(
    model: Model, webhook: Webhook, standing: Subscription, room: int, end: EventPlace, now: int
) -> QueuedEvents:
    """Return what a standing query finds after the webhook's place, up to the *end* that the model knows."""
    most = _TOGETHER if standing.schedule else room
    after = (webhook.place.block_number, webhook.place.index)
    query = parameters.read(standing.query).query
    found = epcisqueries.following(model, webhook.msp_id, webhook.channel, query, after, most)
    more = len(found) == most
    place = _place(found[-1]) if more else max(webhook.place, end, key=lambda each: (each.block_number, each.index))
    if standing.schedule is None:
        return QueuedEvents([_message(webhook, standing, [each], _place(each)) for each in found], place, 0)
    told = [_message(webhook, standing, found, place)] if found or standing.report_if_empty else []
    return QueuedEvents(told, place, webhook.due_at if more else schedules.following(standing.schedule, now))


def signature(standing: Subscription, body: bytes) -> dict[str, str]:
    """Return the header that shows the receiver who sends: HMAC-SHA256 of the body under its own token, in hex."""
    if not standing.token:
        return {}
    return {SIGNATURE: hmac.new(standing.token.encode(), body, hashlib.sha256).hexdigest()}


def _message(webhook: Webhook, standing: Subscription, found: list[PlacedEvent], place: EventPlace) -> WebhookMessage:
    document = documents.of_query([each.document for each in found], standing.name, webhook.id)
    identifier = messages.identifier(webhook.id, place.block_number, place.index, webhook.due_at)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return WebhookMessage(webhook.id, identifier, TYPE, place, body)


def _place(event: PlacedEvent) -> EventPlace:
    return EventPlace(event.block_number, event.position)
