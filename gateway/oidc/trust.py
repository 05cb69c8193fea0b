"""Which issuers a gateway trusts, and what their claims mean here: the file of ``SELAT_OIDC``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway import bounds
from gateway.http.words import MSP_ID
from gateway.store.scopes import FORM

# Only signatures by public keys: with a shared secret, everybody who can check a token could make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# Claim names and audiences, which refusals quote in a header.
_PLAIN = validate.Regexp(r"[A-Za-z0-9_.:/~-]{1,200}$")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class TrustError(Exception):
    """The file of issuers cannot be used; the message names the place and what belongs there."""


@dataclass(frozen=True)
class ConsoleClient:
    """
    How people sign in to the console at an issuer.

    Attributes:
        name: shown on the page; by default the issuer's host.
        client_id: the gateway's, as registered at the issuer.
        gateway_url: where browsers reach the gateway; the issuer sends them back to /console/signed-in below it.
        client_secret_file: for an issuer that wants a secret besides PKCE.
    """

    name: str
    client_id: str
    gateway_url: str
    client_secret_file: str


@dataclass(frozen=True)
class TrustedIssuer:
    """
    One issuer whose tokens are accepted.

    Attributes:
        organisation: the organisation that all of its tokens act for; if empty, *organisations* maps values of
            *organisation_claim* to organisations. Other values are refused, so an issuer speaks only for the
            organisations named here.
        user: the user in the wallet; *users* names others by the values of *user_claim*.
        scopes: what a value of *scope_claim* allows; without it, a value is a scope itself.
    """

    url: str
    audience: str
    algorithms: tuple[str, ...]
    leeway_seconds: int
    organisation: str
    organisation_claim: str
    organisations: Mapping[str, str]
    user: str
    user_claim: str
    users: Mapping[str, str]
    scope_claim: str
    scopes: Mapping[str, tuple[str, ...]]
    sign_in: ConsoleClient | None = None


def _issuer_url(value: str) -> None:
    parts = urlsplit(value)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local) or parts.query or parts.fragment:
        raise ValidationError("must be an https URL without query; http is for an issuer on this machine.")


class _ConsoleClientSchema(Schema):
    name = fields.String(load_default="", validate=bounds.counted(bounds.TITLE))
    client_id = fields.String(required=True, validate=_PLAIN)
    gateway_url = fields.String(required=True, validate=_issuer_url)
    client_secret_file = fields.String(load_default="")


class _IssuerSchema(Schema):
    url = fields.String(required=True, validate=_issuer_url)
    audience = fields.String(required=True, validate=_PLAIN)
    algorithms = fields.List(
        fields.String(validate=validate.OneOf(ALGORITHMS)),
        load_default=lambda: ["RS256", "PS256", "ES256", "EdDSA"],
        validate=bounds.not_empty(),
    )
    leeway_seconds = fields.Integer(load_default=30, validate=bounds.within(bounds.LEEWAY_SECONDS))
    organisation = fields.String(load_default="", validate=MSP_ID)
    organisation_claim = fields.String(load_default="", validate=_PLAIN)
    organisations = fields.Dict(fields.String(), fields.String(validate=MSP_ID), load_default=dict)
    user = fields.String(load_default="User1", validate=bounds.not_empty())
    user_claim = fields.String(load_default="sub")
    users = fields.Dict(fields.String(), fields.String(validate=bounds.not_empty()), load_default=dict)
    scope_claim = fields.String(load_default="scope", validate=bounds.not_empty())
    scopes = fields.Dict(
        fields.String(), fields.List(fields.String(validate=validate.Regexp(f"(?:{FORM.pattern})$"))), load_default=dict
    )

    sign_in = fields.Nested(_ConsoleClientSchema, load_default=None)

    @validates_schema
    def _one_organisation(self, data: Mapping[str, Any], **_: Any) -> None:
        by_claim = bool(data.get("organisation_claim")) and bool(data.get("organisations"))
        if bool(data.get("organisation")) == by_claim:
            raise ValidationError("name one organisation, or organisation_claim and organisations.", "organisation")


class _FileSchema(Schema):
    issuer = fields.List(fields.Nested(_IssuerSchema), required=True, validate=bounds.not_empty())


def read(path: str) -> tuple[TrustedIssuer, ...]:
    """
    Return the trusted issuers in the TOML file *path*; none if it is empty.

    Raises:
        TrustError: the file cannot be read, or something in it is wrong.
    """
    if not path:
        return ()
    try:
        told = _FileSchema().load(tomllib.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise TrustError(f"{path} cannot be used: {error}") from None
    found = tuple(_issuer(each) for each in told["issuer"])
    if len({each.url for each in found}) != len(found):
        raise TrustError(f"{path} cannot be used: it names an issuer twice")
    return found


def _issuer(told: dict[str, Any]) -> TrustedIssuer:
    scopes = {value: tuple(allowed) for value, allowed in told.pop("scopes").items()}
    client = told.pop("sign_in")
    named = client and ConsoleClient(**{**client, "name": client["name"] or urlsplit(told["url"]).hostname})
    return TrustedIssuer(algorithms=tuple(told.pop("algorithms")), scopes=scopes, sign_in=named, **told)
