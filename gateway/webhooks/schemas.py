"""Webhooks in requests and answers; a secret is shown once."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from gateway import bounds
from gateway.events.schemas import CURSOR, EVENT_NAME
from gateway.http.times import Time
from gateway.http.words import CHAINCODE, CHANNEL
from gateway.store import deliveries
from gateway.store.webhooks import ACTIVE, FAILING, PAUSED
from gateway.webhooks import targets


def _check_url(url: str) -> None:
    try:
        targets.parse(url)
    except targets.TargetError as error:
        raise ValidationError(str(error)) from None


def _url(**options: Any) -> fields.String:
    return fields.String(
        validate=[bounds.counted(bounds.URL), _check_url],
        metadata={"description": "Where messages are posted", "example": "https://example.com/selat"},
        **options,
    )


class FiltersSchema(Schema):
    """Which events of the channel are sent."""

    chaincode = fields.String(validate=CHAINCODE, metadata={"description": "Of this chaincode alone"})
    names = fields.List(
        fields.String(validate=EVENT_NAME),
        validate=bounds.counted(bounds.EVENT_NAMES),
        metadata={"description": "Of these names alone", "example": ["CustodyPassed"]},
    )
    things = fields.List(
        fields.String(validate=bounds.counted(bounds.TEXT)),
        validate=bounds.counted(bounds.VALUES),
        metadata={
            "description": "Events that have one of these numbers or names; compared as labels are in a search",
            "example": ["(00)306141411234567890"],
        },
    )


class NewWebhookSchema(FiltersSchema):
    """Body of ``POST /v1/webhooks``."""

    url = _url(required=True)
    channel = fields.String(required=True, validate=CHANNEL, metadata={"example": "trade"})
    start_block = fields.Integer(
        strict=True,
        validate=bounds.within(bounds.BLOCK),
        metadata={"description": "The first block; without it and without `after`, the next one"},
    )
    after = fields.String(validate=CURSOR, metadata={"description": "Id of the last event that was seen already"})


class WebhookChangesSchema(FiltersSchema):
    """Body of ``POST /v1/webhooks/<id>/changes``; what is left out stays."""

    url = _url()
    state = fields.String(
        validate=validate.OneOf([ACTIVE, PAUSED]),
        metadata={"description": "`active` starts one that is paused or failing; what waits is sent at once"},
    )


class ReplaySchema(Schema):
    """Body of ``POST /v1/webhooks/<id>/replay``: one of the two."""

    start_block = fields.Integer(strict=True, validate=bounds.within(bounds.BLOCK))
    after = fields.String(validate=CURSOR, metadata={"description": "Id of an event; those after it are sent again"})


class WebhookSchema(FiltersSchema):
    """A webhook, without its secret."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    channel = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf([ACTIVE, PAUSED, FAILING]))
    reason = fields.String(required=True, metadata={"description": "Why it is failing"})
    created_at = Time(required=True)
    block_number = fields.Integer(
        required=True, metadata={"description": "Its events up to this block were sent, or wait to be"}
    )
    query = fields.String(metadata={"description": "The named query of EPCIS that it is a subscription to"})
    waiting = fields.Integer(required=True, metadata={"description": "Messages that wait"})


class MadeWebhookSchema(WebhookSchema):
    """A webhook that was just made."""

    secret = fields.String(required=True, metadata={"description": "Signs each message; nobody can read it again"})


class MadeSecretSchema(Schema):
    """A new secret; the one before signs too for a day."""

    secret = fields.String(required=True)


class MessageQuerySchema(Schema):
    """Query of the messages of a webhook."""

    state = fields.String(
        load_default=deliveries.DEAD,
        validate=validate.OneOf([deliveries.WAITING, deliveries.DELIVERED, deliveries.DEAD]),
        metadata={"description": "`dead` lists the dead letters"},
    )
    limit = fields.Integer(load_default=100, validate=bounds.within(bounds.PAGE))


class MessageSchema(Schema):
    """A message; its event is in ``body``."""

    id = fields.String(required=True, metadata={"description": "The header webhook-id"})
    type = fields.String(required=True)
    state = fields.String(required=True)
    attempts = fields.Integer(required=True)
    next_at = Time(
        required=True, allow_none=True, metadata={"description": "When it is tried again; null if it is not"}
    )
    changed_at = Time(required=True)
    event = fields.Dict(keys=fields.String(), required=True, metadata={"description": "The CloudEvent"})


class AttemptQuerySchema(Schema):
    """Query of the attempts of a webhook."""

    before = fields.Integer(
        load_default=bounds.NUMBER.most,
        validate=bounds.within(bounds.NUMBER),
        metadata={"description": "Attempts of lower numbers"},
    )
    limit = fields.Integer(load_default=100, validate=bounds.within(bounds.PAGE))


class AttemptSchema(Schema):
    """One attempt to deliver a message."""

    number = fields.Integer(required=True)
    message_id = fields.String(required=True)
    at = Time(required=True)
    status = fields.Integer(required=True, allow_none=True, metadata={"description": "null if no answer came"})
    words = fields.String(required=True)
    milliseconds = fields.Integer(required=True)
