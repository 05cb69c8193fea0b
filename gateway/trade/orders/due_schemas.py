"""Amounts due for returns."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.vocabulary import bounds
from gateway.http.words import MSP_ID
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import IDENTIFIER, within


class StateDueSchema(Schema):
    """Body of ``POST /v1/orders/<id>/dues``."""

    return_id = fields.String(required=True, validate=IDENTIFIER)
    payments = fields.String(
        required=True,
        validate=MSP_ID,
        metadata={"description": "The payment firm that gets the sum", "example": "PaymentsMSP"},
    )
    auditor = fields.String(
        validate=MSP_ID,
        metadata={"description": "An auditor that gets the sum, too; by default none", "example": "AuditorMSP"},
    )
    in_money = fields.Boolean(
        load_default=False, metadata={"description": "Pay money for a return that was for store credit"}
    )


class StatedDueSchema(Schema):
    """A due that platform and merchant agree on, and that the payment firm has."""

    order_id = fields.String()
    return_id = fields.String()
    stating = fields.Nested(CommittedSchema, metadata={"description": "Left out if it was stated before"})
    disclosing = fields.Nested(CommittedSchema)
    showing = fields.Nested(CommittedSchema, metadata={"description": "To the auditor; left out if none is named"})


class ExpectedQuerySchema(Schema):
    """Query of ``GET /v1/orders/<id>/dues/expected``."""

    line = fields.String(required=True, metadata={"example": "1"})
    quantity = fields.Integer(required=True, validate=within(bounds.MANY))
    reason = fields.String(required=True, metadata={"example": "DEFECTIVE"})


class SharesSchema(Schema):
    """The amount of a return and its parts, in minor units of the order's currency."""

    price = fields.String()
    restocking = fields.String(metadata={"description": "The fee of the terms, a share of the price"})
    carriage = fields.String()
    tax = fields.String(metadata={"description": "Duty and tax that the buyer paid with the order"})
    amount = fields.String(metadata={"description": "Price less restocking, plus carriage and tax"})


class DueSchema(Schema):
    """The amount due for one return."""

    return_id = fields.String()
    line = fields.String()
    before = fields.Integer(metadata={"description": "Units of the line with an earlier due"})
    units = fields.Integer()
    resolution = fields.String()
    payer = fields.String(metadata={"description": "Who pays for a return of this reason by the terms"})
    restocking_bps = fields.Integer()
    shares = fields.Nested(SharesSchema)
    credit = fields.String(metadata={"description": "What of the amount goes back as store credit"})


class DuesSchema(Schema):
    """Every due of an order."""

    order_id = fields.String()
    currency = fields.String()
    stated = fields.List(fields.Nested(DueSchema))
