"""How many may listen at once, and to how many different sources."""

from __future__ import annotations

import threading
from collections import Counter

from gateway.events.feeds import EventSource

# Each source takes a stream of the organisation's peer. Fabric's peers serve 500 of their gateway's calls at once by
# default, for all gateways together.
_SOURCES = 100


class ListenerSlots:
    """Counts open streams; one user may have half of them."""

    def __init__(self, number: int, sources: int = _SOURCES) -> None:
        self._free = number
        self._each = max(1, number // 2)
        self._sources = sources
        self._taken: Counter[tuple[str, str]] = Counter()
        self._listening: Counter[EventSource] = Counter()
        self._lock = threading.Lock()

    def take(self, source: EventSource) -> bool:
        """Take a slot to listen to *source*; return False if there is none. ``release`` gives it back."""
        with self._lock:
            if self._free == 0 or self._taken[source.reader] >= self._each:
                return False
            if source not in self._listening and len(self._listening) >= self._sources:
                return False
            self._free -= 1
            self._taken[source.reader] += 1
            self._listening[source] += 1
            return True

    def release(self, source: EventSource) -> None:
        """Give a slot back."""
        with self._lock:
            self._free += 1
            self._taken -= Counter([source.reader])
            self._listening -= Counter([source])
