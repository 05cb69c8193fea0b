"""Payments, rates and tariffs."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.register import customs
from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import AMOUNT, COUNTRY, CURRENCY, DATE, HS6, IDENTIFIER, counted, within


class AuthorisationSchema(Schema):
    """Body of ``POST /v1/payments``."""

    payment_id = fields.String(validate=IDENTIFIER, metadata={"description": "Made at random if it is not given"})
    order_id = fields.String(required=True, validate=IDENTIFIER)
    platform = fields.String(required=True, validate=MSP_ID)
    merchant = fields.String(required=True, validate=MSP_ID)
    payments = fields.String(required=True, validate=MSP_ID, metadata={"description": "The payment firm"})
    amount = fields.String(
        required=True, validate=AMOUNT, metadata={"description": "Minor units; it must be the order's total"}
    )
    currency = fields.String(required=True, validate=CURRENCY, metadata={"description": "The order's"})
    settle_currency = fields.String(required=True, validate=CURRENCY)


class PaymentSchema(CommittedSchema):
    """A payment after a change; only its three parties see the amounts."""

    payment_id = fields.String()


class PartSchema(Schema):
    """Body of ``POST /v1/payments/<id>/capture``: the amount."""

    amount = fields.String(required=True, validate=AMOUNT, metadata={"description": "Minor units"})


class RefundSchema(PartSchema):
    """
    Body of ``POST /v1/payments/<id>/refund``: how much, and for which return if it is for one.

    For a return it is exactly the sum that `GET /v1/payments/dues/<order_id>/<return_id>` tells.
    """

    return_id = fields.String(
        validate=IDENTIFIER, metadata={"description": "The return that it pays for; each is paid for once"}
    )


class OwedSchema(Schema):
    """The sum to pay for a return."""

    order_id = fields.String()
    return_id = fields.String()
    units = fields.Integer(metadata={"description": "Of the return, with those of its earlier dues"})
    before = fields.Integer(metadata={"description": "Of these, units with an earlier due, which is paid first"})
    resolution = fields.String()
    amount = fields.String(metadata={"description": "Minor units, in money"})
    credit = fields.String(metadata={"description": "Minor units, as store credit; given before the money"})
    currency = fields.String()


class RefundProofSchema(Schema):
    """The proof that a return was paid for."""

    proof_hash = fields.String(metadata={"description": "What `POST /v1/returns/<id>/settlement` wants as its proof"})


class SettleSchema(Schema):
    """Body of ``POST /v1/payments/<id>/settlement``; ``{}`` if the currencies are the same."""

    rate_date = fields.String(
        validate=DATE, metadata={"description": "Day of the payment firm's rates, if the currencies differ"}
    )
    rate_base = fields.String(validate=CURRENCY)


class RatesSchema(Schema):
    """Body of ``POST /v1/rates``: the value of one unit of the base on a day."""

    date = fields.String(required=True, validate=DATE)
    base = fields.String(required=True, validate=CURRENCY, metadata={"example": "USD"})
    rates = fields.Dict(
        keys=fields.String(validate=CURRENCY),
        values=fields.String(),
        required=True,
        metadata={"example": {"VND": "26350.5"}},
    )
    source = fields.String(required=True, validate=counted(bounds.SENTENCE))


class ConversionQuerySchema(Schema):
    """Query of ``GET /v1/rates/<publisher>/<base>/<date>/conversion``."""

    minor = fields.String(required=True, validate=AMOUNT)
    currency = fields.String(required=True, validate=CURRENCY)
    target = fields.String(required=True, validate=CURRENCY)


class TariffSchema(Schema):
    """Body of ``POST /v1/tariffs``: duty and tax of a country on an HS subheading from a day on."""

    country = fields.String(required=True, validate=COUNTRY)
    hs6 = fields.String(required=True, validate=HS6)
    effective_from = fields.String(required=True, validate=DATE)
    currency = fields.String(required=True, validate=CURRENCY)
    duty_bps = fields.Integer(strict=True, required=True, validate=within(customs.RATE))
    tax_bps = fields.Integer(strict=True, required=True, validate=within(customs.RATE))
    duty_free_to = fields.String(required=True, validate=AMOUNT)
    tax_free_to = fields.String(required=True, validate=AMOUNT)
    source = fields.String(required=True, validate=counted(bounds.SENTENCE))


class DutiesQuerySchema(Schema):
    """Query of ``GET /v1/orders/<id>/duties``; rates are needed if the order is in another currency."""

    tariffs_by = fields.String(
        required=True,
        validate=MSP_ID,
        metadata={"description": "Publisher of the tariffs to use", "example": "PlatformMSP"},
    )
    publisher = fields.String(validate=MSP_ID)
    base = fields.String(validate=CURRENCY)
    date = fields.String(validate=DATE)
