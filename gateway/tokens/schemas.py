"""Access tokens in requests and answers; the text of a token is shown once."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway.http.times import Time
from gateway.store.tokens import SCOPES

_DAYS = 366


class NewTokenSchema(Schema):
    """Body of ``POST /v1/tokens``."""

    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(1, len(SCOPES)),
        metadata={"description": "Some of the scopes that the caller's own token has", "example": ["read"]},
    )
    days = fields.Integer(
        strict=True,
        load_default=30,
        validate=validate.Range(1, _DAYS),
        metadata={"description": "How long it is valid"},
    )


class MadeTokenSchema(Schema):
    """A token that was just made."""

    token = fields.String(metadata={"description": "The token itself; nobody can read it again"})


class TokenSchema(Schema):
    """One token, which cannot be used by what stands here."""

    id = fields.String()
    user = fields.String()
    scopes = fields.List(fields.String())
    created_at = Time()
    expires_at = Time()
    revoked = fields.Boolean()
