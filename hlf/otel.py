"""
Traces and metrics of every call to a peer, with OpenTelemetry: the extra ``otel``.

::

    gateway = hlf.connect(profile, identity, signer, interceptors=otel.interceptors())
    gateway = hlf.aio.connect(profile, identity, signer, interceptors=otel.aio_interceptors())

Each call is a span of the kind *client* by OpenTelemetry's names for RPC, with channel and transaction id where the
request names them, and counts in the histogram ``rpc.client.duration`` (milliseconds). An event stream is one span for
each connection it has. The trace goes on to the peer in the call's metadata. The trace has no content of transactions.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import grpc
import grpc.aio

from hlf import extras

_TOLD = {"transaction_id": "fabric.transaction_id", "channel_id": "fabric.channel"}


def interceptors(tracer_provider: Any = None, meter_provider: Any = None) -> Sequence[Any]:
    """
    Return interceptors for ``hlf.connect``; without providers they use OpenTelemetry's global ones.

    Raises:
        ImportError: the extra ``otel`` is not installed.
    """
    return [_Synchronous(_Telemetry(tracer_provider, meter_provider))]


def aio_interceptors(tracer_provider: Any = None, meter_provider: Any = None) -> Sequence[Any]:
    """
    Return interceptors for ``hlf.aio.connect``.

    Raises:
        ImportError: the extra ``otel`` is not installed.
    """
    telemetry = _Telemetry(tracer_provider, meter_provider)
    # grpc.aio uses each interceptor for one kind of call only.
    return [_AioUnary(telemetry), _AioUnaryStream(telemetry), _AioStreamStream(telemetry)]


class _Telemetry:
    """Where spans and durations go."""

    def __init__(self, tracer_provider: Any, meter_provider: Any) -> None:
        try:
            self._trace = importlib.import_module("opentelemetry.trace")
            metrics = importlib.import_module("opentelemetry.metrics")
            self._propagate = importlib.import_module("opentelemetry.propagate")
        except ImportError as missing:
            raise extras.missing("opentelemetry-api", "otel") from missing
        self._tracer = self._trace.get_tracer("hlf", tracer_provider=tracer_provider)
        meter = metrics.get_meter("hlf", meter_provider=meter_provider)
        self._durations = meter.create_histogram("rpc.client.duration", unit="ms", description="Calls to peers")

    def begin(self, details: Any, request: Any) -> tuple[_Details, Callable[[grpc.StatusCode], None]]:
        """Return the call's details with the trace in its metadata, and a function to call once, at its end."""
        method = details.method.decode() if isinstance(details.method, bytes) else details.method
        service, _, name = method.strip("/").partition("/")
        named = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        span = self._tracer.start_span(f"{service}/{name}", kind=self._trace.SpanKind.CLIENT, attributes=named)
        for field, attribute in _TOLD.items():
            if value := getattr(request, field, ""):
                span.set_attribute(attribute, value)
        carried: dict[str, str] = {}
        self._propagate.inject(carried, context=self._trace.set_span_in_context(span))
        started = time.perf_counter()

        def end(code: grpc.StatusCode) -> None:
            number = code.value[0]
            span.set_attribute("rpc.grpc.status_code", number)
            if code is not grpc.StatusCode.OK:
                span.set_status(self._trace.StatusCode.ERROR, code.name)
            span.end()
            self._durations.record((time.perf_counter() - started) * 1000, {**named, "rpc.grpc.status_code": number})

        metadata = (*(details.metadata or ()), *carried.items())
        return _Details(details.method, details.timeout, metadata, details.credentials, details.wait_for_ready), end


class _Details(NamedTuple):
    method: Any
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any = None


class _Synchronous(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor
):
    def __init__(self, telemetry: _Telemetry) -> None:
        self._telemetry = telemetry

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self._intercept(continuation, client_call_details, request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self._intercept(continuation, client_call_details, request)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return self._intercept(continuation, client_call_details, request_iterator)

    def _intercept(self, continuation: Any, details: Any, request: Any) -> Any:
        told, end = self._telemetry.begin(details, request)
        call = continuation(told, request)
        call.add_done_callback(lambda ended: end(ended.code()))
        return call


class _Aio:
    def __init__(self, telemetry: _Telemetry) -> None:
        self._telemetry = telemetry
        self._ending: set[asyncio.Task[None]] = set()

    async def _intercept(self, continuation: Any, details: Any, request: Any) -> Any:
        told, end = self._telemetry.begin(details, request)
        metadata = grpc.aio.Metadata(*told.metadata)
        call = await continuation(grpc.aio.ClientCallDetails(*told[:2], metadata, *told[3:5]), request)
        watching = asyncio.create_task(_watch(call, end))
        self._ending.add(watching)
        watching.add_done_callback(self._ending.discard)
        return call


async def _watch(call: Any, end: Callable[[grpc.StatusCode], None]) -> None:
    code = grpc.StatusCode.CANCELLED
    try:
        code = await call.code()
    finally:
        end(code)


class _AioUnary(_Aio, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._intercept(continuation, client_call_details, request)


class _AioUnaryStream(_Aio, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._intercept(continuation, client_call_details, request)


class _AioStreamStream(_Aio, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await self._intercept(continuation, client_call_details, request_iterator)
