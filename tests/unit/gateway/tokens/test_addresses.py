"""Tokens by API: nobody gets more by them than it has."""

from __future__ import annotations

import pytest

ADDRESS = "/v1/tokens"


@pytest.fixture
def holder(bearer):
    """The headers of a token that may make others."""
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
