"""Calls that are answered without Flask are answered as with it, and nothing is done twice."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from gateway.application import REQUEST_ID, ROUTE
from gateway.fabric.ledgercalls import GoneError, PolicyChangedError
from gateway.fabric.planning import UnplannedError
from gateway.http import context
from gateway.telemetry import logs
from hlf import errors
from tests.unit.gateway.fakes import TRANSACTION, FakeLedgers, application

MVCC, POLICY = 11, 10
EVALUATE, SUBMIT = "evaluate", "submit"
CALL = {"function": "Claims:read", "arguments": ["J1", {"b": 1}]}
JSON = "application/json"


@dataclass
class Sent:
    """A request, and what its ledger answers."""

    way: str = EVALUATE
    body: Any = field(default_factory=lambda: json.dumps(CALL))
    kind: str = JSON
    answer: bytes | Exception = b'{"a":1}'
    headers: dict[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ("read", "write")
    query: str = ""
    method: str = "POST"
    chosen: dict[str, Any] = field(default_factory=dict)
    times: int = 1


USUAL = {
    "an evaluate": Sent(),
    "a submit": Sent(SUBMIT),
    "text": Sent(answer=b"text"),
    "nothing": Sent(SUBMIT, answer=b""),
    "other bytes": Sent(answer=b"\xff"),
    "private values": Sent(
        SUBMIT, json.dumps(CALL | {"transient": {"k": "AAH/"}, "endorsing_organizations": ["AMSP"]})
    ),
    "a character set": Sent(kind=f"{JSON}; charset=UTF-8"),
    "headers of clients and proxies": Sent(
        headers={"Accept": "*/*", "User-Agent": "x", "X-Forwarded-For": "192.0.2.1"}
    ),
    "a part of a scope": Sent(scopes=("read:calls@trade",)),
    "some of a budget": Sent(times=3),
    "sites whose pages may call": Sent(chosen={"origins": "https://shop.example"}),
}
UNUSUAL = {
    "a key": Sent(SUBMIT, headers={"Idempotency-Key": "k"}),
    "a job": Sent(SUBMIT, headers={"Prefer": "respond-async"}),
    "a block to build on": Sent(headers={"Selat-After": "trade=3"}),
    "a page of another site": Sent(
        headers={"Origin": "https://shop.example"}, chosen={"origins": "https://shop.example"}
    ),
    "compressed": Sent(headers={"Content-Encoding": "gzip"}),
    "another type": Sent(kind="text/plain"),
    "another character set": Sent(kind=f"{JSON}; charset=latin-1"),
    "a query": Sent(query="a=b"),
    "a question for methods": Sent(method="OPTIONS"),
}
REFUSED = {
    "no token": Sent(headers={"Authorization": ""}),
    "another kind of token": Sent(headers={"Authorization": "Basic eDp5"}),
    "an unknown token": Sent(headers={"Authorization": "Bearer selat_000000000000_x"}),
    "no scope": Sent(SUBMIT, scopes=("read",)),
    "the scope of another channel": Sent(scopes=("read:calls@logistics",)),
    "no body": Sent(body=""),
    "no JSON": Sent(body="{"),
    "no object": Sent(body="[]"),
    "a fraction": Sent(body='{"function":"f","arguments":[1.5]}'),
    "an unknown field": Sent(body='{"function":"f","more":1}'),
    "too long": Sent(body=json.dumps(CALL | {"arguments": ["x" * 5000]})),
    "a budget that is exhausted": Sent(times=3, chosen={"token_requests": 2}),
    "the organisation's budget": Sent(SUBMIT, times=3, chosen={"organisation_requests": 2}),
    "a contract's refusal": Sent(answer=errors.EvaluateError("no such claim")),
    "an endorser's refusal": Sent(SUBMIT, answer=errors.EndorseError("no such claim")),
    "a conflict": Sent(SUBMIT, answer=errors.CommitError(TRANSACTION, MVCC, 7)),
    "a race, which is run again": Sent(SUBMIT, answer=PolicyChangedError(TRANSACTION, POLICY, 7)),
    "an unknown outcome": Sent(SUBMIT, answer=errors.CommitStatusError("no answer", transaction_id=TRANSACTION)),
    "no plan": Sent(answer=UnplannedError("nobody may see it")),
    "a client that has gone": Sent(answer=GoneError("gone")),
    "a fault after sending": Sent(SUBMIT, answer=RuntimeError("private")),
}


@dataclass(frozen=True)
class Seen:
    """What clients and operators see of some requests, and what the ledger was asked."""

    answers: list[tuple[int, list[tuple[str, str]], bytes]]
    lines: list[dict[str, Any]]
    counts: list[str]
    asked: list[Any]


@pytest.mark.parametrize("sent", USUAL.values(), ids=USUAL)
def test_a_usual_call_is_answered_without_flask_as_with_it(tmp_path, caplog, monkeypatch, sent):
    flask, told = _seen(tmp_path / "a", caplog, monkeypatch, sent, direct=True)
    assert not flask
    assert [status for status, *_ in told.answers] == [200] * sent.times
    assert told == _seen(tmp_path / "b", caplog, monkeypatch, sent, direct=False)[1]


@pytest.mark.parametrize("sent", [*UNUSUAL.values(), *REFUSED.values()], ids=[*UNUSUAL, *REFUSED])
def test_what_is_unusual_or_refused_is_answered_by_the_application(tmp_path, caplog, monkeypatch, sent):
    flask, told = _seen(tmp_path / "a", caplog, monkeypatch, sent, direct=True)
    assert flask
    assert told == _seen(tmp_path / "b", caplog, monkeypatch, sent, direct=False)[1]


def _seen(folder, caplog, monkeypatch, sent: Sent, *, direct: bool) -> tuple[int, Seen]:
    """How many requests came to Flask, and all that is seen of them."""
    ledgers = FakeLedgers(answers={"Claims:read": sent.answer})
    app = application(folder, ledgers, **sent.chosen)
    services = app.extensions[context.EXTENSION]
    # The answer tells how much of a budget is left, and when there is more.
    monkeypatch.setattr(services.budgets, "_clock", lambda: 1000.0)
    token = services.tokens.create("PlatformMSP", "User1", sent.scopes, 60)
    came = []
    monkeypatch.setattr(app, "full_dispatch_request", lambda: came.append(1) or Flask.full_dispatch_request(app))
    caplog.clear()
    with caplog.at_level(logging.INFO, "gateway.access"):
        answers = [_answer(app, token, sent, direct=direct) for _ in range(sent.times)]
    lines = [json.loads(logs._Json().format(each)) for each in caplog.records if each.name == "gateway.access"]
    for line in lines:
        del line["time"], line["milliseconds"]
    counts = [
        line
        for line in services.metrics.text()[0].decode().splitlines()
        if line.startswith(("selat_requests_total", "selat_transactions_total", "selat_request_seconds_count"))
    ]
    return len(came), Seen(answers, lines, counts, [(*who, call.texts(), call) for *who, call in ledgers.asked])


def _answer(app: Flask, token: str, sent: Sent, *, direct: bool) -> tuple[int, list[tuple[str, str]], bytes]:
    path = f"/v1/channels/trade/chaincodes/trade/{sent.way}"
    environ: dict[str, Any] = {REQUEST_ID: "0" * 32}
    if direct:
        environ[ROUTE] = app.url_map.bind("localhost").match(path, method=sent.method, return_rule=True)
    answer = app.test_client().open(
        path,
        method=sent.method,
        data=sent.body,
        content_type=sent.kind,
        query_string=sent.query,
        headers={"Authorization": f"Bearer {token}", **sent.headers},
        environ_overrides=environ,
    )
    # The id of a job differs, and methods come in any order.
    shown = {"Location": lambda _: "", "Allow": lambda value: " ".join(sorted(value.split(", ")))}
    headers = sorted((name, shown.get(name, str)(value)) for name, value in answer.headers)
    body = b"" if answer.status_code == 202 else answer.get_data()
    return answer.status_code, headers, body
