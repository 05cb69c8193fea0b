"""Observed performance."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.journeys import tallies as counting
from chaincode.domain.vocabulary import bounds
from gateway.http import paging
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, LOCODE, up_to, within


class CountSchema(Schema):
    """Body of ``POST /v1/performance/count``."""

    journey_ids = fields.List(
        fields.String(validate=IDENTIFIER),
        load_default=list,
        validate=up_to(counting.AT_ONCE),
        metadata={"description": "By default, those of the next open journeys whose count is not up to date"},
    )
    limit = fields.Integer(strict=True, load_default=counting.AT_ONCE.most, validate=within(counting.AT_ONCE))
    cursor = fields.String(load_default="", validate=paging.CURSOR)


class CountedSchema(Schema):
    """What was counted."""

    counting = fields.Nested(
        CommittedSchema, allow_none=True, metadata={"description": "`result` has the ids; null if nothing was to count"}
    )
    cursor = fields.String(metadata={"description": "Where to go on; empty after the last open journey"})


class LaneQuerySchema(Schema):
    """Query of ``GET /v1/performance/lanes``."""

    origin = fields.String(required=True, validate=LOCODE, metadata={"example": "CNYTN"})
    destination = fields.String(required=True, validate=LOCODE, metadata={"example": "VNHPH"})


class DeclaredSchema(LaneQuerySchema):
    """Body of ``POST /v1/performance/carriers/<MSP>/comparison``: figures declared to the caller."""

    p50_hours = fields.Integer(strict=True, required=True, validate=within(bounds.HOURS))
    p90_hours = fields.Integer(strict=True, required=True, validate=within(bounds.HOURS))
    on_time_bps = fields.Integer(strict=True, required=True, validate=within(bounds.BASIS_POINTS))
