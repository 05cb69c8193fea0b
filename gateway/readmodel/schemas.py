"""Bodies and queries of the read model's addresses."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from gateway import bounds
from gateway.http.times import Time
from gateway.readmodel.queries import SORTS

_CHANNEL = fields.String(
    load_default="", validate=bounds.counted(bounds.CHANNEL), metadata={"description": "Of this channel alone"}
)
_LIMIT = fields.Integer(
    load_default=100,
    validate=bounds.within(bounds.PAGE),
    metadata={"description": "How many a page has at most"},
)
_CURSOR = fields.String(
    load_default="", validate=bounds.counted(bounds.CURSOR), metadata={"description": "`next` of the page before"}
)


def _check_once(where: str) -> None:
    """Raise ValidationError for two conditions on one member; nothing says which of them counts."""
    names = [condition.partition(":")[0] for condition in where.split(",")]
    if len(names) != len(set(names)):
        raise ValidationError("Two conditions on one member.")


class RecordsQuerySchema(Schema):
    """Query of a list of records."""

    channel = _CHANNEL
    state = fields.String(
        load_default="", validate=bounds.counted(bounds.STATE), metadata={"description": "In this state alone"}
    )
    where = fields.String(
        load_default="",
        validate=[validate.Regexp(r"^(?:[^:,]+:[^,]+(?:,[^:,]+:[^,]+){0,7})?$"), _check_once],
        metadata={
            "description": "Up to eight conditions `<member>:<value>`, separated by commas; `lines.gtin` is a member "
            "within a member. Values are compared as numbers on labels are.",
            "example": "merchant:MerchantMSP",
        },
    )
    sort = fields.String(
        load_default=SORTS[0],
        validate=validate.OneOf(SORTS),
        metadata={"description": "Order; a hyphen turns it"},
    )
    fields_ = fields.String(
        data_key="fields",
        load_default="",
        validate=bounds.counted(bounds.MEMBERS),
        metadata={"description": "Members of the document to give, separated by commas; without it, all"},
    )
    limit = _LIMIT
    cursor = _CURSOR


class EventsQuerySchema(Schema):
    """Query of the list of events."""

    channel = _CHANNEL
    name = fields.String(
        load_default="",
        validate=bounds.counted(bounds.OPTIONAL_TEXT),
        metadata={"description": "Events of this name alone"},
    )
    limit = _LIMIT
    cursor = _CURSOR


class SearchQuerySchema(Schema):
    """Query of a search."""

    q = fields.String(
        required=True,
        validate=bounds.counted(bounds.SEARCHED),
        metadata={"description": "The beginning of a number or name, as it is read from a label"},
    )
    limit = fields.Integer(
        load_default=20, validate=bounds.within(bounds.VALUES), metadata={"description": "How many records at most"}
    )


class RecordSchema(Schema):
    """A record of the ledger, as it is after the block in ``blocks``."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    channel = fields.String(required=True)
    private = fields.Boolean(
        required=True, metadata={"description": "Whether it is from a private collection of the caller's organisation"}
    )
    state = fields.String(required=True, metadata={"description": "Empty if this kind has none"})
    block_number = fields.Integer(required=True, metadata={"description": "Of the last change"})
    transaction_id = fields.String(required=True)
    changed_at = Time(required=True)
    document = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "As the contract wrote it, with times as text"}
    )


class LoggedEventSchema(Schema):
    """An event of a chaincode."""

    channel = fields.String(required=True)
    chaincode = fields.String(required=True)
    name = fields.String(required=True)
    block_number = fields.Integer(required=True)
    transaction_id = fields.String(required=True)
    at = Time(required=True)
    payload = fields.Raw(required=True, allow_none=True, metadata={"description": "null if it is not JSON"})


class _AnswerSchema(Schema):
    blocks = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "The last block of each channel that the answer knows", "example": {"trade": 41}},
    )


class RecordPageSchema(_AnswerSchema):
    """A page of records."""

    records = fields.List(fields.Nested(RecordSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Cursor of the next page; null on the last one"}
    )


class EventPageSchema(_AnswerSchema):
    """A page of events, newest first."""

    events = fields.List(fields.Nested(LoggedEventSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Cursor of the next page; null on the last one"}
    )


class SearchAnswerSchema(_AnswerSchema):
    """What a search found."""

    records = fields.List(fields.Nested(RecordSchema), required=True)
