"""
Sockets: how many there may be, how long one may stay without a whole request, and what is answered to no HTTP.

A connection that waits for its client costs little, yet there is an end to them. When there are too many, the one that
has waited longest goes: a client that sends its requests is not kept out by a thousand that do not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp.web import BaseRequest, RequestHandler, Server, StreamResponse

from gateway.front import refusals
from gateway.http.problems import Problem

_LOG = logging.getLogger("gateway")
_SWEEP_SECONDS = 1.0


@dataclass(frozen=True)
class Limits:
    """
    What one process bears.

    Attributes:
        connections: sockets at once.
        read_seconds: from a connection, or the first byte of its next request, to the end of a head; and again from
            there to the end of the body.
        idle_seconds: without a byte, after an answer.
    """

    connections: int
    read_seconds: float
    idle_seconds: float


class Connections(Server):
    """All sockets of one process, and what they are waiting for."""

    def __init__(self, handler: Callable[[BaseRequest], Awaitable[StreamResponse]], limits: Limits) -> None:
        # Bodies are taken as they come: nothing is unpacked, for what is small packed may be large unpacked.
        super().__init__(handler, handler_cancellation=True, auto_decompress=False, access_log=None)
        self.limits = limits
        self._open: set[RequestHandler] = set()
        # Those that wait for their client, the longest first, each with the time at which that has been too long.
        self._waiting: OrderedDict[RequestHandler, float] = OrderedDict()
        # Those whose head has been read, until their answer is written.
        self._busy: set[RequestHandler] = set()
        self._quiet: asyncio.Event | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._open)

    def opened(self, connection: _Connection) -> None:
        """A new one; if that is too many, the one that has waited longest goes, or this one if none waits."""
        if self._sweeper is None:
            self._sweep()
        if len(self._open) >= self.limits.connections:
            if not self._waiting:
                connection.turn_away()
                return
            self.drop(next(iter(self._waiting)))
        self._open.add(connection)
        self.waits(connection, self.limits.read_seconds)

    def waits(self, connection: RequestHandler, seconds: float) -> None:
        """Note that it waits for its client, at most so long from now."""
        if connection in self._open:
            self._waiting[connection] = self._loop.time() + seconds
            self._waiting.move_to_end(connection)

    def begins(self, connection: RequestHandler) -> None:
        """The first byte of a further head has come: all of it is due soon, but its place in the row stays."""
        due = self._waiting.get(connection)
        if due is not None:
            self._waiting[connection] = min(due, self._loop.time() + self.limits.read_seconds)

    @property
    def ending(self) -> bool:
        """Whether no further request is taken."""
        return self._quiet is not None

    def begun(self, connection: RequestHandler) -> None:
        """Note that a head has been read: there will be an answer."""
        self._busy.add(connection)

    def finished(self, connection: RequestHandler) -> None:
        """The answer is written, or there is nobody to write it to."""
        self._busy.discard(connection)
        if self._quiet is not None:
            connection.close()
            if not self._busy:
                self._quiet.set()

    def served(self, connection: RequestHandler) -> None:
        """Note that it has sent a whole request, and waits for the gateway now."""
        self._waiting.pop(connection, None)

    def closed(self, connection: RequestHandler) -> None:
        """Note that it is closed."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def drop(self, connection: RequestHandler) -> None:
        """Close it at once, without waiting for a client that does not read."""
        self.closed(connection)
        if connection.transport is not None:
            connection.transport.abort()

    async def end(self, seconds: float) -> None:
        """
        Close those that wait for nothing, and return once all others have their answers, or after *seconds*.

        aiohttp's own shutdown reads nothing more from the first moment on, so that a body on its way would be lost.
        """
        self._quiet = asyncio.Event()
        for connection in self._open - self._busy:
            connection.force_close()
        if self._busy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._quiet.wait()
        if self._sweeper is not None:
            self._sweeper.cancel()
        await self.shutdown(_SWEEP_SECONDS)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in [each for each, due in self._waiting.items() if due <= now]:
            self.drop(connection)
        self._sweeper = self._loop.call_later(min(_SWEEP_SECONDS, self.limits.read_seconds), self._sweep)


class _Connection(RequestHandler):
    """One socket; aiohttp reads HTTP from it."""

    # aiohttp's own class has slots; what is added here needs them as well.
    __slots__ = ("_begun", "_connections")

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(connections, **options)
        self._connections = connections
        self._begun = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.closed(self)
        self._connections.finished(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._connections.begins(self)
        super().data_received(data)

    async def finish_response(self, *given: Any, **named: Any) -> tuple[StreamResponse, bool]:
        try:
            return await super().finish_response(*given, **named)
        finally:
            self._begun = False
            self._connections.waits(self, self._connections.limits.idle_seconds)
            self._connections.finished(self)

    def turn_away(self) -> None:
        """Say that there are too many, and close."""
        if self.transport is not None:
            self.transport.write(refusals.raw(Problem("GATEWAY_BUSY")))
        self.force_close()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """Answer what is no HTTP. The parser's words quote what was sent, so the kind of its error alone is told."""
        kind = type(exc).__name__ if exc else ""
        if request.writer.output_size > 0:
            raise ConnectionError(f"the answer was begun: {kind}")
        if status < 500:
            return refusals.response(Problem("REQUEST_MALFORMED", f"This cannot be read as HTTP ({kind})"), close=True)
        _LOG.error("unexpected %s in the front", kind)
        return refusals.response(Problem("GATEWAY_FAULT"), close=True)
