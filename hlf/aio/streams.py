"""Reconnecting streams: the items of a peer, without end and without gaps, as asynchronous iterators."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, Generic, Self

import grpc
import grpc.aio

from hlf import errors
from hlf.aio.sending import cancels_task
from hlf.aio.session import Session
from hlf.steps import failures
from hlf.steps.budget import Budget
from hlf.steps.checkpoints import Position
from hlf.steps.events import Item
from hlf.steps.reconnecting import OnBreak, ReconnectBackoff


class EventStream(Generic[Item]):
    """
    An asynchronous iterator that heals; for one consumer, but any task of the loop may ``close`` it.

    It ends (``StopAsyncIteration``) when the stream or its gateway is closed, or the last requested block has come. A
    consumer that is cancelled while it waits loses nothing: the items that it did not get come again.

    Raises from ``anext``:
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
        self._reading: asyncio.Task[Any] | None = None
        self._reconnecting = ReconnectBackoff(on_break)
        self._due = 0.0
        self._closed = asyncio.Event()

    @property
    def position(self) -> Position:
        """The position at which the stream goes on; the consumer has all items before it."""
        return self._position

    async def close(self) -> None:
        """End the stream; a consumer that waits stops waiting."""
        self._closed.set()
        self._drop()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        return await self.next()

    async def next(self, timeout: float | None = None) -> Item:
        """
        Wait for the next item and return it.

        Raises:
            TimeoutError: none came within *timeout* seconds; nothing is lost, and ``next`` can be called again.
            StopAsyncIteration: the stream is at its end.
            EventsError: the peer refuses to go on, or keeps failing.
        """
        budget = Budget(timeout)
        while not self._pending:
            await self._receive(budget)
        item, self._position = self._pending.popleft()
        return item

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _receive(self, budget: Budget) -> None:
        """Wait for one answer, or for the time of the next request."""
        if self._is_over():
            raise StopAsyncIteration
        if self._due > time.monotonic():
            await self._pause(budget)
            return
        try:
            answer = await self._answer(budget)
            if answer is grpc.aio.EOF:
                # A peer that stops regularly ends its streams without an error.
                raise errors.EventsError("the peer ended the stream", status=grpc.StatusCode.UNAVAILABLE)
            if answer is None:
                # grpc.aio's error for bytes that are not a message.
                raise errors.EventsError("the peer's answer cannot be read", status=grpc.StatusCode.INTERNAL)
            self._pending.extend(self._unpack(answer))
            self._reconnecting.answered()
        except asyncio.CancelledError:
            self._drop()
            if cancels_task():
                raise
            # Another task of this program has closed the stream or its connection.
            self._heal(errors.EventsError("the connection is closed", status=grpc.StatusCode.UNAVAILABLE))
        except grpc.aio.AioRpcError as failure:
            self._heal(failures.from_rpc(errors.EventsError, failure))
        except (grpc.aio.UsageError, errors.GatewayError) as failure:
            refused = failure if isinstance(failure, errors.EventsError) else None
            closed = errors.EventsError("the connection is closed", status=grpc.StatusCode.UNAVAILABLE)
            self._heal(refused or closed)
        except errors.WireError as malformed:
            raise errors.EventsError(f"the peer sent something that cannot be read: {malformed}") from malformed

    def _is_over(self) -> bool:
        done = self._last_block is not None and self._position.block_number > self._last_block
        return done or self._closed.is_set() or self._session.closed

    async def _answer(self, budget: Budget) -> Any:
        """
        Return the peer's next answer.

        To cancel a read of gRPC would end the stream. For a time-out, another task reads, and it goes on with this for
        the next call after the time-out.
        """
        if self._call is None:
            self._call = self._request(self._position)
        if budget.remaining is None and self._reading is None:
            return await self._call.read()
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._call.read())
        await asyncio.wait((self._reading,), timeout=budget.remaining)
        if not self._reading.done():
            raise TimeoutError
        reading, self._reading = self._reading, None
        return reading.result()

    def _drop(self) -> None:
        if self._call is not None:
            self._call.cancel()
        if self._reading is not None:
            # Its result is not needed.
            self._reading.add_done_callback(lambda reading: reading.cancelled() or reading.exception())
            self._reading.cancel()
        self._call = self._reading = None

    def _heal(self, failure: errors.EventsError) -> None:
        """Drop the connection and set the time for the next; raise an error that a new connection cannot cure."""
        self._drop()
        if self._is_over():
            raise StopAsyncIteration
        self._due = time.monotonic() + self._reconnecting.pause(failure, self._position.block_number)

    async def _pause(self, budget: Budget) -> None:
        """Wait until it is time to ask again, or the stream is closed."""
        try:
            await asyncio.wait_for(self._closed.wait(), budget.within(self._due - time.monotonic()))
        except TimeoutError:
            if budget.remaining == 0:
                raise
