"""Calls that are answered without Flask are answered as with it, and nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from gateway.application import REQUEST_ID, ROUTE
from gateway.fabric.ledgercalls import GoneError, PolicyChangedError
from gateway.fabric.planning import UnplannedError
from gateway.front.bridge import AppAnswer
from gateway.http import context
from gateway.store.tokens import TokenError, Tokens
from gateway.telemetry import logs
from hlf import errors
from tests.unit.gateway.fakes import TRANSACTION, FakeLedgers, FakeReadyCall, application

MVCC, POLICY = 11, 10
FLASK, THREAD, LOOP = "flask", "thread", "loop"
EVALUATE, SUBMIT = "evaluate", "submit"
CALL = {"function": "Claims:read", "arguments": ["J1", {"b": 1}]}
JSON = "application/json"
KEY = {"Idempotency-Key": "k"}


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
    "a key": Sent(SUBMIT, headers=KEY),
    "sites whose pages may call": Sent(chosen={"origins": "https://shop.example"}),
}
UNUSUAL = {
    "a key that was used": Sent(SUBMIT, headers=KEY, times=2),
    "a malformed key": Sent(SUBMIT, headers={"Idempotency-Key": "k k"}),
    "a key that nothing is done for": Sent(headers=KEY),
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
KEYED = {
    f"{name}, with a key": dataclasses.replace(sent, headers=KEY, times=max(2, sent.times))
    for name, sent in REFUSED.items()
    if sent.way == SUBMIT
}


@dataclass(frozen=True)
class VisibleEffects:
    """What clients and operators see of some requests, and what the ledger was asked."""

    answers: list[tuple[int, list[tuple[str, str]], bytes]]
    lines: list[dict[str, Any]]
    counts: list[str]
    asked: list[Any]


@pytest.mark.parametrize("sent", USUAL.values(), ids=USUAL)
def test_a_usual_call_is_answered_without_flask_as_with_it(tmp_path, caplog, monkeypatch, sent):
    by_flask = _seen(tmp_path / "flask", caplog, monkeypatch, sent, FLASK).told
    assert [status for status, *_ in by_flask.answers] == [200] * sent.times
    for way in (THREAD, LOOP):
        seen = _seen(tmp_path / way, caplog, monkeypatch, sent, way)
        assert seen.told == by_flask
        assert seen.flask == 0
        assert seen.loop == (sent.times if way == LOOP and not KEY.keys() & sent.headers else 0)


@pytest.mark.parametrize(
    "sent", [*UNUSUAL.values(), *REFUSED.values(), *KEYED.values()], ids=[*UNUSUAL, *REFUSED, *KEYED]
)
def test_what_is_unusual_or_refused_is_answered_by_the_application(tmp_path, caplog, monkeypatch, sent):
    by_flask = _seen(tmp_path / "flask", caplog, monkeypatch, sent, FLASK).told
    for way in (THREAD, LOOP):
        seen = _seen(tmp_path / way, caplog, monkeypatch, sent, way)
        assert seen.flask
        assert seen.told == by_flask


def test_a_long_answer_is_written_in_a_thread_and_asked_for_once(tmp_path, caplog, monkeypatch):
    """To read and write it takes long enough to hold up the event loop."""
    sent = Sent(answer=json.dumps("x" * 100_000).encode())
    seen = _seen(tmp_path / "loop", caplog, monkeypatch, sent, LOOP)
    assert (seen.flask, seen.loop) == (0, 0)
    assert len(seen.told.asked) == 1
    assert seen.told == _seen(tmp_path / "flask", caplog, monkeypatch, sent, FLASK).told


def test_a_long_body_is_read_in_a_thread(tmp_path, caplog, monkeypatch):
    sent = Sent(body=json.dumps(CALL | {"arguments": ["x" * 100_000]}), chosen={"max_body_bytes": 200_000})
    seen = _seen(tmp_path / "loop", caplog, monkeypatch, sent, LOOP)
    assert (seen.flask, seen.loop) == (0, 0)
    assert [status for status, *_ in seen.told.answers] == [200]


@pytest.mark.parametrize("ways", [(FLASK, THREAD), (THREAD, FLASK), (THREAD, THREAD)])
def test_a_key_is_that_of_one_request_whichever_way_it_takes(tmp_path, ways):
    """The second time it is answered as the first time, and another body is refused."""
    ledgers = FakeLedgers()
    app = application(tmp_path, ledgers)
    token = app.extensions[context.EXTENSION].tokens.create("PlatformMSP", "User1", ["write"], 60)
    sent = Sent(SUBMIT, headers=KEY)
    answers = [_answer(app, token, sent, way, []) for way in ways]
    assert [(status, body) for status, _, body in answers] == [(200, answers[0][2])] * 2
    assert [("Idempotency-Replayed", "true") in headers for _, headers, _ in answers] == [False, True]
    assert len(ledgers.asked) == 1
    other = dataclasses.replace(sent, body=json.dumps({"function": "f"}))
    for way in ways:
        assert json.loads(_answer(app, token, other, way, [])[2])["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("again", [FLASK, THREAD])
def test_a_request_whose_process_died_after_it_sent_is_carried_on(tmp_path, monkeypatch, again):
    """The transaction is stored before it can take effect."""

    class KilledError(BaseException):
        """Nothing runs after it in the process."""

    def die() -> None:
        raise KilledError

    ledgers = FakeLedgers(before_commit=die)
    app = application(tmp_path, ledgers)
    services = app.extensions[context.EXTENSION]
    token = services.tokens.create("PlatformMSP", "User1", ["write"], 60)
    with pytest.raises(KilledError):
        _answer(app, token, Sent(SUBMIT, headers=KEY), THREAD, [])
    assert json.loads(_answer(app, token, Sent(SUBMIT, headers=KEY), again, [])[2])["code"] == "IDEMPOTENCY_IN_PROGRESS"
    monkeypatch.setattr(services.keys, "_clock", lambda: time.time() + 30)
    assert _answer(app, token, Sent(SUBMIT, headers=KEY), again, [])[0] == 200
    assert (len(ledgers.asked), ledgers.carried_on) == (1, ["Claims:read"])


def test_a_caller_who_calls_thrice_a_second_stays_on_the_event_loop(tmp_path, monkeypatch):
    """A thread asks for its token and looks at its files in time; revoked elsewhere, it is refused within a second."""
    ledgers = FakeLedgers(answers={"Claims:read": b"{}"})
    app = application(tmp_path, ledgers)
    services = app.extensions[context.EXTENSION]
    now = [time.time()]
    monkeypatch.setattr(services.tokens, "_clock", lambda: now[0])
    monkeypatch.setattr(services.loop_calls, "ready", functools.partial(FakeReadyCall, ledgers))
    token = services.tokens.create("PlatformMSP", "User1", ["read"], 60)
    services.tokens.caller(token)
    answered: list[AppAnswer] = []
    for _ in range(4):
        now[0] += 0.3
        assert _answer(app, token, Sent(), LOOP, answered)[0] == 200
    assert len(answered) == 4
    assert ledgers.looked_at == [("PlatformMSP", "User1")] * 4
    Tokens(services.store, services.tokens._clock).revoke(token.split("_")[1])
    now[0] += 0.3
    _answer(app, token, Sent(), LOOP, answered)
    now[0] += 0.3
    assert _answer(app, token, Sent(), LOOP, answered)[0] == 401


@dataclass(frozen=True)
class Came:
    """How many requests came to Flask, how many the event loop answered, and all that is seen of them."""

    flask: int
    loop: int
    told: VisibleEffects


def _seen(folder, caplog, monkeypatch, sent: Sent, way: str) -> Came:
    ledgers = FakeLedgers(answers={"Claims:read": sent.answer})
    app = application(folder, ledgers, **sent.chosen)
    services = app.extensions[context.EXTENSION]
    # The answer tells how much of a budget is left, and when there is more.
    monkeypatch.setattr(services.budgets, "_clock", lambda: 1000.0)
    token = services.tokens.create("PlatformMSP", "User1", sent.scopes, 60)
    if way == LOOP:
        now = time.time()
        monkeypatch.setattr(services.tokens, "_clock", lambda: now)
        with contextlib.suppress(TokenError):
            services.tokens.caller(token)
        monkeypatch.setattr(services.loop_calls, "ready", functools.partial(FakeReadyCall, ledgers))
    came, answered = [], []
    monkeypatch.setattr(app, "full_dispatch_request", lambda: came.append(1) or Flask.full_dispatch_request(app))
    caplog.clear()
    with caplog.at_level(logging.INFO, "gateway.access"):
        answers = [_answer(app, token, sent, way, answered) for _ in range(sent.times)]
    lines = [json.loads(logs._Json().format(each)) for each in caplog.records if each.name == "gateway.access"]
    for line in lines:
        del line["time"], line["milliseconds"]
    counts = [
        line
        for line in services.metrics.text()[0].decode().splitlines()
        if line.startswith(("selat_requests_total", "selat_transactions_total", "selat_request_seconds_count"))
    ]
    asked = [(*who, call.function, call.texts(), call.endorsers) for *who, call in ledgers.asked]
    asked += ledgers.carried_on
    return Came(len(came), len(answered), VisibleEffects(answers, lines, counts, asked))


def _answer(
    app: Flask, token: str, sent: Sent, way: str, answered: list[AppAnswer]
) -> tuple[int, list[tuple[str, str]], bytes]:
    path = f"/v1/channels/trade/chaincodes/trade/{sent.way}"
    environ: dict[str, Any] = {REQUEST_ID: "0" * 32}
    if way != FLASK:
        environ[ROUTE] = app.url_map.bind("localhost").match(path, method=sent.method, return_rule=True)
    environ = EnvironBuilder(
        path,
        method=sent.method,
        data=sent.body,
        content_type=sent.kind,
        query_string=sent.query,
        headers={"Authorization": f"Bearer {token}", **sent.headers},
        environ_overrides=environ,
    ).get_environ()
    told = asyncio.run(app.wsgi_app.on_loop(environ)) if way == LOOP else None
    if told is not None:
        answered.append(told)
        answer = Response(told.body, told.status, told.headers)
    else:
        answer = Response(*run_wsgi_app(app, environ, buffered=True))
    # The id of a job differs, and methods come in any order.
    shown = {"Location": lambda _: "", "Allow": lambda value: " ".join(sorted(value.split(", ")))}
    headers = sorted((name, shown.get(name, str)(value)) for name, value in answer.headers)
    body = b"" if answer.status_code == 202 else answer.get_data()
    return answer.status_code, headers, body
