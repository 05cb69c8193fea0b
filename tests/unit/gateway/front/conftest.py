"""A gateway's front on a real socket, over a ledger that answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.front import tls
from gateway.front.service import FrontService
from gateway.http import context
from gateway.store.scopes import SCOPES
from tests.unit.gateway.fakes import FakeLedgers, application

EVALUATE = "/v1/channels/trade/chaincodes/trade/evaluate"
SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"
CALL = json.dumps({"function": "Claims:commit"}).encode()


class ServedGateway:
    """One front that serves, in a thread with a loop of its own."""

    def __init__(self, folder: Path, ledgers: FakeLedgers, **chosen: int | str) -> None:
        self.ledgers = ledgers
        self.app = application(folder, ledgers, **chosen)
        self.services: context.Services = self.app.extensions[context.EXTENSION]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="front")
        self._thread.start()
        self.encryption = tls.of(self.services.settings)
        self.service, self._server = self.do(self._start())
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _start(self) -> Any:
        service = FrontService(self.app, self.services.settings)
        return service, await asyncio.get_running_loop().create_server(
            service.connections, "127.0.0.1", 0, backlog=2048, **tls.listening(self.encryption)
        )

    def do(self, work: Any) -> Any:
        """Return what a coroutine returns on the front's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _stop(self) -> None:
        self._server.close()
        await self.service.stop(5)

    def close(self) -> None:
        try:
            self.do(self._stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def token(self, msp_id: str = "PlatformMSP") -> dict[str, str]:
        """Return the headers of a caller who may do everything."""
        return {"Authorization": f"Bearer {self.services.tokens.create(msp_id, 'User1', SCOPES, 600)}"}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON (or text) of one answer, on a connection of its own."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            kind = answer.getheader("Content-Type") or ""
            return answer.status, json.loads(text) if "json" in kind else text

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Return a connection over which this much was sent so far."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        made.sendall(sent)
        return made


def head(method: str, path: str, length: int | None = None, **headers: str) -> bytes:
    """Return the head of a request, as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
    if length is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    pieces = []
    with connection:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.fixture
def serve(tmp_path: Path, ledgers: FakeLedgers) -> Iterator[Callable[..., ServedGateway]]:
    """Serve with these settings until the test is over."""
    with contextlib.ExitStack() as stack:

        def start(**chosen: int | str) -> ServedGateway:
            served = ServedGateway(tmp_path, ledgers, **chosen)
            stack.callback(served.close)
            return served

        yield start


class Gate:
    """Work stops here until it is opened; it tells how much has come."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._arrived = threading.Semaphore(0)

    def __call__(self, *_: object) -> None:
        self._arrived.release()
        assert self._open.wait(60)

    def wait_arrived(self, number: int) -> None:
        """Return once so many more have come."""
        for _ in range(number):
            assert self._arrived.acquire(timeout=60)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Yield a gate that is open at the end, whatever the test did."""
    made = Gate()
    yield made
    made.open()
