"""
Sessions: one caller's connections to peers and orderers, and its signature.

A session opens a channel to an endpoint at its first use and keeps it; many threads may use it at once. The gateway
client uses it, and so does administration, which calls each peer and orderer directly.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2_grpc
from fabric_protos.peer import events_pb2_grpc, peer_pb2_grpc, proposal_pb2

from hlf.client.connections import Connections
from hlf.errors import GatewayError
from hlf.identity import Identity, TlsIdentity
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.steps import connecting
from hlf.steps.caller import SigningCaller
from hlf.steps.connecting import MESSAGE_LIMIT
from hlf.wire import envelopes, proposals

# The seconds between two checks whether a server can be reached.
_PROBE_PAUSE = 0.05

__all__ = ["MESSAGE_LIMIT", "Session", "TlsIdentity"]


class Session:
    """One caller's connections and signature; close it, or use it in a ``with`` statement."""

    def __init__(
        self,
        identity: Identity,
        signer: Signer | None,
        *,
        tls_identity: TlsIdentity | None = None,
        connections: Connections | None = None,
        owned: bool = False,
    ) -> None:
        """
        Make a session; nothing is connected yet.

        Args:
            signer: None if every message is signed elsewhere (offline signing).
            tls_identity: for servers that require mutual TLS.
            connections: shared with other callers; their maker closes them, unless they are *owned*. Their TLS identity
                is used.
        """
        self.connections = connections or Connections(tls_identity=tls_identity)
        self.caller = SigningCaller(identity, signer, self.connections.tls_identity)
        self.identity = identity
        self.creator = identity.serialized
        self._owned = owned or connections is None
        self._closed = False

    def sign(self, message: bytes) -> bytes:
        """
        Return the caller's signature of *message*.

        Raises:
            IdentityError: the session has no signer; or the signer's own.
        """
        return self.caller.sign(message)

    def gateway(self, endpoint: Endpoint) -> gateway_pb2_grpc.GatewayStub:
        """Return the gateway service of a peer."""
        return self.connections.stub(gateway_pb2_grpc.GatewayStub, endpoint)

    def endorser(self, endpoint: Endpoint) -> peer_pb2_grpc.EndorserStub:
        """Return the endorser service of a peer, by which system chaincodes are called."""
        return self.connections.stub(peer_pb2_grpc.EndorserStub, endpoint)

    def deliver(self, endpoint: Endpoint) -> events_pb2_grpc.DeliverStub:
        """Return the block service of a peer."""
        return self.connections.stub(events_pb2_grpc.DeliverStub, endpoint)

    def broadcast(self, endpoint: Endpoint) -> ab_pb2_grpc.AtomicBroadcastStub:
        """Return the ordering and block services of an orderer."""
        return self.connections.stub(ab_pb2_grpc.AtomicBroadcastStub, endpoint)

    def channel(self, endpoint: Endpoint) -> grpc.Channel:
        """
        Return the gRPC channel to *endpoint*; all callers share it.

        Raises:
            GatewayError: the session is closed.
        """
        return self.connections.channel(endpoint)

    def wait_ready(self, endpoint: Endpoint, timeout: float) -> None:
        """
        Wait until *endpoint* is connected.

        Raises:
            GatewayError: it is not within *timeout* seconds.
        """
        # gRPC's own future for this leaves a thread behind that fails if the channel is closed soon. Fabric's servers
        # do not offer the health service as a rule, but any answer to it comes over a connection.
        probe: grpc.UnaryUnaryMultiCallable[bytes, bytes]
        probe = self.channel(endpoint).unary_unary("/grpc.health.v1.Health/Check")
        deadline = time.monotonic() + timeout
        failure: grpc.RpcError | None = None
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                probe(b"", timeout=remaining, wait_for_ready=False)
            except grpc.RpcError as answer:
                if failure is None or answer.code() is grpc.StatusCode.UNAVAILABLE:
                    failure = answer
                if answer.code() not in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
                    return
                # It cannot be connected yet, or the connection broke during the check, as if the server is
                # stopping. A call that waited for the connection would not get the reason.
                time.sleep(min(_PROBE_PAUSE, remaining))
            except ValueError:
                raise GatewayError("this session is closed") from None
            else:
                return
        cure = connecting.cure(endpoint, self.connections.tls_identity, (failure and failure.details()) or "")
        raise connecting.unreachable(endpoint, timeout, cure) from failure

    def signed_proposal(self, proposal: proposals.UnsignedProposal) -> proposal_pb2.SignedProposal:
        """Return a ``protos.SignedProposal`` to send to an endorser."""
        return self.caller.signed_proposal(proposal)

    def seek_envelope(
        self,
        node: Endpoint,
        channel_id: str,
        start: envelopes.Position,
        stop: envelopes.Position = envelopes.LAST_BLOCK,
        *,
        wait: bool = True,
    ) -> common_pb2.Envelope:
        """Return a signed request to *node* for blocks *start* to *stop*; Fabric accepts it for 15 minutes."""
        return self.caller.seek_envelope(node, channel_id, start, stop, wait=wait)

    @property
    def closed(self) -> bool:
        return self._closed or self.connections.closed

    def close(self) -> None:
        """Close the session's own connections; running calls fail. Shared ones stay open."""
        self._closed = True
        if self._owned:
            self.connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
