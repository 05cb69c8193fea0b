"""Webhooks by API: a user that holds the scope ``webhooks`` makes, lists, changes and deletes its own."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

from gateway.fabric.ledgercalls import CursorError
from gateway.http import auth, context
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.readmodel import queries
from gateway.store.checkpoints import EventCursor
from gateway.store.deliveries import WAITING, Attempt, Deliveries, WebhookMessage
from gateway.store.webhooks import FAILING, EventPlace, Filters, Webhook, WebhookLimitError, Webhooks
from gateway.webhooks import messages, targets
from gateway.webhooks.schemas import (
    AttemptQuerySchema,
    AttemptSchema,
    MadeSecretSchema,
    MadeWebhookSchema,
    MessageQuerySchema,
    MessageSchema,
    NewWebhookSchema,
    ReplaySchema,
    WebhookChangesSchema,
    WebhookSchema,
)

blueprint = Blueprint("webhooks", __name__, url_prefix="/v1/webhooks", description="Events sent to own addresses")


@blueprint.route("")
@auth.needs("webhooks")
@blueprint.response(200, WebhookSchema(many=True))
def listed() -> list[dict[str, Any]]:
    """List the user's webhooks, the oldest first, without their secrets."""
    asking = context.caller()
    return [_shown(each) for each in _webhooks().of_user(asking.msp_id, asking.user)]


@blueprint.route("", methods=["POST"])
@auth.needs("webhooks")
@blueprint.arguments(NewWebhookSchema)
@blueprint.response(201, MadeWebhookSchema)
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Make a webhook for the events of a channel that the user's organisation is on; its secret is shown only here."""
    asking = context.caller()
    check_target(body["url"], "url")
    place = _place(body, body["channel"])
    try:
        made = _webhooks().create(asking.msp_id, asking.user, body["url"], body["channel"], _filters(body), place)
    except WebhookLimitError:
        raise Problem("WEBHOOKS_EXHAUSTED") from None
    webhook = _found(made)
    return {**_shown(webhook), "secret": webhook.secrets[0]}


@blueprint.route("/<webhook_id>")
@auth.needs("webhooks")
@blueprint.response(200, WebhookSchema)
def read(webhook_id: str) -> dict[str, Any]:
    """Read one of the user's webhooks."""
    return _shown(_found(webhook_id))


