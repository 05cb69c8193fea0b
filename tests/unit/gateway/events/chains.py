"""A chaincode's events on a peer, as ``Ledgers`` streams them, and those who listen to them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.events.feeds import EventSource, Feeds
from gateway.events.listeners import EventListener, Listening
from gateway.store.checkpoints import EventCursor
from gateway.store.tokens import TokenCaller
from hlf.steps.checkpoints import Position

SOURCE = EventSource("AMSP", "User1", "trade", "trade")
SOON = 30


@dataclass(frozen=True)
class Event:
    """As ``hlf`` gives chaincode events."""

    block_number: int
    transaction_id: str
    chaincode: str
    name: str
    payload: bytes


def event(number: int, place: int = 0, name: str = "Happened", payload: bytes = b'{"a":1}') -> Event:
    """Return an event of a block; ids of transactions are in no order, as those of Fabric."""
    return Event(number, f"{(number * 7919 + place * 104_729) % 99_991:064x}", "trade", name, payload)


class Stream:
    """One stream of the peer; it ends when it is closed, or fails when the peer does."""

    def __init__(self, peer: Peer, start: int, after: str) -> None:
        self._peer = peer
        self._start, self._after = start, after
        self.closed = False

    def __iter__(self) -> Iterator[Event]:
        given, passed = 0, not self._after
        while True:
            with self._peer.changed:
                self._peer.changed.wait_for(lambda: self.closed or self._peer.failure or self._peer.has(given))  # noqa: B023
                if self.closed:
                    return
                if self._peer.failure:
                    raise self._peer.failure
                found = self._peer.events[given]
            given += 1
            if found.block_number < self._start:
                continue
            if found.block_number > self._start or passed:
                yield found
            passed = passed or found.transaction_id == self._after

    def close(self) -> None:
        with self._peer.changed:
            self.closed = True
            self._peer.changed.notify_all()


@dataclass
class Peer:
    """What ``Ledgers`` is for events: it has some, gets more, and counts who streams them."""

    events: list[Event] = field(default_factory=list)
    failure: Exception | None = None
    held: bool = False
    """Whether its streams bring nothing for now, though there may be something."""
    opened: list[tuple[str, str, int, str]] = field(default_factory=list)
    open: int = 0
    most: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def has(self, number: int) -> bool:
        """Return whether the event of this number can be sent."""
        return len(self.events) > number and not self.held

    def add(self, *events: Event) -> None:
        with self.changed:
            self.events.extend(events)
            self.changed.notify_all()

    def tell(self, failure: Exception | None = None, *, held: bool = False) -> None:
        with self.changed:
            self.failure, self.held = failure, held
            self.changed.notify_all()

    @contextlib.contextmanager
    def stream(self, msp_id: str, user: str, channel: str, chaincode: str, start: int, after: str) -> Iterator[Stream]:
        with self.changed:
            self.opened.append((msp_id, user, start, after))
            self.open += 1
            self.most = max(self.most, self.open)
        try:
            yield Stream(self, start, after)
        finally:
            with self.changed:
                self.open -= 1
                self.changed.notify_all()

    def height(self) -> int:
        return self.events[-1].block_number + 1 if self.events else 1


class Crowd:
    """Listeners to one peer on one event loop."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.feeds = Feeds(_Ledgers(peer))  # type: ignore[arg-type]

    def listener(self, start: Position | None = None, **wanted: Any) -> EventListener:
        """Return one that listens from *start* on, or to what comes next."""
        height = self.peer.height()
        given: dict[str, Any] = {
            "source": SOURCE,
            "start": start or Position(height),
            "height": height,
            "names": frozenset(),
            "limit": None,
            "idle_seconds": None,
            "caller": caller(),
            "certificate": b"",
            "delivered": None,
            "release": lambda: None,
        }
        return EventListener(self.feeds, Listening(**{**given, **wanted}))


class _Ledgers:
    def __init__(self, peer: Peer) -> None:
        self.events = peer.stream


def caller() -> TokenCaller:
    return TokenCaller("t", "AMSP", "User1", frozenset({"events"}), datetime.now(UTC) + timedelta(seconds=600))


async def heard(listener: EventListener, number: int) -> list[str]:
    """Return the ids of so many events that a listener gets; it leaves then."""
    ids: list[str] = []
    async with asyncio.timeout(SOON), contextlib.aclosing(listener.pieces()) as pieces:
        while len(ids) < number:
            ids += ids_in(await anext(pieces))
    return ids


async def everything(pieces: AsyncIterator[bytes]) -> bytes:
    """Return the text of a stream that ends."""
    async with asyncio.timeout(SOON):
        return b"".join([each async for each in pieces])


def ids_in(text: bytes) -> list[str]:
    return [line.removeprefix("id: ") for line in text.decode().splitlines() if line.startswith("id: ")]


def ids_of(*events: Event) -> list[str]:
    return [str(EventCursor(each.block_number, each.transaction_id)) for each in events]


async def until(holds: Callable[[], bool]) -> None:
    """Return when *holds* does, looked at while the loop goes round."""
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0)
