"""A write that nobody waits for has the outcome that it would have had, once, whatever happens in between."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.http import context
from gateway.jobs.runner import JobRunner
from gateway.store import jobs
from gateway.store.jobs import JobLimitError, JobOwner, JobRequest, Jobs, OtherRequestError
from gateway.store.keys import StoredAnswer
from gateway.store.processes import GatewayProcess
from hlf import errors, waiting
from tests.unit.gateway.fakes import TRANSACTION, application

CONFIRM = "/v1/orders/O1/confirmation"
ASYNC = {"Prefer": "respond-async"}
CONFLICT = errors.CommitError(TRANSACTION, 11, 7)


class Gateway:
    """Sends as the platform's user; its clock stands until it is moved."""

    def __init__(self, app, bearer, ledgers):
        self.app, self.ledgers = app, ledgers
        self.client, self.headers = app.test_client(), bearer("write")
        self.services: context.Services = app.extensions[context.EXTENSION]
        self.jobs = Jobs(self.services.store, self.clock)
        self.later = 0.0

    def clock(self) -> float:
        return time.time() + self.later

    def send(self, path=CONFIRM, body=None, **headers):
        return self.client.post(path, json=body, headers={**self.headers, **ASYNC, **headers})

    def get(self, path):
        return self.client.get(path, headers=self.headers)

    def work(self) -> int:
        """Do what is due, as one process would; return how many."""
        runner = JobRunner(self.app, self.clock)
        due = [each for each in self.jobs.due(1000) if self.jobs.take(each, self.services.process, 120)]
        for each in due:
            runner.work(each)
        return len(due)


@pytest.fixture
def app(url, tmp_path, ledgers):
    return application(tmp_path, ledgers, database=url)


@pytest.fixture
def gateway(app, bearer, ledgers) -> Gateway:
    ledgers.answers["Orders:confirm"] = b'{"state":"confirmed"}'
    return Gateway(app, bearer, ledgers)


def test_the_outcome_is_what_the_caller_would_have_been_answered(gateway):
    """The same status and body; until then the answer's address says that there is none."""
    waited = gateway.client.post(CONFIRM, headers=gateway.headers)
    accepted = gateway.send()
    assert (accepted.status_code, accepted.headers["Preference-Applied"]) == (202, "respond-async")
    place = accepted.headers["Location"]
    assert place == f"/v1/jobs/{accepted.json['id']}"
    assert accepted.json["answer"] == f"{place}/answer"
    assert (gateway.get(f"{place}/answer").status_code, gateway.get(place).json["state"]) == (202, "waiting")
    assert gateway.work() == 1
    shown = gateway.get(place).json
    assert (shown["state"], shown["status"], shown["attempts"]) == ("done", 200, 1)
    answered = gateway.get(f"{place}/answer")
    assert (answered.status_code, answered.json) == (waited.status_code, waited.json)
    assert answered.headers["Selat-Block"] == waited.headers["Selat-Block"]
    assert [each["id"] for each in gateway.get("/v1/jobs").json] == [shown["id"]]


def test_a_refusal_is_an_outcome(gateway):
    """With its status and code; nothing is tried again that was refused."""
    gateway.ledgers.answers["Orders:confirm"] = errors.EndorseError("refused/NOT_FOUND: no such order")
    place = gateway.send().headers["Location"]
    gateway.work()
    answered = gateway.get(f"{place}/answer")
    assert (answered.status_code, answered.json["code"]) == (404, "NOT_FOUND")
    assert gateway.work() == 0


