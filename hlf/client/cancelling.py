"""Cancelling: ending a call from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Cancellation:
    """
    Ends all calls that have it, running and later ones, when another thread calls ``cancel``.

    A cancelled query has no answer. A transaction that was sent may still be committed; its error says so.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._calls: set[Any] = set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """End every call that has this object."""
        with self._lock:
            self._event.set()
            calls = list(self._calls)
        for call in calls:
            call.cancel()

    def wait(self, seconds: float) -> bool:
        """Wait that many seconds; return True at once if it is cancelled."""
        return self._event.wait(seconds)

    @contextmanager
    def ending(self, call: Any) -> Iterator[None]:
        """End *call*, a gRPC future, if this is cancelled before the end of the ``with`` statement."""
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
