"""Tokens as they are kept: by their hash, with a life, for scopes that exist."""

from __future__ import annotations

import pytest

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
