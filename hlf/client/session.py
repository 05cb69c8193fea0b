"""
Sessions: one caller's connections to peers and orderers, and its signature.

A session opens a channel to an endpoint when it is first asked for and keeps it; everything is safe to use from many
threads at once. The gateway client stands on it, and so does administration, which speaks to each peer and orderer
directly.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from cryptography.hazmat.primitives import serialization
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2_grpc
from fabric_protos.peer import events_pb2_grpc, peer_pb2_grpc, proposal_pb2

from hlf.errors import GatewayError, IdentityError
from hlf.identity import Identity, load_certificate
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.wire import envelopes, proposals

# Fabric's peers and orderers take and send messages of up to 100 MiB.
MESSAGE_LIMIT = 100 * 1024 * 1024

_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    # Peers close connections that ping more often than once a minute. An event stream may be silent for hours, and
    # without pings a peer that vanished without a word would never be noticed.
    ("grpc.keepalive_time_ms", 75_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A peer that restarts is back within seconds; gRPC's own back-off would wait up to two minutes for it.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)

# Between two questions whether a server is there, which wait for its connection by themselves.
_PROBE_PAUSE = 0.05

Stub = TypeVar("Stub")


@dataclass(frozen=True)
class TlsIdentity:
    """The certificate and key a client shows where servers ask for one (mutual TLS); not its Fabric identity."""

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> TlsIdentity | None:
        """
        The ``tls/client.crt`` and ``tls/client.key`` of a user's folder; None where it has none.

        Showing them to a server that does not ask is harmless.

        Raises:
            IdentityError: one of the two cannot be read.
        """
        certificate, key = Path(folder) / "tls" / "client.crt", Path(folder) / "tls" / "client.key"
        if not certificate.exists() and not key.exists():
            return None
        try:
            return cls(certificate.read_bytes(), key.read_bytes())
        except OSError as unreadable:
            raise IdentityError(f"{unreadable.filename} cannot be read: {unreadable.strerror}") from unreadable

    @property
    def certificate_hash(self) -> bytes:
        """SHA-256 of the certificate, which Deliver requests are bound to under mutual TLS."""
        der = load_certificate(self.certificate_pem).public_bytes(serialization.Encoding.DER)
        return hashlib.sha256(der).digest()


class Session:
    """One caller's connections and signature; close it, or use it in a ``with`` statement."""

    def __init__(self, identity: Identity, signer: Signer | None, *, tls_identity: TlsIdentity | None = None) -> None:
        """
        Make a session; nothing is connected yet.

        Args:
            signer: None if every message is signed elsewhere (offline signing).
            tls_identity: for servers that require mutual TLS.
        """
        self.identity = identity
        self.creator = identity.serialized
        self.tls_certificate_hash = tls_identity.certificate_hash if tls_identity else b""
        self._signer = signer
        self._tls_identity = tls_identity
        self._lock = threading.Lock()
        self._channels: dict[Endpoint, grpc.Channel] = {}
        self._stubs: dict[tuple[Callable[..., Any], Endpoint], Any] = {}
        self._closed = False

    def sign(self, message: bytes) -> bytes:
        """
        The caller's signature of *message*.

        Raises:
            IdentityError: the session has no signer; or the signer's own.
        """
        if self._signer is None:
            raise IdentityError("no signer was given, so each step must be signed before it is sent: .sign(signature)")
        return self._signer.sign(message)

    def gateway(self, endpoint: Endpoint) -> gateway_pb2_grpc.GatewayStub:
        """The gateway service of a peer."""
        return self._stub(gateway_pb2_grpc.GatewayStub, endpoint)

    def endorser(self, endpoint: Endpoint) -> peer_pb2_grpc.EndorserStub:
        """The endorser service of a peer, which system chaincodes are called through."""
        return self._stub(peer_pb2_grpc.EndorserStub, endpoint)

    def deliver(self, endpoint: Endpoint) -> events_pb2_grpc.DeliverStub:
        """The block service of a peer."""
        return self._stub(events_pb2_grpc.DeliverStub, endpoint)

    def broadcast(self, endpoint: Endpoint) -> ab_pb2_grpc.AtomicBroadcastStub:
        """The ordering and block services of an orderer."""
        return self._stub(ab_pb2_grpc.AtomicBroadcastStub, endpoint)

    def channel(self, endpoint: Endpoint) -> grpc.Channel:
        """
        The gRPC channel to *endpoint*, shared by all that ask for it.

        Raises:
            GatewayError: the session is closed.
        """
        with self._lock:
            return self._open(endpoint)

    def wait_ready(self, endpoint: Endpoint, timeout: float) -> None:
        """
        Return once *endpoint* is connected.

        Raises:
            GatewayError: it is not within *timeout* seconds.
        """
        # gRPC's own future for this leaves a thread behind that fails if the channel is closed soon. Fabric's servers
        # do not offer the health service as a rule, but any answer to it comes over a connection.
        probe = self.channel(endpoint).unary_unary("/grpc.health.v1.Health/Check")
        deadline = time.monotonic() + timeout
        failure: grpc.RpcError | None = None
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                probe(b"", timeout=remaining, wait_for_ready=True)
            except grpc.RpcError as answer:
                failure = answer
                if answer.code() not in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
                    return
                # The connection broke under the question, as that of a server that is going down does.
                time.sleep(min(_PROBE_PAUSE, remaining))
            except ValueError:
                raise GatewayError("this session is closed") from None
            else:
                return
        raise GatewayError(
            f"no connection to {endpoint.name} at {endpoint.address} within {timeout:g} s: is it running, and do its "
            "certificate's authority and host name match the connection profile?",
            status=grpc.StatusCode.UNAVAILABLE,
        ) from failure

    def signed_proposal(self, proposal: proposals.Proposal) -> Any:
        """A ``protos.SignedProposal`` to send to an endorser."""
        return proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes, signature=self.sign(proposal.bytes))

    def seek_envelope(
        self,
        channel_id: str,
        start: envelopes.Position,
        stop: envelopes.Position = envelopes.LAST_BLOCK,
        *,
        wait: bool = True,
    ) -> Any:
        """A signed request for blocks *start* to *stop* of a channel; Fabric takes it for 15 minutes."""
        envelope = envelopes.seek_envelope(
            channel_id,
            self.creator,
            start=start,
            stop=stop,
            wait=wait,
            nonce=secrets.token_bytes(proposals.NONCE_LENGTH),
            tls_cert_hash=self.tls_certificate_hash,
        )
        envelope.signature = self.sign(envelope.payload)
        return envelope

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Close every connection; calls under way fail."""
        with self._lock:
            self._closed = True
            channels = list(self._channels.values())
            self._channels.clear()
            self._stubs.clear()
        for channel in channels:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stub(self, kind: Callable[[grpc.Channel], Stub], endpoint: Endpoint) -> Stub:
        with self._lock:
            stub = self._stubs.get((kind, endpoint))
            if stub is None:
                stub = self._stubs[kind, endpoint] = kind(self._open(endpoint))
            return stub

    def _open(self, endpoint: Endpoint) -> grpc.Channel:
        if self._closed:
            raise GatewayError("this session is closed")
        channel = self._channels.get(endpoint)
        if channel is None:
            channel = self._channels[endpoint] = self._connect(endpoint)
        return channel

    def _connect(self, endpoint: Endpoint) -> grpc.Channel:
        options = list(_OPTIONS)
        if _is_loopback(endpoint.address):
            # A proxy set in the environment is for the outside world; it cannot reach this machine's loopback.
            options.append(("grpc.enable_http_proxy", 0))
        if endpoint.tls_ca_pem is None:
            return grpc.insecure_channel(endpoint.address, options)
        if endpoint.override_hostname:
            options.append(("grpc.ssl_target_name_override", endpoint.override_hostname))
            options.append(("grpc.default_authority", endpoint.override_hostname))
        mine = self._tls_identity
        credentials = grpc.ssl_channel_credentials(
            root_certificates=endpoint.tls_ca_pem,
            private_key=mine.key_pem if mine else None,
            certificate_chain=mine.certificate_pem if mine else None,
        )
        return grpc.secure_channel(endpoint.address, credentials, options)


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
