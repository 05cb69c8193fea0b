"""Participants of the trade."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.register import participants
from gateway.http.words import MSP_ID
from gateway.trade.words import COUNTRY, STAGE, counted, one_of
from hlf.codec import texts


class ParticipantSchema(Schema):
    """An organisation of the trade, its roles and the stages it may record."""

    msp_id = fields.String(required=True, validate=MSP_ID, metadata={"example": "ForwarderMSP"})
    name = fields.String(required=True, validate=counted(texts.NAME))
    species = fields.String(required=True, validate=one_of(participants.Species))
    roles = fields.List(fields.String(), required=True, metadata={"example": ["forwarder"]})
    countries = fields.List(fields.String(validate=COUNTRY), required=True, metadata={"example": ["SG"]})
    stages = fields.List(fields.String(validate=STAGE), required=True, metadata={"example": ["S11", "S15"]})


class FoundSchema(Schema):
    """Body of ``POST /v1/participants/founding``."""

    participants = fields.List(fields.Nested(ParticipantSchema), required=True, validate=counted(participants.FOUNDERS))


class ProposeSchema(Schema):
    """Body of ``POST /v1/participants/amendments``."""

    participant = fields.Nested(ParticipantSchema, required=True)
