"""Budgets of requests, of tokens, organisations and addresses."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.http import budgets, context
from gateway.http.budgets import Budgets, RateLimitState
from gateway.http.problems import Problem


@pytest.fixture
def clock():
    """Return a clock that is set by hand: seconds in a list of one."""
    return [1000.0]


@pytest.fixture
def kept(clock):
    return Budgets(token=2, organisation=60, address=3, clock=lambda: clock[0])


def test_a_minutes_requests_may_come_at_once_and_then_evenly(kept, clock):
    """Two a minute: two at once, then one every thirty seconds."""
    assert kept.take("token", "t") == RateLimitState("token", 2, 1, 30)
    assert kept.take("token", "t") == RateLimitState("token", 2, 0, 60)
    with pytest.raises(Problem) as refused:
        kept.take("token", "t")
    assert refused.value.headers()["Retry-After"] == "30"
    clock[0] += 30
    assert kept.take("token", "t") == RateLimitState("token", 2, 0, 60)


def test_a_refused_request_takes_nothing(kept, clock):
    """Whoever keeps asking is not locked out for longer."""
    for _ in range(20):
        with pytest.raises(Problem):
            [kept.take("token", "t") for _ in range(3)]
    clock[0] += 30
    assert kept.take("token", "t").requests == 0


def test_each_has_a_budget_of_its_own(kept):
    assert [kept.take("token", whose).requests for whose in ("a", "b", "a")] == [1, 1, 0]
    assert kept.take("organisation", "a").requests == 59


def test_what_is_remembered_is_bounded(kept, monkeypatch):
    """The longest unused is forgotten, and is full again."""
    monkeypatch.setattr(budgets, "_MOST", 2)
    for whose in ("a", "b", "c"):
        kept.take("token", whose)
    assert kept.take("token", "a").requests == 1
    assert kept.take("token", "c").requests == 0


@pytest.mark.parametrize(
    ("address", "of"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("", ""), ("unix", "unix")],
)
def test_a_host_of_ipv6_has_a_whole_network(address, of):
    assert budgets.network_of(address) == of


@pytest.fixture
def small(app):
    """Make all budgets of the application two a minute."""
    services = app.extensions[context.EXTENSION]
    two = Budgets(token=2, organisation=3, address=2, clock=lambda: 0.0)
    app.extensions[context.EXTENSION] = dataclasses.replace(services, budgets=two)


def test_an_answer_tells_what_is_left(small, client, bearer):
    answer = client.get("/v1/stages", headers=bearer("read"))
    assert answer.headers["RateLimit-Policy"] == '"token";q=2;w=60, "organisation";q=3;w=60'
    assert answer.headers["RateLimit"] == '"token";r=1;t=30, "organisation";r=2;t=20'


def test_over_the_budget_is_refused_before_anything_is_asked(small, client, bearer, ledgers):
    """The answer names the budget and the time; another token of the organisation has its own, up to theirs."""
    first, second = bearer("read"), bearer("read")
    statuses = [client.get("/v1/stages", headers=who).status_code for who in (first, first, first, second, second)]
    assert statuses == [200, 200, 429, 200, 429]
    assert len(ledgers.asked) == 3
    refused = client.get("/v1/stages", headers=first)
    assert (refused.json["code"], refused.json["budget"]) == ("BUDGET_EXHAUSTED", "token")
    assert refused.headers["Retry-After"] == "30"
    assert refused.headers["RateLimit"] == '"token";r=0;t=60'
    assert client.get("/v1/stages", headers=bearer("read")).json["budget"] == "organisation"


@pytest.mark.parametrize("path", ["/openapi.json", "/nowhere", "/v1/stages"])
def test_whoever_has_no_token_has_the_budget_of_an_address(small, client, path):
    """So has whoever tries tokens that are not accepted."""
    headers = {"Authorization": "Bearer selat_000000000000_" + "A" * 43}
    statuses = [client.get(path, headers=headers).status_code for _ in range(3)]
    assert statuses[2] == 429
    assert 429 not in statuses[:2]
    elsewhere = client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == statuses[0]
