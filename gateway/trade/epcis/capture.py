"""``/epcis/capture``: documents of up to 500 events, recorded by a job with an outcome for each event."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from gateway.http import auth, context
from gateway.http.problems import Problem
from gateway.jobs import accepting
from gateway.store.jobs import CAPTURE, Job, JobLimitError, JobRequest, Jobs
from gateway.telemetry import traces
from gateway.trade.epcis import binding, pagetokens, parsing
from gateway.trade.epcis.parameters import PageSchema
from gateway.trade.epcis.parsing import ObservedEvent, UnreadableEventError
from gateway.trade.epcis.schemas import CapturedDocumentSchema, CaptureJobSchema
from hlf.codec import canonical

BEHAVIOUR, ROLLBACK, PROCEED = "GS1-Capture-Error-Behaviour", "rollback", "proceed"
# The most events in one transaction.
_TOGETHER = 50
_PART = "/capture"
_ADDRESS = binding.ADDRESS + _PART

blueprint = binding.interface("epcis", __name__, "EPCIS 2.0: capture of events", _PART)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@blueprint.arguments(CapturedDocumentSchema)
@blueprint.response(202, CaptureJobSchema)
def capture(body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """
    Record the events of a document, each on the caller's own page of its journey.

    With `GS1-Capture-Error-Behaviour: proceed` each event is its own transaction. Without it all or none are recorded,
    which needs one journey and at most 50 events.
    """
    events = _read(body["body"]["events"])
    asked = _one_by_one(events) if _behaviour() == PROCEED else [_together(events)]
    try:
        batch = _jobs().put_all(accepting.owner(), asked, CAPTURE)
    except JobLimitError:
        raise Problem("JOBS_EXHAUSTED") from None
    capture_id = batch.removeprefix(CAPTURE)
    return _shown(_found(capture_id), capture_id), 202, {"Location": f"{_ADDRESS}/{capture_id}"}


@blueprint.route("")
@auth.needs("write")
@blueprint.arguments(PageSchema, location="query")
@blueprint.response(200, CaptureJobSchema(many=True))
def listed(query: dict[str, Any]) -> tuple[list[dict[str, Any]], int, dict[str, str]]:
    """List the caller's capture jobs; each is kept for a day after its end."""
    asking, limit = context.caller(), query["perPage"]
    after = CAPTURE + pagetokens.after(query["nextPageToken"])
    kept = _jobs().captures(asking.msp_id, asking.user, after, limit + 1)
    found = {batch.removeprefix(CAPTURE): jobs for batch, jobs in kept.items()}
    shown = [_shown(jobs, each) for each, jobs in found.items()]
    return shown[:limit], 200, pagetokens.following(list(found), limit)


@blueprint.route("/<capture_id>")
@auth.needs("write")
@blueprint.response(200, CaptureJobSchema)
def read(capture_id: str) -> dict[str, Any]:
    """Read a capture job and the problem of each event that was refused."""
    return _shown(_found(capture_id), capture_id)


def _read(listed: list[Any]) -> list[ObservedEvent]:
    """Return what the events observe; a document with one that cannot be read is refused whole."""
    found, refused = [], {}
    for number, event in enumerate(listed):
        try:
            found.append(parsing.read(event))
        except UnreadableEventError as error:
            refused[str(number)] = [str(error)]
    if refused:
        first, words = next(iter(refused.items()))
        errors = {"json": {"epcisBody": {"eventList": refused}}}
        raise Problem("REQUEST_INVALID", f"json.epcisBody.eventList.{first}: {words[0]}", errors=errors)
    return found


def _behaviour() -> str:
    sent = request.headers.get(BEHAVIOUR, ROLLBACK)
    if sent not in {ROLLBACK, PROCEED}:
        raise Problem("REQUEST_MALFORMED", f"{BEHAVIOUR} is {ROLLBACK} or {PROCEED}")
    return sent


def _one_by_one(events: list[ObservedEvent]) -> list[JobRequest]:
    return [_request(each.journey_id, "", each.observation) for each in events]


def _together(events: list[ObservedEvent]) -> JobRequest:
    if len({each.journey_id for each in events}) > 1 or len(events) > _TOGETHER:
        words = f"All or none is possible for at most {_TOGETHER} events of one journey; send {BEHAVIOUR}: {PROCEED}"
        raise Problem("REQUEST_INVALID", words, errors={"json": {"epcisBody": [words]}})
    return _request(events[0].journey_id, "/batch", {"observations": [each.observation for each in events]})


def _request(journey_id: str, part: str, body: dict[str, Any]) -> JobRequest:
    path = f"/v1/journeys/{journey_id}/events{part}"
    # Events that one organisation records of one journey change the same page, and do not contradict each other.
    return JobRequest(path, canonical.dumps(body), accepting.new_key(), traces.carried(), retries_conflicts=True)


def _jobs() -> Jobs:
    return Jobs(context.services().store)


def _found(capture_id: str) -> list[Job]:
    asking = context.caller()
    found = _jobs().of_batch(asking.msp_id, asking.user, CAPTURE + capture_id)
    if not found:
        raise Problem("NOT_FOUND", f"You have no capture job {capture_id[:40]}")
    return found


def _shown(jobs: list[Job], capture_id: str) -> dict[str, Any]:
    running = any(each.answer is None for each in jobs)
    refused = [
        {**json.loads(each.answer.body), "event": each.number}
        for each in jobs
        if each.answer is not None and each.answer.status >= 400
    ]
    finished = [each.finished_at for each in jobs if each.finished_at is not None]
    return {
        "id": capture_id,
        "created_at": jobs[0].created_at,
        "finished_at": None if running else max(finished),
        "running": running,
        "success": not running and not refused,
        "behaviour": ROLLBACK if jobs[0].path.endswith("/batch") else PROCEED,
        "errors": refused,
    }
