"""Turns for calls that change the same thing: calls that lost a race are sent again one after the other."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

# Channel, chaincode and what the call is about.
Subject = tuple[str, str, str]


class FairLocks:
    """A queue for each subject, first come first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[Subject, deque[threading.Event]] = {}

    @contextlib.contextmanager
    def take(self, subject: Subject) -> Iterator[None]:
        """Wait for the turn and keep it until the end of the ``with`` block; then the next in the queue has it."""
        turn = threading.Event()
        with self._lock:
            row = self._rows.setdefault(subject, deque())
            row.append(turn)
            if len(row) == 1:
                turn.set()
        turn.wait()
        try:
            yield
        finally:
            with self._lock:
                row.popleft()
                if row:
                    row[0].set()
                else:
                    del self._rows[subject]
