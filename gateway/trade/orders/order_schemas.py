"""Orders between a platform and a merchant."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.orders import orders
from chaincode.domain.returns import terms
from chaincode.domain.vocabulary import bounds, incoterms
from gateway.http.words import MSP_ID
from gateway.trade.orders.credit_schemas import SpendSchema
from gateway.trade.receipts import CommittedSchema
from gateway.trade.words import AMOUNT, CURRENCY, IDENTIFIER, LOCODE, SHA256, counted, one_of, within


class OrderLineSchema(Schema):
    """One line of an order; the contract checks the codes and their check digits."""

    line = fields.Integer(
        strict=True,
        required=True,
        validate=within(bounds.MANY),
        metadata={"description": "1, 2, ... in sequence", "example": 1},
    )
    gtin = fields.String(required=True, metadata={"example": "06901234567892"})
    hs6 = fields.String(required=True, metadata={"example": "851830"})
    quantity = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    unit_price = fields.String(required=True, validate=AMOUNT, metadata={"description": "Minor units"})
    weight_grm = fields.Integer(
        strict=True, required=True, validate=within(bounds.MANY), metadata={"description": "Grams, of one unit"}
    )
    ahtn8 = fields.String(metadata={"description": "ASEAN tariff line", "example": "85183010"})
    tax = fields.String(
        validate=AMOUNT,
        metadata={"description": "Duty and tax of the line that the buyer pays with the order; under DDP alone"},
    )


class PinnedTermsSchema(Schema):
    """The return terms of an order."""

    terms_id = fields.String(required=True, validate=IDENTIFIER)
    version = fields.Integer(strict=True, required=True, validate=within(terms.BOUNDS["version"]))
    digest = fields.String(required=True, validate=SHA256)


class PlaceSchema(Schema):
    """Body of ``POST /v1/orders``."""

    order_id = fields.String(validate=IDENTIFIER, metadata={"description": "Public; made at random if it is not given"})
    platform = fields.String(required=True, validate=MSP_ID, metadata={"example": "PlatformMSP"})
    merchant = fields.String(required=True, validate=MSP_ID, metadata={"example": "MerchantMSP"})
    placed_at = fields.String(required=True, metadata={"example": "2026-11-22T15:00:00Z"})
    incoterm = fields.String(required=True, validate=one_of(incoterms.FOR_PARCELS), metadata={"example": "DDP"})
    named_place = fields.String(required=True, validate=LOCODE, metadata={"example": "VNHAN"})
    lines = fields.List(fields.Nested(OrderLineSchema), required=True, validate=counted(bounds.LINES))
    currency = fields.String(required=True, validate=CURRENCY, metadata={"example": "USD"})
    freight = fields.String(required=True, validate=AMOUNT)
    insurance = fields.String(required=True, validate=AMOUNT)
    origin = fields.String(required=True, validate=LOCODE, metadata={"example": "CNSZX"})
    destination = fields.String(required=True, validate=LOCODE, metadata={"example": "VNHAN"})
    terms = fields.Nested(PinnedTermsSchema, required=True)
    seller_id = fields.String(
        validate=IDENTIFIER, metadata={"description": "A registered seller of the merchant, whose terms are pinned"}
    )
    checkout_id = fields.String(validate=IDENTIFIER, metadata={"description": "The basket; public, so make it random"})
    credit = fields.Nested(
        SpendSchema, metadata={"description": "Store credit that pays for part of it; the payment is of the rest"}
    )


class PlacedSchema(Schema):
    """A new order; both sides have its content, and the channel its public part."""

    order_id = fields.String()
    order_hash = fields.String()
    tracking_token = fields.String(
        metadata={"description": "For the shopper; shown once, only its hash is kept on the ledger"}
    )
    tracking_path = fields.String()
    placing = fields.Nested(CommittedSchema)
    opening = fields.Nested(CommittedSchema)


class PublicOrderSchema(Schema):
    """The public part of an order."""

    order_id = fields.String()
    order_hash = fields.String()
    facts_hash = fields.String(metadata={"description": "SHA-256 of the facts that the trade channel gets"})
    platform = fields.String()
    merchant = fields.String()
    state = fields.String()
    terms = fields.Nested(PinnedTermsSchema)
    journey_id = fields.String(allow_none=True)


class SpentSchema(Schema):
    """Store credit that paid for part of an order."""

    amount = fields.String(metadata={"description": "Minor units of its currency"})
    holder_hash = fields.String(metadata={"description": "SHA-256 of the link that the credit was given to"})


class OrderContentSchema(PlaceSchema):
    """An order as it was placed, with what the gateway made; `credit` is left out if none was spent."""

    buyer_token_hash = fields.String(metadata={"description": "SHA-256 of the shopper's link"})
    salt = fields.String()
    credit = fields.Nested(SpentSchema)


class TallySchema(Schema):
    """The units of one line of an order, over all of its journeys and returns."""

    line = fields.String()
    ordered = fields.Integer()
    allotted = fields.Integer(metadata={"description": "On journeys from the seller"})
    delivered = fields.Integer()
    lost = fields.Integer(metadata={"description": "In parcels that were lost"})
    sent_back = fields.Integer(metadata={"description": "In parcels that went back to the seller"})
    returning = fields.Integer(metadata={"description": "In returns without an outcome yet"})
    returned = fields.Integer(metadata={"description": "In returns with an outcome"})
    exchanged = fields.Integer(metadata={"description": "Returned units that were replaced"})
    left = fields.Integer(metadata={"description": "Units that another return may take back"})


class CancelSchema(Schema):
    """Body of ``POST /v1/orders/<id>/cancellation``."""

    reason = fields.String(
        required=True,
        validate=one_of(orders.Cancellation),
    )


class FulfilSchema(Schema):
    """Body of ``POST /v1/orders/<id>/fulfilment``."""

    journey_id = fields.String(required=True, validate=IDENTIFIER)
