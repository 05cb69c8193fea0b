"""Cancelling: ending a call from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Cancellation:
    """
    Given with calls, it ends them when another thread says ``cancel``: those under way, and all that come after.

    A query that is ended was not answered; a transaction that was sent may still be committed, and its error says so.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._calls: set[Any] = set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """End every call that this was given with."""
        with self._lock:
            self._event.set()
            calls = list(self._calls)
        for call in calls:
            call.cancel()

    def wait(self, seconds: float) -> bool:
        """Wait that many seconds; return True at once when it is cancelled."""
        return self._event.wait(seconds)

    @contextmanager
    def ending(self, call: Any) -> Iterator[None]:
        """End *call*, a gRPC future, if this is cancelled inside the ``with`` statement or was before."""
        with self._lock:
            self._calls.add(call)
            over = self._event.is_set()
        if over:
            call.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(call)
