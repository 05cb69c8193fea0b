"""EPCIS documents are recorded event by event, and each refusal is told."""

from __future__ import annotations

import json

import pytest

from gateway.jobs.runner import JobRunner
from gateway.store.jobs import Jobs
from gateway.trade.epcis import capture as epcis
from hlf import errors

CAPTURE = "/epcis/capture"
VOCABULARY = "https://selat.test/voc/"
PROCEED = {"GS1-Capture-Error-Behaviour": "proceed"}


def event(journey="J1", **changed):
    """One event, in the form in which this gateway gives them."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-11-22T15:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "departing",
        "disposition": "https://ref.gs1.org/cbv/Disp-in_transit",
        "readPoint": {"id": f"{VOCABULARY}place/CNSZX"},
        "epcList": ["https://id.gs1.org/00/106141412345678908"],
        "selat:journey": journey,
        "selat:stage": "S11",
        "selat:seal": "X1",
        **changed,
    }


def document(*events):
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"selat": VOCABULARY}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-22T15:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


@pytest.fixture
def capture(client, bearer):
    """Send a document as the platform."""
    headers = bearer("write")
    return lambda *events, **sent: client.post(CAPTURE, json=document(*events), headers={**headers, **sent})


@pytest.fixture
def outcome(app, client, bearer, services):
    """Do the jobs that wait, and read the capture job."""

    def read(answer):
        runner, kept = JobRunner(app), Jobs(services.store)
        for job in kept.due(1000):
            assert kept.take(job, services.process, 60)
            runner.work(job)
        return client.get(answer.headers["Location"], headers=bearer("write")).json

    return read


def test_each_event_has_its_outcome(capture, outcome, ledgers):
    """One that is refused stops no other, if the document says so; its problem names its place."""
    accepted = capture(*(event(f"J{n}") for n in range(3)), **PROCEED)
    assert (accepted.status_code, accepted.json["running"]) == (202, True)
    submitted = ledgers.submit

    def submit(msp_id, user, call, before_sending):
        if call.texts()[0] == "J1":
            raise errors.EndorseError("refused/NOT_FOUND: no journey J1")
        return submitted(msp_id, user, call, before_sending)

    ledgers.submit = submit
    told = outcome(accepted)
    assert (told["running"], told["success"], told["captureErrorBehaviour"]) == (False, False, "proceed")
    assert [(each["event"], each["code"]) for each in told["errors"]] == [(1, "NOT_FOUND")]
    assert sorted(call.texts()[0] for _, _, call in ledgers.asked) == ["J0", "J2"]


def test_an_event_is_recorded_as_it_was_observed(capture, outcome, ledgers):
    """Words lose the beginnings of their URIs; what the contract makes itself is not sent to it."""
    assert outcome(capture(event(recordTime="2026-11-22T15:00:00Z", eventID="ni:///x")))["success"]
    ((_, _, call),) = ledgers.asked
    assert call.function == "Journeys:record_all"
    (sent,) = json.loads(call.texts()[1])
    assert sent == {
        "stage_id": "S11",
        "step": "departing",
        "event_time": "2026-11-22T15:00:00+08:00",
        "place": "CNSZX",
        "disposition": "in_transit",
        "epcs": ["https://id.gs1.org/00/106141412345678908"],
        "details": {"seal": "X1"},
    }


def test_all_or_none_needs_one_transaction(capture, monkeypatch):
    """Several journeys cannot be rolled back together, and the answer says what to send instead."""
    refused = capture(event("J1"), event("J2"))
    assert (refused.status_code, refused.json["code"]) == (422, "REQUEST_INVALID")
    assert "proceed" in refused.json["detail"]
    monkeypatch.setattr(epcis, "_TOGETHER", 2)
    assert capture(*[event()] * 3).status_code == 422
    assert capture(event(), **{"GS1-Capture-Error-Behaviour": "maybe"}).status_code == 400


def test_capture_jobs_are_listed_by_pages(capture, client, bearer):
    """Each once; batches of other requests are no capture jobs."""
    client.post("/v1/batches", json={"requests": [{"path": "/v1/orders", "body": {}}]}, headers=bearer("write"))
    made = {capture(event()).json["captureID"] for _ in range(3)}
    first = client.get(f"{CAPTURE}?perPage=2", headers=bearer("write"))
    last = client.get(first.headers["Link"].partition(">")[0].removeprefix("<"), headers=bearer("write"))
    assert {each["captureID"] for each in first.json + last.json} == made
    assert (len(first.json), len(last.json), "Link" in last.headers) == (2, 1, False)


@pytest.mark.parametrize(
    ("changed", "member"),
    [
        ({"selat:journey": "a b"}, "selat:journey"),
        ({"selat:stage": 11}, "selat:stage"),
        ({"bizStep": ""}, "bizStep"),
        ({"readPoint": {"id": "urn:epc:id:sgln:0614141.12345.0"}}, "readPoint"),
        ({"sensorElementList": []}, "sensorElementList"),
        ({"epcList": [1]}, "epcList"),
        ({"selat:seal": {"a": 1}}, "selat:seal"),
    ],
)
def test_what_the_ledger_does_not_record_is_refused_and_not_left_out(capture, changed, member):
    """The whole document, before anything is written down; the error names event and member."""
    refused = capture(event(), event(**changed), **PROCEED)
    assert refused.status_code == 422
    assert refused.json["detail"].startswith(f"json.epcisBody.eventList.1: {member}")


def test_discovery_tells_versions_and_limits(client, bearer):
    """By OPTIONS without a body, as EPCIS 2.0 has it; another user's capture job is not found."""
    told = client.options(CAPTURE, headers=bearer("write")).headers
    assert (told["GS1-EPCIS-Version"], told["GS1-CBV-Version"], told["GS1-EPCIS-Capture-Limit"]) == (
        "2.0.0",
        "2.0.0",
        "500",
    )
    assert {"POST", "OPTIONS"} <= set(told["Allow"].split(", "))
    assert client.get(f"{CAPTURE}/none", headers=bearer("write")).status_code == 404
