"""gRPC listeners as Fabric's nodes have them: TLS, message limits, and a word for services that are not there."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from network.engines.embedded.chaincodes import MAX_MESSAGE

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
    # Clients of long streams may ping; real nodes accept a ping a minute, and a busy development machine jitters.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class ListenError(Exception):
    """An address cannot be listened on."""


class _Unknown(grpc.GenericRpcHandler):
    """Answers every method that no service of the listener has."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        service, _, method = handler_call_details.method.strip("/").rpartition("/")

        async def refuse(_: object, context: grpc.aio.ServicerContext) -> None:
            reason = f"unknown method {method} for service {service}" if service in self._known else (
                f"unknown service {service}"
            )
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, reason)

        return grpc.stream_stream_rpc_method_handler(refuse)

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known


class Listener:
    """One TLS port with its services."""

    def __init__(self, address: str, certificate: bytes, key: bytes) -> None:
        self.address = address
        self._server = grpc.aio.server(options=_OPTIONS)
        self._credentials = grpc.ssl_server_credentials([(key, certificate)])
        self._known: set[str] = set()

    def add(self, service: str, register: Callable[[grpc.aio.Server], None]) -> None:
        """Serve *service* (its full name); *register* adds it to the server."""
        register(self._server)
        self._known.add(service)

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            ListenError: the address is in use or no address of this machine.
        """
        self._server.add_generic_rpc_handlers((_Unknown(frozenset(self._known)),))
        try:
            port = self._server.add_secure_port(self.address, self._credentials)
        except RuntimeError:
            port = 0
        if not port:
            raise ListenError(
                f"cannot listen on {self.address}: the port is taken, or the address is not one of this machine"
            )
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening and end open calls."""
        await self._server.stop(0.5)
