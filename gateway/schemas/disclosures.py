"""Disclosures of single attributes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway.schemas.calls import MSP_ID
from gateway.schemas.claims import IDENTIFIER, REVISION
from gateway.schemas.receipts import CommittedSchema

_ATTRIBUTES = validate.Length(1, 64)
_MOMENT = validate.Regexp(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", error="Must be a moment in UTC such as 2026-11-22T15:00:00Z."
)


class OfferSchema(Schema):
    """What the requester would show in return."""

    claim_id = fields.String(required=True, validate=IDENTIFIER)
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    attributes = fields.List(fields.String(), required=True, validate=_ATTRIBUTES)


class RequestSchema(Schema):
    """Body of ``POST /v1/disclosures/requests``."""

    owner = fields.String(required=True, validate=MSP_ID, metadata={"example": "PlatformMSP"})
    claim_id = fields.String(required=True, validate=IDENTIFIER)
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    attributes = fields.List(
        fields.String(), required=True, validate=_ATTRIBUTES, metadata={"example": ["demand.units_p50_h87"]}
    )
    purpose = fields.String(required=True, validate=validate.Length(1, 200))
    expires_at = fields.String(required=True, validate=_MOMENT)
    offer = fields.Nested(OfferSchema, load_default=None, allow_none=True)


class GrantSchema(Schema):
    """Body of ``POST /v1/disclosures``."""

    claim_id = fields.String(required=True, validate=IDENTIFIER)
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    recipient = fields.String(required=True, validate=MSP_ID, metadata={"example": "ForwarderMSP"})
    attributes = fields.List(
        fields.String(), required=True, validate=_ATTRIBUTES, metadata={"example": ["demand.units_p50_h87"]}
    )
    purpose = fields.String(required=True, validate=validate.Length(1, 200))
    expires_at = fields.String(required=True, validate=_MOMENT)
    request_id = fields.String(load_default=None, allow_none=True, validate=IDENTIFIER)


class RequestedSchema(CommittedSchema):
    """A request that its owner now sees."""

    request_id = fields.String()


class GrantedSchema(Schema):
    """A grant, and the delivery of what it grants."""

    grant_id = fields.String()
    grant = fields.Nested(CommittedSchema)
    delivery = fields.Nested(CommittedSchema, metadata={"description": "Two transactions: each has its own endorsers"})


class RevokedSchema(CommittedSchema):
    """A revocation; the recipient's copy is purged."""

    grant_id = fields.String()


class DisclosedSchema(Schema):
    """What the recipient of a grant reads."""

    grant = fields.Dict()
    document = fields.String()
    disclosures = fields.List(fields.String())
    values = fields.Dict()


class LedgerEntrySchema(Schema):
    """Who was shown what, for what, until when; names of attributes, never values."""

    grant = fields.Dict()
    state = fields.String()
    delivered = fields.Raw()
