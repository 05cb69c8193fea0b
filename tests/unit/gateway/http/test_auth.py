"""Who may call what."""

from __future__ import annotations

import pytest

from gateway.http import auth
from gateway.store.scopes import SCOPES
from gateway.store.tokens import TokenError, Tokens

READING = {"GET", "HEAD", "OPTIONS"}
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/docs/errors",
    "/static/<path:filename>",
    "/brand/<digits>.css",
    "/track/<token>",
    "/track/<token>/orders",
    "/track/<token>/returns",
    "/track/<token>/return",
    "/track/<token>/receipt",
    "/track/<token>/returns/<return_id>/pickup",
    "/track/<token>/returns/<return_id>/receipt",
    "/track/<token>/returns/<return_id>/photos/<digest>",
    "/console/login",
    "/console/logout",
    "/console/sign-in/<int:number>",
    "/console/signed-in",
    "/console/design",
    "/language",
}


def test_every_address_names_the_scope_it_needs(app):
    """A view that forgot to say would be closed; here it is found before."""
    unmarked = [r.rule for r in app.url_map.iter_rules() if auth.scope_of(app.view_functions[r.endpoint]) is None]
    assert unmarked == []


def test_nothing_else_is_open_to_all(app):
    public = {r.rule for r in app.url_map.iter_rules() if auth.scope_of(app.view_functions[r.endpoint]) == auth.PUBLIC}
    assert public == OPEN_TO_ALL


def test_no_public_address_takes_anything_but_reads(app):
    """
    Without a token a shopper writes two things, with a link: a return, so many times an hour, and when it is fetched.

    To log in stores a token in the browser, to choose a language its name, and nothing here.
    """
    posts = [r for r in app.url_map.iter_rules() if r.rule in OPEN_TO_ALL and not r.methods <= READING]
    assert {rule.endpoint for rule in posts} == {
        "console.enter",
        "console.logout",
        "language.choose",
        "sendback.choose_pickup",
        "sendback.send_back",
        "tracking.lodge",
    }


def _closed(app):
    """Yield path, method and scope of every address that is not open to all."""
    for rule in app.url_map.iter_rules():
        if rule.rule not in OPEN_TO_ALL:
            path = rule.rule.replace("<int:number>", "1").replace("<int:revision>", "1").replace("<path:key>", "k")
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield path, method, auth.scope_of(app.view_functions[rule.endpoint])


@pytest.fixture
def wrong(services, bearer):
    """Identities that are no caller, each with the code of its refusal."""
    revoked = bearer()
    services.tokens.revoke(revoked["Authorization"].split("_")[1])
    expired = Tokens(services.store, clock=lambda: 1.0).create("PlatformMSP", "User1", SCOPES, 60)
    mine = bearer()["Authorization"]
    other = bearer()["Authorization"]
    return {
        "": "TOKEN_MISSING",
        "Bearer selat_000000000000_" + "A" * 43: "TOKEN_INVALID",
        f"{mine}x": "TOKEN_INVALID",
        mine.rpartition("_")[0] + "_" + other.rpartition("_")[2]: "TOKEN_INVALID",
        revoked["Authorization"]: "TOKEN_REVOKED",
        f"Bearer {expired}": "TOKEN_EXPIRED",
    }


def test_every_closed_address_refuses_every_wrong_identity(app, client, ledgers, wrong):
    """Whatever the address and the method: the identity is looked at first, and Fabric is not asked."""
    for path, method, _ in _closed(app):
        for header, code in wrong.items():
            answer = client.open(path, method=method, headers={"Authorization": header} if header else {})
            if path.startswith("/console/"):
                assert (answer.status_code, answer.location) == (303, "/console/login")
                continue
            assert (answer.status_code, answer.json["code"]) == (401, code), (path, method, header[:12])
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert ledgers.asked == []


def test_every_closed_address_refuses_a_token_with_all_scopes_but_its_own(app, client, ledgers, bearer):
    """A token for everything else is as good as none; its scope is looked at before its input."""
    others = {scope: bearer(*[each for each in SCOPES if each != scope]) for scope in SCOPES}
    for path, method, scope in _closed(app):
        if path.startswith("/console/"):
            client.set_cookie(auth.COOKIE, others[scope]["Authorization"].split()[1])
            assert client.open(path, method=method).status_code == 403, path
            continue
        answer = client.open(path, method=method, headers=others[scope])
        assert (answer.status_code, answer.json["code"], answer.json["scope"]) == (403, "SCOPE_MISSING", scope), path
    assert ledgers.asked == []


def test_every_scope_of_a_route_is_one_of_its_resource(app):
    """A scope can be limited to each resource, by its blueprint: so no route is outside of all of them."""
    with app.app_context():
        known = auth.resources()
    for rule in app.url_map.iter_rules():
        scope = auth.scope_of(app.view_functions[rule.endpoint])
        if scope != auth.PUBLIC:
            assert scope in known[rule.endpoint.partition(".")[0]], rule.rule
    assert set().union(*known.values()) == set(SCOPES)


