"""The Logistics Performance Index, by edition."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway.trade.words import COUNTRY


class FigureSchema(Schema):
    """One figure of an edition."""

    country = fields.String(required=True, validate=COUNTRY)
    component = fields.String(required=True, metadata={"example": "timeliness"})
    rank = fields.Integer(strict=True, load_default=0, metadata={"description": "1 is best; 0 if there are scores"})
    score_x100 = fields.Integer(strict=True, load_default=0)


class EditionSchema(Schema):
    """An edition of the index."""

    name = fields.String(required=True, metadata={"example": "2023"})
    scale = fields.String(required=True, validate=validate.Length(1, 200), metadata={"description": "In words"})
    source = fields.String(required=True, validate=validate.Length(1, 200))
    figures = fields.List(fields.Nested(FigureSchema), required=True, validate=validate.Length(1, 5000))


class ProposedEditionSchema(Schema):
    """Body of ``POST /v1/lpi/amendments``."""

    edition = fields.Nested(EditionSchema, required=True)
