"""
Metrics for Prometheus: requests, transactions, open event streams and messages of webhooks.

Labels are routes and codes, never paths, values or callers. Several processes keep their counts in files of one folder
(``share_in``), and each of them answers for all.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_METHODS = frozenset({"DELETE", "GET", "POST", "HEAD", "OPTIONS"})


def share_in(folder: Path) -> None:
    """
    Let the processes that start after this share their counts in *folder*, which is emptied.

    The library reads this from the environment when it is first imported.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    os.environ[_FOLDER] = str(folder)
    # Imported now, and not in the handler of the signal that a process has ended.
    importlib.import_module("prometheus_client.multiprocess")


def ended(pid: int) -> None:
    """Forget the open streams of a process that has ended; its counts stay."""
    if _FOLDER in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


class Metrics:
    """The counts of one application."""

    def __init__(self) -> None:
        # Imported late, because the library decides at its import whether processes share their counts.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._own = CollectorRegistry()
        self._requests = Counter("selat_requests", "Answers", ["route", "method", "status", "code"], registry=self._own)
        self._answers: dict[tuple[str, str, str, str], Any] = {}
        self._seconds = Histogram(
            "selat_request_seconds", "Time from a complete request to its answer", ["route"], registry=self._own
        )
        self._transactions = Counter(
            "selat_transactions", "Transactions sent, by their outcome", ["channel", "outcome"], registry=self._own
        )
        self._posted = Counter(
            "selat_webhook_attempts", "Attempts to deliver a webhook's message", ["outcome"], registry=self._own
        )
        self._waiting = Gauge(
            "selat_webhook_waiting",
            "Messages that wait for their delivery, of all gateways on the database",
            registry=self._own,
            multiprocess_mode="mostrecent",
        )
        self._streams = Gauge("selat_streams", "Open event streams", registry=self._own, multiprocess_mode="livesum")

    def answered(self, route: str, method: str, status: int, code: str, seconds: float) -> None:
        """Count an answer; *code* is that of its problem, or empty."""
        kind = (route, method if method in _METHODS else "other", str(status), code)
        counted = self._answers.get(kind)
        if counted is None:
            # Cached, because the library takes a lock at each look-up of labels.
            counted = self._answers[kind] = self._requests.labels(*kind), self._seconds.labels(route)
        number, times = counted
        number.inc()
        times.observe(seconds)

    def sent(self, channel: str, outcome: str) -> None:
        """Count a transaction: ``committed``, or the code of the problem."""
        self._transactions.labels(channel, outcome).inc()

    def posted(self, delivered: bool) -> None:
        """Count an attempt to deliver a webhook's message."""
        self._posted.labels("delivered" if delivered else "failed").inc()

    def webhooks_wait(self, messages: int) -> None:
        """Note how many messages of webhooks wait."""
        self._waiting.set(messages)

    def stream_opened(self) -> Callable[[], None]:
        """Count an event stream as open, until the function that this returns is called."""
        self._streams.inc()
        return self._streams.dec

    def text(self, accepted: Iterable[str] = ()) -> tuple[bytes, str]:
        """Return the counts of all processes, and their media type, as the header ``Accept`` wants them."""
        from prometheus_client import CollectorRegistry, exposition, multiprocess

        found = self._own
        if _FOLDER in os.environ:
            found = CollectorRegistry()
            multiprocess.MultiProcessCollector(found)  # type: ignore[no-untyped-call]
        encode, kind = exposition.choose_encoder(", ".join(accepted))
        return encode(found), kind
