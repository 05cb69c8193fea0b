"""What a collector sees of a gateway's requests, and what it never sees."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.app import serve_with
from gateway.http import context
from gateway.jobs.runner import JobRunner
from gateway.store.jobs import Jobs
from gateway.telemetry import logs, traces
from gateway.telemetry.traces import Traces, TracesError
from hlf import errors
from hlf.client.transaction import Transaction
from tests.unit.gateway.front.conftest import ServedGateway
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import FakePeer

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
EVALUATE = "/v1/channels/trade/chaincodes/lab/evaluate"
SUBMIT = "/v1/channels/trade/chaincodes/lab/submit"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Traces(provider)


@pytest.fixture
def traced(app, services, ledgers, tracing, exporter):
    """Return the finished spans of the application."""
    serve_with(app, services.settings, ledgers, tracing)
    return exporter.get_finished_spans


def test_a_request_continues_its_callers_trace(traced, client, bearer):
    """Its span has the route and the status, and nothing of path, body, token or caller."""
    headers = {**bearer("write"), "traceparent": TRACEPARENT, "baggage": "private=word"}
    client.post(SUBMIT, json={"function": "Secret:word"}, headers=headers)
    (span,) = traced()
    assert span.name == "POST /v1/channels/<channel>/chaincodes/<chaincode>/submit"
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v1/channels/<channel>/chaincodes/<chaincode>/submit",
        "http.response.status_code": 200,
    }
    assert not span.events


def test_a_problem_is_told_by_its_code(traced, client, bearer, ledgers):
    """Only a fault of the gateway or of what is behind it makes the span one of an error."""
    client.get("/v1/orders/o-1", headers=bearer("write"))
    ledgers.answers["F"] = errors.EvaluateError("a private value")
    client.post(EVALUATE, json={"function": "F"}, headers=bearer("read"))
    client.open("/nowhere/private", method="BREW")
    refused, failed, unknown = traced()
    assert (refused.attributes["error.type"], refused.status.status_code.name) == ("SCOPE_MISSING", "UNSET")
    assert failed.attributes["http.response.status_code"] >= 500
    assert failed.status.status_code.name == "ERROR"
    assert (unknown.name, unknown.attributes["error.type"]) == ("_OTHER", "NO_SUCH_ADDRESS")
    assert "private" not in "".join(span.to_json() for span in traced())


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "x",
        "00-" + "0" * 32 + f"-{PARENT}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"{TRACEPARENT},{TRACEPARENT}",
        f"01-{TRACE}-{PARENT}-01-" + "x" * 10_000,
        TRACEPARENT.upper(),
        "00-\xff\xfe",
    ],
)
def test_what_is_no_traceparent_is_ignored(traced, client, hostile):
    """The request is answered, and its trace is a new one."""
    assert client.get("/healthz", headers={"traceparent": hostile}).status_code == 200
    (span,) = traced()
    assert span.parent is None
    assert f"{span.context.trace_id:032x}" != TRACE


def test_a_long_tracestate_goes_no_further(traced, client):
    """A peer would refuse the metadata; the trace itself goes on."""
    for state in ("a=1", ",".join(f"k{n}=" + "x" * 200 for n in range(30))):
        client.get("/healthz", headers={"traceparent": TRACEPARENT, "tracestate": state})
    short, long = traced()
    assert (dict(short.context.trace_state), dict(long.context.trace_state)) == ({"a": "1"}, {})
    assert f"{long.context.trace_id:032x}" == TRACE


def test_a_request_that_the_application_never_sees_is_traced(tmp_path, ledgers, tracing, exporter):
    """The front refuses a body that is too long by itself."""
    served = ServedGateway(tmp_path, ledgers)
    try:
        serve_with(served.app, served.services.settings, ledgers, tracing)
        served.ask("POST", SUBMIT, b"x" * 5000, traceparent=TRACEPARENT)
    finally:
        served.close()
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.attributes["error.type"]) == ("POST", "BODY_TOO_LARGE")
    assert f"{span.context.trace_id:032x}" == TRACE


def test_log_lines_name_trace_and_span(traced, client, caplog):
    """Those of the request alone; without traces a line has neither."""
    written: list[str] = []
    handler = logging.StreamHandler()
    handler.emit = lambda record: written.append(logs._Json().format(record))  # type: ignore[method-assign]
    access = logging.getLogger("gateway.access")
    access.addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, "gateway.access"):
            client.get("/healthz", headers={"traceparent": TRACEPARENT})
            access.info("of no request")
    finally:
        access.removeHandler(handler)
    (span,) = traced()
    inside, outside = map(json.loads, written)
    assert (inside["trace_id"], inside["span_id"]) == (TRACE, f"{span.context.span_id:016x}")
    assert not {"trace_id", "span_id"} & set(outside)


def test_a_job_belongs_to_the_trace_of_its_request(traced, app, client, bearer, services):
    """Whichever process does it, and whenever."""
    headers = {**bearer("write"), "Prefer": "respond-async", "traceparent": TRACEPARENT}
    client.post("/v1/orders/O1/confirmation", headers=headers)
    runner, kept = JobRunner(app), Jobs(services.store)
    (job,) = kept.due(10)
    assert kept.take(job, services.process, 120)
    runner.work(job)
    runner.stop()
    accepted, done = traced()
    assert done.parent.span_id == accepted.context.span_id
    assert f"{done.context.trace_id:032x}" == TRACE


@pytest.fixture
def peer(tmp_path):
    """Yield a peer that answers, and a wallet for it in *tmp_path*."""
    started = FakePeer()
    started.start()
    started.result = b"{}"
    made = issue("user", issue("ca"))
    folder = tmp_path / "wallet" / "organisations" / "CarrierMSP" / "users" / "User1"
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(made.pem)
    (folder / "key.pem").write_bytes(made.key_pem)
    (tmp_path / "wallet" / "profiles" / "CarrierMSP.json").write_text(
        json.dumps(
            {
                "client": {"organization": "Carrier"},
                "organizations": {"Carrier": {"mspid": "CarrierMSP", "peers": ["peer0"]}},
                "peers": {
                    "peer0": {
                        "url": f"grpcs://{started.endpoint.address}",
                        "tlsCACerts": {"pem": started.authority.pem.decode()},
                        "grpcOptions": {"ssl-target-name-override": started.endpoint.override_hostname},
                    }
                },
            }
        )
    )
    yield started
    started.stop()


def test_calls_to_peers_are_children_of_their_request(
    app, peer, tracing, exporter, services, client, bearer, monkeypatch
):
    """Each step of a write, over the gateway's own connections."""
    # What this peer endorses has no writes, and would not be sent.
    monkeypatch.setattr(Transaction, "changes", True)
    serve_with(app, services.settings, tracing=tracing)
    try:
        body = {"function": "put", "endorsing_organizations": ["CarrierMSP"]}
        headers = {**bearer("write", msp_id="CarrierMSP"), "traceparent": TRACEPARENT}
        answer = client.post(SUBMIT, json=body, headers=headers)
    finally:
        app.extensions[context.EXTENSION].ledgers.close()
    assert answer.status_code == 200, answer.json
    spans = exporter.get_finished_spans()
    calls, (request,) = [s for s in spans if s.kind.name == "CLIENT"], [s for s in spans if s.kind.name == "SERVER"]
    steps = [f"gateway.Gateway/{step}" for step in ("Endorse", "Submit", "CommitStatus")]
    assert [call.name for call in calls if call.name in steps] == steps
    assert {call.parent.span_id for call in calls} == {request.context.span_id}
    assert f"{request.context.trace_id:032x}" == TRACE


@pytest.mark.parametrize(
    ("environ", "made"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "mine"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_standards_variables_turn_traces_on(environ, made):
    assert traces.wanted(environ) is made


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "must be otlp or none"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "to http/protobuf"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_cure(environ, words):
    """Rather than served without the traces that somebody waits for."""
    with pytest.raises(TracesError, match=words):
        traces.wanted(environ)


def test_without_the_extra_the_words_name_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(TracesError, match=r"pip install 'selat\[otel\]'"):
        traces.wanted({"OTEL_TRACES_EXPORTER": "otlp"})
