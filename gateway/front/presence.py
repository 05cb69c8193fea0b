"""Whether the client that sent a request is still connected."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

ENVIRON = "selat.presence"
"""Where a request's WSGI environment has it."""


class Presence:
    """The presence of one client, until it leaves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = False
        self._then: list[Callable[[], None]] = []

    @property
    def left(self) -> bool:
        return self._left

    def when_left(self, then: Callable[[], None]) -> None:
        """
        Call *then* when the client has left, or at once if it already has. It runs in another thread and must not
        block.
        """
        with self._lock:
            if not self._left:
                self._then.append(then)
                return
        then()

    def leave(self) -> None:
        """Note that the client has left, or has its answer; errors of the calls that follow are ignored."""
        with self._lock:
            self._left, called, self._then = True, self._then, []
        for then in called:
            with contextlib.suppress(Exception):
                then()


def of(environ: dict[str, Any]) -> Presence:
    """Return the presence of the client behind this WSGI environment; without the front, one that never leaves."""
    return environ.get(ENVIRON) or Presence()
