"""One event stream of Fabric, read by a thread for an event loop that must not wait."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from gateway.events.cloudevents import cloud_event
from gateway.store.checkpoints import EventCursor
from hlf import errors
from hlf.steps.checkpoints import Position
from hlf.steps.reconnecting import ReconnectBackoff

# How far a thread reads ahead, in events and in bytes of their texts.
_AHEAD, _AHEAD_BYTES = 256, 1 << 22

# How much text is taken at once, if there is more than one event.
PIECE_BYTES = 1 << 16

Opened = Callable[[Position], AbstractContextManager[Any]]
"""Opens an event stream of ``hlf`` at a position; the stream is closed at the end of the context."""


@dataclass(frozen=True, slots=True)
class RenderedEvent:
    """An event with its text as a server-sent event, made once for all who get it."""

    cursor: EventCursor
    name: str
    text: bytes


class Reading:
    """
    A stream of events from a position on, which reads ahead a little.

    Make and use it on the event loop. *arrived* is called there when there is something to ``take``, or the stream
    has come to its end.
    """

    def __init__(self, opened: Opened, start: Position, channel: str, arrived: Callable[[], None]) -> None:
        self.arrived = arrived
        self.over = False
        """Whether no event comes any more; those that came can still be taken."""
        self._opened = opened
        self._position = start
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._read: deque[RenderedEvent] = deque()
        self._bytes = 0
        self._stream: Any = None
        self._renewing = self._closed = False
        self._failure: Exception | None = None
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def take(self) -> list[RenderedEvent]:
        """
        Return the events that have come since the last call, in their order, not too many at once.

        Raises:
            Exception: what ended the stream, after its last event was taken.
        """
        with self._changed:
            taken = piece(self._read)
            for each in taken:
                self._read.popleft()
                self._bytes -= len(each.text)
            self._changed.notify()
        if not taken and self._failure is not None:
            raise self._failure
        return taken

    def renew(self) -> None:
        """Open the stream again behind its last event, so that the peer looks again whether the user may read it."""
        self._end_stream(renewing=True)

    def close(self) -> None:
        """End the stream; nothing arrives any more."""
        self.arrived = _nothing
        self._closed = True
        self._end_stream(renewing=False)

    def _end_stream(self, *, renewing: bool) -> None:
        with self._changed:
            self._renewing, stream = renewing, self._stream
            self._changed.notify()
        if stream is not None:
            stream.close()

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001  Those who listen get it, whatever it is.
            self._failure = error
        self.over = True
        self._tell()

    def _follow(self) -> None:
        reconnecting = ReconnectBackoff()
        while not self._closed:
            try:
                with self._opened(self._position) as stream:
                    self._begin(stream)
                    for event in stream:
                        reconnecting.answered()
                        if not self._put(event):
                            return
            except errors.EventsError as failed:
                # An open stream heals by itself. One that is opened again waits for the peer in the same way.
                if not self._renewing:
                    raise
                with self._changed:
                    self._changed.wait(reconnecting.pause(failed, self._position.block_number))
                continue
            finally:
                self._begin(None)
            if not self._renewing:
                return

    def _begin(self, stream: Any) -> None:
        with self._changed:
            self._stream = stream
            if stream is not None:
                self._renewing = False
            closed = self._closed
        if stream is not None and closed:
            stream.close()

    def _put(self, event: Any) -> bool:
        """Give an event to the event loop when there is room; return False if nobody wants it any more."""
        told = _rendered(event, self._channel)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (len(self._read) < _AHEAD and self._bytes < _AHEAD_BYTES))
            if self._closed:
                return False
            self._read.append(told)
            self._bytes += len(told.text)
            first = len(self._read) == 1
        self._position = told.cursor.position
        if first:
            self._tell()
        return True

    def _tell(self) -> None:
        # The loop may have ended before this thread.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self.arrived())


def piece(events: Iterable[RenderedEvent]) -> list[RenderedEvent]:
    """Return the first of *events*, as many as are written at once."""
    taken: list[RenderedEvent] = []
    size = 0
    for event in events:
        size += len(event.text)
        if taken and size > PIECE_BYTES:
            break
        taken.append(event)
    return taken


def _rendered(event: Any, channel: str) -> RenderedEvent:
    cursor = EventCursor(event.block_number, event.transaction_id)
    document = json.dumps(cloud_event(event, channel), ensure_ascii=False, separators=(",", ":"))
    return RenderedEvent(cursor, event.name, f"id: {cursor}\nevent: {event.name}\ndata: {document}\n\n".encode())


def _nothing() -> None:
    pass
