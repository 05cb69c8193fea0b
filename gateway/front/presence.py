"""Whether whoever sent a request is still there to get the answer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

ENVIRON = "selat.presence"
"""Where a request's WSGI environment has it."""


class Presence:
    """One client's: it is there, until it has left for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = False
        self._then: list[Callable[[], None]] = []

    @property
    def left(self) -> bool:
        return self._left

    def when_left(self, then: Callable[[], None]) -> None:
        """Call *then*, which must not block, once the client has left, in another thread; at once if it has."""
        with self._lock:
            if not self._left:
                self._then.append(then)
                return
        then()

    def leave(self) -> None:
        """Say that the client has left, or has its answer; the failures of what is then called are its own."""
        with self._lock:
            self._left, called, self._then = True, self._then, []
        for then in called:
            with contextlib.suppress(Exception):
                then()


def of(environ: dict[str, Any]) -> Presence:
    """Whoever sent a request with this WSGI environment; without the front, somebody who stays."""
    return environ.get(ENVIRON) or Presence()
