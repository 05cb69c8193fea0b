"""Participants of the trade."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway.fabric.call_schemas import MSP_ID

_COUNTRY = validate.Regexp(r"[A-Z]{2}\Z", error="Must be an ISO 3166-1 country such as SG.")
_STAGE = validate.Regexp(r"S(0[1-9]|1\d|2[0-2])\Z", error="Must be a stage from S01 to S22.")


class ParticipantSchema(Schema):
    """An organisation of the trade, its part in it and what it may record."""

    msp_id = fields.String(required=True, validate=MSP_ID, metadata={"example": "ForwarderMSP"})
    name = fields.String(required=True, validate=validate.Length(1, 120))
    species = fields.String(required=True, validate=validate.OneOf(["core", "key", "supporting", "parasitic"]))
    roles = fields.List(fields.String(), required=True, metadata={"example": ["forwarder"]})
    countries = fields.List(fields.String(validate=_COUNTRY), required=True, metadata={"example": ["SG"]})
    stages = fields.List(fields.String(validate=_STAGE), required=True, metadata={"example": ["S11", "S15"]})


class FoundSchema(Schema):
    """Body of ``POST /v1/participants/founding``."""

    participants = fields.List(fields.Nested(ParticipantSchema), required=True, validate=validate.Length(1, 200))


class ProposeSchema(Schema):
    """Body of ``POST /v1/participants/amendments``."""

    participant = fields.Nested(ParticipantSchema, required=True)