@blueprint.route("/<webhook_id>/changes", methods=["POST"])
@auth.needs("webhooks")
@blueprint.arguments(WebhookChangesSchema)
@blueprint.response(200, WebhookSchema)
def change(body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Change address, filters or state of a webhook; what is left out stays."""
    found = _found(webhook_id)
    if "url" in body:
        check_target(body["url"], "url")
    filters = dataclasses.replace(found.filters, **{name: body[name] for name in _FILTERS if name in body})
    state = body.get("state", found.state)
    if state == FAILING:
        raise Problem("REQUEST_INVALID", "This webhook has failed; send `state` too", errors={"json": {"state": []}})
    _webhooks().change(found, url=body.get("url", found.url), filters=filters, state=state)
    return _shown(_found(webhook_id))


@blueprint.route("/<webhook_id>/deletion", methods=["POST"])
@auth.needs("webhooks")
@blueprint.response(200, WebhookSchema)
def delete(webhook_id: str) -> dict[str, Any]:
    """Delete a webhook with what waits for it and its log; return what it was."""
    found = _found(webhook_id)
    shown = _shown(found)
    _webhooks().delete(found)
    return shown


@blueprint.route("/<webhook_id>/rotation", methods=["POST"])
@auth.needs("webhooks")
@blueprint.response(201, MadeSecretSchema)
def rotate(webhook_id: str) -> dict[str, str]:
    """Make a new secret; for a day messages have two signatures, the second by the secret before."""
    return {"secret": _webhooks().rotate(_found(webhook_id))}


@blueprint.route("/<webhook_id>/test", methods=["POST"])
@auth.needs("webhooks")
@blueprint.response(202, MessageSchema)
def test(webhook_id: str) -> dict[str, Any]:
    """Send a message of the type selat.webhook.test, before all others; the attempts show the outcome."""
    found = _found(webhook_id)
    kept = _deliveries()
    message_id, body = messages.test(found, int(time.time() * 1000))
    kept.test(found, message_id, messages.TEST, body)
    return _message(next(each for each in kept.listed(found.id, WAITING, 500) if each.id == message_id))


@blueprint.route("/<webhook_id>/replay", methods=["POST"])
@auth.needs("webhooks")
@blueprint.arguments(ReplaySchema)
@blueprint.response(202, WebhookSchema)
def replay(body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Send the events from a block on, or after one of them, again in order, with the ids they had."""
    found = _found(webhook_id)
    if len(body) != 1:
        raise Problem("REQUEST_INVALID", "Send either `start_block` or `after`", errors={"json": {"after": []}})
    _webhooks().replay(found, _place(body, found.channel))
    return _shown(_found(webhook_id))


@blueprint.route("/<webhook_id>/messages")
@auth.needs("webhooks")
@blueprint.arguments(MessageQuerySchema, location="query")
@blueprint.response(200, MessageSchema(many=True))
def listed_messages(query: dict[str, Any], webhook_id: str) -> list[dict[str, Any]]:
    """List the dead letters of a webhook, or what waits or was delivered in the last seven days."""
    found = _found(webhook_id)
    return [_message(each) for each in _deliveries().listed(found.id, query["state"], query["limit"])]


@blueprint.route("/<webhook_id>/messages/<message_id>/replay", methods=["POST"])
@auth.needs("webhooks")
@blueprint.response(202, MessageSchema)
def revive(webhook_id: str, message_id: str) -> dict[str, Any]:
    """Send a dead letter again, before all events that came after it."""
    revived = _deliveries().revive(_found(webhook_id), message_id)
    if revived is None:
        raise Problem("NOT_FOUND", f"The webhook has no dead letter {message_id[:40]}")
    return _message(revived)


@blueprint.route("/<webhook_id>/attempts")
@auth.needs("webhooks")
@blueprint.arguments(AttemptQuerySchema, location="query")
@blueprint.response(200, AttemptSchema(many=True))
def attempts(query: dict[str, Any], webhook_id: str) -> list[Attempt]:
    """List the attempts to deliver, newest first."""
    return _deliveries().attempts(_found(webhook_id).id, query["before"], query["limit"])


_FILTERS = tuple(each.name for each in dataclasses.fields(Filters))


def _webhooks() -> Webhooks:
    return Webhooks(context.services().store)


def _deliveries() -> Deliveries:
    return Deliveries(context.services().store)


def _found(webhook_id: str) -> Webhook:
    """Return one of the user's webhooks; another user's is not found, so that nobody learns which ids there are."""
    asking = context.caller()
    found = _webhooks().find(asking.msp_id, asking.user, webhook_id)
    if found is None:
        raise Problem("NOT_FOUND", f"You have no webhook {webhook_id[:40]}")
    return found


def check_target(url: str, field: str) -> None:
    """
    Refuse an address in a *field* of the body to which nothing may be sent.

    Raises:
        Problem: REQUEST_INVALID.
    """
    try:
        targets.check(targets.parse(url), context.services().settings.allowed_networks)
    except targets.TargetError as error:
        raise Problem("REQUEST_INVALID", f"json.{field}: {error}", errors={"json": {field: [str(error)]}}) from None


def _filters(body: dict[str, Any]) -> Filters:
    return Filters(body.get("chaincode", ""), tuple(body.get("names", ())), tuple(body.get("things", ())))


def _place(body: dict[str, Any], channel: str) -> EventPlace:
    """
    Return the place in the channel after which events are sent.

    Raises:
        hlf.errors.EvaluateError: the organisation is not on the channel, or its peer cannot be asked.
        CursorError: the cursor is not an event of the channel.
    """
    asking, services = context.caller(), context.services()
    height = services.ledgers.height(asking.msp_id, asking.user, channel)
    if "after" not in body:
        return messages.end_of(body.get("start_block", height) - 1)
    cursor = EventCursor.parse(body["after"])
    needed = {channel: cursor.block_number}
    services.feeder.refresh(asking.msp_id, asking.user, [channel], needed)
    index = queries.index_of(services.model, asking.msp_id, channel, cursor.block_number, cursor.transaction_id)
    if index is None:
        raise CursorError(f"{cursor} is not an event on {channel}")
    return EventPlace(cursor.block_number, index)


def _shown(webhook: Webhook) -> dict[str, Any]:
    filters = {name: value for name, value in dataclasses.asdict(webhook.filters).items() if value}
    return {
        **{name: getattr(webhook, name) for name in ("id", "url", "channel", "state", "reason", "created_at")},
        **filters,
        **({"query": webhook.subscription.name} if webhook.subscription else {}),
        "block_number": max(webhook.place.block_number, 0),
        "waiting": _deliveries().waiting(webhook.id),
    }


def _message(message: WebhookMessage) -> dict[str, Any]:
    return {
        **{name: getattr(message, name) for name in ("id", "type", "state", "attempts", "changed_at")},
        "next_at": max(message.next_at, message.changed_at) if message.state == WAITING else None,
        "event": json.loads(message.body),
    }
