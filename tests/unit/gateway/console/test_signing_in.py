"""People sign in to the console at an issuer, and nobody signs another browser in."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.http import auth, context
from gateway.oidc import signin, trust
from gateway.oidc.bearers import Issuers
from gateway.oidc.issuer import DevelopmentIssuer
from gateway.oidc.signin import SignIns
from tests.unit.gateway.conftest import form_token

URL, GATEWAY = "https://id.example/trade", "https://gateway.example"
TRUST = f"""
[[issuer]]
url = "{URL}"
audience = "selat"
organisation_claim = "org"
scope_claim = "roles"
[issuer.organisations]
market = "PlatformMSP"
[issuer.scopes]
trader = ["read", "write"]
[issuer.sign_in]
client_id = "console"
gateway_url = "{GATEWAY}/"
"""


class World:
    """A gateway whose console trusts an issuer, both without a network between them."""

    def __init__(self, app: Any, folder: Any) -> None:
        self.issuer = DevelopmentIssuer(claims={"org": "market", "roles": "trader"})
        self.issuer.url = URL
        self.now = time.time()
        self.forms: list[dict[str, str]] = []
        self.change: Any = lambda answer: answer
        (folder / "oidc.toml").write_text(TRUST)
        trusted = trust.read(str(folder / "oidc.toml"))
        issuers = Issuers(trusted, self.fetch)
        self.services: context.Services = app.extensions[context.EXTENSION]
        self.sign_ins = SignIns(trusted, issuers, b"secret", fetch=self.fetch, post=self.post, clock=lambda: self.now)
        app.extensions[context.EXTENSION] = dataclasses.replace(self.services, sign_ins=self.sign_ins)
        self.client = app.test_client()

    def fetch(self, url: str) -> bytes:
        return json.dumps(self.issuer.keys() if url.endswith("/keys") else self.issuer.discovery()).encode()

    def post(self, url: str, form: Any, own: Any) -> bytes:
        assert (url, own) == (f"{URL}/token", None)
        self.forms.append(dict(form))
        answer = self.issuer.redeemed(form)
        if answer is None:
            raise OSError("refused")
        return json.dumps(self.change(answer)).encode()

    def begin(self, client: Any = None) -> dict[str, str]:
        """Return what the issuer is asked, after a browser was sent there."""
        answer = (client or self.client).get("/console/sign-in/0")
        assert answer.status_code == 303
        parts = urlsplit(answer.location)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{URL}/authorize"
        return {name: values[0] for name, values in parse_qs(parts.query).items()}

    def back(self, asked: dict[str, str], client: Any = None, **changed: str) -> Any:
        """Return the answer to a browser that comes back from the issuer."""
        query = {"code": self.issuer.code(asked), "state": asked["state"], "iss": URL, **changed}
        return (client or self.client).get("/console/signed-in", query_string=query)


@pytest.fixture
def world(app, tmp_path):
    return World(app, tmp_path)


def refused(answer: Any, words: str) -> None:
    assert answer.status_code == 422
    assert words in answer.text
    assert auth.COOKIE not in str(answer.headers.getlist("Set-Cookie"))


def test_who_signs_in_sees_the_console_and_ends_it_by_logging_out(world):
    """The page names the issuer; the token is the gateway's own, in a cookie for these pages, and ends at once."""
    assert "Log in: id.example" in world.client.get("/console/login").text
    asked = world.begin()
    assert asked["redirect_uri"] == f"{GATEWAY}/console/signed-in"
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    answer = world.back(asked)
    assert (answer.status_code, answer.headers["Refresh"]) == (200, "0; url=/console/")
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(auth.COOKIE)]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/console"))
    token = world.client.get_cookie(auth.COOKIE, path="/console").value
    caller = world.services.tokens.caller(token)
    assert (caller.msp_id, caller.user, caller.scopes) == ("PlatformMSP", "User1", {"read", "write"})
    assert world.client.get("/console/design").status_code == 200
    world.client.get("/console/login")
    assert world.client.post("/console/logout", data={"form_token": form_token(world.client)}).status_code == 303
    assert [each.revoked for each in world.services.tokens.of_user("PlatformMSP", "User1")] == [True]


def test_logging_out_leaves_a_token_that_somebody_made(world, log_in):
    """A program may use it."""
    token = world.services.tokens.create("PlatformMSP", "User1", ["read"], 60)
    world.client.get("/console/login")
    world.client.set_cookie(auth.COOKIE, token, path="/console")
    world.client.post("/console/logout", data={"form_token": form_token(world.client)})
    assert world.services.tokens.caller(token).scopes == {"read"}


