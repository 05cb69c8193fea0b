"""An issuer's keys: asked for when needed, kept, and never more often than allowed."""

from __future__ import annotations

import threading

import pytest

from gateway.oidc import keys as oidckeys
from gateway.oidc.keys import FRESH, KEPT, PAUSE, IssuerKeys
from gateway.store.tokens import IssuerUnavailableError
from tests.unit.gateway.oidc.conftest import URL, CountingIssuer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(asked, clock) -> IssuerKeys:
    return IssuerKeys(URL, asked, clock)


def kid(issuer) -> str:
    return issuer.keys()["keys"][0]["kid"]


def test_keys_are_kept_until_they_are_old(keys, asked, clock, issuer):
    """Two questions for discovery and keys, and then none for a while."""
    assert keys.of(kid(issuer))
    clock.now = FRESH
    assert keys.of(kid(issuer))
    assert asked.urls == [f"{URL}/.well-known/openid-configuration", f"{URL}/keys"]
    clock.now = FRESH + 1
    assert keys.of(kid(issuer))
    assert len(asked.urls) == 4


def test_a_new_key_is_found_and_a_dropped_one_ends(keys, clock, issuer):
    """A rotation is seen at the first token with the new key."""
    old = kid(issuer)
    assert keys.of(old)
    issuer.rotate()
    clock.now = PAUSE
    assert keys.of(kid(issuer))
    assert keys.of(old) is None


def test_an_issuer_that_answers_forever_holds_one_thread(clock, asked, monkeypatch):
    """Those who wait for its first keys give up, and so does who asks it next."""
    monkeypatch.setattr(oidckeys, "_SECONDS", 0.05)
    answering, asking = threading.Event(), threading.Event()

    def forever(url: str) -> bytes:
        asking.set()
        answering.wait(60)
        return asked(url)

    keys = IssuerKeys(URL, forever, clock)
    first = threading.Thread(target=lambda: keys.of("any"))
    first.start()
    asking.wait(60)
    for clock.now in (1, PAUSE):
        with pytest.raises(IssuerUnavailableError):
            keys.of("any")
    answering.set()
    first.join()
    assert keys.of("any") is None


def test_tokens_with_unknown_keys_do_not_flood_the_issuer(keys, asked, clock):
    """A thousand of them are one question."""
    for number in range(1_000):
        assert keys.of(f"unknown-{number}") is None
    assert len(asked.urls) == 2
    clock.now = PAUSE
    assert keys.of("unknown") is None
    assert len(asked.urls) == 4


def test_an_issuer_that_is_away_is_missed_only_when_its_keys_are_too_old(keys, asked, clock, issuer):
    """Its keys from before serve for an hour."""
    known = kid(issuer)
    assert keys.of(known)
    asked.away = True
    clock.now = KEPT
    assert keys.of(known)
    clock.now = KEPT + 1
    with pytest.raises(IssuerUnavailableError, match=r"id\.example"):
        keys.of(known)
    asked.away, clock.now = False, KEPT + PAUSE
    assert keys.of(known)


@pytest.mark.parametrize("told", [b"no JSON", b"[]", b'{"issuer": "https://other.example"}', b"{" * 50_000])
def test_what_is_no_discovery_document_gives_no_keys(told):
    """Another issuer's document neither."""
    with pytest.raises(IssuerUnavailableError):
        IssuerKeys(URL, lambda _: told).of("any")


def test_keys_without_tls_are_not_read(issuer):
    """An issuer with TLS cannot send the gateway to an address without."""
    issuer.discovery = lambda: {"issuer": URL, "jwks_uri": "http://id.example/keys"}
    asked = CountingIssuer(issuer)
    with pytest.raises(IssuerUnavailableError):
        IssuerKeys(URL, asked).of(kid(issuer))
    assert len(asked.urls) == 1
