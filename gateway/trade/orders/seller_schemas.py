"""Sellers of merchants, and baskets of several sellers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from chaincode.domain.orders import sellers
from gateway.http.paging import PageQuerySchema
from gateway.http.words import MSP_ID, WordValidator
from gateway.trade.orders.order_schemas import PlacedSchema, PlaceSchema
from gateway.trade.words import BASKET, COUNTRY, IDENTIFIER, counted
from hlf.codec import texts


class SellerSchema(Schema):
    """Body of ``POST /v1/sellers``."""

    seller_id = fields.String(required=True, validate=IDENTIFIER)
    name = fields.String(required=True, validate=counted(texts.NAME), metadata={"example": "Shenzhen Sound"})
    country = fields.String(required=True, validate=COUNTRY)
    terms_id = fields.String(required=True, validate=IDENTIFIER, metadata={"description": "Its return terms"})
    colour = fields.String(
        validate=WordValidator(sellers.COLOUR),
        metadata={"description": "Of the pages that its buyers see", "example": "#0a6570"},
    )
    contact = fields.String(
        validate=validate.And(WordValidator(sellers.CONTACT), counted(sellers.CONTACT_LENGTH)),
        metadata={"description": "Where its buyers reach it", "example": "mailto:help@shop.example"},
    )


class SellersQuerySchema(PageQuerySchema):
    """Query of ``GET /v1/sellers``."""

    merchant = fields.String(load_default="", validate=MSP_ID)


class CheckoutSchema(Schema):
    """Body of ``POST /v1/checkouts``: one order for each seller in the basket."""

    checkout_id = fields.String(
        validate=IDENTIFIER, metadata={"description": "Public; made at random if it is not given"}
    )
    orders = fields.List(fields.Nested(PlaceSchema), required=True, validate=BASKET)


class CheckedOutSchema(Schema):
    """A basket with its orders, each with a link of its own."""

    checkout_id = fields.String()
    tracking_token = fields.String(
        metadata={"description": "For the shopper; leads to the goods of all orders, and is shown once"}
    )
    tracking_path = fields.String()
    orders = fields.List(fields.Nested(PlacedSchema))


class BasketOrderSchema(Schema):
    """One order of a basket."""

    order_id = fields.String()
    merchant = fields.String()
    seller_id = fields.String()
