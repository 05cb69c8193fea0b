"""The console's pages: who gets in, and what cannot get out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import gateway.console
import gateway.pages
from chaincode.domain.disclosure import disclosures
from gateway.fabric.ledgercalls import LedgerCall
from gateway.pages import forms
from gateway.readmodel.feeding import Feeder
from hlf import errors
from tests.browser import addresses
from tests.unit.gateway.conftest import form_token

NOTHING = {
    "Participants:list": b"[]",
    "Disclosures:requests": b'{"requests": [], "bookmark": ""}',
    "Orders:list": b'{"orders": [], "bookmark": ""}',
}
PAGES = ["/console/", "/console/orders", "/console/disclosures", "/console/audit", "/console/journeys/J1"]


@pytest.fixture
def entered(client, log_in, bearer):
    """Return a browser that has logged in."""
    token = bearer("read", "audit")["Authorization"].removeprefix("Bearer ")
    assert log_in(token).status_code == 303
    return client


@pytest.mark.parametrize("path", PAGES)
def test_without_a_token_there_is_the_way_in(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, "/console/login")


def test_the_cookie_is_for_these_pages_and_no_script(log_in, bearer):
    token = bearer("read")["Authorization"].removeprefix("Bearer ")
    cookie = log_in(token).headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/console", "Expires="):
        assert part in cookie


def test_the_cookie_opens_nothing_but_the_console(entered):
    """Another site could make a browser send a request, but not with a bearer token."""
    assert entered.get("/v1/stages").json["code"] == "TOKEN_MISSING"
    assert entered.post("/v1/stages/installation").json["code"] == "TOKEN_MISSING"


def test_a_bearer_token_is_not_asked_for_by_pages(client, bearer):
    assert client.get("/console/", headers=bearer("read")).status_code == 303


@pytest.mark.parametrize("token", ["", "selat_x_y", "nonsense"])
def test_a_wrong_token_does_not_get_in(log_in, token):
    answer = log_in(token)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_logging_out_forgets_the_token(entered, ledgers):
    ledgers.answers |= NOTHING
    assert entered.get("/console/").status_code == 200
    assert entered.get("/console/logout").status_code == 405
    entered.post("/console/logout", data={forms.FIELD: form_token(entered)})
    assert entered.get("/console/").status_code == 303


def test_a_page_looks_once_for_new_blocks(app, entered, ledgers, monkeypatch):
    """Every page that needs nothing in its address: what its parts ask of the model is answered from one state."""
    ledgers.answers |= NOTHING
    looked: list[str] = []
    monkeypatch.setattr(Feeder, "refresh", lambda *_: looked.append(path))
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    pages = [rule.rule for rule in rules if "GET" in rule.methods and not rule.arguments]
    for path in pages:
        entered.get(path)
    assert "/console/" in looked
    assert len(looked) == len(set(looked))


FORMS = ["/console/login", "/console/logout"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("sent", ["", "of-another-browser", "é"])
def test_a_form_of_another_site_does_nothing(entered, path, sent):
    """It cannot know what the browser's own forms carry."""
    answer = entered.post(path, data={"token": "selat_x_y", forms.FIELD: sent})
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", FORMS)
def test_a_browser_says_which_site_a_form_is_from(entered, path):
    """Even one with the right text is refused if another site made the browser send it."""
    sent = {"token": "selat_x_y", forms.FIELD: form_token(entered)}
    assert entered.post(path, data=sent, headers={"Sec-Fetch-Site": "same-site"}).status_code == 400


def test_a_page_needs_its_scope(client, log_in, bearer):
    token = bearer("write")["Authorization"].removeprefix("Bearer ")
    log_in(token)
    answer = client.get("/console/")
    assert answer.status_code == 403
    assert answer.content_type.startswith("text/html")
    assert "SCOPE_MISSING" in answer.get_data(as_text=True)


