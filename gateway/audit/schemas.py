"""The audit's answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway import bounds
from gateway.audit import verifications
from gateway.http.times import Time
from gateway.http.words import CHAINCODE
from hlf.audit.replay import report


class WhoSchema(Schema):
    """A signer."""

    msp_id = fields.String()
    subject = fields.String(metadata={"description": "Of the certificate"})
    serial_number = fields.String(metadata={"description": "Of the certificate, hexadecimal"})


class CheckSchema(Schema):
    """One check."""

    name = fields.String()
    passed = fields.Boolean()
    detail = fields.String()


class BlockSchema(Schema):
    """The block a transaction is in; hashes are hexadecimal."""

    number = fields.Integer()
    hash = fields.String()
    previous_hash = fields.String()
    data_hash = fields.String()


class TransactionSchema(Schema):
    """The parts of a transaction."""

    channel = fields.String()
    transaction_id = fields.String()
    index = fields.Integer(metadata={"description": "Its place in the block"})
    valid = fields.Boolean()
    validation_code = fields.String()
    timestamp = Time(allow_none=True, metadata={"description": "Set by its client"})
    creator = fields.Nested(WhoSchema)
    actions = fields.List(fields.Dict(), metadata={"description": "Chaincode calls with their results and endorsers"})
    block = fields.Nested(BlockSchema)
    vouched = fields.String(
        metadata={"description": "Who vouches for the code: `peer`, because peers do not sign codes, or nobody"}
    )
    checks = fields.List(fields.Nested(CheckSchema))
    anchored = fields.Boolean(
        metadata={"description": "Whether the chain of proof begins at the genesis block in the gateway's wallet"}
    )
    verified = fields.Boolean(metadata={"description": "Whether all checks passed"})


class HistoryQuerySchema(Schema):
    """Query of ``GET /v1/audit/<channel>/history/<key>``."""

    chaincode = fields.String(
        validate=CHAINCODE,
        metadata={"description": "Default: the chaincode of that channel in the default consortium"},
    )
    limit = fields.Integer(load_default=50, validate=bounds.within(bounds.PAGE))


class ChangeSchema(Schema):
    """One change of an object, proven by its block."""

    part = fields.String(metadata={"description": "Which key of the object, if it has several"})
    key = fields.String(metadata={"description": "The key in the ledger, as the contract reports it"})
    transaction_id = fields.String()
    at = Time(allow_none=True, metadata={"description": "The transaction's own time, set by its client"})
    deleted = fields.Boolean()
    value = fields.Raw(allow_none=True)
    block_number = fields.Integer()
    by = fields.Nested(WhoSchema)
    endorsed_by = fields.List(fields.String())
    verified = fields.Boolean(
        metadata={"description": "Whether the block holds this change of this object, and the proof holds"}
    )


class HistorySchema(Schema):
    """All changes of an object, newest first."""

    channel = fields.String()
    key = fields.String()
    total = fields.Integer(metadata={"description": "Number of all changes; the newest are listed"})
    changes = fields.List(fields.Nested(ChangeSchema))


class AccessesQuerySchema(Schema):
    """Query of ``GET /v1/audit/accesses``."""

    before = fields.Integer(
        validate=bounds.within(bounds.NUMBER),
        metadata={"description": "`next` of the page before; without it, the newest page"},
    )
    limit = fields.Integer(load_default=100, validate=bounds.within(bounds.ACCESSES))


class AccessSchema(Schema):
    """A request that needed the scope `audit`."""

    number = fields.Integer()
    at = Time()
    user = fields.String(metadata={"description": "The organisation's user that the token acts for"})
    token_id = fields.String()
    what = fields.String(metadata={"description": "The address's name", "example": "audit.transaction"})
    subject = fields.String(metadata={"description": "The ids in the address", "example": "trade/Orders/J1"})
    status = fields.Integer(
        allow_none=True, metadata={"description": "Status of the answer; null if there is none, or not yet"}
    )
    request_id = fields.String()


class AccessesSchema(Schema):
    """A page of audit requests, newest first."""

    accesses = fields.List(fields.Nested(AccessSchema))
    next = fields.Integer(allow_none=True)


class NewVerificationSchema(Schema):
    """Body of ``POST /v1/audit/verifications``."""

    channel = fields.String(
        required=True,
        validate=bounds.counted(bounds.CHANNEL),
        metadata={"description": "A channel of your organisation"},
    )


class VerificationSchema(Schema):
    """A verification of a whole channel."""

    id = fields.String()
    channel = fields.String()
    height = fields.Integer(metadata={"description": "How many blocks the channel had when it was asked for"})
    verified = fields.Integer(metadata={"description": "How many of them are verified by now"})
    state = fields.String(
        validate=validate.OneOf([verifications.RUNNING, verifications.FINISHED, verifications.UNREADABLE]),
        metadata={"description": "`unreadable`: your peer did not give the blocks, several times"},
    )
    verdict = fields.String(
        allow_none=True, validate=validate.OneOf(list(report.EXIT_CODES)), metadata={"description": "Null until then"}
    )
    created_at = Time()
    finished_at = Time(allow_none=True)
    report = fields.String(allow_none=True, metadata={"description": "Address of the report; null until there is one"})


class VerificationsQuerySchema(Schema):
    """Query of ``GET /v1/audit/verifications``."""

    before = fields.String(
        validate=bounds.counted(bounds.TEXT),
        metadata={"description": "`next` of the page before; without it, the newest page"},
    )
    limit = fields.Integer(load_default=20, validate=bounds.within(bounds.PAGE))


class VerificationPageSchema(Schema):
    """A page of verifications, newest first."""

    verifications = fields.List(fields.Nested(VerificationSchema))
    next = fields.String(allow_none=True)
