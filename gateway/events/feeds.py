"""
The events of chaincodes for many listeners, over few streams of Fabric.

All who listen to one chaincode as one user share a feed: one stream, and the latest events that it brought. Fabric
decides for each user what it may read, so users share nothing. A listener whose place is older than what the feed still
has gets a stream of its own (a replay) until it has caught up. Few of these run at once, and users take turns.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.events.readings import Reading, RenderedEvent, piece
from gateway.front.lanes import FairQueue
from hlf.steps.checkpoints import Position

if TYPE_CHECKING:
    from gateway.fabric.ledger import Ledgers

# What a feed keeps for those who have not taken it yet.
_KEPT, _KEPT_BYTES = 1_024, 1 << 23
# How many listeners are woken before the event loop looks for other work.
_WOKEN = 50
# A user who may not read a chaincode's events any more is noticed after this time, also by those who listen.
_RENEW_SECONDS = 60.0
# How many replays run at once in this process.
_REPLAYS = 8


class BehindError(Exception):
    """A listener takes events more slowly than they come; those that it needs next are gone from the feed."""


@dataclass(frozen=True)
class EventSource:
    """One chaincode's events as one user may read them."""

    msp_id: str
    user: str
    channel: str
    chaincode: str

    @property
    def reader(self) -> tuple[str, str]:
        """The organisation and its user."""
        return self.msp_id, self.user


class Feed:
    """One stream of a source, and its latest events by their running number."""

    def __init__(self, read: Callable[[Position, Callable[[], None]], Reading], start: Position) -> None:
        self.since = start
        """The feed has every event behind this position."""
        self.failure: Exception | None = None
        self.over = False
        """Whether no event comes any more, because the stream has ended or failed."""
        self._events: deque[RenderedEvent] = deque()
        self._first = self._bytes = 0
        self._listeners: dict[object, Callable[[], None]] = {}
        self._reading = read(start, self._arrived)
        self._renewal = self._renew_later()

    @property
    def first(self) -> int:
        """The number of the first event that it still has."""
        return self._first

    @property
    def is_new(self) -> bool:
        """Whether it has brought no event so far."""
        return not self._first and not self._events

    def covers(self, position: Position) -> bool:
        """Return whether it has, or will bring, every event behind *position*."""
        since = self.since
        if position.block_number != since.block_number:
            return position.block_number > since.block_number
        if since.transaction_id is None or position == since:
            return True
        return position.transaction_id is not None and any(each.cursor.position == position for each in self._events)

    def after(self, number: int) -> list[RenderedEvent]:
        """
        Return the events from this number on, not too many at once; none if there is none so far.

        Raises:
            BehindError: it has some of them no more.
        """
        if number < self._first:
            raise BehindError
        return piece(self._events[index] for index in range(number - self._first, len(self._events)))

    def adopt(self, reading: Reading, position: Position) -> None:
        """
        Go on with a stream that is at an earlier *position*, instead of its own, which has brought nothing.

        So those who listen miss nothing, and a listener at that position is there.
        """
        self._reading.close()
        self._reading, self.since = reading, position
        reading.arrived = self._arrived

    def join(self, listener: object, wake: Callable[[], None]) -> None:
        """Call *wake* whenever there is something new, until ``leave``."""
        self._listeners[listener] = wake

    def leave(self, listener: object) -> bool:
        """Forget a listener; return whether it was the last, and the feed is closed."""
        self._listeners.pop(listener, None)
        if not self._listeners:
            self._renewal.cancel()
            self._reading.close()
        return not self._listeners

    def _arrived(self) -> None:
        # Looked at first: an event that comes with the end is taken below.
        ended = self._reading.over
        try:
            while events := self._reading.take():
                for each in events:
                    self._keep(each)
        except Exception as error:  # noqa: BLE001  Each listener gets it.
            self.failure = error
        self.over = ended or self.failure is not None
        self._wake(iter(list(self._listeners.values())))

    def _keep(self, event: RenderedEvent) -> None:
        self._events.append(event)
        self._bytes += len(event.text)
        while len(self._events) > _KEPT or (self._bytes > _KEPT_BYTES and len(self._events) > 1):
            gone = self._events.popleft()
            self._bytes -= len(gone.text)
            self._first += 1
            self.since = gone.cursor.position

    def _wake(self, listeners: Iterator[Callable[[], None]]) -> None:
        """Wake listeners in groups, so that a thousand of them do not hold up requests."""
        woken = 0
        for wake in itertools.islice(listeners, _WOKEN):
            wake()
            woken += 1
        if woken == _WOKEN:
            asyncio.get_running_loop().call_soon(self._wake, listeners)

    def _renew_later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(_RENEW_SECONDS, self._renew)

    def _renew(self) -> None:
        self._reading.renew()
        self._renewal = self._renew_later()


class Feeds:
    """The feeds of one event loop, each as long as somebody listens to it."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers
        self._feeds: dict[EventSource, Feed] = {}
        self.replays = FairQueue(_REPLAYS)

    def join(self, source: EventSource, height: int, listener: object, wake: Callable[[], None]) -> Feed:
        """Return the feed of a source; a new one brings the events from the next block on, which has this number."""
        feed = self._feeds.get(source)
        if feed is None or feed.over:
            feed = self._feeds[source] = Feed(functools.partial(self.read, source), Position(height))
        feed.join(listener, wake)
        return feed

    def leave(self, source: EventSource, feed: Feed, listener: object) -> None:
        """Leave a feed; without listeners it ends."""
        if feed.leave(listener) and self._feeds.get(source) is feed:
            del self._feeds[source]

    def read(self, source: EventSource, start: Position, arrived: Callable[[], None]) -> Reading:
        """Return a stream of a source's events behind a position."""

        def opened(position: Position) -> AbstractContextManager[Any]:
            return self._ledgers.events(
                source.msp_id,
                source.user,
                source.channel,
                source.chaincode,
                position.block_number,
                position.transaction_id or "",
            )

        return Reading(opened, start, source.channel, arrived)
