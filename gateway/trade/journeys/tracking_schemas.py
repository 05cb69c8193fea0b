"""Answers for shoppers, and what they ask."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.returns import terms
from chaincode.domain.vocabulary import bounds
from gateway.http.times import Time
from gateway.trade import words
from gateway.trade.returns.return_schemas import photo_files
from gateway.trade.words import IDENTIFIER, SHA256, counted, one_of, within


class SeenSchema(Schema):
    """One line of a shopper's list."""

    at = Time()
    place = fields.String(metadata={"description": "UN/LOCODE"})
    stage = fields.String()
    step = fields.String()


class LodgeSchema(Schema):
    """Body of ``POST /track/<token>/returns``."""

    line = fields.String(required=True, validate=IDENTIFIER, metadata={"example": "1"})
    quantity = fields.Integer(strict=True, required=True, validate=within(bounds.MANY))
    reason = fields.String(required=True, validate=one_of(terms.ReturnReason))
    resolution = fields.String(required=True, validate=one_of(terms.Resolution))
    condition = fields.String(required=True, validate=one_of(terms.Condition))
    evidence = fields.List(
        fields.String(validate=SHA256),
        load_default=list,
        validate=counted(bounds.EVIDENCE),
        metadata={"description": "SHA-256 of photographs and other evidence, which the shopper keeps"},
    )
    photos = photo_files()
    serials = words.serials("The units' own identifiers, one for each, where the parcels were sent with serials")


class SeenParcelSchema(Schema):
    """One parcel of several."""

    number = fields.Integer(metadata={"description": "Counted from 1"})
    status = fields.String()
    place = fields.String(metadata={"description": "UN/LOCODE where it was last; empty if not known"})
    at = Time()


class SeenJourneySchema(Schema):
    """Where goods are on their way."""

    status = fields.String(metadata={"example": "in_transit"})
    kind = fields.String()
    origin = fields.String()
    destination = fields.String()
    updated_at = Time()
    expected_at = Time(allow_none=True)
    events = fields.List(fields.Nested(SeenSchema))
    parcels = fields.List(
        fields.Nested(SeenParcelSchema), metadata={"description": "Each parcel, if the journey has several"}
    )
    delivered = fields.Integer(metadata={"description": "How many parcels are delivered"})


class SeenReturnSchema(Schema):
    """A return, as the shopper sees it."""

    return_id = fields.String()
    state = fields.String()
    line = fields.String()
    quantity = fields.Integer()
    reason = fields.String()
    resolution = fields.String()
    asked_at = Time()
    changed_at = Time()
    due = Time(allow_none=True)
    code = fields.String(metadata={"description": "The reason for a rejection; else empty"})
    would_pass_if = fields.String()
    pickups = fields.List(Time(), metadata={"description": "Times for a pick-up to choose from"})
    pickup_at = Time(allow_none=True, metadata={"description": "When it is fetched; null if that is open"})
    exchange = fields.Nested(
        SeenJourneySchema,
        allow_none=True,
        metadata={"description": "Where the new goods of an exchange are; else null"},
    )


class TrackingSchema(SeenJourneySchema):
    """Where the goods of an order are, and its returns."""

    returns = fields.List(fields.Nested(SeenReturnSchema))


class BasketGoodsSchema(Schema):
    """The goods of one order of a basket."""

    tracking_path = fields.String(metadata={"description": "The order's own link, by which a return is requested"})
    goods = fields.Nested(TrackingSchema, allow_none=True, metadata={"description": "Null until the seller sends some"})
