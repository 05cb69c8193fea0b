"""Jobs and batches by API: a caller reads its own, and nobody else's."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Response, current_app, jsonify
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect

from gateway.http import auth, context
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.jobs import accepting
from gateway.jobs.schemas import BatchOutcomeSchema, JobQuerySchema, JobSchema, MadeBatchSchema, NewBatchSchema
from gateway.store.jobs import DONE, Job, JobLimitError, JobRequest, Jobs
from gateway.telemetry import traces
from hlf.codec import canonical

_PRINTABLE = re.compile(r"[!-~]+")

jobs = Blueprint("jobs", __name__, url_prefix=accepting.ADDRESS, description="Requests that are answered later")
batches = Blueprint("batches", __name__, url_prefix="/v1/batches", description="Many requests in one")


@jobs.route("")
@auth.needs("write")
@jobs.arguments(JobQuerySchema, location="query")
@jobs.response(200, JobSchema(many=True))
def listed(query: dict[str, Any]) -> list[dict[str, Any]]:
    """List the caller's jobs, newest first."""
    asking = context.caller()
    return [accepting.shown(each) for each in _jobs().of_user(asking.msp_id, asking.user, query["limit"])]


@jobs.route("/<job_id>")
@auth.needs("write")
@jobs.response(200, JobSchema)
def read(job_id: str) -> dict[str, Any]:
    """Read how far a job is; it is kept for a day after its end."""
    return accepting.shown(_found(job_id))


@jobs.route("/<job_id>/answer")
@auth.needs("write")
@jobs.response(200, description="What the request was answered, with its status; 202 with the job while there is none")
def answer(job_id: str) -> Response:
    """Read the outcome of a job: the same status and body as if its caller had waited."""
    found = _found(job_id)
    if found.answer is None:
        waiting = jsonify(JobSchema().dump(accepting.shown(found)))
        waiting.status_code = 202
        waiting.headers["Retry-After"] = "1"
        return waiting
    return Response(found.answer.body, found.answer.status, headers=dict(found.answer.headers))


@batches.route("", methods=["POST"])
@auth.needs("write")
@batches.arguments(NewBatchSchema)
@batches.response(202, MadeBatchSchema)
def create(body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """
    Send up to 500 writes at once, such as orders; each is a job of its own with its own outcome.

    They are independent: they may run at the same time and in any order, and one that is refused stops no other.
    """
    retries = body["conflicts"] == "retry"
    asked = []
    for number, each in enumerate(body["requests"]):
        _check_address(number, each["path"])
        sent = b"" if each.get("body") is None else canonical.dumps(each["body"])
        key = accepting.new_key()
        asked.append(JobRequest(each["path"], sent, key, traces.carried(), retries_conflicts=retries))
    try:
        batch = _jobs().put_all(accepting.owner(), asked)
    except JobLimitError:
        raise Problem("JOBS_EXHAUSTED") from None
    return {"id": batch, "requests": len(asked)}, 202, {"Location": f"/v1/batches/{batch}", "Retry-After": "1"}


@batches.route("/<batch_id>")
@auth.needs("write")
@batches.response(200, BatchOutcomeSchema)
def read_batch(batch_id: str) -> dict[str, Any]:
    """Read the outcome of each request of a batch; a day after its last one has ended, it is gone."""
    asking = context.caller()
    found = _jobs().of_batch(asking.msp_id, asking.user, batch_id)
    if not found:
        raise Problem("NOT_FOUND", f"You have no batch {batch_id[:40]}")
    return {
        "id": batch_id,
        "done": all(each.state == DONE for each in found),
        "good": sum(each.answer is not None and each.answer.status < 400 for each in found),
        "bad": sum(each.answer is not None and each.answer.status >= 400 for each in found),
        "waiting": sum(each.answer is None for each in found),
        "outcomes": [_outcome(each) for each in found],
    }


def _outcome(job: Job) -> dict[str, Any]:
    body = json.loads(job.answer.body) if job.answer else None
    return {**accepting.shown(job), "number": job.number, "body": body}


def _check_address(number: int, path: str) -> None:
    """Refuse a path that no write has, before anything is stored."""
    try:
        if not _PRINTABLE.fullmatch(path):
            raise NotFound
        endpoint, _ = current_app.url_map.bind("localhost").match(path.partition("?")[0], method="POST")
        known = auth.scope_of(current_app.view_functions[endpoint]) == "write" and endpoint != "batches.create"
    except (HTTPException, RequestRedirect):
        known = False
    if not known:
        words = "No write has this address."
        raise Problem(
            "REQUEST_INVALID",
            f"json.requests.{number}.path: {words}",
            errors={"json": {"requests": {str(number): {"path": [words]}}}},
        )


def _jobs() -> Jobs:
    return Jobs(context.services().store)


def _found(job_id: str) -> Job:
    asking = context.caller()
    found = _jobs().find(asking.msp_id, asking.user, job_id)
    if found is None:
        raise Problem("NOT_FOUND", f"You have no job {job_id[:40]}")
    return found