def test_a_repeated_key_is_one_job_and_one_transaction(gateway):
    """Sent again it is the same job; waited for, it is the same answer; with another body it is refused."""
    first = gateway.send(**{"Idempotency-Key": "k1"})
    assert gateway.send(**{"Idempotency-Key": "k1"}).json["id"] == first.json["id"]
    gateway.work()
    gateway.work()
    assert len(gateway.ledgers.asked) == 1
    waited = gateway.client.post(CONFIRM, headers={**gateway.headers, "Idempotency-Key": "k1"})
    assert waited.headers["Idempotency-Replayed"] == "true"
    assert waited.json == gateway.get(f"{first.headers['Location']}/answer").json
    other = gateway.send("/v1/orders/O2/confirmation", **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_what_is_only_late_is_done_again(gateway):
    """An outcome that is open is carried on: the same transaction is asked for, and commits once."""
    gateway.ledgers.answers["Orders:confirm"] = errors.CommitStatusError("timed out", transaction_id=TRANSACTION)
    place = gateway.send().headers["Location"]
    gateway.work()
    assert gateway.get(place).json["state"] == "waiting"
    assert gateway.work() == 0
    gateway.ledgers.answers["Orders:confirm"] = b'{"state":"confirmed"}'
    gateway.later += 2
    gateway.work()
    assert gateway.get(place).json["status"] == 200
    assert gateway.ledgers.carried_on == ["Orders:confirm"]


def test_it_is_not_tried_for_ever(gateway):
    """After a quarter of an hour the last answer is the outcome."""
    gateway.ledgers.answers["Orders:confirm"] = errors.EndorseError("too many requests for /gateway.Gateway")
    place = gateway.send().headers["Location"]
    gateway.later += 16 * 60
    gateway.work()
    assert gateway.get(f"{place}/answer").json["code"] == "FABRIC_BUSY"


@pytest.mark.parametrize(
    ("prefer", "states"), [("respond-async", "done"), ("respond-async, conflicts=retry", "waiting")]
)
def test_a_conflict_is_tried_again_if_the_caller_says_so(gateway, prefer, states):
    """Otherwise its caller reads again and decides."""
    gateway.ledgers.answers["Orders:confirm"] = CONFLICT
    sent = gateway.send(Prefer=prefer)
    assert sent.headers["Preference-Applied"] == prefer
    gateway.work()
    assert gateway.get(sent.headers["Location"]).json["state"] == states
    gateway.ledgers.answers["Orders:confirm"] = b'{"state":"confirmed"}'
    gateway.later += 2
    gateway.work()
    assert gateway.get(sent.headers["Location"]).json["status"] == (200 if states == "waiting" else 409)


def test_a_revoked_token_does_nothing_more(gateway):
    """What it had asked for and is not done yet is refused as its next request would be."""
    gateway.send()
    (token,) = gateway.services.tokens.all()
    gateway.services.tokens.revoke(token.id)
    gateway.work()
    assert gateway.ledgers.asked == []
    (job,) = gateway.jobs.of_user(token.msp_id, token.user, 9)
    assert (job.answer.status, json.loads(job.answer.body)["code"]) == (401, "TOKEN_REVOKED")


def test_a_process_that_dies_leaves_its_jobs_to_others(gateway):
    """After three seconds of silence; the key sees to it that nothing is done twice."""
    place = gateway.send().headers["Location"]
    (job,) = gateway.jobs.due(9)
    dead = GatewayProcess(gateway.services.store, gateway.clock)
    assert gateway.jobs.take(job, dead, 120)
    for _ in range(5):
        gateway.later += 2
        assert gateway.work() == 0
        dead.report_alive()
    gateway.later += 3
    assert gateway.work() == 1
    assert gateway.get(place).json["status"] == 200
    gateway.jobs.finish(job, dead.name, StoredAnswer(500, {}, b"{}"))
    assert gateway.get(place).json["status"] == 200


def test_a_job_that_a_living_process_does_not_end_is_free_after_its_lease(gateway):
    """Its thread may wait for ever, while the process says that it lives."""
    gateway.send()
    (job,) = gateway.jobs.due(9)
    alive = GatewayProcess(gateway.services.store, gateway.clock)
    assert gateway.jobs.take(job, alive, 120)
    gateway.later += 121
    alive.report_alive()
    assert gateway.work() == 1


def test_jobs_are_their_callers_alone_and_forgotten_after_a_day(gateway, bearer):
    """Another organisation's job is not found; what was asked is nowhere in the clear."""
    body = {"reason": "a private reason"}
    place = gateway.send("/v1/orders/O1/cancellation", body).headers["Location"]
    with gateway.services.store.reading() as database:
        (row,) = database.execute(jobs.jobs.select()).fetchall()
    assert b"private" not in bytes(row["sealed"])
    stranger = bearer("write", msp_id="ForwarderMSP")
    for part in ("", "/answer"):
        refused = gateway.client.get(place + part, headers=stranger)
        assert (refused.status_code, refused.json["code"]) == (404, "NOT_FOUND")
    assert gateway.client.get("/v1/jobs", headers=stranger).json == []
    gateway.work()
    gateway.later += jobs.KEPT_SECONDS - 60
    gateway.jobs.forget_old()
    assert gateway.get(place).status_code == 200
    gateway.later += 120
    gateway.jobs.forget_old()
    assert gateway.get(place).status_code == 404


def test_each_request_of_a_batch_has_its_outcome(gateway, bearer):
    """They are independent: one that is refused stops no other."""
    requests = [{"path": f"/v1/orders/O{n}/confirmation"} for n in range(3)]
    requests[1] = {"path": "/v1/orders/O1/cancellation", "body": {"wrong": 1}}
    made = gateway.client.post("/v1/batches", json={"requests": requests}, headers=gateway.headers)
    assert (made.status_code, made.json["requests"]) == (202, 3)
    place = made.headers["Location"]
    assert gateway.get(place).json["waiting"] == 3
    gateway.work()
    told = gateway.get(place).json
    assert (told["done"], told["good"], told["bad"]) == (True, 2, 1)
    assert [(each["number"], each["status"]) for each in told["outcomes"]] == [(0, 200), (1, 422), (2, 200)]
    assert told["outcomes"][0]["body"]["transaction_id"] == TRANSACTION
    assert told["outcomes"][1]["body"]["code"] == "REQUEST_INVALID"
    assert gateway.client.get(place, headers=bearer("write", msp_id="ForwarderMSP")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/v1/nowhere",
            "/v1/claims/verify",
            "/v1/batches",
            "https://example.com/v1/orders",
            "//example.com/v1/orders",
        ),
        *(
            "/v1/orders?a=\r\nX-Other: b",
            "/v1/orders?a=\0",
            "/v1/orders?a=b c",
            "/v1/orders?a=é",
            "/v1/orders/../tokens",
        ),
    ],
)
def test_a_batch_has_only_writes(gateway, path):
    """An address that is none is refused before anything is written down."""
    sent = {"requests": [{"path": CONFIRM}, {"path": path}]}
    refused = gateway.client.post("/v1/batches", json=sent, headers=gateway.headers)
    assert (refused.status_code, refused.json["code"]) == (422, "REQUEST_INVALID")
    assert "requests.1.path" in refused.json["detail"]
    assert gateway.jobs.due(9) == []


