"""Calls that the event loop answers, on real sockets: their turns, their clients and their tokens."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import threading
from collections.abc import Callable

import pytest

from gateway.fabric.ledgercalls import CommittedAnswer, must_be_there
from hlf import waiting
from tests.unit.gateway.fakes import TRANSACTION, FakeReadyCall
from tests.unit.gateway.front.conftest import CALL, EVALUATE, SUBMIT, ServedGateway, head


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


class HeldSubmit(FakeReadyCall):
    """Waits before its transaction is sent, and again after that."""

    arrived = threading.Semaphore(0)
    go = threading.Semaphore(0)
    latest: FakeReadyCall

    async def submit(self, sending: Callable[[str], None]) -> CommittedAnswer:
        type(self).latest = self
        await self._wait()
        must_be_there(self.call)
        sending(TRANSACTION)
        await self._wait()
        return CommittedAnswer(TRANSACTION, 7, b"null")

    async def _wait(self) -> None:
        self.arrived.release()
        assert await asyncio.to_thread(self.go.acquire, timeout=30)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function for the lines about requests so far, each without its id and time."""
    caplog.set_level(logging.INFO, "gateway.access")

    def found() -> list[str]:
        told = [each.getMessage().split() for each in caplog.records if each.name == "gateway.access"]
        return [" ".join(words[3:5] + words[-1:]) for words in told]

    return found


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


def test_a_submit_takes_a_turn_and_no_thread(serve, ledgers, monkeypatch):
    served = serve()
    caller, threads = known(served, monkeypatch), []
    ledgers.before_commit = lambda: threads.append(threading.current_thread().name)
    status, told = served.ask("POST", SUBMIT, CALL, **caller)
    assert (status, told["transaction_id"], threads) == (200, TRANSACTION, ["front"])


def test_nothing_is_sent_for_a_client_that_leaves_while_its_call_is_endorsed(serve, monkeypatch, lines):
    """Its turn goes to the next, and the log has a line about it, as about one that had a thread."""
    served = serve(submits=1)
    caller, lane = known(served, monkeypatch, HeldSubmit), served.service._lanes["submit"]
    sent = head("POST", SUBMIT, len(CALL), **caller) + CALL
    with served.connect(sent):
        assert HeldSubmit.arrived.acquire(timeout=30)
        left = HeldSubmit.latest.call.gone
        after = served.connect(sent)
        assert waiting.until(lambda: lane.waiting == 1, 30)
    assert waiting.until(left, 30)
    HeldSubmit.go.release()
    with after:
        for _ in range(2):
            assert HeldSubmit.arrived.acquire(timeout=30)
            HeldSubmit.go.release()
        assert after.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    assert lines() == ["499 CLIENT_GONE -", f"200 - {TRANSACTION}"]


def test_what_was_sent_is_finished_though_its_client_leaves(serve, monkeypatch, lines):
    """A stopping gateway waits for it as well; the log has its outcome, and it is counted."""
    served = serve()
    caller = known(served, monkeypatch, HeldSubmit)
    with served.connect(head("POST", SUBMIT, len(CALL), **caller) + CALL):
        assert HeldSubmit.arrived.acquire(timeout=30)
        HeldSubmit.go.release()
        assert HeldSubmit.arrived.acquire(timeout=30)
        left = HeldSubmit.latest.call.gone
    assert waiting.until(left, 30)
    stopping = asyncio.run_coroutine_threadsafe(served.service.stop(30), served._loop)
    assert waiting.until(lambda: served.service.connections.ending, 30)
    assert (stopping.done(), lines()) == (False, [])
    HeldSubmit.go.release()
    stopping.result(30)
    assert lines() == [f"200 - {TRANSACTION}"]
    assert 'outcome="committed"} 1.0' in served.services.metrics.text()[0].decode()


def test_a_token_that_is_revoked_meanwhile_refuses_the_next(serve, monkeypatch, lines):
    """What was sent with it gets its answer, as from a thread."""
    served = serve()
    caller = known(served, monkeypatch, HeldSubmit)
    with served.connect(head("POST", SUBMIT, len(CALL), **caller) + CALL) as first:
        assert HeldSubmit.arrived.acquire(timeout=30)
        HeldSubmit.go.release()
        assert HeldSubmit.arrived.acquire(timeout=30)
        served.services.tokens.revoke(caller["Authorization"].split("_")[1])
        assert served.ask("POST", SUBMIT, CALL, **caller)[0] == 401
        HeldSubmit.go.release()
        assert first.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    assert lines() == ["401 TOKEN_REVOKED -", f"200 - {TRANSACTION}"]
