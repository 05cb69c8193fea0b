"""Carriers' plans and agreements on the logistics channel."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.carriage import agreements, plans
from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, LOCODE, counted, within


class SlotSchema(Schema):
    """One departure."""

    slot_id = fields.String(required=True, validate=IDENTIFIER)
    departs_at = fields.String(required=True)
    arrives_at = fields.String(required=True)
    cut_off_at = fields.String(required=True)
    parcels = fields.Integer(strict=True, required=True, validate=within(bounds.LOAD))
    grams = fields.Integer(strict=True, required=True, validate=within(bounds.LOAD))


class PlanSchema(Schema):
    """Body of ``POST /v1/plans``; it stays with the caller's organisation."""

    plan_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    origin = fields.String(required=True, validate=LOCODE)
    destination = fields.String(required=True, validate=LOCODE)
    mode = fields.String(required=True, metadata={"description": "UN/ECE Rec 19", "example": "3"})
    slots = fields.List(fields.Nested(SlotSchema), required=True, validate=counted(plans.SLOTS))


class PlannedSchema(CommittedSchema):
    """A plan with its hash on the channel."""

    plan_id = fields.String()


class BookingSchema(Schema):
    """Body of ``POST /v1/plans/<plan>/slots/<slot>/bookings``."""

    booking_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    shipper = fields.String(required=True, validate=MSP_ID)
    parcels = fields.Integer(strict=True, required=True, validate=within(bounds.LOAD))
    grams = fields.Integer(strict=True, required=True, validate=within(bounds.LOAD))


class BookedSchema(CommittedSchema):
    """A booking."""

    booking_id = fields.String()


class AgreementDraftSchema(Schema):
    """Body of ``POST /v1/agreements``: how goods are handed over between two carriers."""

    taker = fields.String(required=True, validate=MSP_ID)
    consignments = fields.List(fields.String(), required=True, validate=counted(agreements.CONSIGNMENTS))
    place = fields.String(required=True, validate=LOCODE)
    opens_at = fields.String(required=True)
    closes_at = fields.String(required=True)
    seals = fields.List(fields.String(), load_default=list)
    conditions = fields.String(load_default="")


class AgreementAnswerSchema(Schema):
    """Body of ``POST /v1/agreements/<id>/answer``."""

    agree = fields.Boolean(required=True)


class AgreedSchema(CommittedSchema):
    """An agreement after a change."""

    agreement_id = fields.String()
