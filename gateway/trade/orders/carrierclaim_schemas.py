"""Claims against carriers."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.orders import carrierclaims
from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import AMOUNT, CURRENCY, IDENTIFIER, hash_of, one_of, within


class LiabilitySchema(Schema):
    """Body of ``POST /v1/carrier-claims/terms``: a version of the terms of a carrier's liability."""

    version = fields.Integer(strict=True, required=True)
    effective_from = fields.String(required=True, metadata={"example": "2026-12-01T00:00:00Z"})
    arbiter = fields.String(required=True, validate=MSP_ID)
    claim_days = fields.Integer(
        strict=True,
        required=True,
        validate=within(bounds.DAYS),
        metadata={"description": "After the loss or damage, in which a claim is filed"},
    )
    answer_days = fields.Integer(strict=True, validate=within(bounds.DAYS))
    pay_days = fields.Integer(strict=True, validate=within(bounds.DAYS))
    arbitration_days = fields.Integer(strict=True, validate=within(bounds.DAYS))


class ClaimedSumSchema(Schema):
    """A sum; claimant, carrier and arbiter see it, and the channel gets its hash."""

    amount = fields.String(required=True, validate=AMOUNT, metadata={"description": "Minor units"})
    currency = fields.String(required=True, validate=CURRENCY)


class FileClaimSchema(ClaimedSumSchema):
    """Body of ``POST /v1/carrier-claims``."""

    claim_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    journey_id = fields.String(required=True, validate=IDENTIFIER)
    kind = fields.String(required=True, validate=one_of(carrierclaims.Kind))
    parcel = fields.String(metadata={"description": "The parcel; only a journey with one parcel needs none"})
    carrier = fields.String(required=True, validate=MSP_ID)
    evidence_hash = hash_of("the evidence")


class AwardSumSchema(ClaimedSumSchema):
    """Body of ``POST /v1/carrier-claims/<id>/award``."""

    opinion_hash = hash_of("the opinion")


class OpinionSchema(Schema):
    """Body of ``POST /v1/carrier-claims/<id>/dismissal``."""

    opinion_hash = hash_of("the opinion")


class GroundsSchema(Schema):
    """Body of ``POST /v1/carrier-claims/<id>/refusal`` and of ``.../contest``."""

    grounds_hash = hash_of("the grounds")


class PaymentProofSchema(Schema):
    """Body of ``POST /v1/carrier-claims/<id>/payment``."""

    proof_hash = hash_of("the bank's advice or the like")


class ClaimsOfJourneyQuerySchema(Schema):
    """Query of ``GET /v1/carrier-claims``."""

    journey_id = fields.String(required=True, validate=IDENTIFIER)


class CarrierClaimSchema(CommittedSchema):
    """A claim after a step; ``disclosing`` has the transactions that gave its new sum to the parties."""

    claim_id = fields.String()
    disclosing = fields.Dict(keys=fields.String(), values=fields.Nested(CommittedSchema))
