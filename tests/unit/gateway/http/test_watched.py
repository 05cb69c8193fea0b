"""What operators see of a gateway: counts, log lines, readiness; and pages of other sites."""

from __future__ import annotations

import dataclasses
import json
import logging

import pytest

from gateway.http import context
from gateway.telemetry import logs
from hlf import errors
from tests.unit.gateway.fakes import TRANSACTION

SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"
SITE = "https://shop.example"


@pytest.fixture
def counted(client, bearer):
    """Return the value of a sample of /metrics; 0 if there is none."""
    headers = bearer("metrics")

    def value(sample: str) -> float:
        lines = client.get("/metrics", headers=headers).get_data(as_text=True).splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{sample} ")), 0.0)

    return value


def test_requests_are_counted_by_route_and_code(counted, client, bearer):
    """Never by path: it may hold a shopper's link, and there would be a series for each."""
    client.get("/v1/orders/o-1", headers=bearer("write"))
    client.open("/nowhere", method="BREW")
    route = 'route="/v1/orders/<order_id>",'
    assert counted(f'selat_requests_total{{code="SCOPE_MISSING",method="GET",{route}status="403"}}') == 1
    assert counted('selat_requests_total{code="NO_SUCH_ADDRESS",method="other",route="",status="404"}') == 1
    assert counted('selat_request_seconds_count{route="/v1/orders/<order_id>"}') == 1


def test_transactions_are_counted_by_outcome(counted, client, bearer, ledgers):
    """Committed ones, and those that were in a block but invalid."""
    for answer in (b"{}", errors.CommitError(TRANSACTION, 11, 7)):
        ledgers.answers["F"] = answer
        client.post(SUBMIT, json={"function": "F"}, headers=bearer("write"))
    assert counted('selat_transactions_total{channel="trade",outcome="committed"}') == 1
    assert counted('selat_transactions_total{channel="trade",outcome="MVCC_READ_CONFLICT"}') == 1


def test_counts_need_a_token(client, bearer):
    """How busy an organisation is, is not everybody's to know."""
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer("read")).status_code == 403
    answer = client.get("/metrics", headers={**bearer("metrics"), "Accept": "application/openmetrics-text"})
    assert answer.content_type.startswith("application/openmetrics-text")


def _lines(caplog):
    return [json.loads(logs._Json().format(record)) for record in caplog.records if record.name == "gateway.access"]


def test_a_line_of_json_names_request_and_transactions_and_no_values(client, bearer, caplog):
    """It has the route, and nothing of path, query or body."""
    with caplog.at_level(logging.INFO, "gateway.access"):
        answer = client.post(SUBMIT, json={"function": "Secret:word"}, headers=bearer("write"))
        client.get("/track/private-link?utm=1")
    first, second = _lines(caplog)
    assert first.pop("milliseconds") >= 0
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "gateway.access",
        "request_id": answer.headers["X-Request-Id"],
        "method": "POST",
        "route": "/v1/channels/<channel>/chaincodes/<chaincode>/submit",
        "status": 200,
        "caller": "PlatformMSP/User1",
        "transactions": [TRANSACTION],
    }
    assert second["route"] == "/track/<token>"
    assert not {"private-link", "utm", "Secret"} & set(json.dumps([first, second]).replace('"', " ").split())


def test_a_line_tells_the_kind_of_an_exception_and_not_its_text():
    """The text may quote what a caller sent."""
    try:
        raise ValueError("a private value")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, (ValueError, error, None))
    line = json.loads(logs._Json().format(record))
    assert (line["message"], line["exception"]) == ("failed", "ValueError")
    assert "private" not in json.dumps(line)


def test_readiness_needs_every_channel_of_the_wallet(client, services, ledgers, monkeypatch):
    ledgers.up = {"PlatformMSP", "ForwarderMSP"}
    monkeypatch.setattr(type(services.wallet), "signing_user", lambda *_: "User1")
    blocks = services.settings.wallet / "channels"
    blocks.mkdir()
    for name in ("trade", "logistics"):
        (blocks / f"{name}.block").write_bytes(b"")
    assert client.get("/readyz").json["channels"] == {"trade": True, "logistics": True}
    monkeypatch.setattr(ledgers, "serves", lambda channel, up: channel == "trade")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["channels"]) == (503, {"trade": True, "logistics": False})


def test_a_gateway_without_keys_is_ready(client, services, ledgers, monkeypatch):
    """It cannot ask a peer for its channels, since that question is signed; its users sign elsewhere."""
    ledgers.up = {"PlatformMSP", "ForwarderMSP"}
    blocks = services.settings.wallet / "channels"
    blocks.mkdir()
    (blocks / "trade.block").write_bytes(b"")
    monkeypatch.setattr(ledgers, "serves", lambda channel, up: False)
    monkeypatch.setattr(type(services.wallet), "signing_user", lambda *_: None)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["ready"], answer.json["channels"]) == (200, True, {})
    ledgers.up = {"PlatformMSP"}
    assert client.get("/readyz").status_code == 503


@pytest.fixture
def opened(app, services):
    """Allow the pages of one site."""
    settings = dataclasses.replace(services.settings, origins=SITE)
    app.extensions[context.EXTENSION] = dataclasses.replace(services, settings=settings)


def _asked(client, origin, path=SUBMIT):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options(path, headers=headers)


def test_a_named_site_may_ask_and_read(opened, client, bearer):
    """The browser asks without a token; the answer to the request itself may be read with its headers."""
    asked = _asked(client, SITE)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, SITE)
    assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
    answer = client.get("/v1/stages", headers={**bearer("read"), "Origin": SITE})
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_another_site_may_not(opened, client):
    asked = _asked(client, "https://evil.example")
    assert asked.status_code == 401
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_no_site_may_where_none_is_named(client):
    """So it is as installed."""
    asked = _asked(client, SITE)
    assert asked.status_code == 401
    assert "Access-Control-Allow-Origin" not in asked.headers
