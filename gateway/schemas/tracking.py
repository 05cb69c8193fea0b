"""What a shopper sees."""

from __future__ import annotations

from marshmallow import Schema, fields


class SeenSchema(Schema):
    """One line of a shopper's list."""

    at = fields.String()
    place = fields.String(metadata={"description": "UN/LOCODE"})
    stage = fields.String()
    step = fields.String()


class TrackingSchema(Schema):
    """Where the goods are."""

    status = fields.String(metadata={"example": "in_transit"})
    kind = fields.String()
    origin = fields.String()
    destination = fields.String()
    updated_at = fields.String()
    events = fields.List(fields.Nested(SeenSchema))
