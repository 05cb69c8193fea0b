"""Event streams."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class StreamQuerySchema(Schema):
    """Query of ``GET /v1/events/<channel>/<chaincode>``."""

    start_block = fields.Integer(
        validate=validate.Range(0, 2**53),
        metadata={"description": "From this block on; without it, and without a cursor, from the next commit on"},
    )
    after = fields.String(
        metadata={"description": "The id of the last event seen; the header Last-Event-ID means the same"}
    )
    checkpoint = fields.String(
        validate=validate.Regexp(r"[A-Za-z0-9_.-]{1,64}\Z"),
        metadata={"description": "A name under which the gateway remembers how far this reader has come"},
    )
    limit = fields.Integer(validate=validate.Range(1, 10_000), metadata={"description": "End after so many events"})
    idle_seconds = fields.Integer(
        validate=validate.Range(1, 300), metadata={"description": "End once no event has come for so long"}
    )
