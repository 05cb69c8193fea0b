"""Bodies of the addresses for events of other systems."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from chaincode.domain.vocabulary import bounds
from gateway import bounds as own
from gateway.trade.adapters.formats import FORMATS
from gateway.trade.words import LOCODE, MOMENT, STAGE, up_to


class ForeignEventSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/foreign-events``: one event, in the words of another system."""

    format = fields.String(
        required=True,
        validate=validate.OneOf(list(FORMATS)),
        metadata={"description": "Whose code it is; docs/carrier-codes.md lists each", "example": "upu-emsevt"},
    )
    code = fields.String(
        required=True,
        validate=own.counted(own.CODE),
        metadata={"description": "The code as its publisher writes it", "example": "EMC"},
    )
    event_time = fields.String(required=True, validate=MOMENT)
    place = fields.String(required=True, validate=LOCODE, metadata={"example": "CNSZX"})
    stage_id = fields.String(
        validate=STAGE,
        metadata={"description": "The part of the way, where the code alone does not say it", "example": "S15"},
    )
    epcs = fields.List(
        fields.String(),
        load_default=list,
        validate=up_to(bounds.LINES),
        metadata={"description": "The parcels or units that it is about; by default all of the journey"},
    )
