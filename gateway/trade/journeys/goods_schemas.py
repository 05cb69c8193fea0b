"""What journeys carry."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.journeys import goodsfacts
from gateway.trade.words import one_of


class ShowSchema(Schema):
    """Body of ``POST /v1/journeys/<id>/goods``."""

    readers = fields.String(
        required=True,
        validate=one_of(goodsfacts.Readers),
        metadata={"description": "The journey's carriers, its customs organisations, or the auditor"},
    )


class ShownLineSchema(Schema):
    """What the caller was shown of one line."""

    line = fields.String()
    values = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"example": {"hs6": "851830", "weight_grm": "310"}}
    )
    disclosures = fields.List(
        fields.String(), metadata={"description": "RFC 9901; their digests are among the line's `goods` on the channel"}
    )


class ShownGoodsSchema(Schema):
    """What the caller was shown of a journey's goods."""

    journey_id = fields.String()
    lines = fields.List(fields.Nested(ShownLineSchema))
