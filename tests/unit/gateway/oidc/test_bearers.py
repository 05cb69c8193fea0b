"""Tokens of trusted issuers: whom they act for, and every kind that is refused, with its cause."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.http import context
from gateway.oidc.acceptedtokens import AcceptedTokens
from gateway.oidc.bearers import Issuers
from gateway.oidc.issuer import DevelopmentIssuer
from gateway.store.tokens import TokenError
from tests.unit.gateway.oidc.conftest import URL

# A time that no run of the tests reaches, though they are collected long before.
FAR = 4_000_000_000


def token(issuer: DevelopmentIssuer, subject: str, seconds: int = 3600, **claims: object) -> str:
    return issuer.token(subject, claims, seconds)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def refusal(issuers: Issuers, text: str) -> str:
    with pytest.raises(TokenError) as refused:
        issuers.caller(text)
    return refused.value.words or refused.value.reason


def test_claims_become_organisation_user_and_scopes(issuer, issuers):
    """By the file alone; a role that it does not name allows nothing."""
    caller = issuers.caller(token(issuer, "anna", org="market", roles=["trader", "gardener"]))
    assert (caller.msp_id, caller.user, caller.scopes) == ("PlatformMSP", "User1", {"read", "write"})
    chief = issuers.caller(token(issuer, "chief", org=["sea"], roles="auditor"))
    assert (chief.msp_id, chief.user, chief.scopes) == ("ForwarderMSP", "Admin", {"read", "audit"})
    assert chief.token_id != caller.token_id
    assert "anna" not in caller.token_id


def test_scopes_of_the_standard_claim_need_no_table(issuer, asked, issuers):
    """A value of `scope` that is no scope of the gateway allows nothing."""
    (trusted, _) = next(iter(issuers._trusted.values()))
    plain = dataclasses.replace(trusted, scopes={}, scope_claim="scope", organisation="PlatformMSP")
    caller = Issuers([plain], asked).caller(token(issuer, "anna", scope="openid read write"))
    assert caller.scopes == {"read", "write"}


def test_claims_that_mean_nothing_or_two_things_are_refused(issuer, issuers):
    """An issuer speaks only for the organisations that the file names, and for one at a time."""
    for org in ("MerchantMSP", None, 7, ["market", "sea"], {}):
        assert "names no organisation" in refusal(issuers, token(issuer, "anna", org=org, roles="trader"))


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "another service"}, "audience"),
        ({"aud": None}, "no claim aud"),
        ({"iss": "https://id.example/other"}, "trust its issuer"),
        ({"iss": ["x"]}, "trust its issuer"),
        ({"exp": 1_000}, "expired"),
        ({"exp": None}, "no claim exp"),
        ({"exp": "soon"}, "another form"),
        ({"exp": 10**400}, "another form"),
        ({"nbf": FAR}, "not valid yet"),
        ({"iat": FAR}, "not valid yet"),
        ({"iat": "now"}, "another form"),
        ({"sub": None}, "no claim sub"),
        ({"sub": 7}, "another form"),
    ],
)
def test_wrong_claims_are_refused_with_their_cause(issuer, issuers, claims, words):
    """Each claim that must be there is looked at, and clocks may differ by the leeway alone."""
    assert words in refusal(issuers, token(issuer, "anna", **{"org": "market", "roles": "trader", **claims}))


def test_clocks_may_differ_by_the_leeway(issuer, issuers):
    """Thirty seconds, if the file says nothing else."""
    assert issuers.caller(token(issuer, "anna", seconds=-10, org="market"))
    assert issuers.caller(token(issuer, "anna", org="market", nbf=time.time() + 10))


def test_no_algorithm_but_the_keys_own_is_taken(issuer, issuers):
    """Neither `none` nor a shared secret made of the public key, whatever the token says."""
    (listed,) = issuer.keys()["keys"]
    claims = {"iss": URL, "aud": "selat", "sub": "anna", "iat": time.time(), "exp": time.time() + 60, "org": "market"}
    public = jwt.PyJWK.from_dict(listed).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "kid": listed["kid"]}
    unsigned = f"{part(header)}.{part(claims)}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, unsigned.encode(), hashlib.sha256)).rstrip(b"=").decode()
    assert "algorithm is not one of" in refusal(issuers, f"{unsigned}.{mac}")
    for none in ("none", "None", "NONE", "", None, 7, ["ES256"]):
        text = f"{part({**header, 'alg': none})}.{part(claims)}."
        assert refusal(issuers, text) == "malformed" or "algorithm is not one of" in refusal(issuers, text)
    other = rsa.generate_private_key(65537, 2048)
    confused = jwt.encode(claims, other, "RS256", {"kid": listed["kid"]})
    assert "for another algorithm" in refusal(issuers, confused)


def test_a_key_must_be_the_issuers(issuer, issuers):
    """A key that the token brings, or an address of keys in it, is not looked at."""
    (listed,) = issuer.keys()["keys"]
    stranger = ec.generate_private_key(ec.SECP256R1())
    claims = {"iss": URL, "aud": "selat", "sub": "anna", "iat": time.time(), "exp": time.time() + 60, "org": "market"}
    own = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key()))
    for header in ({"kid": listed["kid"], "jwk": own}, {"kid": listed["kid"], "jku": "https://thief.example/keys"}):
        assert "signature" in refusal(issuers, jwt.encode(claims, stranger, "ES256", header))
    assert "no key of the name" in refusal(issuers, jwt.encode(claims, stranger, "ES256", {"kid": "../../keys"}))
    assert "names no key" in refusal(issuers, jwt.encode(claims, stranger, "ES256"))
    assert refusal(issuers, jwt.encode(claims, stranger, "ES256", {"kid": "a", "crit": ["b64"]}))
    assert "another kind" in refusal(issuers, jwt.encode(claims, stranger, "ES256", {"kid": "a", "typ": "logout+jwt"}))


def test_what_is_no_token_is_refused(issuer, issuers):
    """Too long, cut off, changed, nested deeply or not JSON: a refusal, and never another error."""
    good = token(issuer, "anna", org="market")
    head, body, signature = good.split(".")
    assert "longer than" in refusal(issuers, f"{head}.{'A' * 20_000}.{signature}")
    deep = base64.urlsafe_b64encode(b"[" * 9_000).rstrip(b"=").decode()
    for text in (
        "..",
        f"{head}..{signature}",
        f"{head}.{body}.",
        f"{deep}.{body}.{signature}",
        f"{head}.{deep}.x",
        "é.é.é",
    ):
        assert refusal(issuers, text)
    swapped = token(issuer, "chief", org="sea").split(".")[1]
    assert "signature" in refusal(issuers, f"{head}.{swapped}.{signature}")


def test_a_gateways_own_token_is_no_issuers(issuer, issuers, services):
    """By their form; and without trusted issuers a JWT is a token that nobody knows."""
    bearers = AcceptedTokens(services.tokens, issuers)
    own = services.tokens.create("PlatformMSP", "User1", ["read"], 60)
    assert bearers.caller(own).scopes == {"read"}
    assert bearers.caller(token(issuer, "anna", org="sea")).msp_id == "ForwarderMSP"
    with pytest.raises(TokenError, match="malformed"):
        AcceptedTokens(services.tokens, Issuers([])).caller(token(issuer, "anna", org="sea"))


def test_a_request_with_such_a_token_is_answered_or_refused_with_its_cause(
    client, app, services, issuer, issuers, asked
):
    """401 names the cause; 503 says that the issuer is away, and only until it is there again."""
    app.extensions[context.EXTENSION] = dataclasses.replace(services, bearers=AcceptedTokens(services.tokens, issuers))

    def get(text: str):
        return client.get("/v1/stages", headers={"Authorization": f"Bearer {text}"})

    asked.away = True
    away = get(token(issuer, "anna", org="sea", roles="trader"))
    assert (away.status_code, away.json["code"], "Retry-After" in away.headers) == (503, "ISSUER_UNAVAILABLE", True)
    asked.away = False
    for _, keys in issuers._trusted.values():
        keys._asked_at = None
    assert get(token(issuer, "anna", org="sea", roles="trader")).status_code == 200
    refused = get(token(issuer, "anna", org="sea", roles="trader", aud="another"))
    assert (refused.status_code, refused.json["code"]) == (401, "TOKEN_INVALID")
    assert "audience selat" in refused.json["detail"]
    assert get(token(issuer, "anna", org="sea")).json["code"] == "SCOPE_MISSING"
    assert get(token(issuer, "anna", seconds=-100, org="sea")).json["code"] == "TOKEN_EXPIRED"
