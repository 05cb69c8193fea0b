"""Connections: one channel to each node; several callers can share them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import grpc

from hlf.errors import GatewayError
from hlf.identity import TlsIdentity
from hlf.profile import Endpoint
from hlf.steps import connecting

Stub = TypeVar("Stub")


class Connections:
    """Channels that are opened at their first use and kept; many threads may use this object."""

    def __init__(
        self,
        *,
        tls_identity: TlsIdentity | None = None,
        options: Sequence[tuple[str, Any]] = (),
        interceptors: Sequence[Any] = (),
        channel: grpc.Channel | None = None,
    ) -> None:
        """
        Make connections; nothing is connected yet.

        Args:
            tls_identity: for servers that require mutual TLS.
            options: gRPC channel options; one named here replaces this library's own.
            interceptors: gRPC client interceptors, for tracing and metrics; the first is the outermost.
            channel: the caller's own, used for every endpoint; the caller closes it.
        """
        self.tls_identity = tls_identity
        self._options = tuple(options)
        self._interceptors = tuple(interceptors)
        self._own = channel
        self._lock = threading.Lock()
        self._channels: dict[Endpoint, grpc.Channel] = {}
        self._stubs: dict[tuple[Callable[..., Any], Endpoint], Any] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def channel(self, endpoint: Endpoint) -> grpc.Channel:
        """
        Return the channel to *endpoint*; all callers share it.

        Raises:
            GatewayError: the connections are closed.
        """
        with self._lock:
            return self._open(endpoint)

    def stub(self, kind: Callable[[grpc.Channel], Stub], endpoint: Endpoint) -> Stub:
        """
        Return a service's stub on the channel to *endpoint*.

        Raises:
            GatewayError: the connections are closed.
        """
        with self._lock:
            stub = self._stubs.get((kind, endpoint))
            if stub is None:
                stub = self._stubs[kind, endpoint] = kind(self._open(endpoint))
            return stub

    def close(self) -> None:
        """Close every connection; running calls fail."""
        with self._lock:
            self._closed = True
            channels = list(self._channels.values())
            self._channels.clear()
            self._stubs.clear()
        for channel in channels:
            channel.close()

    def _open(self, endpoint: Endpoint) -> grpc.Channel:
        if self._closed:
            raise GatewayError("this session is closed")
        if self._own is not None:
            return grpc.intercept_channel(self._own, *self._interceptors)
        channel = self._channels.get(endpoint)
        if channel is None:
            channel = self._channels[endpoint] = self._connect(endpoint)
        return channel

    def _connect(self, endpoint: Endpoint) -> grpc.Channel:
        options = connecting.options(endpoint, self._options)
        credentials = connecting.credentials(endpoint, self.tls_identity)
        if credentials is None:
            channel = grpc.insecure_channel(endpoint.address, options)
        else:
            channel = grpc.secure_channel(endpoint.address, credentials, options)
        return grpc.intercept_channel(channel, *self._interceptors) if self._interceptors else channel
