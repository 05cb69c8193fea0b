"""Shoppers' links: whoever has none that is right learns that, and nothing else."""

from __future__ import annotations

import json
import re

import grpc
import pytest

from gateway.http import problemtypes
from gateway.pages import forms
from gateway.store import database, returnlimits
from gateway.trade import minting
from hlf import errors
from tests.unit.gateway.conftest import form_token
from tests.unit.gateway.fakes import TRANSACTION

PRIVATE = ("127.0.0.1:7051", "PlatformMSP", "peer0", TRANSACTION, "J-4711")
DETAIL = errors.Detail(
    "127.0.0.1:7051", "PlatformMSP", "chaincode response 400, refused/LINK_UNKNOWN: peer0 has no J-4711"
)
REFUSALS = {
    "no such link": errors.EvaluateError("evaluate failed", transaction_id=TRANSACTION, details=[DETAIL]),
    "another refusal": errors.EvaluateError("refused/NOT_FOUND: J-4711 at PlatformMSP", transaction_id=TRANSACTION),
}
FAILURES = {
    "no peer": errors.EvaluateError(
        "failed to connect to 127.0.0.1:7051 (peer0)", status=grpc.StatusCode.UNAVAILABLE, transaction_id=TRANSACTION
    ),
    "no access": errors.EvaluateError("access denied: creator org [PlatformMSP]", details=[DETAIL]),
    "a defect": RuntimeError("J-4711 at peer0"),
    "a key": errors.IdentityError("PlatformMSP: key.pem of peer0"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_wrong_link_tells_a_program_that_it_is_wrong(client, ledgers, refusal):
    """No address, organisation, transaction or word of the contract; and one answer whatever was wrong."""
    ledgers.answers["Journeys:track"] = REFUSALS[refusal]
    answer = client.get("/track/wrong")
    problem = answer.json
    kind = problemtypes.REFUSALS["LINK_UNKNOWN"]
    assert answer.status_code == 404
    assert {**problem, "request_id": ""} == {
        "type": "/docs/errors#LINK_UNKNOWN",
        "title": kind.title,
        "status": 404,
        "detail": kind.title,
        "code": "LINK_UNKNOWN",
        "cure": kind.cure,
        "request_id": "",
    }


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_wrong_link_tells_a_browser_that_it_is_wrong(client, ledgers, refusal):
    """A page in words, not JSON."""
    ledgers.answers["Journeys:track"] = REFUSALS[refusal]
    answer = client.get("/track/wrong", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "This link leads nowhere" in page
    assert "LINK_UNKNOWN" not in page
    assert not [each for each in PRIVATE if each in page]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_behind_the_link_tells_nothing_of_the_network(client, ledgers, failure, accept):
    """Whoever needs no token is not told where the gateway's peers are, or who they belong to."""
    ledgers.answers["Journeys:track"] = FAILURES[failure]
    answer = client.get("/track/right", headers={"Accept": accept})
    text = answer.get_data(as_text=True)
    assert answer.status_code >= 403
    assert not [each for each in PRIVATE if each in text]
    if accept == "application/json":
        assert set(json.loads(text)) == {"type", "title", "status", "detail", "code", "cure", "request_id"}


ASKED = {"line": "1", "quantity": 1, "reason": "DEFECTIVE", "resolution": "refund", "condition": "used"}
APPROVED = b'{"outcome": "APPROVED", "code": ""}'
INVALID = errors.EvaluateError("refused/INVALID_ARGUMENT: request.line: is not a line of the order")


def deciding(ledgers, decision: bytes | Exception = APPROVED) -> None:
    """Let the contracts know a link to J1, decide as told, and show whatever return was requested."""
    ledgers.answers |= {"Journeys:linked": b'["J1"]', "Returns:preview": decision}

    def shown(call) -> None:
        if call.function == "Returns:track":
            (return_id,) = (each.arguments[0]["return_id"] for *_, each in ledgers.asked if each.function == REQUEST)
            ledgers.answers["Returns:track"] = json.dumps([{"return_id": return_id, "state": "APPROVED"}]).encode()

    ledgers.before_answer = shown


REQUEST = "Returns:request"


def test_a_shopper_requests_a_return_with_the_orders_link(client, ledgers):
    """No token but the link's; the gateway's own identity submits it, and only the hash of the link leaves."""
    deciding(ledgers)
    answer = client.post("/track/right/returns", json=ASKED)
    assert (answer.status_code, answer.json["state"]) == (201, "APPROVED")
    ((msp_id, user, sent),) = [each for each in ledgers.asked if each[2].function == REQUEST]
    asked = sent.arguments[0]
    assert (msp_id, user, asked["journey_id"], asked["return_id"]) == (
        "PlatformMSP",
        "User1",
        "J1",
        answer.json["return_id"],
    )
    assert asked["buyer_hash"] == minting.link_hash("right")
    assert "right" not in str(ledgers.asked)


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (b'{"outcome": "REJECTED", "code": "BUYER_MISMATCH"}', "LINK_UNKNOWN"),
        (errors.EvaluateError("refused/NOT_A_PARTY: PlatformMSP takes no part"), "LINK_UNKNOWN"),
    ],
)
def test_a_link_that_is_not_the_orders_requests_nothing(client, ledgers, decision, code):
    """A further link may look; whatever else the contract refuses, no word of it is told."""
    deciding(ledgers, decision)
    answer = client.post("/track/other/returns", json=ASKED)
    assert (answer.status_code, answer.json["code"]) == (404, code)
    assert "MSP" not in answer.get_data(as_text=True)
    assert not [each for each in ledgers.asked if each[2].function == REQUEST]


def test_what_is_no_line_of_the_order_is_said(client, ledgers):
    """In the gateway's own words."""
    deciding(ledgers, INVALID)
    ledgers.answers[REQUEST] = errors.EndorseError("refused/INVALID_ARGUMENT: request.line: is not a line of the order")
    answer = client.post("/track/right/returns", json=ASKED)
    assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID")


def test_a_link_requests_only_so_many_returns_an_hour(client, ledgers):
    """Whatever came of them; other links are not held up by it."""
    deciding(ledgers)
    ledgers.answers["Journeys:linked"] = REFUSALS["no such link"]
    codes = [client.post("/track/wrong/returns", json=ASKED).status_code for _ in range(returnlimits.OF_ONE_LINK)]
    assert codes == [404] * returnlimits.OF_ONE_LINK
    refused = client.post("/track/wrong/returns", json=ASKED)
    assert (refused.status_code, refused.json["code"]) == (429, "LINK_EXHAUSTED")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert client.post("/track/another/returns", json=ASKED).status_code == 404


def test_all_links_together_request_only_so_many(tmp_path):
    """Guessing links is slow too; after an hour all is forgotten."""
    now = [1_000.0]
    kept = returnlimits.ReturnLimits(database.Store(tmp_path / "data"), lambda: now[0])
    assert [kept.begin(f"link-{number}") for number in range(returnlimits.OF_ALL_LINKS)] == [
        0
    ] * returnlimits.OF_ALL_LINKS
    now[0] += 600
    assert kept.begin("one more") == 3_000
    now[0] += 3_000
    assert kept.begin("one more") == 0


SEEN = {
    "status": "delivered",
    "kind": "forward",
    "origin": "CNSZX",
    "destination": "VNHAN",
    "updated_at": "2026-11-30T08:00:00.000Z",
    "expected_at": "",
    "events": [
        {"at": "2026-11-27T08:00:00+08:00", "place": "CNSZX", "stage": "S01", "step": "selat:order_receiving"},
        {"at": "2026-11-28T08:00:00+08:00", "place": "CNSZX", "stage": "S11", "step": "departing"},
        {"at": "2026-11-29T08:00:00+07:00", "place": "VNHPH", "stage": "S17", "step": "selat:customs_released"},
        {"at": "2026-11-30T08:00:00+07:00", "place": "VNHAN", "stage": "S19", "step": "departing"},
        {"at": "2026-11-30T09:00:00+07:00", "place": "VNHAN", "stage": "S20", "step": "accepting"},
    ],
    "parcels": [],
    "delivered": 1,
}
JOURNEY = {"journey": {"order_id": "O1", "lines": [{"line": "1", "quantity": 2}]}}
LEFT = [{"rule": "ALREADY_RETURNED", "met": True, "facts": {"carried": "2", "left": "2"}}]
MAY = {
    "outcome": "APPROVED",
    "code": "",
    "window_ends": "2026-12-30T23:59:59.999+07:00",
    "payer": "buyer",
    "findings": LEFT,
}
NOT_YET = {"outcome": "REJECTED", "code": "NOT_DELIVERED", "window_ends": "open", "payer": "", "findings": LEFT}
MAY_NOT = NOT_YET | {"code": "CATEGORY_EXCLUDED"}
HTML = {"Accept": "text/html"}


def arrived(ledgers, *, events: int = 5, status: str = "delivered", may=MAY) -> None:
    """Let the contracts know a link to J1, whose goods came so far."""
    seen = {**SEEN, "events": SEEN["events"][:events], "status": status}
    if status != "delivered":
        seen["expected_at"], may = "2026-12-01T02:00:00Z", NOT_YET
    answers = {"Journeys:track": seen, "Journeys:linked": ["J1"], "Journeys:read": JOURNEY, "Returns:preview": may}
    ledgers.answers |= {name: json.dumps(answer).encode() for name, answer in answers.items()}
    ledgers.answers["Returns:track"] = b"[]"


def test_the_page_of_a_link_begins_with_the_day(client, ledgers):
    """The day at the place of delivery, then how far the goods are, and no code of the ledger."""
    arrived(ledgers, events=3, status="in_transit")
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert re.search(r"<h1[^>]*>Tuesday,? 1 December</h1>", page)
    assert re.findall(r'<li class="(\w+)"', page)[:5] == ["done", "done", "now", "todo", "todo"]
    for code in ("CNSZX", "VNHAN", "S17", "in_transit", "customs_released"):
        assert code not in page
    assert "Haiphong" in page
    assert "You can send it back once it has arrived." in page
    assert "/return?line" not in page


def test_what_may_go_back_is_told_before_it_is_asked(client, ledgers):
    """Until when, at whose cost, or why not, in words."""
    arrived(ledgers)
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert "until 30 December 2026" in page
    assert "you pay for sending it back" in page
    arrived(ledgers, may=MAY_NOT)
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert "For reasons of hygiene" in page
    assert "/return?line" not in page


def test_the_form_offers_the_pieces_that_are_left(client, ledgers):
    """One of two went back already, so the other is all that can be asked for."""
    arrived(ledgers, may=MAY | {"findings": [{"rule": "ALREADY_RETURNED", "facts": {"carried": "2", "left": "1"}}]})
    assert "Article 1 · 1 piece<" in client.get("/track/right", headers=HTML).get_data(as_text=True)
    form = client.get("/track/right/return?line=1").get_data(as_text=True)
    assert "Up to 1." in form
    assert 'max="1"' in form


TRACKED = {
    "return_id": "R1",
    "state": "PICKUP_SCHEDULED",
    "line": "1",
    "quantity": 1,
    "reason": "SIZE",
    "resolution": "exchange",
    "asked_at": "2026-12-01T02:00:00Z",
    "due": "",
    "code": "",
    "exchange": None,
}
CONTENT = {"merchant": "MerchantMSP", "currency": "USD", "lines": [{"line": 1, "gtin": "06901234567892"}]}
RANGE = {"p50_at": "2026-12-01T02:00:00Z", "p90_at": "2026-12-03T02:00:00Z"}


def known(ledgers, **answers: object) -> None:
    """Let the contracts tell the gateway more, by function; two underscores stand for the colon."""
    ledgers.answers |= {name.replace("__", ":"): json.dumps(answer).encode() for name, answer in answers.items()}


def test_the_page_names_articles_and_what_comes_back(client, ledgers):
    """In the reader's language if the seller wrote it, else in English."""
    arrived(ledgers)
    listed = {"product": {"titles": {"en": "Headphones", "vi": "Tai nghe"}}}
    known(ledgers, Orders__content=CONTENT, Catalogue__read=listed, ReturnDues__expected={"amount": "4590"})
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert "Headphones · 2 pieces" in page
    assert "For each piece US$45.90 comes back." in page
    form = client.get("/track/right/return?line=1", headers={"Accept-Language": "vi"}).get_data(as_text=True)
    assert "Tai nghe" in form


SHOP = {"entry": {"name": "Sound <b>Works", "colour": "#8a1c4a", "contact": "mailto:help@sound.example"}}


@pytest.mark.parametrize("path", ["/track/right", "/track/right/return?line=1"])
def test_the_pages_are_those_of_the_seller(client, ledgers, path):
    """Its name, its colour as a style sheet of the gateway's own, and where to ask; the link is told to nobody."""
    arrived(ledgers)
    known(ledgers, Orders__content=CONTENT | {"seller_id": "sound"}, Sellers__read=SHOP)
    answer = client.get(path, headers=HTML)
    page = answer.get_data(as_text=True)
    assert "<strong>Sound &lt;b&gt;Works</strong>" in page
    assert '<link rel="stylesheet" href="/brand/8a1c4a.css">' in page
    assert '<a href="mailto:help@sound.example" rel="noopener noreferrer">Ask Sound' in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "style-src 'self';" in answer.headers["Content-Security-Policy"]


def test_a_seller_without_a_colour_has_the_usual_one(client, ledgers):
    """And an organisation that sells for itself has no shop."""
    arrived(ledgers)
    known(ledgers, Orders__content=CONTENT | {"seller_id": "sound"}, Sellers__read={"entry": {"name": "Sound"}})
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert ("<strong>Sound</strong>" in page, "/brand/" in page, "Ask Sound" in page) == (True, False, False)
    known(ledgers, Orders__content=CONTENT)
    assert "<span>Selat</span>" in client.get("/track/right", headers=HTML).get_data(as_text=True)


def test_the_page_says_between_which_days_the_goods_come(client, ledgers):
    """By earlier journeys; of goods that are there, no more."""
    arrived(ledgers, events=3, status="in_transit")
    known(ledgers, Journeys__estimate=RANGE)
    words = "likely 1 Dec 2026 to 3 Dec 2026 in Hanoi"
    assert words in client.get("/track/right", headers=HTML).get_data(as_text=True)
    arrived(ledgers)
    assert words not in client.get("/track/right", headers=HTML).get_data(as_text=True)


def test_a_return_tells_when_it_is_fetched_and_where_the_new_goods_are(client, ledgers):
    """An exchange is followed behind the same link."""
    arrived(ledgers)
    exchange = {**SEEN, "status": "in_transit", "expected_at": "2026-12-09T02:00:00Z", "events": SEEN["events"][:2]}
    known(ledgers, Returns__track=[TRACKED | {"exchange": exchange, "pickup_at": "2026-12-04T02:00:00.000Z"}])
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert "A carrier fetches it on 4 Dec 2026 09:00." in page
    assert "What you get in exchange" in page
    assert re.search(r"Wednesday,? 9 December", page)


TIMES = ["2026-12-04T02:00:00.000Z", "2026-12-05T07:00:00.000Z"]


@pytest.mark.parametrize(
    ("return_id", "chosen", "status", "leads"),
    [
        ("R1", TIMES[1], 303, "/track/right#returns"),
        ("R1", "2026-12-06T07:00:00.000Z", 303, "/track/right?gone=1#returns"),
        ("R9", TIMES[1], 404, None),
    ],
)
def test_a_shopper_chooses_when_the_carrier_comes(client, ledgers, return_id, chosen, status, leads):
    """Of the times that the carrier offers for this return; another one is not sent, and the page says so."""
    arrived(ledgers)
    known(ledgers, Returns__track=[TRACKED | {"state": "PICKUP_ASSIGNED", "pickups": TIMES}])
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert re.findall(r'type="radio" name="pickup_at" value="([^"]+)"', page) == TIMES
    assert "5 Dec 2026 14:00" in page
    sent = {"pickup_at": chosen, forms.FIELD: form_token(client)}
    answer = client.post(f"/track/right/returns/{return_id}/pickup", data=sent)
    assert (answer.status_code, answer.location) == (status, leads)
    calls = [call.texts() for *_, call in ledgers.asked if call.function == "Returns:choose_pickup"]
    assert calls == ([["R1", TIMES[1]]] if leads == "/track/right#returns" else [])
    shown = client.get("/track/right?gone=1", headers=HTML).get_data(as_text=True)
    assert "This time is not offered any more." in shown


def test_a_time_is_chosen_by_the_page_alone(client, ledgers):
    """A form of another site chooses nothing."""
    arrived(ledgers)
    known(ledgers, Returns__track=[TRACKED | {"pickups": TIMES}])
    assert client.post("/track/right/returns/R1/pickup", data={"pickup_at": TIMES[0]}).status_code == 400
    assert "Returns:choose_pickup" not in [call.function for *_, call in ledgers.asked]


def test_a_report_that_was_withdrawn_stays_and_says_so(client, ledgers):
    """Who read it before finds it struck out."""
    arrived(ledgers)
    wrong = {
        "eventTime": "2026-11-29T12:00:00+07:00",
        "bizStep": "https://ref.gs1.org/cbv/BizStep-arriving",
        "readPoint": {"id": "https://selat.test/loc/VNHPH"},
        "selat:stage": "S15",
        "errorDeclaration": {"reason": "did_not_occur"},
    }
    known(ledgers, Journeys__events={"epcisBody": {"eventList": [wrong]}})
    page = client.get("/track/right", headers=HTML).get_data(as_text=True)
    assert page.count("reported by mistake") == 1


def test_a_receipt_is_for_the_returns_of_the_link_alone(client, ledgers):
    """Of another order's, as of any wrong link, the page tells nothing."""
    arrived(ledgers)
    known(ledgers, Returns__history=[{"transaction_id": TRANSACTION, "at": "2026-12-01T02:00:00Z"}])
    answer = client.get("/track/right/returns/R2/receipt")
    assert answer.status_code == 404
    assert "This link leads nowhere" in answer.get_data(as_text=True)


def _sent(client, **more: str):
    client.get("/track/right/return?line=1")
    sent = {"line": "1", "quantity": "1", "reason": "SIZE", "resolution": "refund", "condition": "unused"}
    data = {**sent, forms.FIELD: form_token(client), **more}
    return client.post("/track/right/return?line=1", data=data, content_type="multipart/form-data")


def test_a_return_is_lodged_by_a_form(client, ledgers):
    """Without a script; the answer stands on the page of the parcel."""
    arrived(ledgers)
    deciding(ledgers, json.dumps(MAY).encode())
    answer = _sent(client)
    assert (answer.status_code, answer.location) == (303, "/track/right#returns")
    assert [call.function for *_, call in ledgers.asked].count(REQUEST) == 1


@pytest.mark.parametrize("more", [{"quantity": "many"}, {"reason": "WEATHER"}])
def test_a_form_with_a_mistake_says_so_and_asks_nothing(client, ledgers, more):
    """It comes back with what was written in it."""
    arrived(ledgers)
    answer = _sent(client, **more)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert REQUEST not in [call.function for *_, call in ledgers.asked]


def test_another_site_cannot_send_a_shoppers_form(client, ledgers):
    """Even if it knows the link."""
    arrived(ledgers)
    assert _sent(client, **{forms.FIELD: "guess"}).status_code == 400
    assert REQUEST not in [call.function for *_, call in ledgers.asked]
