"""Two gateways on one database are stopped and started in turn, and nobody who uses them notices."""

from __future__ import annotations

import contextlib
import functools
import http.client
import itertools
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.http.idempotency import HEADER
from hlf import waiting
from tests.faults import service
from tests.faults.test_killed import CONSORTIUM

CALLERS = 4
EVENTS = f"/v1/events/{service.CHANNEL}/{service.CHAINCODE}"
ASYNC = {"Prefer": "respond-async"}


class Door:
    """
    What stands before the gateways, as a small balancer: where a connection is refused, it goes to the other one.

    So it does where a connection breaks before its answer, since all that is written has a key.
    """

    def __init__(self, running: service.Service) -> None:
        self._addresses = [each.settings.listen for each in running.gateways]
        self._headers = {"Authorization": f"Bearer {running.token}"}

    def open(self, first: int) -> http.client.HTTPConnection:
        """Return a connection to a gateway that listens: the *first* one, if it does."""
        for turn in itertools.count(first):
            made = http.client.HTTPConnection(self._addresses[turn % len(self._addresses)], timeout=60)
            with contextlib.suppress(ConnectionRefusedError):
                made.connect()
                return made
        raise AssertionError

    def ask(self, first: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and JSON of the answer to a request."""
        sent = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        for turn in itertools.count(first):
            # A connection that nobody had taken yet is reset when the gateway stops to listen.
            with contextlib.suppress(ConnectionError), contextlib.closing(self.open(turn)) as connection:
                connection.request(method, path, sent, {**self._headers, **kind, **headers})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
        raise AssertionError

    def is_done(self, job: str) -> bool:
        """Return whether a job has been done."""
        return bool(self.ask(0, "GET", f"/v1/jobs/{job}")[1]["state"] == "done")

    def events(self, after: str) -> Iterator[str]:
        """Yield the id of each event after one, until a gateway ends the stream."""
        with contextlib.closing(self.open(0)) as connection:
            place = EVENTS if after else f"{EVENTS}?start_block=0"
            connection.request("GET", place, headers={**self._headers, **({"Last-Event-ID": after} if after else {})})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))["id"]


class Users:
    """Callers that write and read, and a reader of events, in threads from ``with`` to its end."""

    def __init__(self, door: Door) -> None:
        self.written: list[str] = []
        self.failed: list[str] = []
        self.seen: list[str] = []
        self._door = door
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(index,)) for index in range(CALLERS)]
        # It ends with the test's gateways.
        threading.Thread(target=self._follow, daemon=True).start()

    def go_on(self) -> None:
        """Return when every caller has written again, through whichever gateway is there."""
        wanted = len(self.written) + 3 * CALLERS
        assert waiting.until(lambda: len(self.written) >= wanted or bool(self.failed), 240)
        assert self.failed == []

    def __enter__(self) -> Users:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _call(self, index: int) -> None:
        for number in itertools.count():
            if self._over.is_set():
                return
            key = f"caller-{index}-{number}"
            try:
                written = self._door.ask(number, "POST", service.SUBMIT, _writing(key), **{HEADER: key})
                read = self._door.ask(number, "GET", "/v1/model/events?limit=1")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{key}: {error!r}")
                return
            self.failed += [f"{key}: {status} {told}" for status, told in (written, read) if status >= 300]
            self.written.append(key)

    def _follow(self) -> None:
        while not self._over.is_set():
            try:
                with contextlib.suppress(ConnectionError):
                    for each in self._door.events(self.seen[-1] if self.seen else ""):
                        self.seen.append(each)
            except (OSError, http.client.HTTPException, AssertionError) as error:
                if not self._over.is_set():
                    self.failed.append(f"events: {error!r}")
                return


def _writing(key: str) -> dict[str, Any]:
    return {"function": "rmwevent", "arguments": [key, "Written"]}


def test_a_rolling_restart_loses_no_request(tmp_path: Path):
    """Each write is on the ledger once, jobs that wait are done, and a stream of events has each of them once."""
    with service.running("embedded", tmp_path, CONSORTIUM, random.Random(5)) as running:  # noqa: S311 - no secret.
        door = Door(running)
        with Users(door) as users:
            users.go_on()
            jobs = []
            for each in running.gateways * 2:
                for _ in range(5):
                    key = f"job-{len(jobs)}"
                    status, job = door.ask(len(jobs), "POST", service.SUBMIT, _writing(key), **{HEADER: key, **ASYNC})
                    assert status == 202, job
                    jobs.append(job["id"])
                each.stop()
                users.go_on()
                each.start()
                users.go_on()
            for job in jobs:
                assert waiting.until(functools.partial(door.is_done, job), 120), job
        assert users.failed == []
        with running.connect() as connected:
            contract = connected.network(service.CHANNEL).contract(service.CHAINCODE)
            written = [*users.written, *(f"job-{number}" for number in range(len(jobs)))]
            for key in written:
                assert len(json.loads(contract.evaluate("history", key))) == 1, key
            assert waiting.until(lambda: len(users.seen) >= len(written), 60)
            assert len(users.seen) == len(set(users.seen)) == len(written)
