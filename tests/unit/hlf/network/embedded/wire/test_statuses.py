"""How calls end: details that clients can read, and a log that holds nothing of what was sent."""

from __future__ import annotations

import asyncio
import logging
import sys
import types

import grpc
import pytest
from fabric_protos.gateway import gateway_pb2

from hlf.network.engines.embedded.wire import statuses
from hlf.steps import failures

SECRET = "a price that nobody may see"


class Context:
    """What gRPC hands to a method; remembers how the call ended, and what was being handled then."""

    def __init__(self) -> None:
        self.ended: tuple[grpc.StatusCode, str, tuple] | None = None
        self.handled: BaseException | None = None

    async def abort(self, code: grpc.StatusCode, reason: str, trailers: tuple) -> None:
        self.ended = (code, reason, trailers)
        self.handled = sys.exception()
        raise grpc.aio.AbortError


class Service:
    """A service whose methods do as the request says."""

    def __init__(self, most: int = 10) -> None:
        self.limit = statuses.Limit("test.Service", most)
        self.release = asyncio.Event()

    @statuses.answering
    async def Answer(self, request):  # noqa: N802
        if request == "break":
            raise ValueError(SECRET)
        if request == "refuse":
            detail = gateway_pb2.ErrorDetail(address="a:1", msp_id="AMSP", message="no")
            raise statuses.StatusError(grpc.StatusCode.ABORTED, "refused", [detail] * 200)
        if request == "wait":
            await self.release.wait()
        return gateway_pb2.ErrorDetail(message=request)

    @statuses.streaming
    async def Stream(self, request, _):  # noqa: N802
        yield "first"
        if request == "break":
            raise ValueError(SECRET)


def end_of(request: str) -> Context:
    context = Context()

    async def call() -> None:
        with pytest.raises(grpc.aio.AbortError):
            await Service().Answer(request, context)

    asyncio.run(call())
    return context


def test_details_are_read_back_by_the_client():
    """However long: the client library finds every endorser's words."""
    code, reason, trailers = end_of("refuse").ended
    failure = types.SimpleNamespace(trailing_metadata=lambda: trailers)
    found = failures.details_of(failure)
    assert (code, reason) == (grpc.StatusCode.ABORTED, "refused")
    assert [(one.address, one.msp_id, one.message) for one in found] == [("a:1", "AMSP", "no")] * 200


def test_an_answer_larger_than_a_message_is_refused(monkeypatch):
    """In the words of real nodes, whose gRPC library has others than the one here."""
    monkeypatch.setattr(statuses, "MAX_MESSAGE", 4)
    code, reason, _ = end_of("large").ended
    assert (code, reason) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED, "grpc: trying to send message larger than max (7 vs. 4)"
    )  # fmt: skip


@pytest.mark.parametrize("method", ["Answer", "Stream"])
def test_a_failure_shows_where_and_not_what(caplog, method):
    """The log gets the code lines, the caller a word, neither the exception's text."""
    context = Context()

    async def call() -> None:
        answered = getattr(Service(), method)("break", context)
        if method == "Answer":
            await answered
        else:
            async for _ in answered:
                pass

    with pytest.raises(grpc.aio.AbortError):
        asyncio.run(call())
    assert context.ended[:2] == (grpc.StatusCode.INTERNAL, statuses.UNEXPECTED)
    (record,) = caplog.records
    assert "ValueError" in record.getMessage()
    assert "test_statuses.py" in record.getMessage()
    assert SECRET not in caplog.text


@pytest.mark.parametrize("request_", ["refuse", "break"])
def test_nothing_is_being_handled_when_a_call_is_ended(request_):
    """gRPC logs the whole chain of exceptions if ending the call fails, and a contract's words are in it."""
    assert end_of(request_).handled is None


def test_one_call_too_many_is_refused_and_the_next_is_not():
    """The limit counts calls that are being served, whichever way they end."""

    async def scenario() -> None:
        service, context = Service(most=1), Context()
        waiting = asyncio.create_task(service.Answer("wait", Context()))
        await asyncio.sleep(0)
        with pytest.raises(grpc.aio.AbortError):
            await service.Answer("now", context)
        assert context.ended[1] == "too many requests for /test.Service, exceeding concurrency limit (1)"
        service.release.set()
        assert (await waiting).message == "wait"
        for ending in ("refuse", "break"):
            with pytest.raises(grpc.aio.AbortError):
                await service.Answer(ending, Context())
        assert (await service.Answer("now", Context())).message == "now"

    asyncio.run(scenario())


def test_grpcs_own_log_loses_its_stacks():
    """A caller that leaves early is no news, and other trouble is told without what was said."""
    try:
        raise ValueError(SECRET)
    except ValueError:
        told = logging.LogRecord("grpc", logging.ERROR, "", 0, "Unexpected error", None, sys.exc_info())
    assert statuses.keep_quiet(told)
    assert SECRET not in logging.Formatter().format(told)
    left = logging.LogRecord("grpc", logging.ERROR, "", 0, "ExecuteBatchError raised in core", None, None)
    assert not statuses.keep_quiet(left)
