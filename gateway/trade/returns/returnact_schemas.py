"""Bodies of the acts on a return."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.journeys import contents
from chaincode.domain.returns import handling, terms
from chaincode.domain.vocabulary import bounds
from gateway.trade.journeys.journey_schemas import ParcelSchema
from gateway.trade.words import IDENTIFIER, counted, hash_of, one_of, within


class AnswerReturnSchema(Schema):
    """Body of ``POST /v1/returns/<id>/answer``."""

    approve = fields.Boolean(required=True)
    opinion_hash = hash_of("the seller's opinion")


_PICKUP = "2026-12-03T09:00:00+07:00"


class PickupSchema(Schema):
    """Body of ``POST /v1/returns/<id>/pickup`` and ``/pickup-choice``."""

    pickup_at = fields.String(required=True, metadata={"example": _PICKUP})


class PickupOfferSchema(Schema):
    """Body of ``POST /v1/returns/<id>/pickup-offer``."""

    pickups = fields.List(
        fields.String(), required=True, validate=counted(handling.PICKUPS), metadata={"example": [_PICKUP]}
    )


class FailedPickupSchema(Schema):
    """Body of ``POST /v1/returns/<id>/failed-pickup``."""

    why = fields.String(required=True, validate=IDENTIFIER, metadata={"description": "One word"})


class InspectedUnitsSchema(Schema):
    """So many units that came back in one condition."""

    condition = fields.String(required=True, validate=one_of(terms.Condition))
    units = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))


class InspectionSchema(Schema):
    """Body of ``POST /v1/returns/<id>/inspection``; the terms decide which units pass."""

    condition = fields.String(required=True, validate=one_of(terms.Condition))
    units = fields.Integer(strict=True, required=True, validate=within(bounds.NONE_OR_MANY))
    report_hash = hash_of("the report")
    others = fields.List(
        fields.Nested(InspectedUnitsSchema),
        load_default=list,
        metadata={"description": "Units that came in other conditions"},
    )


class SettleReturnSchema(Schema):
    """Body of ``POST /v1/returns/<id>/settlement``."""

    resolution = fields.String(required=True, validate=one_of(terms.Resolution))
    proof_hash = hash_of("the proof")
    epcs = fields.List(
        fields.String(), load_default=list, metadata={"description": "EPCs of the goods sent in exchange"}
    )
    parcels = fields.List(
        fields.Nested(ParcelSchema),
        load_default=list,
        validate=counted(contents.PARCELS),
        metadata={"description": "Their parcels with contents and serials; without them all is in the first EPC"},
    )


class ProofHashSchema(Schema):
    """Body of ``POST /v1/returns/<id>/sending-back``."""

    proof_hash = hash_of("the proof")


class DisputeSchema(Schema):
    """Body of ``POST /v1/returns/<id>/dispute``."""

    grounds_hash = hash_of("the grounds")


class AwardSchema(Schema):
    """Body of ``POST /v1/returns/<id>/arbitration``."""

    award = fields.String(required=True, validate=one_of(handling.Award))
    opinion_hash = hash_of("the opinion")
