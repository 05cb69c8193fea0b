"""Amendments of the stage catalogue."""

from __future__ import annotations

from marshmallow import Schema, fields

from chaincode.domain.register import stages
from gateway.trade.words import counted


class ProposeStagesSchema(Schema):
    """Body of ``POST /v1/stages/amendments``."""

    stages = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        validate=counted(stages.CHANGED),
        metadata={"description": "Stages in the form of GET /v1/stages"},
    )
