"""Amendments of the stage catalogue."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class ProposeStagesSchema(Schema):
    """Body of ``POST /v1/stages/amendments``."""

    stages = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        validate=validate.Length(1, 100),
        metadata={"description": "Stages in the form of GET /v1/stages"},
    )
