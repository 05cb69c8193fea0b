"""
One request on the event loop: read its body, let a thread of its lane make the answer, write the answer.

A call for which nothing has to be read first needs its turn in the lane, but no thread (`gateway.direct`).

The lane depends on what a request may wait for: an answer from a peer, a new block, or a block that another
peer already has. Requests without a token have their own lanes. So one kind of request cannot delay another.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeVar

from aiohttp.web import BaseRequest, Response, StreamResponse
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, RequestRedirect

from gateway.application import REQUEST_ID, ROUTE, Route
from gateway.direct import DirectCalls
from gateway.events.feeds import Feeds
from gateway.events.listeners import EventListener, Listening
from gateway.events.watching import ListenerWatch
from gateway.front import bridge, refusals
from gateway.front.connections import ClientConnections, ConnectionLimits
from gateway.front.lanes import FullError, Lane
from gateway.front.presence import Presence
from gateway.http import auth, context, freshness, inputs
from gateway.http.problems import Problem
from gateway.http.settings import Settings
from gateway.telemetry import answers
from hlf.steps.budget import Budget

ALIVE = "/healthz"
_AFTER = f"HTTP_{freshness.AFTER.upper().replace('-', '_')}"
_LOG = logging.getLogger("gateway")
# Addresses that wait for a transaction's block, though they only read.
_WAITING = frozenset({"calls.status", "offline.status"})
# How many requests may wait in a lane, and how many times the largest body their bodies may be together.
_QUEUE = 2_000
_BODIES = 64
# How many requests with files are read or answered at once, in all and for one address, so that they leave memory for
# others; and how many times as long they may take, because a telephone sends slowly.
_UPLOADS = 12
_UPLOADS_OF_ONE = 3
_UPLOAD_TIMES = 3
_IDLE_SECONDS = 75.0
_WRITE_SECONDS = 60.0
_Response = TypeVar("_Response", bound=StreamResponse)


class FrontService:
    """The requests of one process; make it on its event loop."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._routes: MapAdapter = app.url_map.bind("localhost")
        make = functools.partial(Lane, queue=_QUEUE, seconds=settings.submit_seconds)
        self._lanes = {
            "work": make("work", settings.threads),
            # When a client goes, its transaction may have been sent: the outcome is still logged and counted.
            "submit": make("submit", settings.submits, finishes=True),
            "wait": make("wait", settings.waits),
            "public": make("public", max(1, settings.threads // 4)),
            "public-wait": make("public-wait", max(1, settings.waits // 4)),
            "ready": make("ready", 1),
        }
        services: context.Services = app.extensions[context.EXTENSION]
        self._feeds = Feeds(services.ledgers)
        self._listeners = ListenerWatch(services.tokens, services.certificates)
        self._held = 0
        self._uploading: Counter[str] = Counter()
        limits = ConnectionLimits(settings.connections, settings.read_seconds, _IDLE_SECONDS)
        self.connections = ClientConnections(self.handle, limits)

    async def stop(self, seconds: float) -> None:
        """
        Refuse new requests, end event streams, and return when all other answers are written, or after *seconds*.

        Submits whose clients have gone are waited for as well.
        """
        left = Budget(seconds)
        self._listeners.end()
        await self.connections.end(seconds)
        self._listeners.close()
        for lane in self._lanes.values():
            await lane.end(left.within(seconds))
        services: context.Services = self._app.extensions[context.EXTENSION]
        await services.loop_calls.close()

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Write and return the answer to one request."""
        self.connections.begun(request.protocol)
        request_id = uuid.uuid4().hex
        body = bytearray()
        route = self._route(request)
        uploads = self._upload_limit(request, route)
        sender = bridge.address(request)
        self._uploading[sender] += bool(uploads)
        try:
            if uploads and (self._uploading[sender] > _UPLOADS_OF_ONE or self._uploading.total() > _UPLOADS):
                raise Problem("GATEWAY_BUSY")
            await self._read(request, body, uploads)
            if request.raw_path == ALIVE and request.method in {"GET", "HEAD"} and not body:
                return await self._write(request, refusals.alive(request_id))
            return await self._answered(request, bytes(body), request_id, route)
        except Problem as problem:
            self._count(request, problem, request_id)
            late = problem.code == "REQUEST_TIMEOUT"
            written = await self._write(request, refusals.response(problem, request_id, close=late))
            if late:
                # Other refused bodies are read to their end, so that the sender reads the answer; a late one is not.
                request.protocol.force_close()
            return written
        finally:
            self._held -= 0 if uploads else len(body)
            self._uploading[sender] -= bool(uploads)
            if not self._uploading[sender]:
                del self._uploading[sender]

    def _count(self, request: BaseRequest, problem: Problem, request_id: str) -> None:
        """Count and log a request that the application never sees."""
        status, code = problem.kind.status, problem.code
        services: context.Services = self._app.extensions[context.EXTENSION]
        if services.traces:
            services.traces.refused(request.headers, request.method, status, code)
        answers.note(services.metrics, request_id, request.method, status, code=code)

    async def _read(self, request: BaseRequest, body: bytearray, uploads: int) -> None:
        """
        Read the body, up to its size and time limits; *uploads* is the size limit of an address that takes files.

        Raises:
            Problem: BODY_TOO_LARGE, REQUEST_TIMEOUT, GATEWAY_BUSY, EXPECTATION_FAILED.
        """
        limit, seconds = self._settings.max_body_bytes, self._settings.read_seconds
        if uploads:
            limit, seconds = uploads, seconds * _UPLOAD_TIMES
        length = request.headers.get("Content-Length", "0")
        if int(length) > limit:
            raise inputs.too_large(limit, int(length))
        # Twice the time, so that the client gets REQUEST_TIMEOUT before the connection may be closed to make room.
        self.connections.waits(request.protocol, 2 * seconds)
        await _expected(request)
        try:
            # Most bodies come with their heads, and nothing is waited for.
            async with asyncio.timeout(None if request.content.is_eof() else seconds):
                while piece := await request.content.readany():
                    body += piece
                    self._held += 0 if uploads else len(piece)
                    if len(body) > limit:
                        raise inputs.too_large(limit)
                    if not uploads and self._held > _BODIES * limit:
                        raise Problem("GATEWAY_BUSY")
        except TimeoutError:
            raise Problem(
                "REQUEST_TIMEOUT", f"The body was not complete within {seconds} seconds; {len(body)} bytes came"
            ) from None
        self.connections.served(request.protocol)

    async def _answered(
        self, request: BaseRequest, body: bytes, request_id: str, route: Route | None
    ) -> StreamResponse:
        presence = Presence()
        environment = bridge.environ(request, body, presence)
        environment[REQUEST_ID] = request_id
        # WSGI's text has a character for each byte, so the application reads another path than this for itself.
        if route is not None and environment["PATH_INFO"].isascii():
            environment[ROUTE] = route
        lane = self._lanes[self._lane(route, environment)]
        try:
            work, direct = functools.partial(bridge.call, self._app.wsgi_app, environment), self._app.wsgi_app
            first = functools.partial(direct.on_loop, environment) if isinstance(direct, DirectCalls) else None
            answer = await lane.run(_caller(request), work, first)
            if answer.listening is not None and request.method != "HEAD":
                return await self._follow(request, answer, answer.listening)
            return await self._write(request, _with(answer.headers, Response(body=answer.body, status=answer.status)))
        except FullError:
            raise Problem("GATEWAY_BUSY") from None
        finally:
            presence.leave()

    def _route(self, request: BaseRequest) -> Route | None:
        """Return the rule of the request's address and the values in its path; None if there is no such address."""
        try:
            return self._routes.match(bridge.path(request), method=request.method, return_rule=True)
        except (HTTPException, RequestRedirect):
            return None

    def _upload_limit(self, request: BaseRequest, route: Route | None) -> int:
        """Return how large the files of a request may be; 0 if its address takes none, or it is as small as others."""
        if route is None or request.method != "POST" or not request.body_exists:
            return 0
        length = request.headers.get("Content-Length")
        if length is not None and int(length) <= self._settings.max_body_bytes:
            return 0
        return inputs.of(self._app.view_functions[route[0].endpoint]).most

    def _lane(self, route: Route | None, environment: dict[str, Any]) -> str:
        """Return the lane of a request, by its address."""
        if route is None:
            return "public"
        endpoint = route[0].endpoint
        scope = auth.scope_of(self._app.view_functions[endpoint])
        waits = _AFTER in environment
        if scope == auth.PUBLIC:
            return "ready" if endpoint == "health.readyz" else "public-wait" if waits else "public"
        if scope == "write":
            return "submit"
        return "wait" if waits or endpoint in _WAITING else "work"

    async def _follow(self, request: BaseRequest, answer: bridge.AppAnswer, wanted: Listening) -> StreamResponse:
        """Write an event stream until it ends, or its reader has gone or does not read."""
        response = _with(answer.headers, StreamResponse(status=answer.status))
        listener = EventListener(self._feeds, wanted)
        self._listeners.add(listener)
        if self.connections.ending:
            listener.end()
        try:
            self.connections.notice_silence(request.protocol)
            await response.prepare(request)
            async with contextlib.aclosing(listener.pieces()) as pieces:
                async for piece in pieces:
                    async with asyncio.timeout(_WRITE_SECONDS):
                        await response.write(piece)
            await response.write_eof()
        except TimeoutError:
            self.connections.drop(request.protocol)
        finally:
            self._listeners.remove(listener)
            listener.leave()
        return response

    async def _write(self, request: BaseRequest, response: Response) -> Response:
        """Write the whole answer; give up a client that reads too slowly."""
        if self.connections.ending:
            response.force_close()
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            self.connections.drop(request.protocol)
        return response


async def _expected(request: BaseRequest) -> None:
    """Tell a client that asks before it sends a body to send it."""
    expected = request.headers.get("Expect", "")
    if expected.lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # The interim response was not the answer yet.
        request.writer.output_size = 0
    elif expected:
        raise Problem("EXPECTATION_FAILED")


def _caller(request: BaseRequest) -> bytes:
    """Return a key for the caller that does not reveal the token; the requests of one caller wait in one row."""
    caller = request.headers.get("Authorization") or request.headers.get("Cookie") or str(request.remote)
    return hashlib.sha256(caller.encode("utf-8", "surrogateescape")).digest()


def _with(headers: Iterable[tuple[str, str]], response: _Response) -> _Response:
    """Return *response* with these headers; a name may occur several times."""
    for name, value in headers:
        response.headers.add(name, value)
    return response
