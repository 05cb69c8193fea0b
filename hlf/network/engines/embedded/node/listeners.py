"""gRPC listeners like those of Fabric's nodes: TLS, message limits, and an answer for unknown services."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import grpc

from hlf.network import errors
from hlf.network.engines.embedded.state.ledger import START_OVER
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.statuses import MAX_MESSAGE

if TYPE_CHECKING:
    from hlf.network.engines.embedded.wire.settings import NodeSettings

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),
    # Clients of long streams may ping. Real nodes accept a ping a minute; a busy machine needs some tolerance.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class ListenError(Exception):
    """An address cannot be listened on."""


class _UnknownMethods(grpc.GenericRpcHandler):
    """Answers every method that no service of the listener has."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        service, _, method = handler_call_details.method.strip("/").rpartition("/")
        reason = f"unknown service {service}"
        if service in self._known:
            reason = f"unknown method {method} for service {service}"

        async def refuse(_: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, reason)

        return grpc.stream_stream_rpc_method_handler(refuse)


class _DeferringServer:
    """
    A server whose services also get requests that cannot be read.

    gRPC would log such a request with a stack trace and answer UNKNOWN; here
    the service refuses it with the text of real nodes.
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.ServiceRpcHandler]) -> None:
        """Ignore this call of generated code, which passes the handlers by name, too."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        # Handlers are named tuples, but the types of grpc do not say so.
        deferred = {
            name: handler._replace(request_deserializer=statuses.deferred(handler.request_deserializer))
            for name, handler in handlers.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, deferred),))


class Listener:
    """One TLS port with its services."""

    def __init__(self, own: NodeSettings, client_roots: Callable[[], bytes] | None = None) -> None:
        """
        Read the key material of the node; nothing listens yet.

        With *client_roots* callers must show a certificate of these authorities
        (PEM); the function is called at each handshake.

        Raises:
            StateError: key or certificate cannot be read, or they do not match.
        """
        self.address = own.address
        _check_pair(own)
        self._server = grpc.aio.server(options=_OPTIONS)
        pair = (own.tls_key.read_bytes(), own.tls_cert.read_bytes())
        self._credentials = grpc.ssl_server_credentials([pair]) if client_roots is None else _mutual(pair, client_roots)
        self._known: set[str] = set()

    def add(self, service: str, register: Callable[[Any], None]) -> None:
        """Serve *service* (its full name); *register* adds it to the server, as generated code does."""
        register(_DeferringServer(self._server))
        self._known.add(service)

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            ListenError: the address is in use or not of this machine.
        """
        self._server.add_generic_rpc_handlers((_UnknownMethods(frozenset(self._known)),))
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
        """Stop listening, and end open calls at once, as the end of a process does."""
        await self._server.stop(None)


def _check_pair(own: NodeSettings) -> None:
    """Check that key and certificate match; gRPC would only say that it cannot listen."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(own.tls_cert, own.tls_key)
    except ssl.SSLError as error:
        raise errors.StateError(
            own.tls_key, f"is no key of the certificate {own.tls_cert} ({error.reason or error})", START_OVER
        ) from error


def _mutual(pair: tuple[bytes, bytes], client_roots: Callable[[], bytes]) -> grpc.ServerCredentials:
    """Return credentials of a server that asks for certificates of authorities, whose number may grow."""
    given = client_roots()

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        nonlocal given
        present = client_roots()
        if present == given:
            return None
        given = present
        return grpc.ssl_server_certificate_configuration([pair], root_certificates=present)

    first = grpc.ssl_server_certificate_configuration([pair], root_certificates=given)
    # None keeps the present certificates, which the types of grpc do not say.
    return grpc.dynamic_ssl_server_credentials(first, fetch, require_client_authentication=True)  # type: ignore[arg-type]
