"""
Traces of requests with OpenTelemetry: the extra ``otel`` and the standard's variables ``OTEL_*``.

Each request is a span of the kind *server*, a child of the one that its header ``traceparent`` (W3C Trace Context)
names, and the calls to peers are its children. A span has route, method, status and the code of a problem; never a
path, a value, a body, a token or a caller. Without the variables no request is traced.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

ENVIRON = "selat.span"
PARENT, STATE = "traceparent", "tracestate"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"
_EXPORTER = "OTEL_TRACES_EXPORTER"
# The standard asks to pass on at least this much of a tracestate. Peers refuse calls with kilobytes of metadata.
_LONGEST = 512
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class TracesError(Exception):
    """Traces are configured but cannot be made; the message names the variable or the library, and the cure."""


class _Place(NamedTuple):
    trace_id: str
    span_id: str
    flags: str


_PLACE: ContextVar[_Place | None] = ContextVar("selat_place", default=None)


def ids() -> dict[str, str]:
    """Return ``trace_id`` and ``span_id`` of the request that this thread works on; empty without one."""
    place = _PLACE.get()
    return {} if place is None else {"trace_id": place.trace_id, "span_id": place.span_id}


def carried() -> dict[str, str]:
    """Return the header that makes a later request a child of the current one; empty without a trace."""
    place = _PLACE.get()
    return {} if place is None else {PARENT: "-".join(("00", *place))}


def wanted(environ: Mapping[str, str]) -> bool:
    """
    Return whether *environ* asks for traces.

    Raises:
        TracesError: it asks for something that this gateway cannot do.
    """
    exporter = environ.get(_EXPORTER, "")
    if exporter not in {"", "none", "otlp"}:
        raise TracesError(f"{_EXPORTER} is {exporter!r}; it must be otlp or none")
    there = exporter == "otlp" or any(environ.get(name) for name in _ENDPOINTS)
    if exporter == "none" or not there or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), _PROTOCOL)
    if protocol != _PROTOCOL:
        raise TracesError(f"the protocol of OTLP is {protocol!r}; set {_PROTOCOLS[0]} to {_PROTOCOL}")
    try:
        importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        importlib.import_module("opentelemetry.sdk.trace")
    except ImportError as missing:
        raise TracesError("OpenTelemetry is not installed: pip install 'selat[otel]'") from missing
    return True


def collector(environ: Mapping[str, str]) -> str:
    """Return the URL of the collector that the environment names, or the standard's own."""
    return next((environ[name] for name in _ENDPOINTS if environ.get(name)), "http://localhost:4318")


def from_environment() -> Traces | None:
    """
    Return the traces that the environment asks for; None if it asks for none.

    They are sent by a thread, so a process makes its own after the fork. Its end sends what is left.

    Raises:
        TracesError: as ``wanted``.
    """
    if not wanted(os.environ):
        return None
    sdk = importlib.import_module("opentelemetry.sdk.trace")
    exporting = importlib.import_module("opentelemetry.sdk.trace.export")
    resources = importlib.import_module("opentelemetry.sdk.resources")
    otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = resources.Resource.create({} if named else {"service.name": "selat-gateway"})
    provider = sdk.TracerProvider(resource=resource)
    provider.add_span_processor(exporting.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return Traces(provider)


class Traces:
    """The traces of one application, in spans of *provider*."""

    def __init__(self, provider: Any) -> None:
        self._trace = importlib.import_module("opentelemetry.trace")
        # Not the global propagator, which would pass the baggage of any caller on to peers.
        self._propagator = importlib.import_module(
            "opentelemetry.trace.propagation.tracecontext"
        ).TraceContextTextMapPropagator()
        self._empty = importlib.import_module("opentelemetry.context").Context()
        self._provider = provider
        self._tracer = provider.get_tracer("selat")

    def interceptors(self) -> Sequence[Any]:
        """Return interceptors that make each call to a peer a child of the current request."""
        # Imported late, because the listening process needs no gRPC.
        from hlf import otel

        return otel.interceptors(self._provider)

    def around(self, application: Application) -> Application:
        """Return *application* with a span for each request; the application tells ``answered`` how it ended."""

        def traced(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            headers = {name: environ.get(f"HTTP_{name.upper()}", "") for name in (PARENT, STATE)}
            with self._span(headers, environ["REQUEST_METHOD"]) as span:
                environ[ENVIRON] = span
                return application(environ, start_response)

        return traced

    def refused(self, headers: Mapping[str, str], method: str, status: int, code: str) -> None:
        """Trace a request that the application never saw."""
        with self._span({name: headers.get(name, "") for name in (PARENT, STATE)}, method) as span:
            answered({ENVIRON: span}, "", method, status, code)

    @contextlib.contextmanager
    def _span(self, headers: dict[str, str], method: str) -> Iterator[Any]:
        if len(headers[PARENT]) > _LONGEST:
            headers = {}
        elif len(headers[STATE]) > _LONGEST:
            del headers[STATE]
        parent = self._propagator.extract(headers, context=self._empty)
        known = method if method in _METHODS else "_OTHER"
        attributes = {"http.request.method": known}
        span = self._tracer.start_span(known, parent, self._trace.SpanKind.SERVER, attributes)
        told = span.get_span_context()
        token = _PLACE.set(_Place(f"{told.trace_id:032x}", f"{told.span_id:016x}", f"{told.trace_flags:02x}"))
        try:
            # The text of an exception may quote a caller's input.
            with self._trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
                yield span
        finally:
            _PLACE.reset(token)


def answered(environ: Mapping[str, Any], route: str, method: str, status: int, code: str) -> None:
    """Tell the request's span, if it has one, how the request was answered; *code* is of its problem, or empty."""
    span = environ.get(ENVIRON)
    if span is None:
        return
    if route:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if code:
        span.set_attribute("error.type", code)
    if status >= 500:
        span.set_status(importlib.import_module("opentelemetry.trace").StatusCode.ERROR, code)