def test_text_from_the_ledger_stays_text(entered, ledgers):
    """A hostile name neither runs nor breaks the page, and no script may run at all."""
    hostile = "<script>alert(1)</script>"
    one = {"msp_id": "AMSP", "name": hostile, "species": "key", "roles": [], "countries": [], "stages": []}
    ledgers.answers["Participants:list"] = json.dumps([one]).encode()
    answer = entered.get("/console/companies")
    assert hostile not in answer.get_data(as_text=True)
    assert "&lt;script&gt;" in answer.get_data(as_text=True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_refusal_is_a_page(entered, ledgers):
    ledgers.answers["Journeys:read"] = errors.EvaluateError("refused/JOURNEY_UNKNOWN: there is no journey J1")
    answer = entered.get("/console/journeys/J1")
    assert answer.status_code == 404
    assert "there is no journey J1" in answer.get_data(as_text=True)
    entered.set_cookie("selat_language", "id")
    shown = entered.get("/console/journeys/J1").get_data(as_text=True)
    assert "<h1>Perjalanan itu tidak ada</h1>" in shown
    assert 'lang="en">there is no journey J1</p>' in shown


def test_no_page_has_inline_style_or_script(client, entered, ledgers):
    """The content security policy would refuse both."""
    ledgers.answers |= NOTHING
    for path in ("/docs", "/docs/errors", "/console/login", "/console/", "/console/audit", "/console/design"):
        page = entered.get(path).get_data(as_text=True)
        assert "style=" not in page
        assert page.count("<script") == page.count('<script src="/static/') == 1


def test_every_form_that_writes_carries_its_text(entered, ledgers):
    """A page that forgot it would have a form that is always refused."""
    ledgers.answers |= NOTHING
    for path in ("/console/login", "/console/"):
        page = entered.get(path).get_data(as_text=True)
        ours = page.count('method="post"') - page.count('action="/language"')
        assert page.count(f'name="{forms.FIELD}"') == ours > 0


def test_the_design_shows_every_component(client):
    """Who writes a page finds each macro there, and needs no token for it."""
    source = (Path(gateway.pages.__file__).parent / "templates" / "components.html").read_text()
    page = client.get("/console/design").get_data(as_text=True)
    written = (Path(gateway.console.__file__).parent / "templates" / "design.html").read_text()
    macros = set(re.findall(r"macro (\w+)\(", source))
    assert macros <= set(re.findall(r"c\.(\w+)\(", written)) | {"languages_menu", "axes"}
    assert page.count('class="card') > 10


@pytest.mark.parametrize("wanted", ["//other.example/", "/\\other.example", "https://other.example", "", "/a\n"])
def test_the_switch_of_the_language_leads_to_no_other_site(client, wanted):
    """Its form says where it came from, and anybody can write such a form."""
    answer = client.post("/language", data={"language": "vi", "back": wanted})
    assert (answer.status_code, answer.location) == (303, "/console/")
    assert "selat_language=vi" in answer.headers["Set-Cookie"]


def test_the_files_of_pages_are_kept_until_they_change(client):
    """Each address holds the hash of its file, so a browser asks once."""
    page = client.get("/console/login").get_data(as_text=True)
    (style,) = re.findall(r'href="(/static/selat.css\?v=\w+)"', page)
    answer = client.get(style)
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    answer.close()


PROFILE = {
    "name": "one",
    "client": {"organization": "PlatformMSP"},
    "organizations": {"PlatformMSP": {"mspid": "PlatformMSP", "peers": ["peer0"]}},
    "peers": {"peer0": {"url": "grpc://127.0.0.1:1"}},
}


@pytest.mark.parametrize(
    ("channels", "listed"), [({"trade": {}}, False), ({"trade": {}, "ecommerce": {}}, True), (None, True)]
)
def test_the_menu_leads_nowhere_that_is_closed(entered, ledgers, services, channels, listed):
    """A carrier is not on the channel of orders; a profile that names no channels hides nothing."""
    ledgers.answers |= NOTHING
    profile = services.settings.wallet / "profiles" / "PlatformMSP.json"
    if channels is not None:
        profile.write_text(json.dumps(PROFILE | {"channels": channels}))
    page = entered.get("/console/").get_data(as_text=True)
    (menu,) = re.findall(r'<nav class="menu".*?</nav>', page, re.DOTALL)
    assert ('href="/console/orders"' in menu) == listed
    assert 'href="/console/companies"' in menu


FIGURES = {"demand.peak_date": "2026-12-12", "demand.units_p50_h87": 14350}
SHARED = {"figure": "demand.units_p50_h87", "recipient": "LogisticsMSP", "purpose": "capacity", "expires": "2027-01-31"}


@pytest.fixture
def owner(client, log_in, bearer, ledgers):
    """Return a browser of an organisation that has a claim of two figures, in a register of two."""
    opened = [disclosures.disclose(b"s" * 16, name, value).encoded for name, value in FIGURES.items()]
    named = [{"msp_id": each, "name": f"{each} Ltd", "roles": []} for each in ("PlatformMSP", "LogisticsMSP")]
    answers = {"Claims:read": {"document": "{}", "disclosures": opened}, "Participants:list": named}
    ledgers.answers |= {name: json.dumps(answer).encode() for name, answer in answers.items()}
    ledgers.answers |= {"Disclosures:grant": b"{}", "Disclosures:deliver": b"{}"}
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    client.get("/console/figures/C1/1")
    return client


def _delivered(ledgers) -> list[LedgerCall]:
    return [call for *_, call in ledgers.asked if call.function == "Disclosures:deliver"]


def test_a_preview_shows_what_the_company_will_see_and_sends_nothing(owner, ledgers):
    """The ticked figure alone, and that the other stays hidden."""
    answer = owner.post("/console/figures/C1/1", data={**SHARED, forms.FIELD: form_token(owner)})
    page = answer.get_data(as_text=True)
    assert "What LogisticsMSP Ltd will see" in page
    (shown,) = re.findall(r"will see</h2>.*?</section>", page, re.DOTALL)
    assert "14,350 pieces" in shown
    assert "2026-12-12" not in shown
    assert "1 other figure stays hidden." in shown
    assert _delivered(ledgers) == []


def test_what_was_previewed_is_shown(owner, ledgers):
    """The grant goes out under the id of the preview, and only the ticked figure is delivered."""
    data = {**SHARED, "step": "send", "grant_id": "grant-1", forms.FIELD: form_token(owner)}
    answer = owner.post("/console/figures/C1/1", data=data)
    assert (answer.status_code, answer.location) == (303, "/console/disclosures")
    (delivered,) = _delivered(ledgers)
    assert delivered.arguments == ("grant-1", "LogisticsMSP")
    (opened,) = json.loads(delivered.transient["disclosures"])
    assert disclosures.read(opened).value == 14350


@pytest.mark.parametrize(
    "more", [{"figure": "other"}, {"recipient": "NobodyMSP"}, {"purpose": ""}, {"expires": "soon"}]
)
def test_a_form_that_lacks_something_sends_nothing(owner, ledgers, more):
    """It comes back and says what it needs."""
    data = {**SHARED, "step": "send", **more, forms.FIELD: form_token(owner)}
    assert "Tick a figure" in owner.post("/console/figures/C1/1", data=data).get_data(as_text=True)
    assert _delivered(ledgers) == []


# Answers that are no page to look at: they lead elsewhere, or are a file.
NO_PAGES = {
    "console.receipt",
    "console.return_photo",
    "console.signed_in",
    "console.sign_in",
    "console.verification_report",
}
NO_PAGES |= {f"sendback.{name}" for name in ("photo", "receipt", "return_receipt")}
# Pages of things that do not happen in the story that the browser sees: nothing is in a basket.
NOT_IN_THE_STORY = {"tracking.follow_basket"}
# A click makes it, so the test of the click looks at it.
CLICKED = {"console.verification"}


def test_every_page_is_tried_in_a_browser_and_has_a_picture(app):
    """Each address for people stands among those that `make screenshots` and the tests in Chromium open."""
    opened = {path.partition("?")[0] for paths in addresses.ROLES.values() for path in paths}
    bound = app.url_map.bind("localhost")
    seen = {bound.match(re.sub(r"{\w+}", "x", path))[0] for path in opened}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/console", "/track")) and "GET" in (rule.methods or ())
    }
    assert sorted(pages - seen - NO_PAGES - NOT_IN_THE_STORY - CLICKED) == []
