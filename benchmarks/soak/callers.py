"""Callers that give no request up: what one gateway does not answer is repeated at the other, with the same key."""

from __future__ import annotations

import itertools
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from gateway.http.idempotency import HEADER
from selat.demo.callers import Blocks, DemoCaller, DemoError

#: How many threads carry orders; each has a connection for each actor, which a gateway closes when nobody uses it.
CALLERS = 8
#: How long a request may be repeated; a key whose gateway was killed is free for others after ten seconds.
PATIENCE = 60.0
_PAUSE = 0.25
#: The event that each acknowledged write has left on the ledger, by its address.
WRITES = {
    "OrderPlaced": re.compile(r"/v1/checkouts"),
    "PaymentAuthorised": re.compile(r"/v1/payments"),
    "JourneyOpened": re.compile(r"/v1/journeys"),
    "StageRecorded": re.compile(r"/v1/journeys/[^/]+/events"),
    "CustodyOffered": re.compile(r"/v1/journeys/[^/]+/custody/offer"),
    "CustodyPassed": re.compile(r"/v1/journeys/[^/]+/custody/acceptance"),
}


class Tally:
    """The answers that all callers got, and how long each request took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: list[float] = []
        self.acknowledged: Counter[str] = Counter()
        self.orders = 0
        self.repeated = 0
        self.errors: list[str] = []

    def answered(self, method: str, path: str, seconds: float, response: requests.Response) -> None:
        """Note an answer."""
        with self._lock:
            self._times.append(seconds * 1000)
            if response.status_code >= 400:
                self.errors.append(f"{method} {path}: {response.status_code}: {response.text[:300]}")
            elif method == "POST":
                self.acknowledged.update(event for event, address in WRITES.items() if address.fullmatch(path))

    def failed(self, error: Exception) -> None:
        """Note what ended an order before its end."""
        with self._lock:
            self.errors.append(str(error))

    def repeat(self) -> None:
        """Note that a request is sent once more."""
        with self._lock:
            self.repeated += 1

    def ended(self) -> None:
        """Note an order that was carried to its end."""
        with self._lock:
            self.orders += 1

    def take_times(self) -> list[float]:
        """Return the milliseconds of the requests since the last call."""
        with self._lock:
            taken, self._times = self._times, []
        return taken


class PatientCaller(DemoCaller):
    """
    A user who asks both gateways by turns; each write has a key, under which it is repeated until it is answered.

    Each time the caller uses the token that *tokens* has then.
    """

    def __init__(
        self, bases: Sequence[str], tally: Tally, who: tuple[str, str, str], tokens: Mapping[str, str], blocks: Blocks
    ) -> None:
        super().__init__(bases[0], *who, token=tokens[who[0]], blocks=blocks)
        self._tokens = tokens
        self._bases = itertools.cycle(bases)
        self._tally = tally

    def send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Return the answer of the gateway that gives one; raise DemoError if none does for a minute."""
        headers = {HEADER: str(uuid.uuid4())} if method == "POST" else {}
        begun = time.monotonic()
        while True:
            self._base = next(self._bases)
            self._session.headers["Authorization"] = f"Bearer {self._tokens[self.name]}"
            tried = time.monotonic()
            late = tried - begun > PATIENCE
            try:
                response = super().send(method, path, headers=headers, **kwargs)
            except DemoError:
                if late:
                    raise
                self.note_try(tried, None)
            else:
                if late or not self.is_to_be_repeated(response):
                    self._tally.answered(method, path, time.monotonic() - begun, response)
                    return response
                self.note_try(tried, response)
            time.sleep(_PAUSE)

    def note_try(self, begun: float, response: requests.Response | None) -> None:
        """Note a try that is repeated, *begun* at that time of the monotonic clock; without an answer it has None."""
        self._tally.repeat()

    def is_to_be_repeated(self, response: requests.Response) -> bool:
        """Return whether the gateway asks for the same request again, or does not know its outcome."""
        return response.status_code == 504 or (response.status_code >= 400 and "Retry-After" in response.headers)