def test_another_browsers_link_signs_nobody_in(world, app):
    """Else an attacker could let a victim work in the attacker's name, or have the victim's code redeemed."""
    asked = world.begin()
    stranger = app.test_client()
    refused(world.back(asked, stranger), "began no sign-in")
    world.begin(stranger)
    refused(world.back(asked, stranger), "(state)")
    assert world.forms == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": ""}, "(state)"),
        ({"state": "\u00e9"}, "(state)"),
        ({"iss": "https://evil.example"}, "(iss)"),
    ],
)
def test_an_answer_to_somebody_else_is_refused(world, changed, words):
    """Nothing is redeemed for it."""
    refused(world.back(world.begin(), **changed), words)
    assert world.forms == []


def test_a_refusal_is_told_without_its_text(world):
    """Only a word of the standard; the page never shows what else came."""
    asked = world.begin()
    for word, words in (("access_denied", "access_denied"), ("<script>", "no code")):
        answer = world.client.get("/console/signed-in", query_string={"state": asked["state"], "error": word})
        refused(answer, words)
        assert "<script>" not in answer.text.split("</head>")[1].split("<script")[0] or word != "<script>"


def test_a_sign_in_ends_in_time_and_once(world):
    """A code is redeemed once, with the verifier that only this browser's cookie has."""
    asked = world.begin()
    world.now += signin.SECONDS + 1
    refused(world.back(asked), "10 minutes")
    world.now -= signin.SECONDS
    asked = world.begin()
    kept = world.client.get_cookie("selat_signin", path="/console/signed-in").value
    code = world.issuer.code(asked)
    assert world.back(asked, code=code).status_code == 200
    assert world.client.get_cookie("selat_signin", path="/console/signed-in") is None
    world.client.set_cookie("selat_signin", kept, path="/console/signed-in")
    assert world.back(asked, code=code).status_code == 503


def test_a_code_without_its_verifier_is_worth_nothing(world, app):
    """PKCE: whoever reads a code on the way cannot use it in a sign-in of his own."""
    stolen = world.issuer.code(world.begin())
    thief = app.test_client()
    answer = world.back(world.begin(thief), thief, code=stolen)
    assert answer.status_code == 503
    assert thief.get_cookie(auth.COOKIE, path="/console") is None


def _with(**changes: Any) -> Any:
    return lambda world, answer: {**answer, **{name: make(world, answer) for name, make in changes.items()}}


def _resigned(answer: dict[str, str]) -> str:
    """Return the one token with the other one's signature."""
    return f"{answer['id_token'].rpartition('.')[0]}.{answer['access_token'].rpartition('.')[2]}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_with(id_token=lambda world, answer: answer["access_token"]), "audience console"),
        (_with(access_token=lambda world, answer: answer["id_token"]), "audience selat"),
        (_with(access_token=lambda world, answer: world.issuer.token("mallory", world.issuer.claims)), "(sub)"),
        (_with(access_token=lambda world, answer: world.issuer.token("somebody", {"org": "market"})), "no scope"),
        (_with(access_token=lambda world, answer: None), "no access_token"),
        (_with(id_token=lambda world, answer: _resigned(answer)), "its signature"),
        (
            _with(id_token=lambda world, answer: world.issuer.token("somebody", {"aud": "console", "nonce": "x"})),
            "(nonce)",
        ),
        (
            _with(id_token=lambda world, answer: world.issuer.token("somebody", {"aud": "console", "azp": "x"})),
            "(azp)",
        ),
        (lambda world, answer: [], "no JSON object"),
    ],
)  # fmt: skip
def test_tokens_of_somebody_else_are_refused(world, change, words):
    """The two tokens are for this client and this gateway, about one person, in answer to this browser."""
    world.change = lambda answer: change(world, answer)
    refused(world.back(world.begin()), words)


def test_where_the_browser_goes_is_nobodys_to_say(world):
    """Neither the host that a request names nor a parameter changes an address: there is no open redirect."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = world.client.get("/console/sign-in/0", headers=headers)
    assert "evil" not in answer.location
    assert world.client.get("/console/sign-in/0?next=https://evil.example").status_code == 422
    assert world.client.get("/console/sign-in/7").status_code == 404
    answer = world.back(world.begin(), next="https://evil.example")
    assert answer.headers["Refresh"] == "0; url=/console/"


def test_an_issuer_that_is_away_or_lies_is_said(world):
    """Its discovery document must be its own, and its addresses https."""
    good = world.issuer.discovery()
    for change in ({"issuer": "https://evil.example"}, {"authorization_endpoint": "http://id.example/a"}):
        world.issuer.discovery = lambda change=change: {**good, **change}
        assert world.client.get("/console/sign-in/0").status_code == 503
