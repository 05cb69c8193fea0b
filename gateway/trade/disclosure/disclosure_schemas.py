"""Disclosures of single attributes."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.disclosure import disclosures, grants
from chaincode.domain.vocabulary import bounds
from gateway.fabric.call_schemas import Base64
from gateway.http.paging import PageQuerySchema
from gateway.http.words import MSP_ID
from gateway.trade.disclosure.claim_schemas import REVISION
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, MOMENT, counted, one_of
from hlf.codec import texts
from hlf.sealing import Suite

_ATTRIBUTES = counted(disclosures.SHOWN)


class OfferSchema(Schema):
    """The attributes that the requester offers in return."""

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
    purpose = fields.String(required=True, validate=counted(bounds.SENTENCE))
    expires_at = fields.String(required=True, validate=MOMENT)
    offer = fields.Nested(OfferSchema, load_default=None, allow_none=True)


class RequestListQuerySchema(PageQuerySchema):
    """Query of ``GET /v1/disclosures/requests``."""

    waiting = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Leave out those that are answered or withdrawn"},
    )


class GrantSchema(Schema):
    """Body of ``POST /v1/disclosures``."""

    claim_id = fields.String(required=True, validate=IDENTIFIER)
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    recipient = fields.String(required=True, validate=MSP_ID, metadata={"example": "ForwarderMSP"})
    attributes = fields.List(
        fields.String(), required=True, validate=_ATTRIBUTES, metadata={"example": ["demand.units_p50_h87"]}
    )
    purpose = fields.String(required=True, validate=counted(bounds.SENTENCE))
    expires_at = fields.String(required=True, validate=MOMENT)
    request_id = fields.String(load_default=None, allow_none=True, validate=IDENTIFIER)


class RequestedSchema(CommittedSchema):
    """A request; the owner can now see it."""

    request_id = fields.String()


class AnsweredSchema(Schema):
    """A granted request, and the owner's delivery."""

    grant_id = fields.String()
    counter_grant_id = fields.String(
        allow_none=True,
        metadata={"description": "The grant that the requester must deliver in return, if it offered something"},
    )
    grant = fields.Nested(CommittedSchema)
    delivery = fields.Nested(CommittedSchema)


class SealSchema(Schema):
    """Body of ``POST /v1/disclosures/sealed``: attributes for somebody outside the channel."""

    claim_id = fields.String(required=True, validate=IDENTIFIER)
    revision = fields.Integer(strict=True, load_default=1, validate=REVISION)
    attributes = fields.List(fields.String(), required=True, validate=_ATTRIBUTES)
    recipient = fields.String(required=True, validate=counted(texts.NAME), metadata={"description": "In words"})
    suite = fields.String(load_default=Suite.HYBRID.value, validate=one_of(grants.SUITES))
    public_key = Base64(required=True, metadata={"description": "The recipient's raw public key of that suite, base64"})
    purpose = fields.String(required=True, validate=counted(bounds.SENTENCE))
    expires_at = fields.String(required=True, validate=MOMENT)


class SealedSchema(CommittedSchema):
    """The ciphertext and its binding. Only the hash of the ciphertext is kept."""

    seal_id = fields.String()
    ciphertext = Base64()
    binding = fields.Dict(metadata={"description": "Channel, record, recipient and version; needed to unseal"})


class GrantedSchema(Schema):
    """A grant, and the delivery of its values."""

    grant_id = fields.String()
    grant = fields.Nested(CommittedSchema)
    delivery = fields.Nested(
        CommittedSchema, metadata={"description": "Two transactions, because each has its own endorsers"}
    )


class RevokedSchema(CommittedSchema):
    """A revocation; the recipient's copy is purged."""

    grant_id = fields.String()


class DisclosedSchema(Schema):
    """A grant with its values, for its recipient."""

    grant = fields.Dict()
    document = fields.String()
    disclosures = fields.List(fields.String())
    values = fields.Dict()


class LedgerEntrySchema(Schema):
    """Who may see which attributes, for which purpose, until when. It has no values."""

    grant = fields.Dict()
    state = fields.String()
    delivered = fields.Raw()
