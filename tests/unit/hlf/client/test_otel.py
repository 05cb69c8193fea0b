"""Traces and metrics of both clients, as OpenTelemetry's own collectors see them."""

from __future__ import annotations

import sys

import grpc
import pytest

from hlf import errors, otel

trace = pytest.importorskip("opentelemetry.sdk.trace", reason="telemetry needs opentelemetry-sdk: pip install it")
exporting = pytest.importorskip("opentelemetry.sdk.trace.export")
export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
metrics = pytest.importorskip("opentelemetry.sdk.metrics")
reading = pytest.importorskip("opentelemetry.sdk.metrics.export")


@pytest.fixture
def traced(request, client, connect, peer, user):
    """Yield a gateway with telemetry, and functions that give its finished spans and its durations."""
    exporter = export.InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(exporting.SimpleSpanProcessor(exporter))
    reader = reading.InMemoryMetricReader()
    made = otel.interceptors if type(client).__name__ == "module" else otel.aio_interceptors
    given = made(provider, metrics.MeterProvider([reader]))
    with connect(peer.profile, *user, interceptors=given) as fabric:
        yield fabric, exporter.get_finished_spans, reader.get_metrics_data


def test_every_step_is_a_span_with_its_transaction(traced, peer):
    """By OpenTelemetry's names, in the order of the steps; the trace reaches the peer, and contents do not show."""
    fabric, spans, durations = traced
    assert fabric.network("trade").contract("lab").submit("put", "secret") == b"result"
    found = spans()
    assert [span.name for span in found] == [
        f"gateway.Gateway/{step}" for step in ("Endorse", "Submit", "CommitStatus")
    ]
    endorse = found[0]
    transaction_id = peer.requests["Endorse"][0].transaction_id
    assert endorse.attributes["fabric.transaction_id"] == transaction_id
    assert endorse.attributes["fabric.channel"] == "trade"
    assert endorse.attributes["rpc.grpc.status_code"] == 0
    assert "secret" not in str([dict(span.attributes) for span in found])
    (measured,) = [m for r in durations().resource_metrics for s in r.scope_metrics for m in s.metrics]
    assert measured.name == "rpc.client.duration"
    assert sum(point.count for point in measured.data.data_points) == 3


def test_a_failure_is_told(traced, peer):
    """The span says how the call ended."""
    fabric, spans, _ = traced
    peer.refuse("Evaluate", grpc.StatusCode.ABORTED, "no")
    with pytest.raises(errors.EvaluateError, match="no"):
        fabric.network("trade").contract("lab").evaluate("read")
    (span,) = spans()
    assert span.attributes["rpc.grpc.status_code"] == grpc.StatusCode.ABORTED.value[0]
    assert not span.status.is_ok


def test_streams_heal_under_telemetry(traced, peer):
    """Each connection is a span; the consumer sees what it would see without."""
    fabric, spans, _ = traced
    for name in "abc":
        peer.add_block(name)
    peer.cut_after.extend([1, 1])
    with fabric.network("trade").chaincode_events("lab", start_block=1) as stream:
        with_time = [stream.next(20).name for _ in range(2)]
        assert [*with_time, next(stream).name] == ["a", "b", "c"]
    assert len(list(fabric.network("trade").block_events(1, last_block=3))) == 3
    names = [span.name for span in spans()]
    assert names.count("gateway.Gateway/ChaincodeEvents") >= 2


def test_without_the_extra_the_words_name_it(monkeypatch):
    """Whoever installed the client alone is told what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    for made in (otel.interceptors, otel.aio_interceptors):
        with pytest.raises(ImportError, match=r"pip install 'hlf\[otel\]'"):
            made()
