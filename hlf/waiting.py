"""Wait until something is so, by looking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable

_POLL_SECONDS = 0.01


def until(condition: Callable[[], bool], timeout: float, *, every: float = _POLL_SECONDS) -> bool:
    """Return whether *condition* became true in time; it is called *every* so many seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
