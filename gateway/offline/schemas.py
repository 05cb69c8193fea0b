"""Steps of transactions that are signed elsewhere, in requests and answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from gateway import bounds
from gateway.fabric.call_schemas import AnswerSchema, Base64
from gateway.http.times import Time


class SignedStepSchema(Schema):
    """Body of each request that sends a signed step."""

    step = Base64(required=True, metadata={"description": "The step's bytes, as the gateway gave them"})
    signature = Base64(
        required=True,
        metadata={
            "description": "By the key of the user's certificate: ECDSA over `digest`, in DER or as R and S side by "
            "side; or Ed25519 over `message`"
        },
    )


class SignedQuestionSchema(SignedStepSchema):
    """Body of ``POST .../offline/statuses``."""

    wait_seconds = fields.Integer(
        strict=True,
        load_default=30,
        validate=bounds.within(bounds.WAIT_SECONDS),
        metadata={"description": "How long to wait for its commit"},
    )


class UnsignedStepSchema(Schema):
    """A step to be signed."""

    step = Base64(
        metadata={"description": "The step's bytes; send them back with their signature. They may hold private values"}
    )
    message = Base64(metadata={"description": "What the signature is for; an Ed25519 key signs this"})
    digest = Base64(metadata={"description": "SHA-256 of `message`; an ECDSA key signs this"})
    transaction_id = fields.String()
    expires_at = Time(
        allow_none=True, metadata={"description": "The step is refused after that time; null if it does not age"}
    )


class UnsignedProposalSchema(UnsignedStepSchema):
    """A proposal to be signed, and who would get it."""

    must_endorse = fields.List(
        fields.String(), metadata={"description": "Organisations that get it; none if Fabric plans by the policies"}
    )
    will_see = fields.List(fields.String(), metadata={"description": "Organisations that get the private values"})


class UnsignedTransactionSchema(UnsignedStepSchema, AnswerSchema):
    """An endorsed transaction to be signed, with the contract's answer, which counts once it is committed."""
