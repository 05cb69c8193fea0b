"""Tokens by API: nobody gets more by them than it has."""

from __future__ import annotations

import time

import pytest

from gateway.store.tokens import TokenError, Tokens

ADDRESS = "/v1/tokens"


@pytest.fixture
def holder(bearer):
    """Return the headers of a token that may make others."""
    return bearer("tokens", "read")


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_made_token_works_and_is_listed_without_its_secret(client, holder):
    """It acts for the same user, with the scopes that were asked for and no others."""
    made = client.post(ADDRESS, json={"scopes": ["read"], "days": 2}, headers=holder)
    assert made.status_code == 201
    token = made.json["token"]
    assert client.get("/v1/stages", headers=headers(token)).status_code == 200
    assert client.get(ADDRESS, headers=headers(token)).json["code"] == "SCOPE_MISSING"
    listed = client.get(ADDRESS, headers=holder)
    (entry,) = [each for each in listed.json if each["scopes"] == ["read"]]
    assert (entry["id"], entry["user"], entry["revoked"]) == (token.split("_")[1], "User1", False)
    assert entry["expires_at"].endswith("Z")
    assert token.split("_", 2)[2] not in listed.text


def test_a_token_gives_no_more_than_it_has(client, holder):
    """Neither by a new token nor by one that replaces another."""
    refused = client.post(ADDRESS, json={"scopes": ["write"]}, headers=holder)
    assert (refused.status_code, refused.json["code"]) == (403, "SCOPE_MISSING")


def test_a_replaced_token_ends(client, holder, bearer):
    """The new one has the same scopes; one that ended is not replaced again; a stronger one cannot be."""
    old = client.post(ADDRESS, json={"scopes": ["read"]}, headers=holder).json["token"]
    place = f"{ADDRESS}/{old.split('_')[1]}/rotation"
    new = client.post(place, headers=holder)
    assert new.status_code == 201
    assert client.get("/v1/stages", headers=headers(new.json["token"])).status_code == 200
    assert client.get("/v1/stages", headers=headers(old)).json["code"] == "TOKEN_REVOKED"
    assert client.post(place, headers=holder).json["code"] == "NOT_FOUND"
    stronger = bearer("write")["Authorization"].split("_")[1]
    refused = client.post(f"{ADDRESS}/{stronger}/rotation", headers=holder)
    assert refused.json["code"] == "SCOPE_MISSING"


def test_a_revoked_token_ends_and_another_users_is_not_found(client, holder, services):
    """A user manages its own; whether others exist is not told."""
    own = client.post(ADDRESS, json={"scopes": ["read"]}, headers=holder).json["token"]
    told = client.post(f"{ADDRESS}/{own.split('_')[1]}/revocation", headers=holder)
    assert (told.status_code, told.json["revoked"]) == (200, True)
    assert client.get("/v1/stages", headers=headers(own)).json["code"] == "TOKEN_REVOKED"
    other = services.tokens.create("ForwarderMSP", "User1", ["read"], 60)
    for act in ("revocation", "rotation"):
        refused = client.post(f"{ADDRESS}/{other.split('_')[1]}/{act}", headers=holder)
        assert (refused.status_code, refused.json["code"]) == (404, "NOT_FOUND")
    assert client.get("/v1/stages", headers=headers(other)).status_code == 200


def test_a_token_gives_parts_of_what_it_has(client, holder, bearer):
    """Of a scope any part that there is; of a part no other part, and not the whole."""
    made = client.post(ADDRESS, json={"scopes": ["read:stages"]}, headers=holder)
    assert client.get("/v1/stages", headers=headers(made.json["token"])).status_code == 200
    narrow = bearer("tokens", "read:calls@trade")
    for wider in ("read", "read:calls", "read:stages", "read:calls@logistics", "write:calls@trade"):
        refused = client.post(ADDRESS, json={"scopes": [wider]}, headers=narrow)
        assert (refused.status_code, refused.json["code"]) == (403, "SCOPE_MISSING"), wider
    assert client.post(ADDRESS, json={"scopes": ["read:calls@trade/trade"]}, headers=narrow).status_code == 201


@pytest.mark.parametrize("scope", ["read:nothing", "audit:orders", "everything", "read:"])
def test_a_scope_that_allows_nothing_is_refused(client, holder, scope):
    """A misspelt resource would make a token that is refused everywhere."""
    refused = client.post(ADDRESS, json={"scopes": [scope]}, headers=holder)
    assert (refused.status_code, refused.json["code"]) == (422, "REQUEST_INVALID")


def test_a_service_takes_a_new_token_over_while_the_old_one_is_valid(client, holder, services):
    """The old one ends by itself, and never later than it would have."""
    old = client.post(ADDRESS, json={"scopes": ["read"], "account": "erp"}, headers=holder).json["token"]
    place = f"{ADDRESS}/{old.split('_')[1]}/rotation"
    new = client.post(f"{place}?overlap_seconds=600", headers=holder).json["token"]
    for token in (old, new):
        assert client.get("/v1/stages", headers=headers(token)).status_code == 200
    for seconds, code in ((300, "read"), (900, "expired")):
        later = Tokens(services.store, clock=lambda seconds=seconds: time.time() + seconds)
        if code == "expired":
            with pytest.raises(TokenError, match=code):
                later.caller(old)
        else:
            assert code in later.caller(old).scopes
    services.tokens.end(old.split("_")[1], 5000)
    with pytest.raises(TokenError, match="expired"):
        later.caller(old)
    assert client.post(f"{place}?overlap_seconds=604801", headers=holder).json["code"] == "REQUEST_INVALID"


def test_a_service_account_has_tokens_of_its_own(client, holder, bearer):
    """They are listed and revoked by its name, and nobody else's are."""
    made = [
        client.post(ADDRESS, json={"scopes": ["read"], "account": name}, headers=holder).json["token"]
        for name in ("erp", "erp", "scanner")
    ]
    listed = client.get(f"{ADDRESS}?account=erp", headers=holder).json
    assert {each["id"] for each in listed} == {each.split("_")[1] for each in made[:2]}
    stranger = bearer("tokens", msp_id="ForwarderMSP")
    assert client.post(f"{ADDRESS}/accounts/erp/revocation", headers=stranger).json["code"] == "NOT_FOUND"
    ended = client.post(f"{ADDRESS}/accounts/erp/revocation", headers=holder)
    assert [(each["account"], each["revoked"]) for each in ended.json] == [("erp", True)] * 2
    assert [client.get("/v1/stages", headers=headers(each)).status_code for each in made] == [401, 401, 200]


def test_the_log_names_the_service_account(client, holder, caplog):
    """So that what a service did is not taken for its owner's own act."""
    token = client.post(ADDRESS, json={"scopes": ["read"], "account": "erp"}, headers=holder).json["token"]
    with caplog.at_level("INFO", "gateway.access"):
        client.get("/v1/stages", headers=headers(token))
    assert "PlatformMSP/User1 (erp)" in caplog.text
