"""Tokens as they are kept: by their hash, with a life, for scopes that exist."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import pytest

from gateway.store import tokens as store
from gateway.store.tokens import TokenError, Tokens


@pytest.fixture
def tokens(services) -> Tokens:
    return services.tokens


@pytest.mark.parametrize(
    ("scopes", "seconds", "words"),
    [(["rule"], 60, "got rule"), ([], 60, "got none"), (["read"], 0, "at least a second")],
)
def test_a_token_that_would_be_good_for_nothing_is_not_made(tokens, scopes, seconds, words):
    """A misspelt scope shows when the token is made, not when it is refused."""
    with pytest.raises(ValueError, match=words):
        tokens.create("PlatformMSP", "User1", scopes, seconds)
    assert tokens.all() == []


def test_the_list_tells_whose_tokens_there_are_and_no_secret(services):
    """Newest first; a revoked one stays in the list."""
    hours = iter((1000.0, 2000.0, 2000.0))
    tokens = Tokens(services.store, clock=lambda: next(hours, 2000.0))
    first = tokens.create("PlatformMSP", "User1", ["write", "read", "read"], 60)
    second = tokens.create("MerchantMSP", "User2", ["audit"], 60)
    assert tokens.revoke(second.split("_")[1])
    listed = tokens.all()
    assert [(each.msp_id, each.user, each.scopes, each.revoked) for each in listed] == [
        ("MerchantMSP", "User2", ("audit",), True),
        ("PlatformMSP", "User1", ("read", "write"), False),
    ]
    assert all(text.split("_", 2)[2] not in repr(listed) for text in (first, second))
    assert (listed[1].expires_at - listed[1].created_at).total_seconds() == 60


def test_a_token_that_is_not_there_cannot_be_revoked(tokens):
    """Whoever revokes a misspelt one is told."""
    assert not tokens.revoke("000000000000")


def test_a_token_is_its_secret_and_not_its_id(tokens):
    """The id stands in lists and logs."""
    text = tokens.create("PlatformMSP", "User1", ["read"], 60)
    prefix, identifier, secret = text.split("_", 2)
    assert tokens.caller(text).scopes == {"read"}
    with pytest.raises(TokenError) as refused:
        tokens.caller(f"{prefix}_{identifier}_{'A' * len(secret)}")
    assert refused.value.reason == "unknown"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def of_two_gateways(services) -> tuple[Tokens, Tokens, Clock, str]:
    """Return the tokens of two gateways on one database, their clock, and a token's text."""
    clock = Clock()
    one, other = Tokens(services.store, clock), Tokens(services.store, clock)
    return one, other, clock, one.create("PlatformMSP", "User1", ["read"], 60)


def test_what_was_found_lately_is_found_without_the_database(services):
    """For half a second, and only where it was asked."""
    one, other, clock, text = of_two_gateways(services)
    assert one.found_lately(text) is None
    found = one.caller(text)
    clock.now += 0.2
    assert one.found_lately(text) == found
    assert other.found_lately(text) is None
    assert one.found_lately(text[:-1]) is None
    clock.now += 0.3
    assert one.found_lately(text) is None


def test_one_caller_asks_again_before_the_time_is_over(services):
    """So nobody waits for the database at its end; if that one does not come back, the time is over as ever."""
    one, _, clock, text = of_two_gateways(services)
    assert not one.is_due(text)
    found = one.caller(text)
    clock.now += 0.24
    assert not one.is_due(text)
    clock.now += 0.01
    assert [one.is_due(text) for _ in range(3)] == [True, False, False]
    clock.now += 0.24
    assert one.found_lately(text) == found
    one.caller(text)
    assert not one.is_due(text)
    clock.now += 0.25
    assert (one.found_lately(text), one.is_due(text)) == (found, True)
    clock.now += 0.25
    assert one.found_lately(text) is None


def test_a_token_revoked_by_another_gateway_is_refused_within_a_second(services):
    one, other, clock, text = of_two_gateways(services)
    one.caller(text)
    assert other.revoke(text.split("_")[1])
    clock.now += 0.5
    assert one.found_lately(text) is None
    with pytest.raises(TokenError, match="revoked"):
        one.caller(text)
    assert one.found_lately(text) is None


def test_a_token_revoked_or_ended_here_is_not_remembered(services):
    one, _, clock, text = of_two_gateways(services)
    one.caller(text)
    one.end(text.split("_")[1], 0)
    assert one.found_lately(text) is None
    clock.now -= 1
    one.caller(text)
    one.revoke(text.split("_")[1])
    assert one.found_lately(text) is None


def test_a_token_that_was_read_before_its_revocation_is_not_remembered_after_it(services, monkeypatch):
    """The answer of the database may be on its way at that moment."""
    one, _, _, text = of_two_gateways(services)
    read = hmac.compare_digest

    def revoked_meanwhile(*digests: bytes) -> bool:
        one.revoke(text.split("_")[1])
        return read(*digests)

    monkeypatch.setattr(hmac, "compare_digest", revoked_meanwhile)
    assert one.caller(text)
    assert one.found_lately(text) is None


def test_an_expired_token_is_refused_though_it_was_found_lately(services):
    one, _, clock, text = of_two_gateways(services)
    clock.now += 59.9
    assert one.caller(text) == one.found_lately(text)
    clock.now += 0.1
    assert one.found_lately(text) is None


def test_not_more_tokens_are_remembered_than_there_is_room_for(services, monkeypatch):
    monkeypatch.setattr(store, "_MOST", 2)
    one, _, _, text = of_two_gateways(services)
    texts = [text, *(one.create("PlatformMSP", "User1", ["read"], 60) for _ in range(4))]
    for each in texts:
        one.caller(each)
        assert one.found_lately(each)
    assert sum(one.found_lately(each) is not None for each in texts) <= 2
