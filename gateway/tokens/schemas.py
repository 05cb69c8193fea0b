"""Access tokens in requests and answers; the text of a token is shown once."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway import bounds
from gateway.http.times import Time
from gateway.store.scopes import FORM


class NewTokenSchema(Schema):
    """Body of ``POST /v1/tokens``."""

    scopes = fields.List(
        fields.String(validate=validate.Regexp(f"(?:{FORM.pattern})$")),
        required=True,
        validate=bounds.counted(bounds.VALUES),
        metadata={
            "description": "Some of the scopes that the caller's own token has, or parts of them, as write:orders",
            "example": ["read"],
        },
    )
    days = fields.Integer(
        strict=True,
        load_default=30,
        validate=bounds.within(bounds.TOKEN_DAYS),
        metadata={"description": "How long it is valid"},
    )
    account = fields.String(
        validate=validate.Regexp(r"(?:[a-z][a-z0-9-]{0,63})?$"),
        metadata={
            "description": "Name of the service that it is for; by default it is the user's own",
            "example": "erp",
        },
    )


class ListedTokensSchema(Schema):
    """Query of ``GET /v1/tokens``."""

    account = fields.String(metadata={"description": "Only those of this service account"})


class RotationSchema(Schema):
    """Query of ``POST /v1/tokens/<id>/rotation``."""

    overlap_seconds = fields.Integer(
        load_default=0,
        validate=bounds.within(bounds.OVERLAP_SECONDS),
        metadata={"description": "How long the old token stays valid beside the new one"},
    )


class MadeTokenSchema(Schema):
    """A token that was just made."""

    token = fields.String(metadata={"description": "The token itself; nobody can read it again"})


class TokenSchema(Schema):
    """One token, without its secret."""

    id = fields.String()
    user = fields.String()
    scopes = fields.List(fields.String())
    created_at = Time()
    expires_at = Time()
    revoked = fields.Boolean()
    account = fields.String(metadata={"description": "The service account that it is for; empty if none"})
