"""Store credit of shoppers."""

from __future__ import annotations

from marshmallow import Schema, fields

from gateway.http.words import MSP_ID
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import AMOUNT, CURRENCY, IDENTIFIER, TRACKING_TOKEN


class SpendSchema(Schema):
    """Store credit that pays for part of an order."""

    amount = fields.String(required=True, validate=AMOUNT, metadata={"description": "Minor units of its currency"})
    tracking_token = fields.String(
        required=True,
        validate=TRACKING_TOKEN,
        metadata={"description": "The link that the credit was given to; only its hash leaves the gateway"},
    )


class CreditQuerySchema(Schema):
    """Query of ``GET /v1/credit``."""

    platform = fields.String(required=True, validate=MSP_ID)
    merchant = fields.String(required=True, validate=MSP_ID)
    currency = fields.String(required=True, validate=CURRENCY)
    tracking_token = fields.String(required=True, validate=TRACKING_TOKEN)
    seller_id = fields.String(load_default="", validate=IDENTIFIER)


class CreditSchema(Schema):
    """A buyer's credit at a seller, in minor units."""

    platform = fields.String()
    merchant = fields.String()
    seller_id = fields.String()
    currency = fields.String()
    issued = fields.String(metadata={"description": "For returns, since the first"})
    restored = fields.String(metadata={"description": "Of orders that were paid with credit"})
    spent = fields.String()


class BalanceSchema(Schema):
    """A buyer's credit, and what of it may still be spent."""

    credit = fields.Nested(CreditSchema)
    balance = fields.String()


class IssueSchema(Schema):
    """Body of ``POST /v1/orders/<id>/credit``."""

    return_id = fields.String(
        validate=IDENTIFIER,
        metadata={"description": "The return whose due has store credit; left out for the credit of a cancelled order"},
    )


class IssuedSchema(CommittedSchema):
    """Store credit that was given."""

    order_id = fields.String()


class CreditProofSchema(Schema):
    """The proof that credit was given for a return."""

    proof_hash = fields.String(metadata={"description": "What `POST /v1/returns/<id>/settlement` wants as its proof"})
