"""Tariffs, de-minimis and imports."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.register import customs
from chaincode.domain.vocabulary import bounds, incoterms
from gateway.trade.words import AMOUNT, COUNTRY, CURRENCY, DATE, SHA256, counted, one_of, within

_AGREEMENT = one_of(customs.Agreement)


class DayQuerySchema(Schema):
    """On which day."""

    on = fields.String(required=True, validate=DATE)


class CustomsTariffSchema(Schema):
    """Body of ``POST /v1/customs/tariffs``."""

    country = fields.String(required=True, validate=COUNTRY)
    code = fields.String(required=True, metadata={"description": "HS (6 digits), in ASEAN also AHTN (8 digits)"})
    effective_from = fields.String(required=True, validate=DATE)
    duty_bps = fields.Integer(strict=True, required=True, validate=within(customs.RATE))
    tax_bps = fields.Integer(strict=True, required=True, validate=within(customs.RATE))
    preferences = fields.Dict(
        keys=fields.String(validate=_AGREEMENT),
        values=fields.Integer(strict=True, validate=within(customs.RATE)),
        load_default=dict,
        metadata={"description": "Duty in basis points by trade agreement"},
    )
    source = fields.String(required=True, validate=counted(bounds.SENTENCE))


class DeMinimisSchema(Schema):
    """Body of ``POST /v1/customs/de-minimis``."""

    country = fields.String(required=True, validate=COUNTRY)
    effective_from = fields.String(required=True, validate=DATE)
    basis = fields.String(
        required=True,
        validate=one_of(customs.Basis),
        metadata={"description": "With or without freight and insurance"},
    )
    currency = fields.String(required=True, validate=CURRENCY)
    duty_free_to = fields.String(required=True, validate=AMOUNT)
    tax_free_to = fields.String(required=True, validate=AMOUNT)
    source = fields.String(required=True, validate=counted(bounds.SENTENCE))


class PreferenceSchema(Schema):
    """Why goods originate in a trade agreement."""

    agreement = fields.String(required=True, validate=_AGREEMENT)
    criterion = fields.String(required=True, validate=one_of(customs.Criterion))
    proof_hash = fields.String(required=True, validate=SHA256)


class ImportLineSchema(Schema):
    """A line of an import."""

    line = fields.Integer(strict=True, required=True)
    code = fields.String(required=True)
    value = fields.String(required=True, validate=AMOUNT)
    origin = fields.String(required=True, validate=COUNTRY)
    preference = fields.Nested(PreferenceSchema, load_default=None, allow_none=True)


class ImportSchema(Schema):
    """Body of ``POST /v1/customs/assessments``."""

    country = fields.String(required=True, validate=COUNTRY)
    on = fields.String(required=True, validate=DATE)
    incoterm = fields.String(required=True, validate=one_of(incoterms.FOR_PARCELS))
    currency = fields.String(required=True, validate=CURRENCY)
    lines = fields.List(fields.Nested(ImportLineSchema), required=True, validate=counted(customs.LINES))
    freight = fields.String(required=True, validate=AMOUNT)
    insurance = fields.String(required=True, validate=AMOUNT)
