"""Duty drawback."""

from __future__ import annotations

from typing import get_args

from marshmallow import Schema, fields

from chaincode.domain.register import customs
from chaincode.domain.returns import drawbacks
from chaincode.domain.vocabulary import bounds
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import AMOUNT, COUNTRY, CURRENCY, DATE, IDENTIFIER, counted, hash_of, one_of, within
from hlf.codec import texts


class DrawbackTermsSchema(Schema):
    """Body of ``POST /v1/drawbacks/terms``: what a country's customs gives back for imports from a day on."""

    country = fields.String(required=True, validate=COUNTRY)
    effective_from = fields.String(required=True, validate=DATE)
    export_days = fields.Integer(
        strict=True,
        required=True,
        validate=within(bounds.DAYS),
        metadata={"description": "After the duty was paid, in which the goods leave"},
    )
    claim_days = fields.Integer(
        strict=True,
        required=True,
        validate=within(bounds.DAYS),
        metadata={"description": "After they left, in which the claim is filed"},
    )
    answer_days = fields.Integer(strict=True, validate=within(bounds.DAYS))
    pay_days = fields.Integer(strict=True, validate=within(bounds.DAYS))
    duty_bps = fields.Integer(strict=True, validate=within(bounds.BASIS_POINTS))
    tax_bps = fields.Integer(strict=True, validate=within(bounds.BASIS_POINTS))
    source = fields.String(required=True, validate=counted(bounds.SENTENCE))


class EntrySchema(Schema):
    """The line of the import declaration; only its hash is on the channel."""

    reference = fields.String(
        required=True, validate=counted(texts.NAME), metadata={"description": "Customs' number of the declaration"}
    )
    on = fields.String(required=True, validate=DATE)
    code = fields.String(required=True, metadata={"example": "85183010"})
    currency = fields.String(required=True, validate=CURRENCY)
    units = fields.Integer(
        strict=True, required=True, validate=within(bounds.MANY), metadata={"description": "Of the whole line"}
    )
    customs_value = fields.String(required=True, validate=AMOUNT)
    duty = fields.String(required=True, validate=AMOUNT, metadata={"description": "Paid for the whole line"})
    tax = fields.String(required=True, validate=AMOUNT)
    agreement = fields.String(load_default="", validate=one_of(("", *get_args(customs.Agreement))))


class FileDrawbackSchema(Schema):
    """Body of ``POST /v1/drawbacks``."""

    drawback_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    return_id = fields.String(required=True, validate=IDENTIFIER)
    evidence_hash = hash_of("the papers of the export")
    entry = fields.Nested(EntrySchema, required=True)


class OfReturnQuerySchema(Schema):
    """Query of ``GET /v1/drawbacks``."""

    return_id = fields.String(required=True, validate=IDENTIFIER)


class RefuseDrawbackSchema(Schema):
    """Body of ``POST /v1/drawbacks/<id>/refusal``."""

    grounds = fields.String(required=True, validate=one_of(drawbacks.Grounds))
    opinion_hash = hash_of("the reasons of customs")


class DrawbackPaymentSchema(Schema):
    """Body of ``POST /v1/drawbacks/<id>/payment``."""

    proof_hash = hash_of("the bank's advice")


class DrawbackSchema(CommittedSchema):
    """A drawback after a step."""

    drawback_id = fields.String()
    disclosing = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(CommittedSchema),
        metadata={"description": "Who got the import entry, if this step gave it"},
    )
