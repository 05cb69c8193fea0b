"""
Chaincode as a service: the gRPC server that peers dial (``protos.Chaincode/Connect``).

The same address answers gRPC's health checks; if peers must show a client certificate, so must they.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from hlf.shim import invocation
from hlf.shim.errors import ShimError
from hlf.shim.handler import LARGEST_MESSAGE, Handler, Message
from hlf.shim.serving.health import Health
from hlf.shim.serving.workers import Workers

logger = logging.getLogger("hlf.chaincode")

OPTIONS = [
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    # As Fabric's own chaincode server: ping a silent peer once a minute, and allow the same to peers.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 60_000),
    # If two processes had one port, each would get some of the peers.
    ("grpc.so_reuseport", 0),
]
"""The gRPC options of a connection between chaincode and peer, whichever side dials."""
GRACE_SECONDS = 5.0
"""The seconds that running transactions have to finish when the server stops."""


class ServerError(ShimError):
    """The server cannot serve: its address is taken or malformed, or its TLS material unusable."""


@dataclass(frozen=True)
class Tls:
    """
    The server's certificate chain and key in PEM; with *client_ca*, peers must present a certificate of it.

    The key is the only secret here, and no text form of the object shows it.
    """

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None = None


@dataclass(frozen=True)
class ServedChaincode:
    """One chaincode at one address under one package id."""

    chaincode: invocation.Chaincode
    package_id: str
    address: str
    tls: Tls | None = None


class Server:
    """
    Serves any number of chaincodes in one process, each at its own address.

    Attributes:
        addresses: the addresses of the chaincodes, in the given order; set by start.
    """

    def __init__(self, served: Sequence[ServedChaincode]) -> None:
        self._served = tuple(served)
        self._workers = Workers()
        self._servers: list[Any] = []
        self._health: list[Health] = []
        self._handlers: dict[Handler, asyncio.Task[None]] = {}
        self.addresses: tuple[str, ...] = ()

    async def start(self) -> None:
        """
        Start to listen.

        Raises:
            ServerError: an address or the TLS material cannot be used.
        """
        addresses = []
        try:
            for each in self._served:
                server = grpc.aio.server(options=OPTIONS)
                health = Health()
                server.add_generic_rpc_handlers((self._connect(each), health.handler()))
                self._health.append(health)
                addresses.append(_bind(server, each))
                await server.start()
                self._servers.append(server)
        except BaseException:
            await self.stop(0)
            raise
        self.addresses = tuple(addresses)
        for each, address in zip(self._served, addresses, strict=True):
            logger.info("chaincode %s serves %s at %s", each.chaincode.name, each.package_id, address)

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Let running transactions finish for *grace* seconds, then close every stream and listener."""
        for health in self._health:
            health.stop()
        draining = [asyncio.create_task(handler.drained()) for handler in self._handlers]
        if draining and grace:
            await asyncio.wait(draining, timeout=grace)
        for task in draining:
            task.cancel()
        streams = list(self._handlers.values())
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        # Only watched health checks are left; they end by themselves after their last answer.
        await asyncio.gather(*(server.stop(min(grace, 1.0)) for server in self._servers))
        self._servers.clear()

    def _connect(self, served: ServedChaincode) -> Any:
        async def connect(_requests: Any, context: Any) -> None:
            handler = Handler(served.chaincode, served.package_id, self._workers)
            serving = asyncio.create_task(handler.serve(context.read, context.write, grpc.aio.EOF))
            self._handlers[handler] = serving
            peer = context.peer()
            logger.info("peer at %s connected to %s", peer, served.package_id)
            try:
                await serving
            except asyncio.CancelledError:
                # Either the peer has closed the stream or the server stops; no other stream ends.
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
            finally:
                del self._handlers[handler]
                logger.info("peer at %s left %s", peer, served.package_id)

        return grpc.method_handlers_generic_handler(
            "protos.Chaincode",
            {"Connect": grpc.stream_stream_rpc_method_handler(connect, Message.FromString, Message.SerializeToString)},
        )


def _bind(server: Any, served: ServedChaincode) -> str:
    host, separator, port = served.address.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ServerError(f"{served.address!r} is not an address to listen at; give host:port, as 127.0.0.1:9999")
    try:
        if served.tls is None:
            bound = server.add_insecure_port(served.address)
        else:
            credentials = grpc.ssl_server_credentials(
                [(served.tls.key, served.tls.certificate)], served.tls.client_ca, served.tls.client_ca is not None
            )
            bound = server.add_secure_port(served.address, credentials)
    except RuntimeError:
        cause = "the address is taken or not of this machine"
        if served.tls is not None:
            cause += ", or the TLS certificate and key do not match"
        raise ServerError(f"cannot listen at {served.address}: {cause}") from None
    return f"{host}:{bound}"


def serve_all(served: Sequence[ServedChaincode]) -> None:
    """
    Serve until SIGTERM or SIGINT, then finish the running transactions and return.

    Raises:
        ServerError: an address or the TLS material cannot be used.
    """

    async def serve(stopping: asyncio.Event) -> None:
        server = Server(served)
        await server.start()
        await stopping.wait()
        await server.stop()

    until_stopped(serve)


def until_stopped(serving: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run *serving*, and set its event on SIGTERM and SIGINT."""

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await serving(stopping)

    asyncio.run(main())


def serve(chaincode: invocation.Chaincode, package_id: str, address: str, tls: Tls | None = None) -> None:
    """Serve one chaincode; see :func:`serve_all`."""
    serve_all([ServedChaincode(chaincode, package_id, address, tls)])


@contextmanager
def background(served: Sequence[ServedChaincode]) -> Iterator[Server]:
    """
    Serve from a thread of this process while the block runs; for tests and tools.

    Raises:
        ServerError: an address or the TLS material cannot be used.
    """
    server = Server(served)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="chaincode server", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
