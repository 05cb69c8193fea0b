"""Subscriptions to queries of EPCIS: what a query finds arrives, as it comes or by a schedule."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json

import pytest

from gateway.trade.epcis import documents, schedules
from tests.unit.gateway.readmodel import epcisjourney

QUERIES = "/epcis/queries"
TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"  # noqa: S105  Of the receiver in this test.


@pytest.fixture
def api(gateway, bearer):
    """Ask as the user of the gateway's webhooks, and expect a status."""
    headers = bearer("read", "webhooks")

    def ask(method, path="", body=None, status=200):
        answer = gateway.client.open(QUERIES + path, method=method, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json if answer.data else None

    gateway.ledgers.chains["trade"] = epcisjourney.chained(epcisjourney.page(1))
    body = {"name": "moved", "query": {"EQ_bizStep": ["storing", "departing"]}}
    assert ask("POST", "", body, 201) == body
    return ask


@pytest.fixture
def subscribe(api, gateway, receiver):
    """Subscribe the receiver; return the subscription's id."""

    def make(**wanted):
        made = api("POST", "/moved/subscriptions", {"dest": receiver.url, "signatureToken": TOKEN, **wanted}, 201)
        receiver.secret = gateway.post(f"/{made['subscriptionID']}/rotation", None, 201)["secret"]
        return made["subscriptionID"]

    return make


def steps(told) -> list[str]:
    results = told["epcisBody"]["queryResults"]
    assert results["queryName"] == "moved"
    return [each["bizStep"] for each in results["resultsBody"]["eventList"]]


def test_a_named_query_is_asked_again(api, bearer, client):
    """It is its user's own: listed, read, asked and deleted."""
    assert [each["name"] for each in api("GET")] == ["moved"]
    assert api("GET", "/moved")["query"] == {"EQ_bizStep": ["storing", "departing"]}
    api("POST", "", {"name": "wrong", "query": {"EQ_bizstep": ["storing"]}}, 422)
    api("POST", "", {"name": "a b", "query": {}}, 422)
    other = bearer("read", msp_id="ForwarderMSP")
    assert client.get(f"{QUERIES}/moved", headers=other).status_code == 404
    api("DELETE", "/moved", None, 204)
    api("GET", "/moved/events", None, 404)


def test_a_stream_gets_each_new_event_that_the_query_finds(api, gateway, receiver, subscribe):
    """In a document of its own, signed by the receiver's token; what was there before is not sent."""
    made = subscribe(stream=True)
    gateway.deliver()
    assert receiver.got == []
    gateway.ledgers.chains["trade"] = epcisjourney.chained(epcisjourney.page(1), epcisjourney.page(3))
    gateway.now += 61  # The lease of the first process has ended.
    later = gateway.courier()
    gateway.deliver(later)
    ((_, told),) = receiver.got
    assert (steps(told), told["epcisBody"]["queryResults"]["subscriptionID"]) == (["departing"], made)
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    assert receiver.last["GS1-Signature"] == hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
    assert receiver.last["Content-Type"].startswith("application/json")
    gateway.deliver(later)
    assert len(receiver.got) == 1
    assert api("GET", f"/moved/subscriptions/{made}")["lastNotifiedAt"]


def test_a_subscription_from_a_time_on_gets_what_was_recorded_since(gateway, receiver, subscribe):
    """By the time of recording, whatever the query says beside it."""
    subscribe(stream=True, initialRecordTime="2026-01-01T00:00:00Z")
    gateway.deliver()
    assert [steps(told) for _, told in receiver.got] == [["storing"]]


def test_a_schedule_sends_what_is_new_at_its_moments(gateway, receiver, subscribe):
    """All together, and nothing between them; an empty document only if it is wanted."""
    gateway.now = datetime.datetime(2026, 11, 29, 0, 30, tzinfo=datetime.UTC).timestamp()
    subscribe(schedule={"hour": "1", "minute": "5"}, initialRecordTime="2026-01-01T00:00:00Z", reportIfEmpty=True)
    gateway.ledgers.chains["trade"] = epcisjourney.chained(epcisjourney.page(3))
    for days, arrived in ((0, 0), (400, 1), (400, 1), (401, 2)):
        gateway.now = datetime.datetime(2026, 11, 29, 0, 30, tzinfo=datetime.UTC).timestamp() + days * 86400
        gateway.deliver()
        assert len(receiver.got) == arrived
    assert [steps(told) for _, told in receiver.got] == [["storing", "departing"], []]


def test_subscriptions_end_alone_or_with_their_query(api, gateway, receiver, subscribe):
    """They are webhooks of the user, too."""
    first, second = subscribe(stream=True), subscribe(schedule={"minute": "0"})
    assert {each["subscriptionID"] for each in api("GET", "/moved/subscriptions")} == {first, second}
    assert [each["query"] for each in gateway.get()] == ["moved", "moved"]
    api("DELETE", f"/moved/subscriptions/{first}", None, 204)
    api("GET", f"/moved/subscriptions/{first}", None, 404)
    api("DELETE", "/moved", None, 204)
    assert gateway.get() == []


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"stream": False},
        {"stream": True, "schedule": {"hour": "1"}},
        {"schedule": {}},
        {"schedule": {"hour": "24"}},
        {"schedule": {"dayOfMonth": "31", "month": "2"}},
        {"stream": True, "dest": "http://10.0.0.1/"},
        {"stream": True, "initialRecordTime": "soon"},
    ],
)
def test_a_subscription_that_could_never_send_is_refused(api, receiver, wanted):
    """Neither stream nor schedule, both, a moment that never comes, an address that is not allowed."""
    api("POST", "/moved/subscriptions", {"dest": receiver.url, **wanted}, 422)


@pytest.mark.parametrize(
    ("schedule", "moments"),
    [
        ({"hour": "1", "minute": "5"}, ["2026-11-29T01:05:00", "2026-11-30T01:05:00"]),
        ({"minute": "0,[29-30]"}, ["2026-11-29T00:30:00", "2026-11-29T01:00:00", "2026-11-29T01:29:00"]),
        ({"second": "10"}, ["2026-11-29T00:29:10", "2026-11-29T00:30:10"]),
        ({"dayOfWeek": "1"}, ["2026-11-30T00:00:00", "2026-12-07T00:00:00"]),
        ({"dayOfMonth": "29", "month": "2"}, ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
    ],
)
def test_a_schedule_names_its_moments(schedule, moments):
    """In UTC; parts that are finer than all that are named are zero, coarser ones are any."""
    at = int(datetime.datetime(2026, 11, 29, 0, 29, tzinfo=datetime.UTC).timestamp() * 1000)
    for expected in moments:
        at = schedules.following(schedule, at)
        assert datetime.datetime.fromtimestamp(at / 1000, datetime.UTC).isoformat() == f"{expected}+00:00"


def test_a_document_says_whose_it_is():
    """A query without a name is the standard's simple one, and has no subscription."""
    assert documents.of_query([])["epcisBody"]["queryResults"] == {
        "queryName": "SimpleEventQuery",
        "resultsBody": {"eventList": []},
    }
