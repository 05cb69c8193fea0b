"""
Do the requests of jobs, in each process of the gateway.

A request goes through the same application as any other, under its idempotency key. So if the process dies, another one
carries it on: each transaction that was sent is looked for or sent again, and commits once. After an answer that means
"try later", or that leaves the outcome open, the request is done again.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from gateway.front import bridge
from gateway.http import auth, context, freshness, idempotency, inputs
from gateway.http.context import CONFLICTS
from gateway.store.jobs import Job, JobOwner, JobRequest, Jobs
from gateway.store.keys import StoredAnswer
from gateway.store.processes import RepeatedWork
from gateway.store.tokens import TokenCaller

# Statuses after which nothing was written, or a repetition carries on: try again.
LATER = frozenset(
    {
        "BLOCK_NOT_REACHED",
        "BUDGET_EXHAUSTED",
        "CHAINCODE_UNAVAILABLE",
        "ENDORSERS_MISSING",
        "FABRIC_BUSY",
        "FABRIC_TIMEOUT",
        "FABRIC_UNAVAILABLE",
        "IDEMPOTENCY_IN_PROGRESS",
        "OUTCOME_UNKNOWN",
        "STORE_UNAVAILABLE",
    }
)
# After this time the last answer is the outcome, whatever it is.
_TRIED_SECONDS = 15 * 60
_LONGEST_PAUSE = 30.0
# Longer than a request of several transactions takes. The jobs of a dead process are taken over sooner.
_LEASE_SECONDS = 120
_THREADS = 8
_EVERY_SECONDS = 0.5
_FORGET_SECONDS = 600.0
_KEPT_HEADERS = frozenset({"Content-Type", "Retry-After", freshness.BLOCK})
_LOG = logging.getLogger("gateway")


class JobRunner:
    """Works on the jobs of one database; several runners share them."""

    def __init__(self, app: Flask, clock: Callable[[], float] = time.time) -> None:
        self._app = app
        services: context.Services = app.extensions[context.EXTENSION]
        self._process = services.process
        self._jobs = Jobs(services.store, clock)
        self._clock = clock
        self._free = threading.Semaphore(_THREADS)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="jobs")
        self._rounds = RepeatedWork("jobs", _EVERY_SECONDS, self._round)
        self._forgot = 0.0

    def start(self) -> None:
        """Work until ``stop``."""
        self._rounds.start()

    def stop(self) -> None:
        """Finish the requests that have begun; the others are left to other processes."""
        self._rounds.stop()
        self._pool.shutdown()

    def _round(self) -> None:
        while not self._rounds.ending.is_set() and self._begin():
            pass

    def _begin(self) -> int:
        """Begin as many jobs as there are free threads; return how many."""
        begun = 0
        for job in self._jobs.due(_THREADS):
            if self._rounds.ending.is_set() or not self._free.acquire(timeout=_EVERY_SECONDS):
                break
            if self._jobs.take(job, self._process, _LEASE_SECONDS):
                self._pool.submit(self._work_freed, job)
                begun += 1
            else:
                self._free.release()
        if self._clock() - self._forgot > _FORGET_SECONDS:
            self._forgot = self._clock()
            self._jobs.forget_old()
        return begun

    def _work_freed(self, job: Job) -> None:
        try:
            self.work(job)
        except Exception as error:  # noqa: BLE001  When its lease ends, somebody does it again.
            _LOG.error("job %s failed: %s", job.id, type(error).__name__)
        finally:
            self._process.leave(job.id)
            self._free.release()

    def work(self, job: Job) -> None:
        """Do the request of a job that this runner has taken, and keep its answer or try again later."""
        if job.request is None or job.owner is None:
            return
        answer = self._answer(job.request, job.owner)
        again = LATER | (CONFLICTS if job.request.retries_conflicts else frozenset())
        now = int(self._clock() * 1000)
        if _code(answer) in again and now - job.created_at < _TRIED_SECONDS * 1000:
            pause = min(2.0**job.attempts, _LONGEST_PAUSE) * random.uniform(1, 1.2)  # noqa: S311  It protects nothing.
            self._jobs.again(job, self._process.name, now + int(pause * 1000))
        else:
            self._jobs.finish(job, self._process.name, answer)

    def _answer(self, asked: JobRequest, owner: JobOwner) -> StoredAnswer:
        """Return the application's answer to a request, made as its owner."""
        headers = Headers({**asked.headers, idempotency.HEADER: asked.key})
        kind = inputs.JSON if asked.body else None
        environ = EnvironBuilder(
            asked.path, method="POST", headers=headers, data=asked.body, content_type=kind
        ).get_environ()
        soon = datetime.now(UTC) + timedelta(seconds=_LEASE_SECONDS)
        environ[auth.ACTING] = TokenCaller(owner.token_id, owner.msp_id, owner.user, owner.scopes, soon)
        answer = bridge.call(self._app.wsgi_app, environ)
        kept = {name: value for name, value in answer.headers if name in _KEPT_HEADERS}
        return StoredAnswer(answer.status, kept, answer.body)


def _code(answer: StoredAnswer) -> str:
    """Return the code of a problem; empty if it is none."""
    if answer.status < 400:
        return ""
    found = json.loads(answer.body)
    return str(found.get("code", "")) if isinstance(found, dict) else ""
