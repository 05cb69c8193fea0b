"""
Calls of any function without Flask, for usual requests.

Flask would take most of such a request's processor time. The functions that check, call and answer are the
application's; only Flask's work around them is left out. The application gets everything unusual: requests with
headers that may change the answer, and whatever the gateway or the ledger refuses. The request's environment says what
has been done, so that the application does not do it again.

A call needs no thread either if its caller was found lately and it can be sent at once: then the event loop calls and
answers. A thread gets all others, such as submits with an idempotency key, whose rows must be on the disk first; and
calls that failed on the loop or whose transaction no block has for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask
from marshmallow import ValidationError

from gateway.application import REQUEST_ID, ROUTE
from gateway.fabric import calls, planning
from gateway.fabric.ledgercalls import CommittedAnswer, LedgerCall
from gateway.fabric.ordering import OrderedTransaction
from gateway.front import presence
from gateway.front.bridge import AppAnswer
from gateway.http import auth, budgets, context, cors, freshness, idempotency, inputs, rendering
from gateway.http.problems import Problem
from gateway.store.keys import ClaimedKey, StoredAnswer
from gateway.store.tokens import IssuerUnavailableError, TokenCaller, TokenError
from gateway.telemetry import answers
from hlf import errors

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
# Headers that change nothing about the answer to a call, by WSGI's names. Clients and proxies add them.
_USUAL = frozenset(
    f"HTTP_{name}"
    for name in (
        *("ACCEPT", "ACCEPT_ENCODING", "ACCEPT_LANGUAGE", "AUTHORIZATION", "CACHE_CONTROL", "CONNECTION", "FORWARDED"),
        *("HOST", "PRAGMA", "TRACEPARENT", "TRACESTATE", "USER_AGENT", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST"),
        *("X_FORWARDED_PORT", "X_FORWARDED_PROTO", "X_REAL_IP", "X_REQUEST_ID"),
    )
)
_EVALUATE, _SUBMIT = "calls.evaluate", "calls.submit"
# Longer bodies and answers would block the event loop while they are read and written.
_SHORT = 1 << 16
# The key, in a request's environment, of a call that the event loop has begun and a thread must finish.
_BEGUN = "selat.begun"
_KEY = f"HTTP_{idempotency.HEADER.upper().replace('-', '_')}"
_COMPACT = (",", ":")
_JSON = frozenset({inputs.JSON, f"{inputs.JSON}; charset=utf-8", f"{inputs.JSON};charset=utf-8"})


@dataclasses.dataclass
class _CheckedCall:
    """
    A call whose request was checked, and what has been done for it so far.

    Attributes:
        key: the idempotency key in the request; empty if there is none.
        content: what a repetition with this key must have in common with the request.
        held: the key, once it is taken.
        answer, receipt, failure: what the event loop got.
    """

    caller: TokenCaller
    asked: LedgerCall
    started: float
    key: str = ""
    content: tuple[bytes, ...] = ()
    held: ClaimedKey | None = None
    spent: list[budgets.RateLimitState] = dataclasses.field(default_factory=list)
    sent: str = ""
    blocks: dict[str, int] = dataclasses.field(default_factory=dict)
    answer: bytes | None = None
    receipt: CommittedAnswer | OrderedTransaction | None = None
    failure: Exception | None = None

    @property
    def done_on_loop(self) -> bool:
        """Whether the event loop can write what it got: no long answer, and no transaction that is not valid."""
        if isinstance(self.receipt, OrderedTransaction):
            return False
        return len((self.receipt.result if self.receipt else self.answer) or b"") <= _SHORT

    def sending(self, transaction_id: str) -> None:
        """Note the transaction that is about to be sent."""
        self.sent = transaction_id


class DirectCalls:
    """A WSGI application that answers usual calls itself and passes all other requests on."""

    def __init__(self, app: Flask, services: context.Services, application: Application) -> None:
        self._app = app
        self._services = services
        self._application = application
        self._ways = {_EVALUATE: self._evaluate, _SUBMIT: self._submit}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application does."""
        rule, place = environ.get(ROUTE) or (None, {})
        act = self._ways.get(rule.endpoint) if rule is not None else None
        if rule is None or act is None or not _usual(environ, rule.endpoint):
            return self._application(environ, start_response)
        begun: _CheckedCall | None = environ.pop(_BEGUN, None)
        call = begun or self._checked(environ, rule.endpoint, place, self._services.bearers.caller)
        if call is None:
            return self._application(environ, start_response)
        try:
            if begun is None:
                self._spend(call)
            told = act(call) if self._is_first(call) else None
        except Exception as error:  # noqa: BLE001  The application has an answer for each.
            return self._passed_on(environ, start_response, call, error)
        if told is None:
            return self._passed_on(environ, start_response, call, None)
        answer = self._answer(environ, rule.rule, call, told)
        start_response("200 OK", list(answer.headers))
        return [answer.body]

    async def on_loop(self, environ: dict[str, Any]) -> AppAnswer | None:
        """
        Return the answer to a request that needs no thread; None for others, whose environment says what was done.

        Such requests are calls with a token that was found lately and without an idempotency key, that can be sent at
        once and have a short, good answer. Do not cancel this for a submit: it may have sent its transaction.
        """
        rule, place = environ.get(ROUTE) or (None, {})
        act = self._ways.get(rule.endpoint) if rule is not None else None
        if rule is None or act is None or not _usual(environ, rule.endpoint) or _KEY in environ:
            return None
        if int(environ.get("CONTENT_LENGTH") or 0) > _SHORT:
            return None
        call = self._checked(environ, rule.endpoint, place, self._found_lately)
        if call is None:
            return None
        submits = rule.endpoint == _SUBMIT
        decide = planning.submitted if submits else planning.evaluated
        ready = self._services.loop_calls.ready(call.caller.msp_id, call.caller.user, call.asked, decide)
        if ready is None:
            return None
        environ[_BEGUN], call.asked = call, ready.call
        try:
            self._spend(call)
            if submits:
                call.receipt = await ready.submit(call.sending)
            else:
                call.answer = await ready.evaluate()
            told = act(call) if call.done_on_loop else None
        except Exception as error:  # noqa: BLE001  A thread finds the answer for each.
            call.failure = error
            return None
        return None if told is None else self._answer(environ, rule.rule, call, told)

    def _found_lately(self, text: str) -> TokenCaller | None:
        """Return whom a token acts for if that is known; let a thread ask again before it is not, for later calls."""
        if self._services.tokens.is_due(text):
            asyncio.get_running_loop().run_in_executor(None, self._ask_again, text)
        return self._services.tokens.found_lately(text)

    def _ask_again(self, text: str) -> None:
        # Whatever is wrong, the next call in a thread meets it when the half second is over, and answers it.
        with contextlib.suppress(Exception):
            caller = self._services.tokens.caller(text)
            self._services.ledgers.look_again(caller.msp_id, caller.user)

    def _passed_on(
        self, environ: dict[str, Any], start_response: Any, call: _CheckedCall, error: Exception | None
    ) -> Iterable[bytes]:
        """Let the application answer, which need not repeat what was done."""
        context.CallAttempt(call.caller, call.started, call.spent, error, call.sent, call.held).leave_in(environ)
        return self._application(environ, start_response)

    def _is_first(self, call: _CheckedCall) -> bool:
        """Take the key of a request, if it has one; return whether no earlier request with it has done anything."""
        if not call.key:
            return True
        found = self._services.keys.begin(call.caller.msp_id, call.caller.user, call.key, call.content)
        if isinstance(found, StoredAnswer):
            return False
        call.held = found
        return not found.steps

    def _spend(self, call: _CheckedCall) -> None:
        for budget, whose in auth.budgets_of(call.caller):
            call.spent.append(self._services.budgets.take(budget, whose))

    def _answer(self, environ: dict[str, Any], route: str, call: _CheckedCall, told: Any) -> AppAnswer:
        body = f"{self._app.json.dumps(told, separators=_COMPACT)}\n".encode()
        if call.held is not None:
            kept = StoredAnswer(200, {"Content-Type": inputs.JSON, **freshness.header(call.blocks)}, body)
            idempotency.keep(self._services.keys, call.held, kept, environ[REQUEST_ID])
        answers.note(
            self._services.metrics,
            environ[REQUEST_ID],
            environ["REQUEST_METHOD"],
            200,
            route=route,
            seconds=time.monotonic() - call.started,
            caller=call.caller.name,
            written=[call.sent] if call.sent else (),
        )
        return AppAnswer(200, tuple(self._headers(environ[REQUEST_ID], len(body), call)), body)

    def _checked(
        self,
        environ: dict[str, Any],
        endpoint: str,
        place: Mapping[str, Any],
        find: Callable[[str], TokenCaller | None],
    ) -> _CheckedCall | None:
        """Return the call in a request; None if *find* finds no caller or the request is refused."""
        started = time.monotonic()
        sent = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        if len(sent) > self._services.settings.max_body_bytes:
            return None
        try:
            caller = find(auth.token_in(environ.get("HTTP_AUTHORIZATION", "")))
            if caller is None:
                return None
            body = calls.CALL.load(inputs.read(sent))
        except (Problem, TokenError, IssuerUnavailableError, ValidationError):
            return None
        scope = auth.scope_of(self._app.view_functions[endpoint])
        if scope is None or not caller.may(auth.needed(scope, endpoint, place)):
            return None
        there = presence.of(environ)
        asked = calls.call_of(place["channel"], place["chaincode"], body)
        made = _CheckedCall(caller, dataclasses.replace(asked, gone=lambda: there.left), started)
        if key := environ.get(_KEY):
            made.key = key
            made.content = idempotency.content(environ["REQUEST_METHOD"], f"{environ['PATH_INFO']}?", sent)
        return made

    def _evaluate(self, call: _CheckedCall) -> Any:
        self._raise_failure(call)
        answer = call.answer
        if answer is None:
            answer = self._services.ledgers.evaluate(call.caller.msp_id, call.caller.user, call.asked)
        return calls.ANSWER.dump(calls.answered(answer))

    def _submit(self, call: _CheckedCall) -> Any:
        self._raise_failure(call)
        ledgers, who, receipt = self._services.ledgers, (call.caller.msp_id, call.caller.user), call.receipt
        if receipt is None:
            receipt = ledgers.submit(*who, call.asked, functools.partial(self._before_sending, call))
        elif isinstance(receipt, OrderedTransaction):
            receipt = ledgers.settled(*who, call.asked.channel, receipt)
        self._services.metrics.sent(call.asked.channel, context.COMMITTED)
        call.blocks = {call.asked.channel: receipt.block_number}
        return calls.RECEIPT.dump(calls.committed(receipt))

    def _before_sending(self, call: _CheckedCall, transaction_id: str, signed: bytes) -> None:
        """Store the transaction with the key of its request, if it has one, before it can take effect."""
        if call.held is not None:
            self._services.keys.note_step(call.held, 0, transaction_id, signed)
        call.sending(transaction_id)

    def _raise_failure(self, call: _CheckedCall) -> None:
        """Raise the error that the event loop got for a call, or its cause."""
        if isinstance(call.failure, (errors.EvaluateError, errors.EndorseError)):
            raise self._services.ledgers.explained(call.caller.msp_id, call.caller.user, call.asked, call.failure)
        if call.failure is not None:
            raise call.failure

    def _headers(self, request_id: str, length: int, call: _CheckedCall) -> list[tuple[str, str]]:
        headers = {
            "Content-Type": inputs.JSON,
            "Content-Length": str(length),
            "X-Request-Id": request_id,
            **freshness.header(call.blocks),
            **budgets.headers(call.spent),
            **rendering.ALWAYS,
            **cors.always(self._services.settings),
        }
        return list(headers.items())


def _usual(environ: Mapping[str, Any], endpoint: str) -> bool:
    """Return whether only body, caller and idempotency key decide the answer to a call."""
    if (
        environ["REQUEST_METHOD"] != "POST"
        or environ["QUERY_STRING"]
        or environ.get("CONTENT_TYPE", "").lower() not in _JSON
    ):
        return False
    strange = {name for name in environ if name.startswith("HTTP_")} - _USUAL
    if strange == {_KEY}:
        return endpoint == _SUBMIT and idempotency.KEY.fullmatch(environ[_KEY]) is not None
    return not strange
