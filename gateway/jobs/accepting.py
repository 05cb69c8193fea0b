"""
Accept requests whose callers do not wait: the header ``Prefer: respond-async`` (RFC 7240).

Such a write is stored and answered 202 with the address of its job. The job's outcome is the answer that a waiting
caller would have got. With ``conflicts=retry`` the gateway does the request again when another transaction changed the
same thing.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, jsonify, request

from gateway.http import auth, context, freshness, inputs
from gateway.http.problems import Problem
from gateway.jobs.schemas import JobSchema
from gateway.store.jobs import Job, JobLimitError, JobOwner, JobRequest, Jobs, OtherRequestError
from gateway.telemetry import traces

PREFER, APPLIED = "Prefer", "Preference-Applied"
ASYNC, RETRY = "respond-async", "conflicts=retry"
ADDRESS = "/v1/jobs"


def wanted() -> bool:
    """Return whether the caller prefers a job to an answer."""
    return ASYNC in _preferences() and auth.ACTING not in request.environ


def accept(key: str | None) -> Response:
    """
    Store the request, and return the answer that names its job.

    Raises:
        Problem: IDEMPOTENCY_KEY_REUSED, JOBS_EXHAUSTED, BODY_TOO_LARGE.
    """
    usual, sent = context.services().settings.max_body_bytes, request.get_data(cache=True)
    if len(sent) > usual:
        # Of thousands of jobs, each is kept until it is done.
        raise inputs.too_large(usual, len(sent))
    retries = RETRY in _preferences()
    after = {freshness.AFTER: request.headers[freshness.AFTER]} if freshness.AFTER in request.headers else {}
    asked = JobRequest(
        request.full_path.rstrip("?"),
        sent,
        key or new_key(),
        after | traces.carried(),
        retries,
    )
    try:
        job = Jobs(context.services().store).put(owner(), asked)
    except OtherRequestError:
        raise Problem("IDEMPOTENCY_KEY_REUSED") from None
    except JobLimitError:
        raise Problem("JOBS_EXHAUSTED") from None
    response: Response = jsonify(JobSchema().dump(shown(job)))
    response.status_code = 202
    response.headers["Location"] = f"{ADDRESS}/{job.id}"
    response.headers[APPLIED] = f"{ASYNC}, {RETRY}" if retries else ASYNC
    response.headers["Retry-After"] = "1"
    return response


def new_key() -> str:
    """Return an idempotency key for a request that came without one."""
    return f"job:{secrets.token_hex(16)}"


def owner() -> JobOwner:
    """Return the caller, as a job keeps it."""
    asking = context.caller()
    return JobOwner(asking.msp_id, asking.user, asking.token_id, asking.scopes)


def shown(job: Job) -> dict[str, Any]:
    """Return a job as ``JobSchema`` has it."""
    return {
        "id": job.id,
        "path": job.path,
        "state": job.state,
        "attempts": job.attempts,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "status": job.answer.status if job.answer else None,
        "answer": f"{ADDRESS}/{job.id}/answer",
    }


def _preferences() -> set[str]:
    return {each.strip().lower() for text in request.headers.getlist(PREFER) for each in text.split(",")}
