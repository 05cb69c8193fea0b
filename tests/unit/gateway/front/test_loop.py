"""Evaluates that the event loop answers, on real sockets: their turns, their clients and their tokens."""

from __future__ import annotations

import asyncio
import functools
import json
import threading

import pytest

from hlf import waiting
from tests.unit.gateway.fakes import FakeReadyCall
from tests.unit.gateway.front.conftest import CALL, EVALUATE, ServedGateway, head


class HangingCall(FakeReadyCall):
    """Gets no answer to the function `hangs`."""

    begun = threading.Semaphore(0)
    cancelled = threading.Semaphore(0)

    async def evaluate(self) -> bytes:
        if self.call.function == "hangs":
            self.begun.release()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.release()
        return await super().evaluate()


def known(
    served: ServedGateway, monkeypatch: pytest.MonkeyPatch, kind: type[FakeReadyCall] = FakeReadyCall
) -> dict[str, str]:
    """Let all calls be ready; return the headers of a caller whose token was found just now, and stays so."""
    monkeypatch.setattr(served.services.loop_calls, "ready", functools.partial(kind, served.ledgers))
    now = served.services.tokens._clock()
    monkeypatch.setattr(served.services.tokens, "_clock", lambda: now)
    caller = served.token()
    served.services.tokens.caller(caller["Authorization"].split()[1])
    return caller


def test_no_thread_is_taken_for_what_the_loop_answers(serve, ledgers, monkeypatch):
    served = serve()
    caller, threads = known(served, monkeypatch), []
    ledgers.before_answer = lambda _: threads.append(threading.current_thread().name)
    assert served.ask("POST", EVALUATE, CALL, **caller)[0] == 200
    assert threads == ["front"]


def test_a_client_that_goes_ends_its_call_and_gives_its_turn_to_the_next(serve, monkeypatch):
    """The loop answers no more at once than the lane has threads."""
    served = serve(threads=1)
    caller, lane = known(served, monkeypatch, HangingCall), served.service._lanes["work"]
    hangs = json.dumps({"function": "hangs"}).encode()
    with served.connect(head("POST", EVALUATE, len(hangs), **caller) + hangs):
        assert HangingCall.begun.acquire(timeout=30)
        after = served.connect(head("POST", EVALUATE, len(CALL), **caller) + CALL)
        assert waiting.until(lambda: lane.waiting == 1, 30)
    with after:
        assert after.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    assert HangingCall.cancelled.acquire(timeout=30)


def test_a_token_that_is_revoked_here_is_refused_at_once(serve, monkeypatch):
    served = serve()
    caller = known(served, monkeypatch)
    assert served.ask("POST", EVALUATE, CALL, **caller)[0] == 200
    served.services.tokens.revoke(caller["Authorization"].split("_")[1])
    status, told = served.ask("POST", EVALUATE, CALL, **caller)
    assert (status, told["code"]) == (401, "TOKEN_REVOKED")
