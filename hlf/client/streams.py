"""
Reconnecting streams: the items of a peer, without end and without gaps.

A stream keeps its position. When its connection breaks, because the peer or the network restarts, it connects again
and requests the items after it, so its consumer gets every item once and in order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Generic, Self

import grpc

from hlf import errors
from hlf.client.session import Session
from hlf.steps import failures
from hlf.steps.budget import Budget
from hlf.steps.checkpoints import Position
from hlf.steps.events import Item
from hlf.steps.reconnecting import OnBreak, ReconnectBackoff


class EventStream(Generic[Item]):
    """
    An iterator that heals; for one consumer, but any thread may ``close`` it.

    It blocks until there is an item, and ends (``StopIteration``) when the stream or its gateway is closed, or the last
    requested block has come.

    Raises from ``next``:
        EventsError: the peer refuses to go on, or keeps failing.
    """

    def __init__(
        self,
        session: Session,
        request: Callable[[Position], Any],
        unpack: Callable[[Any], Iterable[tuple[Item, Position]]],
        start: Position,
        last_block: int | None = None,
        on_break: OnBreak | None = None,
    ) -> None:
        """
        Make a stream; *request* begins a gRPC call at a position, *unpack* splits an answer into items, each with the
        position after it.
        """
        self._session = session
        self._request = request
        self._unpack = unpack
        self._position = start
        self._last_block = last_block
        self._pending: deque[tuple[Item, Position]] = deque()
        self._call: Any = None
        self._reading: Future[Any] | None = None
        self._reconnecting = ReconnectBackoff(on_break)
        self._due = 0.0
        self._lock = threading.Lock()
        self._closed = threading.Event()

    @property
    def position(self) -> Position:
        """The position at which the stream goes on; the consumer has all items before it."""
        return self._position

    def close(self) -> None:
        """End the stream; a consumer that waits in ``next`` stops waiting."""
        self._closed.set()
        with self._lock:
            if self._call is not None:
                self._call.cancel()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return self.next()

    def next(self, timeout: float | None = None) -> Item:
        """
        Wait for the next item and return it.

        Raises:
            TimeoutError: none came within *timeout* seconds; nothing is lost, and ``next`` can be called again.
            StopIteration: the stream is at its end.
            EventsError: the peer refuses to go on, or keeps failing.
        """
        budget = Budget(timeout)
        while not self._pending:
            self._receive(budget)
        item, self._position = self._pending.popleft()
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, budget: Budget) -> None:
        """Wait for one answer, or for the time of the next request."""
        if self._is_over():
            raise StopIteration
        pause = self._due - time.monotonic()
        if pause > 0:
            self._closed.wait(budget.within(pause))
            if budget.remaining == 0:
                raise TimeoutError
            return
        try:
            answer = self._answer(budget)
            self._pending.extend(self._unpack(answer))
            self._reconnecting.answered()
        except StopIteration:
            # A peer that stops regularly ends its streams without an error.
            self._heal(errors.EventsError("the peer ended the stream", status=grpc.StatusCode.UNAVAILABLE))
        except grpc.RpcError as failure:
            self._heal(failures.from_rpc(errors.EventsError, failure))
        except ValueError:
            # The channel was closed between the check above and the call.
            self._heal(errors.EventsError("the connection is closed", status=grpc.StatusCode.UNAVAILABLE))
        except errors.WireError as malformed:
            raise errors.EventsError(f"the peer sent something that cannot be read: {malformed}") from malformed
        except errors.EventsError as refused:
            self._heal(refused)

    def _is_over(self) -> bool:
        done = self._last_block is not None and self._position.block_number > self._last_block
        return done or self._closed.is_set() or self._session.closed

    def _connected(self) -> Any:
        with self._lock:
            if self._call is None and not self._closed.is_set():
                self._call = self._request(self._position)
            return self._call if self._call is not None else iter(())

    def _answer(self, budget: Budget) -> Any:
        """
        Return the peer's next answer.

        A read of gRPC has no time-out. For a time-out, another thread reads, and it goes on with this for the next call
        after the time-out.
        """
        call = self._connected()
        if budget.remaining is None and self._reading is None:
            return next(call)
        if self._reading is None:
            self._reading = _read(call)
        answered, _ = futures.wait((self._reading,), budget.remaining)
        if not answered:
            raise TimeoutError
        reading, self._reading = self._reading, None
        return reading.result()

    def _heal(self, failure: errors.EventsError) -> None:
        """
        Drop the connection and wait until the time of the next; raise an error that a new connection cannot cure.
        """
        with self._lock:
            if self._call is not None:
                self._call.cancel()
            self._call = self._reading = None
        if self._is_over():
            raise StopIteration
        self._due = time.monotonic() + self._reconnecting.pause(failure, self._position.block_number)


def _read(call: Any) -> Future[Any]:
    """Return the future of *call*'s next answer; its own thread waits for it."""
    reading: Future[Any] = Future()

    def wait() -> None:
        try:
            reading.set_result(next(call))
        except BaseException as failure:  # noqa: BLE001  (it is raised where the answer is used)
            reading.set_exception(failure)

    threading.Thread(target=wait, daemon=True).start()
    return reading
