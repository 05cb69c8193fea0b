"""One who listens: its place in a chaincode's events, and the text of its stream of server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from gateway.events.feeds import BehindError, EventSource, Feeds
from gateway.events.readings import Reading, RenderedEvent
from gateway.http.problems import Problem, of
from gateway.store.checkpoints import EventCursor
from gateway.store.tokens import TokenCaller
from hlf.steps.checkpoints import Position

LISTENING = "selat.listening"
"""Where a request's WSGI environment has what a listener wants, for the front that follows its stream."""
HEARTBEAT_SECONDS = 15.0
# When a replay is held to have brought all that there is so far, and how long one runs while others wait.
_QUIET_SECONDS, _REPLAY_SECONDS = 1.0, 5.0
_OPENED, _ALIVE = b": stream opened\n\n", b": still here\n\n"


@dataclass(frozen=True)
class Listening:
    """
    What a listener wants, and what it holds.

    Attributes:
        start: the its stream has the events behind this position.
        height: the number of the next block, when it came.
        names: only events of these names are in it; empty for all. The others count as delivered, and neither towards
            *limit* nor as a sign of life.
        limit, idle_seconds: its stream ends after so many events, or so many seconds without one; None for never.
        caller: whose token it came with.
        certificate: the client certificate that it showed instead; empty for none.
        delivered: notes, in a thread, that all events up to one were written; None if nobody keeps that. After a break
            a listener may get an event twice, but never misses one.
        release: gives its place back; may be called more than once.
    """

    source: EventSource
    start: Position
    height: int
    names: frozenset[str]
    limit: int | None
    idle_seconds: float | None
    caller: TokenCaller
    certificate: bytes
    delivered: Callable[[EventCursor], None] | None
    release: Callable[[], None]


