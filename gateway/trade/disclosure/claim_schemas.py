"""Forecasts and capabilities."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.disclosure import disclosures, grants
from gateway.http.times import Time
from gateway.http.words import MSP_ID
from gateway.trade.disclosure import attributes
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, counted, one_of, within

REVISION = within(grants.REVISION)


class CommitSchema(Schema):
    """Body of ``POST /v1/forecasts`` and ``POST /v1/capabilities``."""

    claim_id = fields.String(
        validate=IDENTIFIER,
        metadata={"description": "Public, so it should reveal nothing; random if left out"},
    )
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    values = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        required=True,
        metadata={
            "description": "Attributes by name; they stay with the owner, and the channel gets salted hashes",
            "example": {"product.hs6": "851762", "demand.units_p50_h87": 12_000},
        },
    )


class CommittedClaimSchema(CommittedSchema):
    """A claim with its hash on the channel."""

    claim_id = fields.String()
    revision = fields.Integer()
    document_hash = fields.String(metadata={"description": "SHA-256 of the digest document, hexadecimal"})
    subject = fields.Nested(
        CommittedSchema,
        metadata={"description": "The transaction in which the auditor compared what the claim is about"},
    )


class ShownSubjectSchema(Schema):
    """Body of ``POST /v1/claims/<claim_id>/subject``."""

    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)


class RevisionQuerySchema(Schema):
    """Which revision of a claim."""

    revision = fields.Integer(load_default=1, validate=REVISION)


class ClaimSchema(Schema):
    """A claim as its owner sees it."""

    claim_id = fields.String()
    revision = fields.Integer()
    document = fields.Raw(metadata={"description": "The RFC 9901 digest document"})
    disclosures = fields.List(fields.String(), metadata={"description": "RFC 9901 disclosures, one for each attribute"})
    values = fields.Dict()


class ClaimSummarySchema(Schema):
    """One line of an owner's list."""

    claim_id = fields.String()
    revision = fields.Integer()
    kind = fields.String()
    issued_at = Time()
    document_hash = fields.String()


class AttributeSchema(Schema):
    """One attribute a claim of this kind may have."""

    name = fields.String()
    required = fields.Boolean()
    type = fields.String(
        validate=one_of(attributes.AttributeType),
        metadata={"description": "A date is text as 2026-12-01, an amount text with digits"},
    )
    unit = fields.String(metadata={"description": "Empty if it has none"})
    meaning = fields.String()


class ProofSchema(Schema):
    """Body of ``POST /v1/claims/verify``: values that somebody says an owner committed to."""

    owner = fields.String(required=True, validate=MSP_ID)
    claim_id = fields.String(required=True, validate=IDENTIFIER)
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    document = fields.String(required=True, metadata={"description": "The digest document, exactly as it was given"})
    disclosures = fields.List(fields.String(), required=True, validate=counted(disclosures.SHOWN))


class ProvenSchema(Schema):
    """The proven attributes."""

    values = fields.Dict(metadata={"description": "The attributes its owner committed to, by name"})


class CommitmentSchema(Schema):
    """The public part of a claim."""

    owner = fields.String()
    claim_id = fields.String()
    revision = fields.Integer()
    document_hash = fields.String(metadata={"description": "Empty if there is no such claim"})
