"""Webhooks by API: each user has its own, and only what may be asked for is accepted."""

from __future__ import annotations

import contextlib
import socket

import pytest

from gateway.store import webhooks
from gateway.webhooks.posting import Poster

NEW = {"url": "https://example.com/events", "channel": "trade"}


def test_a_webhook_is_made_listed_changed_and_deleted(gateway):
    """Its secret is shown once; filters that are not named stay."""
    made = gateway.post("", {**NEW, "names": ["Passed"], "things": ["J1"]}, 201)
    assert made["secret"].startswith("whsec_")
    (listed,) = gateway.get()
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert (listed["state"], listed["names"], listed["waiting"]) == ("active", ["Passed"], 0)
    changed = gateway.post(f"/{made['id']}/changes", {"state": "paused", "names": ["Opened"]}, 200)
    assert (changed["state"], changed["names"], changed["things"]) == ("paused", ["Opened"], ["J1"])
    gateway.post(f"/{made['id']}/deletion", status=200)
    assert gateway.get() == []


def test_a_paused_webhook_waits_and_misses_nothing(gateway, receiver, webhook):
    """What came meanwhile is sent when it is active again."""
    made = webhook()
    gateway.post(f"/{made}/changes", {"state": "paused"}, 200)
    gateway.blocks("Opened")
    gateway.deliver()
    assert receiver.got == []
    gateway.post(f"/{made}/changes", {"state": "active", "url": receiver.url + "?again"}, 200)
    gateway.deliver()
    assert receiver.names == ["Opened"]


def test_another_users_webhook_is_not_found(gateway, bearer):
    """Whether it exists is not told; every address refuses alike."""
    made = gateway.post("", NEW, 201)["id"]
    gateway.headers = bearer("webhooks", msp_id="ForwarderMSP")
    assert gateway.get() == []
    answers = [gateway.client.get(f"/v1/webhooks/{made}{part}", headers=gateway.headers) for part in
               ("", "/messages", "/attempts")]  # fmt: skip
    for act, body in (("changes", {}), ("deletion", None), ("rotation", None), ("test", None),
                      ("replay", {"start_block": 0}), ("messages/m/replay", None)):  # fmt: skip
        answers.append(gateway.client.post(f"/v1/webhooks/{made}/{act}", json=body, headers=gateway.headers))
    assert {(each.status_code, each.json["code"]) for each in answers} == {(404, "NOT_FOUND")}


def test_a_token_needs_the_scope(gateway, bearer):
    """A machine that only reads cannot send anything elsewhere."""
    answer = gateway.client.post("/v1/webhooks", json=NEW, headers=bearer("read", "write", "events"))
    assert (answer.status_code, answer.json["code"]) == (403, "SCOPE_MISSING")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"url": "http://10.0.0.1/"}, 422, "REQUEST_INVALID"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, 422, "REQUEST_INVALID"),
        ({"url": "https://user@example.com/"}, 422, "REQUEST_INVALID"),
        ({"names": []}, 422, "REQUEST_INVALID"),
        ({"names": ["a b"]}, 422, "REQUEST_INVALID"),
        ({"after": "1:x"}, 422, "REQUEST_INVALID"),
        ({"after": f"0:{'a' * 64}"}, 422, "CURSOR_UNKNOWN"),
        ({"after": f"9:{'a' * 64}"}, 412, "BLOCK_NOT_REACHED"),
        ({"channel": "elsewhere"}, 502, "FABRIC_REFUSED"),
    ],
)
def test_what_could_never_work_is_refused(gateway, changed, status, code):
    """A target inside the gateway's network, a filter nothing passes, a cursor or channel that is not there."""
    refused = gateway.client.post("/v1/webhooks", json=NEW | changed, headers=gateway.headers)
    assert (refused.status_code, refused.json["code"]) == (status, code)


def test_an_organisation_has_so_many_and_no_more(gateway, monkeypatch):
    """Otherwise one could fill the database of all."""
    monkeypatch.setattr(webhooks, "MOST_OF_ONE", 1)
    gateway.post("", NEW, 201)
    refused = gateway.client.post("/v1/webhooks", json=NEW, headers=gateway.headers)
    assert (refused.status_code, refused.json["code"]) == (409, "WEBHOOKS_EXHAUSTED")


def test_secrets_are_not_in_the_database(gateway):
    """Who reads its rows cannot sign."""
    made = gateway.post("", NEW, 201)
    with gateway.services.store.reading() as database:
        rows = database.execute(webhooks.webhooks.select()).fetchall()
    assert [bytes(made["secret"], "ascii") in bytes(row["sealed"]) for row in rows] == [False]


def test_a_receiver_that_answers_too_slowly_is_cut_off(gateway):
    """The whole attempt has a limit, however many bytes come within it."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        posted = Poster(gateway.services.settings.allowed_networks, seconds=0.2).post(url, b"{}", {})
    assert (posted.status, posted.good) == (None, False)
    closed = Poster(gateway.services.settings.allowed_networks).post(url, b"{}", {})
    assert closed.words.startswith("ConnectionRefusedError")


def test_tls_needs_a_certificate_that_is_trusted(gateway, receiver):
    """A server that cannot show one gets no byte of a message."""
    posted = Poster(gateway.services.settings.allowed_networks).post(receiver.url.replace("http:", "https:"), b"{}", {})
    assert posted.status is None
    assert receiver.got == []
