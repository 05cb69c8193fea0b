"""Connections to Fabric's nodes: limits, keep-alive, credentials, and the errors of failed ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

import grpc

from hlf import causes
from hlf.errors import GatewayError
from hlf.identity import TlsIdentity
from hlf.profile import Endpoint
from hlf.wire import messages

MESSAGE_LIMIT = messages.LARGEST

OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    # Peers close connections that ping more often than once a minute. An event stream may be silent for hours, and
    # without pings nobody would notice a peer that vanished silently.
    ("grpc.keepalive_time_ms", 75_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A restarted peer is back within seconds; gRPC's default would wait up to two minutes before it connects again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def options(endpoint: Endpoint, further: Sequence[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Return the gRPC channel options for *endpoint*; one among *further* replaces this library's own of that name."""
    chosen = [option for option in OPTIONS if option[0] not in dict(further)]
    timeout = {**dict(OPTIONS), **dict(further)}["grpc.keepalive_timeout_ms"]
    # gRPC gives up a connection whose ping is not answered only when both of its times are over. This one is a minute
    # if it is not set; then a dead path would be noticed forty seconds later than keep-alive says.
    chosen.append(("grpc.http2.ping_timeout_ms", timeout))
    if _is_loopback(endpoint.address):
        # A proxy set in the environment is for the outside world; it cannot reach this machine's loopback.
        chosen.append(("grpc.enable_http_proxy", 0))
    if endpoint.tls_ca_pem is not None and endpoint.override_hostname:
        chosen.append(("grpc.ssl_target_name_override", endpoint.override_hostname))
        chosen.append(("grpc.default_authority", endpoint.override_hostname))
    return [*chosen, *further]


def shown(endpoint: Endpoint, mine: TlsIdentity | None) -> TlsIdentity | None:
    """Return the identity to show *endpoint* under mutual TLS: *mine*, or else the one that the profile has for it."""
    return mine or endpoint.tls_identity


def credentials(endpoint: Endpoint, mine: TlsIdentity | None) -> grpc.ChannelCredentials | None:
    """Return the TLS credentials for *endpoint*; None if it has no TLS in the profile."""
    if endpoint.tls_ca_pem is None:
        return None
    mine = shown(endpoint, mine)
    return grpc.ssl_channel_credentials(
        root_certificates=endpoint.tls_ca_pem,
        private_key=mine.key_pem if mine else None,
        certificate_chain=mine.certificate_pem if mine else None,
    )


def cure(endpoint: Endpoint, mine: TlsIdentity | None, words: str) -> str:
    """Return what to do about *endpoint*, which by gRPC's *words* could not be connected."""
    return causes.cure(words, tls=endpoint.tls_ca_pem is not None, client_certificate=shown(endpoint, mine) is not None)


def explain(failure: GatewayError, endpoint: Endpoint, mine: TlsIdentity | None) -> None:
    """Add the cure to *failure*, if it says that *endpoint* could not be connected."""
    if failure.cure:
        failure.cure = f"{endpoint.name} at {endpoint.address}: {cure(endpoint, mine, failure.message)}"


def unreachable(endpoint: Endpoint, timeout: float, cure: str) -> GatewayError:
    """Return the error for an *endpoint* that was not connected within *timeout* seconds."""
    return GatewayError(
        f"no connection to {endpoint.name} at {endpoint.address} within {timeout:g} s",
        status=grpc.StatusCode.UNAVAILABLE,
        cure=cure,
    )
