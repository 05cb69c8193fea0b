"""Choosing peers: the least busy of those that answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from hlf.profile import Endpoint

# The seconds for which a peer that could not be reached is not used, if there is another.
_REST_SECONDS = 2.0
# The seconds to wait for a peer before the next one, if there are several.
PROBE_SECONDS = 1.0


class Peers:
    """The peers that a gateway can use; many threads may use this object."""

    def __init__(self, endpoints: Collection[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)
        self._calls = dict.fromkeys(self.endpoints, 0)
        self._resting: dict[Endpoint, float] = {}
        self._lock = threading.Lock()

    def pick(self, but: Collection[Endpoint] = ()) -> Endpoint:
        """Return the peer with the fewest running calls; one of *but* only if there is no other."""
        if len(self.endpoints) == 1:
            # Most gateways have one peer, and this runs for each call.
            return self.endpoints[0]
        with self._lock:
            now = time.monotonic()
            return min(
                self.endpoints,
                key=lambda peer: (peer in but, self._resting.get(peer, 0.0) > now, self._calls[peer]),
            )

    def others(self, tried: Collection[Endpoint]) -> bool:
        """Return whether there is a peer that is not among *tried*."""
        return any(peer not in tried for peer in self.endpoints)

    def unreachable(self, endpoint: Endpoint) -> None:
        """Record that *endpoint* could not be reached."""
        with self._lock:
            self._resting[endpoint] = time.monotonic() + _REST_SECONDS

    def calling(self, endpoint: Endpoint) -> AbstractContextManager[None]:
        """Count a call of *endpoint* while it runs."""
        # The count serves the choice alone, and one peer leaves none.
        return nullcontext() if len(self.endpoints) == 1 else self._counted(endpoint)

    @contextmanager
    def _counted(self, endpoint: Endpoint) -> Iterator[None]:
        with self._lock:
            self._calls[endpoint] += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls[endpoint] -= 1


class Route:
    """The peers of one event stream; after a break it changes to another, if there is one."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._last: Endpoint | None = None

    def next(self) -> Endpoint:
        """Return the peer to ask now; the one before, if any, has just failed."""
        if self._last is not None:
            self._peers.unreachable(self._last)
        self._last = self._peers.pick()
        return self._last
