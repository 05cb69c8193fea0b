"""Observed performance."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.vocabulary import bounds
from gateway.trade.words import LOCODE, within


class LaneQuerySchema(Schema):
    """Query of ``GET /v1/performance/lanes``."""

    origin = fields.String(required=True, validate=LOCODE, metadata={"example": "CNYTN"})
    destination = fields.String(required=True, validate=LOCODE, metadata={"example": "VNHPH"})


class DeclaredSchema(LaneQuerySchema):
    """Body of ``POST /v1/performance/carriers/<MSP>/comparison``: figures declared to the caller."""

    p50_hours = fields.Integer(strict=True, required=True, validate=within(bounds.HOURS))
    p90_hours = fields.Integer(strict=True, required=True, validate=within(bounds.HOURS))
    on_time_bps = fields.Integer(strict=True, required=True, validate=within(bounds.BASIS_POINTS))
