"""
Sockets: their limits, and the answer to input that is not HTTP.

A connection that waits for its client costs little, but their number is limited. When there are too many, the one
that has waited longest is closed. So a thousand silent clients cannot keep out one that sends requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import weakref
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp.web import BaseRequest, RequestHandler, Server, StreamResponse

from gateway.front import refusals
from gateway.http.problems import Problem

_LOG = logging.getLogger("gateway")
_SWEEP_SECONDS = 1.0
# When a silent connection is asked for a sign of life, how often then (seconds), and when it is given up
# (milliseconds). aiohttp turns that asking on.
_SILENCE = {"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


@dataclass(frozen=True)
class ConnectionLimits:
    """
    The limits of one process.

    Attributes:
        connections: sockets at once.
        read_seconds: how long a client may take to send a request's head, from the connection or the first byte
            of the next request; and again for its body.
        idle_seconds: how long a connection may be silent after an answer.
    """

    connections: int
    read_seconds: float
    idle_seconds: float


class ClientConnections(Server):
    """All sockets of one process, and what each waits for."""

    def __init__(self, handler: Callable[[BaseRequest], Awaitable[StreamResponse]], limits: ConnectionLimits) -> None:
        # Bodies are not decompressed: a small compressed body may be very large.
        super().__init__(handler, handler_cancellation=True, auto_decompress=False, access_log=None)
        self.limits = limits
        self._open: set[RequestHandler] = set()
        # Connections in their TLS handshake. Nobody reports a failed one, so the set holds weak references.
        self._greeting: weakref.WeakSet[RequestHandler] = weakref.WeakSet()
        # Connections that wait for their client, the longest first, each with its deadline.
        self._waiting: OrderedDict[RequestHandler, float] = OrderedDict()
        # Connections whose request head has been read and whose answer is not written yet.
        self._busy: set[RequestHandler] = set()
        self._quiet: asyncio.Event | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def __call__(self) -> RequestHandler:
        """
        Return the protocol for the next socket.

        Raises:
            ConnectionAbortedError: too many clients have not finished their TLS handshake; the socket is closed.
        """
        if len(self._greeting) >= self.limits.connections:
            raise ConnectionAbortedError("too many TLS handshakes")
        made = _Connection(self, loop=self._loop, **self._kwargs)
        self._greeting.add(made)
        return made

    @property
    def number(self) -> int:
        """The number of open connections."""
        return len(self._open)

    def opened(self, connection: _Connection) -> None:
        """
        Add a new connection. If there are too many, close the one that has waited longest, or this one if none
        waits.
        """
        self._greeting.discard(connection)
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
        """Note that *connection* waits for its client, for at most so many seconds."""
        if connection in self._open:
            self._waiting[connection] = self._loop.time() + seconds
            self._waiting.move_to_end(connection)

    def begins(self, connection: RequestHandler) -> None:
        """
        Note that the first byte of the next request has come: the deadline changes, the place in the order does not.
        """
        due = self._waiting.get(connection)
        if due is not None:
            self._waiting[connection] = min(due, self._loop.time() + self.limits.read_seconds)

    @property
    def ending(self) -> bool:
        """Whether new requests are refused."""
        return self._quiet is not None

    def begun(self, connection: RequestHandler) -> None:
        """Note that a request's head has been read: an answer will follow."""
        self._busy.add(connection)

    def finished(self, connection: RequestHandler) -> None:
        """Note that the answer is written, or the client has gone."""
        self._busy.discard(connection)
        if self._quiet is not None:
            connection.close()
            if not self._busy:
                self._quiet.set()

    def served(self, connection: RequestHandler) -> None:
        """Note that the client has sent a complete request and now waits for the gateway."""
        self._waiting.pop(connection, None)

    def closed(self, connection: RequestHandler) -> None:
        """Note that the connection is closed."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def notice_silence(self, connection: RequestHandler) -> None:
        """
        Let the system close a connection whose client has vanished, as a machine without power does.

        For connections on which an answer goes on for long: one who has vanished sends no end, and nothing shows it.
        """
        transport = connection.transport
        made: socket.socket | None = transport.get_extra_info("socket") if transport is not None else None
        for name, value in _SILENCE.items():
            # Not every system has each of these; with none of them, a write that is not taken ends it at last.
            option = getattr(socket, name, None)
            if made is not None and option is not None:
                made.setsockopt(socket.IPPROTO_TCP, option, value)

    def drop(self, connection: RequestHandler) -> None:
        """Close the connection at once, even if the client does not read."""
        self.closed(connection)
        if connection.transport is not None:
            connection.transport.abort()

    async def end(self, seconds: float) -> None:
        """
        Close idle connections; return when all others have their answers, or after *seconds*.

        aiohttp's own shutdown stops reading at once and would lose a body that is still arriving.
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

    # aiohttp's own class has slots, so a subclass must declare its own.
    __slots__ = ("__weakref__", "_begun", "_connections")

    def __init__(self, connections: ClientConnections, **options: Any) -> None:
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
        """Answer that there are too many connections, and close."""
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
        """
        Answer input that is not HTTP. The parser's message quotes the input, so the answer has only the type of the
        error.
        """
        kind = type(exc).__name__ if exc else ""
        if request.writer.output_size > 0:
            raise ConnectionError(f"the answer was begun: {kind}")
        if status < 500:
            return refusals.response(Problem("REQUEST_MALFORMED", f"This cannot be read as HTTP ({kind})"), close=True)
        _LOG.error("unexpected %s in the front", kind)
        return refusals.response(Problem("GATEWAY_FAULT"), close=True)
