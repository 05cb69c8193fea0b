"""Clients that send half, wait or never read, in front of a real gateway: everybody else is served as ever."""

from __future__ import annotations

import contextlib
import secrets
import socket
import urllib.parse
from collections.abc import Iterator

import pytest
import requests

from selat.demo.goods import FORECAST, gtin
from tests.scenarios.test_errors import EVALUATE, SUBMIT

UNKNOWN = f"/v1/channels/trade/transactions/{'0' * 64}/status"


@pytest.fixture
def crowd(stage, cast) -> Iterator[list[socket.socket]]:
    """400 connections with half a request, and more that wait or listen than there are threads for it."""
    where = urllib.parse.urlsplit(stage.base)
    token = f"Authorization: Bearer {stage.tokens['customs']}\r\n"
    far = "Selat-After: trade=999999\r\n"
    body = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    sent = [
        *[""] * 100,
        *["GET /v1/stag"] * 100,
        *["GET /v1/stages HTTP/1.1\r\nHost: x\r\n" + token] * 100,
        *[f"POST {SUBMIT} HTTP/1.1\r\nHost: x\r\n{token}{body}"] * 100,
        *[f"GET /v1/stages HTTP/1.1\r\nHost: x\r\n{token}{far}\r\n"] * 40,
        *[f"GET {UNKNOWN}?wait_seconds=60 HTTP/1.1\r\nHost: x\r\n{token}\r\n"] * 40,
        *[f"GET /track/x HTTP/1.1\r\nHost: x\r\n{far}\r\n"] * 40,
        *[f"GET /v1/events/trade/trade HTTP/1.1\r\nHost: x\r\n{token}\r\n"] * 16,
        *["GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"] * 20,
    ]
    with contextlib.ExitStack() as stack:
        made = []
        for text in sent:
            made.append(stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=30)))
            made[-1].sendall(text.encode())
        yield made


def test_a_fresh_request_is_answered_in_any_crowd(stage, cast, crowd):
    """Liveness, a page, a question, a transaction and another reader's events: none of them waits for the crowd."""
    assert requests.get(f"{stage.base}/healthz", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{stage.base}/docs/errors", timeout=10).status_code == 200
    assert isinstance(cast.platform.get("/v1/participants"), list)
    assert cast.platform.refusal("POST", EVALUATE, {"function": "nothing"})["code"] == "UNKNOWN_FUNCTION"
    other = {**FORECAST, "product.gtin14": gtin(f"{secrets.randbelow(10**5):05}")}
    assert cast.platform.post("/v1/forecasts", {"values": other})["block_number"] > 0
    assert cast.auditor.send("GET", "/v1/events/trade/trade?start_block=0&limit=1&idle_seconds=5").status_code == 200
    assert requests.get(f"{stage.base}/readyz", timeout=10).json()["ready"]
