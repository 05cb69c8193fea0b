"""The Logistics Performance Index, by edition."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.register import lpi
from chaincode.domain.vocabulary import bounds
from gateway.trade.words import COUNTRY, counted


class FigureSchema(Schema):
    """One figure of an edition."""

    country = fields.String(required=True, validate=COUNTRY)
    component = fields.String(required=True, metadata={"example": "timeliness"})
    rank = fields.Integer(strict=True, load_default=0, metadata={"description": "1 is best; 0 if there are scores"})
    score_x100 = fields.Integer(strict=True, load_default=0)


class EditionSchema(Schema):
    """An edition of the index."""

    name = fields.String(required=True, metadata={"example": "2023"})
    scale = fields.String(required=True, validate=counted(bounds.SENTENCE), metadata={"description": "In words"})
    source = fields.String(required=True, validate=counted(bounds.SENTENCE))
    figures = fields.List(fields.Nested(FigureSchema), required=True, validate=counted(lpi.FIGURES))


class ProposedEditionSchema(Schema):
    """Body of ``POST /v1/lpi/amendments``."""

    edition = fields.Nested(EditionSchema, required=True)
