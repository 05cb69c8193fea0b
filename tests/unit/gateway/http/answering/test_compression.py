"""Answers in gzip: the same content, where it is worth it, and never where a length could betray a secret."""

from __future__ import annotations

import gzip
import json

import pytest

from gateway.http.answering import compression

GZIP = {"Accept-Encoding": "br;q=1.0, gzip;q=0.8"}
PATH = "/v1/journeys/J1"
LONG = json.dumps({"words": [f"word {number}" for number in range(300)]}).encode()


@pytest.fixture
def get(client, ledgers, bearer):
    """Read something long with a token."""
    ledgers.answers["Journeys:read"] = LONG
    headers = bearer("read")
    return lambda **more: client.get(PATH, headers=headers | more)


def test_a_long_answer_is_the_same_in_fewer_bytes(get):
    """Caches and proxies are told that it depends on what the caller takes."""
    plain, packed = get(), get(**GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_its_length_is_no_measure(get):
    """Each answer gets some bytes more, as many as nobody can know."""
    assert len({len(get(**GZIP).data) for _ in range(40)}) > 5


@pytest.mark.parametrize("padding", [0, 1, 63])
def test_any_program_can_read_it(padding):
    """As the standard's own reader shows, and for no bytes at all."""
    for body in (b"", b"a", LONG):
        assert gzip.decompress(compression.gzipped(body, padding)) == body


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Accept-Encoding": "identity"},
        {"Accept-Encoding": "gzip;q=0"},
    ],
)
def test_who_does_not_ask_gets_it_plain(get, sent):
    assert "Content-Encoding" not in get(**sent).headers


def test_who_comes_with_a_cookie_gets_it_plain(client, get):
    """A browser, which a foreign page may have made ask."""
    client.set_cookie("session", "x")
    assert "Content-Encoding" not in get(**GZIP).headers


def test_short_answers_and_problems_are_plain(client, ledgers, bearer):
    """They fit into one packet anyway."""
    ledgers.answers["Journeys:read"] = b'{"id": "J1"}'
    assert "Content-Encoding" not in client.get(PATH, headers=bearer("read") | GZIP).headers
    assert "Content-Encoding" not in client.get("/v1/nothing" + "x" * 2000, headers=bearer("read") | GZIP).headers


def test_no_write_is_compressed(client, ledgers, bearer):
    """An answer to one may show a token, a link or a secret, for the only time."""
    ledgers.answers["Journeys:record"] = LONG
    body = {"stage_id": "S03", "step": "storing", "event_time": "2026-11-20T10:00:00Z", "place": "CNSZX"}
    answer = client.post(f"{PATH}/events", json=body, headers=bearer("write") | GZIP)
    assert (answer.status_code, len(answer.data) > compression.LEAST) == (201, True)
    assert "Content-Encoding" not in answer.headers


def test_pages_are_plain_and_their_files_are_not(client):
    """A page has forms, each with a secret; the description and the files are the same for everybody."""
    for path in ("/docs", "/console/login"):
        page = client.get(path, headers=GZIP)
        assert (page.status_code, "Content-Encoding" in page.headers) == (200, False)
    described = client.get("/openapi.json", headers=GZIP)
    # Its examples have the times of the moment.
    assert (
        json.loads(gzip.decompress(described.data))["paths"].keys() == client.get("/openapi.json").json["paths"].keys()
    )
    assert len(described.data) < 200_000


def test_a_link_is_plain_whoever_asks(app, client, bearer, monkeypatch):
    """Its path is the secret."""
    monkeypatch.setattr(compression, "LEAST", 1)
    answer = client.get("/track/abcdefghijklmnopqrstuv/orders", headers=bearer("read") | GZIP)
    assert "Content-Encoding" not in answer.headers
    assert all("token" in rule.arguments for rule in app.url_map.iter_rules() if rule.rule.startswith("/track/<"))
