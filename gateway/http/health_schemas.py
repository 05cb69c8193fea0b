"""Health and readiness."""

from __future__ import annotations

from marshmallow import Schema, fields


class HealthSchema(Schema):
    """Answer of ``GET /healthz``."""

    status = fields.String(metadata={"example": "ok"})


class ReadinessSchema(Schema):
    """Answer of ``GET /readyz``."""

    ready = fields.Boolean()
    checks = fields.Dict(
        keys=fields.String(),
        values=fields.Boolean(),
        metadata={"description": "The store, and each organisation's peer"},
    )
    channels = fields.Dict(
        keys=fields.String(),
        values=fields.Boolean(),
        metadata={"description": "The channels of the wallet: whether a peer of its organisations answers for each"},
    )
