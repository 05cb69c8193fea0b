"""Healing streams: what a peer sends, without end and without gaps, as asynchronous iterators."""

from __future__ import annotations

import asyncio
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
from hlf.steps.checkpoints import Position
from hlf.steps.events import Item
from hlf.steps.healing import Healing


class EventStream(Generic[Item]):
    """
    An asynchronous iterator that heals; for one consumer, but any task of the loop may ``close`` it.

    It ends (``StopAsyncIteration``) once the stream or its gateway is closed, or the last block that was asked for has
    come. A consumer that is cancelled while it waits loses nothing: what it was not handed comes again.

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
        self._healing = Healing()
        self._closed = asyncio.Event()

    @property
    def position(self) -> Position:
        """Where the stream goes on: what was handed out so far is before it."""
        return self._position

    async def close(self) -> None:
        """End the stream; a consumer that waits stops waiting."""
        self._closed.set()
        self._drop()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while not self._pending:
            await self._receive()
        item, self._position = self._pending.popleft()
        return item

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _receive(self) -> None:
        """Wait for one answer, or for the time to ask again."""
        if self._is_over():
            raise StopAsyncIteration
        try:
            if self._call is None:
                self._call = self._request(self._position)
            answer = await self._call.read()
            if answer is grpc.aio.EOF:
                # A peer that shuts down in good order ends its streams without an error.
                raise errors.EventsError("the peer ended the stream", status=grpc.StatusCode.UNAVAILABLE)
            if answer is None:
                # grpc.aio's word for bytes that are no message.
                raise errors.EventsError("the peer's answer cannot be read", status=grpc.StatusCode.INTERNAL)
            self._pending.extend(self._unpack(answer))
            self._healing.answered()
        except asyncio.CancelledError:
            self._drop()
            if cancels_task():
                raise
            # The stream or its connection was closed by somebody else in this program.
            await self._heal(errors.EventsError("the connection is closed", status=grpc.StatusCode.UNAVAILABLE))
        except grpc.aio.AioRpcError as failure:
            await self._heal(failures.from_rpc(errors.EventsError, failure))
        except (grpc.aio.UsageError, errors.GatewayError) as failure:
            refused = failure if isinstance(failure, errors.EventsError) else None
            closed = errors.EventsError("the connection is closed", status=grpc.StatusCode.UNAVAILABLE)
            await self._heal(refused or closed)
        except errors.WireError as malformed:
            raise errors.EventsError(f"the peer sent what cannot be read: {malformed}") from malformed

    def _is_over(self) -> bool:
        done = self._last_block is not None and self._position.block_number > self._last_block
        return done or self._closed.is_set() or self._session.closed

    def _drop(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._call = None

    async def _heal(self, failure: errors.EventsError) -> None:
        """Drop the connection and wait until it is time for the next; raise an error that a new one cannot mend."""
        self._drop()
        if self._is_over():
            raise StopAsyncIteration
        pause = self._healing.pause(failure, self._position.block_number)
        try:
            await asyncio.wait_for(self._closed.wait(), pause)
        except TimeoutError:
            return
