"""The answer to every committed transaction."""

from __future__ import annotations

from marshmallow import Schema, fields


class CommittedSchema(Schema):
    """A committed transaction and its contract's answer."""

    transaction_id = fields.String(metadata={"description": "See /v1/audit/<channel>/transactions/<id>"})
    block_number = fields.Integer()
    result = fields.Raw(allow_none=True, metadata={"description": "The contract's answer"})