def test_an_organisation_has_so_many_waiting_and_no_more(gateway, monkeypatch):
    """Otherwise one could fill the database of all."""
    monkeypatch.setattr(jobs, "MOST_WAITING", 1)
    gateway.send()
    refused = gateway.send()
    assert (refused.status_code, refused.json["code"]) == (429, "JOBS_EXHAUSTED")
    body = {"requests": [{"path": CONFIRM}]}
    assert gateway.client.post("/v1/batches", json=body, headers=gateway.headers).status_code == 429


def test_the_limit_holds_for_requests_that_come_at_once(opened, monkeypatch):
    """Each counts what the others have put, whatever database and gateway they come by."""
    monkeypatch.setattr(jobs, "MOST_WAITING", 3)
    stores, owner = [opened() for _ in range(2)], JobOwner("PlatformMSP", "User1", "t", frozenset({"write"}))
    together = threading.Barrier(8)

    def put(number: int) -> bool:
        together.wait()
        try:
            Jobs(stores[number % 2]).put(owner, JobRequest("/v1/orders", b"{}", f"k{number}"))
        except JobLimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(8))) == 3


def test_a_repetition_is_answered_although_the_limit_is_reached(opened, monkeypatch):
    """It puts nothing; another request under its key is refused as that, and a new one by the limit."""
    monkeypatch.setattr(jobs, "MOST_WAITING", 1)
    kept, owner = Jobs(opened()), JobOwner("PlatformMSP", "User1", "t", frozenset({"write"}))
    first = JobRequest("/v1/orders", b"{}", "k")
    assert kept.put(owner, first).id == kept.put(owner, first).id
    with pytest.raises(OtherRequestError):
        kept.put(owner, JobRequest("/v1/orders", b'{"a":1}', "k"))
    with pytest.raises(JobLimitError):
        kept.put(owner, JobRequest("/v1/orders", b"{}", "k2"))


def test_the_runner_works_by_itself_until_it_is_stopped(gateway):
    """It finds what waits, of any process."""
    places = [gateway.send().headers["Location"] for _ in range(3)]
    runner = JobRunner(gateway.app)
    runner.start()
    try:
        assert waiting.until(lambda: all(gateway.get(each).json["state"] == "done" for each in places), 30)
    finally:
        runner.stop()
    assert {gateway.get(f"{each}/answer").json["transaction_id"] for each in places} == {TRANSACTION}


def test_no_header_makes_a_caller(gateway):
    """Who a job's request acts for is not in its headers."""
    forged = gateway.client.post(CONFIRM, headers={"selat.acting": "x", "Selat-Acting": json.dumps({"msp_id": "A"})})
    assert forged.status_code == 401
