"""The console's pages: who gets in, and what cannot get out."""

from __future__ import annotations

import json

import pytest

from hlf import errors

PAGES = ["/console/", "/console/orders", "/console/disclosures", "/console/audit", "/console/journeys/J1"]


@pytest.fixture
def entered(client, bearer):
    """A browser that has logged in."""
    token = bearer("read", "audit")["Authorization"].removeprefix("Bearer ")
    assert client.post("/console/login", data={"token": token}).status_code == 303
    return client


@pytest.mark.parametrize("path", PAGES)
def test_without_a_token_there_is_the_way_in(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, "/console/login")


def test_the_cookie_is_for_these_pages_and_no_script(client, bearer):
    token = bearer("read")["Authorization"].removeprefix("Bearer ")
    cookie = client.post("/console/login", data={"token": token}).headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/console", "Expires="):
        assert part in cookie


def test_the_cookie_opens_nothing_but_the_console(entered):
    """Another site could make a browser send a request, but not with a bearer token."""
    assert entered.get("/v1/stages").json["code"] == "TOKEN_MISSING"
    assert entered.post("/v1/stages/installation").json["code"] == "TOKEN_MISSING"


def test_a_bearer_token_is_not_asked_for_by_pages(client, bearer):
    assert client.get("/console/", headers=bearer("read")).status_code == 303


@pytest.mark.parametrize("token", ["", "selat_x_y", "nonsense"])
def test_a_wrong_token_does_not_get_in(client, token):
    answer = client.post("/console/login", data={"token": token})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_logging_out_forgets_the_token(entered, ledgers):
    ledgers.answers["Participants:list"] = b"[]"
    assert entered.get("/console/").status_code == 200
    entered.get("/console/logout")
    assert entered.get("/console/").status_code == 303


def test_a_page_needs_its_scope(client, bearer):
    token = bearer("write")["Authorization"].removeprefix("Bearer ")
    client.post("/console/login", data={"token": token})
    answer = client.get("/console/")
    assert answer.status_code == 403
    assert answer.content_type.startswith("text/html")
    assert "SCOPE_MISSING" in answer.get_data(as_text=True)


def test_text_from_the_ledger_stays_text(entered, ledgers):
    """A hostile name neither runs nor breaks the page, and no script may run at all."""
    hostile = "<script>alert(1)</script>"
    one = {"msp_id": "AMSP", "name": hostile, "species": "key", "roles": [], "countries": [], "stages": []}
    ledgers.answers["Participants:list"] = json.dumps([one]).encode()
    answer = entered.get("/console/")
    assert hostile not in answer.get_data(as_text=True)
    assert "&lt;script&gt;" in answer.get_data(as_text=True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_refusal_is_a_page(entered, ledgers):
    ledgers.answers["Journeys:read"] = errors.EvaluateError("refused/JOURNEY_UNKNOWN: there is no journey J1")
    answer = entered.get("/console/journeys/J1")
    assert answer.status_code == 404
    assert "there is no journey J1" in answer.get_data(as_text=True)


def test_no_page_has_inline_style_or_script(client, entered, ledgers):
    """The content security policy would refuse both."""
    ledgers.answers["Participants:list"] = b"[]"
    for path in ("/docs", "/docs/errors", "/console/login", "/console/", "/console/audit"):
        page = entered.get(path).get_data(as_text=True)
        assert "style=" not in page
        assert "<script" not in page


def test_the_pages_have_no_form_that_writes(app):
    """But for the log-in, which writes nothing on the ledger."""
    posts = [r.endpoint for r in app.url_map.iter_rules() if r.rule.startswith("/console") and "POST" in r.methods]
    assert posts == ["console.enter"]
