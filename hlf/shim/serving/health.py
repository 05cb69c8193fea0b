"""
gRPC's health checks (``grpc.health.v1.Health``), by which Kubernetes and others see whether a chaincode serves.

Their messages are encoded like two of Protobuf's own: field 1 is a text in a request, and a number in an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf import wrappers_pb2

_SERVED = ("", "protos.Chaincode")
_SERVING, _NOT_SERVING, _SERVICE_UNKNOWN = 1, 2, 3


class Health:
    """Answers health checks; when the server stops, it answers that it no longer serves."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Answer from now on that nothing is served."""
        self._stopping.set()

    def handler(self) -> Any:
        """Return the handler for a gRPC server."""
        read, write = wrappers_pb2.StringValue.FromString, wrappers_pb2.Int32Value.SerializeToString
        return grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health",
            {
                "Check": grpc.unary_unary_rpc_method_handler(self._check, read, write),
                "Watch": grpc.unary_stream_rpc_method_handler(self._watch, read, write),
            },
        )

    async def _check(self, request: Any, context: Any) -> Any:
        if request.value not in _SERVED:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no service {request.value[:80]!r} here")
        return wrappers_pb2.Int32Value(value=_NOT_SERVING if self._stopping.is_set() else _SERVING)

    async def _watch(self, request: Any, _context: Any) -> AsyncIterator[Any]:
        known = request.value in _SERVED
        if not self._stopping.is_set():
            yield wrappers_pb2.Int32Value(value=_SERVING if known else _SERVICE_UNKNOWN)
            await self._stopping.wait()
        yield wrappers_pb2.Int32Value(value=_NOT_SERVING if known else _SERVICE_UNKNOWN)
