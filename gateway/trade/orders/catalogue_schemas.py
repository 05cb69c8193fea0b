"""Products on the ecommerce channel."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.vocabulary import bounds
from gateway.http.paging import PageQuerySchema
from gateway.http.words import MSP_ID
from gateway.trade.words import AMOUNT, COUNTRY, CURRENCY, HS6, within


class ProductSchema(Schema):
    """Body of ``POST /v1/catalogue``."""

    gtin = fields.String(required=True, metadata={"example": "06901234567892"})
    titles = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata={"description": "By language (BCP 47)"}
    )
    hs6 = fields.String(required=True, validate=HS6)
    category = fields.String(required=True)
    weight_grm = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    volume_cmq = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    list_price = fields.String(required=True, validate=AMOUNT)
    currency = fields.String(required=True, validate=CURRENCY)
    origin = fields.String(required=True, validate=COUNTRY, metadata={"example": "CN"})
    ahtn8 = fields.String()
    dg_un = fields.String()


class ListQuerySchema(PageQuerySchema):
    """Query of ``GET /v1/catalogue``."""

    merchant = fields.String(load_default="", validate=MSP_ID)
