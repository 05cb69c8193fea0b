"""Sessions: one caller's connections to peers, and its signature, in one event loop."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.peer import events_pb2_grpc

from hlf.aio.connections import Connections
from hlf.errors import GatewayError
from hlf.identity import Identity, TlsIdentity
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.steps import connecting
from hlf.steps.caller import SigningCaller

# The seconds between two checks whether a server can be reached.
_PROBE_PAUSE = 0.05


class Session:
    """One caller's connections and signature; close it, or use it in an ``async with`` statement."""

    def __init__(
        self,
        identity: Identity,
        signer: Signer | None,
        *,
        tls_identity: TlsIdentity | None = None,
        connections: Connections | None = None,
        owned: bool = False,
    ) -> None:
        """Make a session; nothing is connected yet. The arguments are those of ``hlf.client.session.Session``."""
        self.connections = connections or Connections(tls_identity=tls_identity)
        self.caller = SigningCaller(identity, signer, self.connections.tls_identity)
        self._owned = owned or connections is None
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed or self.connections.closed

    def gateway(self, endpoint: Endpoint) -> Any:
        """Return the gateway service of a peer; raises GatewayError once the session is closed."""
        return self.connections.stub(gateway_pb2_grpc.GatewayStub, endpoint)

    def deliver(self, endpoint: Endpoint) -> Any:
        """Return the block service of a peer; raises GatewayError once the session is closed."""
        return self.connections.stub(events_pb2_grpc.DeliverStub, endpoint)

    def channel(self, endpoint: Endpoint) -> Any:
        """Return the channel to *endpoint*; raises GatewayError once the session is closed."""
        return self.connections.channel(endpoint)

    async def wait_ready(self, endpoint: Endpoint, timeout: float) -> None:
        """
        Wait until *endpoint* is connected.

        Raises:
            GatewayError: it is not within *timeout* seconds.
        """
        # Fabric's servers do not offer the health service as a rule, but any answer to it comes over a connection.
        probe = self.channel(endpoint).unary_unary("/grpc.health.v1.Health/Check")
        deadline = time.monotonic() + timeout
        failure: grpc.RpcError | None = None
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                await probe(b"", timeout=remaining, wait_for_ready=False)
            except grpc.aio.AioRpcError as answer:
                if failure is None or answer.code() is grpc.StatusCode.UNAVAILABLE:
                    failure = answer
                if answer.code() not in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
                    return
                # It cannot be connected yet, or the connection broke during the check, as if the server is
                # stopping. A call that waited for the connection would not get the reason.
                await asyncio.sleep(min(_PROBE_PAUSE, remaining))
            except grpc.aio.UsageError:
                raise GatewayError("this session is closed") from None
            else:
                return
        cure = connecting.cure(endpoint, self.connections.tls_identity, (failure and failure.details()) or "")
        raise connecting.unreachable(endpoint, timeout, cure) from failure

    async def close(self) -> None:
        """Close the session's own connections; running calls fail. Shared ones stay open."""
        self._closed = True
        if self._owned:
            await self.connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
