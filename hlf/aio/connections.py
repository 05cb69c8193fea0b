"""Connections: one channel to each node; the callers of one event loop can share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import grpc.aio

from hlf.errors import GatewayError
from hlf.identity import TlsIdentity
from hlf.profile import Endpoint
from hlf.steps import connecting


class Connections:
    """Channels that are opened at their first use and kept, for the tasks of one event loop."""

    def __init__(
        self,
        *,
        tls_identity: TlsIdentity | None = None,
        options: Sequence[tuple[str, Any]] = (),
        interceptors: Sequence[Any] = (),
        channel: Any = None,
    ) -> None:
        """
        Make connections; the arguments are those of ``hlf.client.connections``, with ``grpc.aio``'s classes.

        Raises:
            ValueError: interceptors for an existing channel, which ``grpc.aio`` does not support.
        """
        if channel is not None and interceptors:
            raise ValueError("grpc.aio takes interceptors when a channel is made: give them to your own channel")
        self.tls_identity = tls_identity
        self._options = tuple(options)
        self._interceptors = tuple(interceptors)
        self._own = channel
        self._channels: dict[Endpoint, Any] = {}
        self._stubs: dict[tuple[Callable[..., Any], Endpoint], Any] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def channel(self, endpoint: Endpoint) -> Any:
        """
        Return the ``grpc.aio.Channel`` to *endpoint*; all callers share it.

        Raises:
            GatewayError: the connections are closed.
        """
        if self._closed:
            raise GatewayError("this session is closed")
        if self._own is not None:
            return self._own
        channel = self._channels.get(endpoint)
        if channel is None:
            channel = self._channels[endpoint] = self._connect(endpoint)
        return channel

    def stub(self, kind: Callable[[Any], Any], endpoint: Endpoint) -> Any:
        """
        Return a service's stub on the channel to *endpoint*.

        Raises:
            GatewayError: the connections are closed.
        """
        channel = self.channel(endpoint)
        stub = self._stubs.get((kind, endpoint))
        if stub is None:
            stub = self._stubs[kind, endpoint] = kind(channel)
        return stub

    async def close(self) -> None:
        """Close every connection; running calls fail."""
        self._closed = True
        channels = list(self._channels.values())
        self._channels.clear()
        self._stubs.clear()
        for channel in channels:
            await channel.close()

    def _connect(self, endpoint: Endpoint) -> Any:
        options = connecting.options(endpoint, self._options)
        credentials = connecting.credentials(endpoint, self.tls_identity)
        if credentials is None:
            return grpc.aio.insecure_channel(endpoint.address, options, interceptors=self._interceptors)
        return grpc.aio.secure_channel(endpoint.address, credentials, options, interceptors=self._interceptors)