def test_every_closed_address_refuses_a_token_for_all_other_resources(app, client, ledgers, bearer):
    """A scope with a resource opens the addresses of that resource, and no other address."""
    with app.app_context():
        known = auth.resources()
    parts = {name: [f"{scope}:{name}" for scope in needed] for name, needed in known.items()}
    others = {name: bearer(*[each for other in parts if other != name for each in parts[other]]) for name in parts}
    for path, method, _ in _closed(app):
        resource = app.url_map.bind("").match(path, method=method)[0].partition(".")[0]
        if resource == "console":
            client.set_cookie(auth.COOKIE, others[resource]["Authorization"].split()[1])
            assert client.open(path, method=method).status_code == 403, path
            continue
        answer = client.open(path, method=method, headers=others[resource])
        assert (answer.status_code, answer.json["code"]) == (403, "SCOPE_MISSING"), path
    assert ledgers.asked == []


def test_a_scope_can_be_limited_to_a_resource_a_channel_and_a_chaincode(client, bearer):
    """What is left out is allowed; an address of another channel or chaincode is refused before Fabric is asked."""
    place = "/v1/channels/logistics/chaincodes/carriage/evaluate"
    for scope, allowed in {
        "read": True,
        "read:calls": True,
        "read:calls@logistics": True,
        "read:calls@logistics/carriage": True,
        "read:calls@logistics/carriages": False,
        "read:calls@logistic": False,
        "read:calls@trade": False,
        "read:functions": False,
        "write:calls": False,
    }.items():
        answer = client.post(place, json={"function": "F"}, headers=bearer(scope))
        assert (answer.status_code == 200) is allowed, scope
        if not allowed:
            assert "read, or read:calls@logistics/carriage" in answer.json["detail"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic dXNlcjpwYXNz", "TOKEN_INVALID"),
        ("Bearer nonsense", "TOKEN_INVALID"),
        ("Bearer selat_000000000000_" + "A" * 43, "TOKEN_INVALID"),
        ("Bearer selat_\u00e9_x", "TOKEN_INVALID"),
    ],
)
def test_a_token_of_somebody_else_is_refused(client, header, code):
    answer = client.get("/v1/stages", headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_an_expired_token_is_refused_with_the_time_it_expired(client, services):
    token = Tokens(services.store, clock=lambda: 1_000_000.0).create("PlatformMSP", "User1", ["read"], 60)
    answer = client.get("/v1/stages", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (401, "TOKEN_EXPIRED")
    assert "1970-01-12T13:47:40Z" in answer.json["detail"]


def test_a_revoked_token_is_refused(client, services, bearer):
    headers = bearer("read")
    assert client.get("/v1/stages", headers=headers).status_code == 200
    assert services.tokens.revoke(headers["Authorization"].split("_")[1])
    assert client.get("/v1/stages", headers=headers).json["code"] == "TOKEN_REVOKED"


def test_a_token_does_only_what_its_scopes_say(client, bearer, ledgers):
    """A token to read cannot write, and nothing reaches the ledger."""
    answer = client.post("/v1/stages/installation", headers=bearer("read"))
    assert (answer.status_code, answer.json["code"], answer.json["scope"]) == (403, "SCOPE_MISSING", "write")
    assert ledgers.asked == []


def test_a_call_is_made_as_the_tokens_user(client, bearer, ledgers):
    client.get("/v1/stages", headers=bearer("read", msp_id="ForwarderMSP"))
    (asked,) = ledgers.asked
    assert asked[:2] == ("ForwarderMSP", "User1")


def test_the_secret_is_kept_nowhere(services):
    token = services.tokens.create("PlatformMSP", "User1", ["read"], 60)
    secret = token.split("_", 2)[2].encode()
    kept = b"".join(path.read_bytes() for path in services.settings.data.rglob("*") if path.is_file())
    assert secret not in kept
    assert token.split("_")[1].encode() in kept


def test_the_store_is_its_owners_alone(services):
    files = [path for path in services.settings.data.rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_scopes_must_exist(services):
    with pytest.raises(ValueError, match="scopes must be some of"):
        services.tokens.create("PlatformMSP", "User1", ["everything"], 60)
    with pytest.raises(ValueError, match="scopes must be some of"):
        services.tokens.create("PlatformMSP", "User1", [], 60)
    for wrong in ("read:", "read:Orders", "read:calls@", "read:calls@x/", "read write", "write:a@b/c/d", "read:a\n"):
        with pytest.raises(ValueError, match="scopes must be some of"):
            services.tokens.create("PlatformMSP", "User1", [wrong], 60)


def test_a_changed_secret_is_not_that_token(services):
    token = services.tokens.create("PlatformMSP", "User1", ["read"], 60)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    with pytest.raises(TokenError) as refused:
        services.tokens.caller(changed)
    assert refused.value.reason == "unknown"