class EventListener:
    """One who listens, on the event loop."""

    def __init__(self, feeds: Feeds, wanted: Listening, clock: Callable[[], float] = time.monotonic) -> None:
        self.wanted = wanted
        self._feeds = feeds
        self._clock = clock
        self._wake = asyncio.Event()
        self._ending = False
        self._problem: Exception | None = None
        # It continues behind this position. As long as events at or before it may come, they are passed over.
        self._position, self._passing = wanted.start, False
        # The number of its next event in the feed; None while the feed does not have that event.
        self._next: int | None = None
        self._joined = False
        self._feed = feeds.join(wanted.source, wanted.height, self, self._wake.set)
        self._turn: asyncio.Future[None] | None = None
        self._replay: Reading | None = None
        self._replay_heard = 0.0
        self._turn_ends: asyncio.TimerHandle | None = None

    def end(self, problem: Exception | None = None) -> None:
        """End the stream, with a last event that says why if there is a problem."""
        self._ending, self._problem = True, problem
        self._wake.set()

    def leave(self) -> None:
        """Give everything back; may be called more than once."""
        self._end_replay()
        self._feeds.leave(self.wanted.source, self._feed, self)
        self.wanted.release()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """
        Yield the stream's text; what was yielded is written when the next piece is asked for.

        The last piece is an event ``problem`` if the stream ends because something is wrong.
        """
        told, limit, patience = 0, self.wanted.limit, self.wanted.idle_seconds or HEARTBEAT_SECONDS
        quiet_until = self._clock() + patience
        try:
            yield _OPENED
            while limit is None or told < limit:
                self._wake.clear()
                if self._ending:
                    break
                events = self._take()
                if events is None:
                    break
                if events:
                    text, count = self._text(events, None if limit is None else limit - told)
                    if text:
                        yield text
                        told += count
                        quiet_until = self._clock() + patience
                    await self._delivered()
                    # Events that are passed over are no sign of life, however many there are.
                    if self._clock() < quiet_until:
                        continue
                if self._clock() >= quiet_until:
                    if self.wanted.idle_seconds is not None:
                        break
                    yield _ALIVE
                    quiet_until = self._clock() + patience
                if not events:
                    await self._woken(quiet_until)
        except Exception as error:  # noqa: BLE001  Whatever it is, the listener gets it.
            self._problem = error
        finally:
            self.leave()
        if self._problem is not None:
            yield _told(self._problem)

    async def _woken(self, until: float) -> None:
        """Wait until there may be something to do, and not longer than until then."""
        if self._replay is not None:
            until = min(until, self._clock() + _QUIET_SECONDS)
        timer = asyncio.get_running_loop().call_later(max(0.0, until - self._clock()), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    async def _delivered(self) -> None:
        if self.wanted.delivered is not None and self._position.transaction_id is not None:
            seen = EventCursor(self._position.block_number, self._position.transaction_id)
            await asyncio.to_thread(self.wanted.delivered, seen)

    def _take(self) -> list[RenderedEvent] | None:
        """
        Return the events that come next, none if there are none so far; None if the stream has ended.

        Raises:
            BehindError: the feed does not have them any more.
            Exception: what ended the feed or the replay.
        """
        feed = self._feed
        if self._next is None and feed.covers(self._position):
            self._end_replay()
            self._next, self._joined = feed.first, True
        if self._next is None and not feed.over:
            return self._replayed()
        events = [] if self._next is None else feed.after(self._next)
        if not events and feed.over:
            if feed.failure is not None:
                raise feed.failure
            return None
        if events and self._joined:
            self._joined, self._passing = False, self._position != feed.since
        if self._next is not None:
            self._next += len(events)
        return events

    def _replayed(self) -> list[RenderedEvent] | None:
        """Return the next events from a stream of its own, when it is this user's turn to have one."""
        replays, now = self._feeds.replays, self._clock()
        if self._replay is None:
            if self._turn is None:
                self._turn = replays.ask(self.wanted.source.reader)
                self._turn.add_done_callback(lambda _: self._wake.set())
            if self._turn.done():
                self._replay = self._feeds.read(self.wanted.source, self._position, self._wake.set)
                self._replay_heard = now
                self._turn_ends = asyncio.get_running_loop().call_later(_REPLAY_SECONDS, self._pass_on)
                self._passing = False
            return []
        events = self._replay.take()
        if events:
            self._replay_heard = now
            return events
        if self._replay.over:
            return None
        if now - self._replay_heard >= _QUIET_SECONDS and self._feed.is_new:
            self._feed.adopt(self._replay, self._position)
            self._replay = None
            self._end_replay()
            self._wake.set()
        return []

    def _pass_on(self) -> None:
        """Let the next have its turn, if somebody waits, even if the last piece is still being written."""
        if self._feeds.replays.waiting:
            # It goes on at its position when it has a turn again.
            self._end_replay()
            self._wake.set()
        else:
            self._turn_ends = asyncio.get_running_loop().call_later(_REPLAY_SECONDS, self._pass_on)

    def _end_replay(self) -> None:
        """Give up the stream of its own, or the wait for one."""
        if self._turn_ends is not None:
            self._turn_ends.cancel()
        if self._replay is not None:
            self._replay.close()
        if self._turn is not None:
            self._feeds.replays.leave(self.wanted.source.reader, self._turn)
        self._replay = self._turn = self._turn_ends = None

    def _text(self, events: list[RenderedEvent], left: int | None) -> tuple[bytes, int]:
        """Return the text of *events*, of not more than *left*, and their number; the position moves behind them."""
        names, pieces = self.wanted.names, []
        for event in events:
            if self._passing and not self._is_next(event):
                continue
            self._position = event.cursor.position
            if names and event.name not in names:
                continue
            pieces.append(event.text)
            if len(pieces) == left:
                break
        return b"".join(pieces), len(pieces)

    def _is_next(self, event: RenderedEvent) -> bool:
        """Return whether the event is behind the position, where those before it are passed over."""
        number, transaction_id = self._position.block_number, self._position.transaction_id
        if event.cursor.block_number < number:
            return False
        if event.cursor.block_number == number and transaction_id is not None:
            self._passing = event.cursor.transaction_id != transaction_id
            return False
        self._passing = False
        return True


def _told(problem: Exception) -> bytes:
    """Return the event that ends a stream because of a problem."""
    told = Problem("STREAM_BEHIND") if isinstance(problem, BehindError) else of(problem)
    return f"event: problem\ndata: {json.dumps(told.document(''))}\n\n".encode()
