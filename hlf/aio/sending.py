"""Sending: the part of a gateway that its steps, contracts and streams use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import grpc
import grpc.aio

from hlf.aio.session import Session
from hlf.errors import GatewayError
from hlf.steps import failures
from hlf.steps.call import Answer, GatewayCall, Timeouts
from hlf.steps.choosing import Peers
from hlf.steps.retrying import Retry


class Sender(Protocol):
    """The interface to a caller and its peers; a ``Gateway`` is one."""

    session: Session
    peers: Peers
    timeouts: Timeouts
    retry: Retry

    async def send(self, call: GatewayCall[Answer], timeout: float | None = None) -> Answer:
        """
        Return the answer to *call*, within its stage's own time or *timeout* seconds if that is less.

        Raises:
            GatewayError: of the kind that the call names.
        """

    async def wait_ready(self, timeout: float = 5.0) -> None:
        """Wait until a peer is connected; raise GatewayError if none is within *timeout* seconds."""

    async def wait_reachable(self, deadline: float) -> bool:
        """Return whether a peer is connected again before *deadline* (of the monotonic clock)."""


async def call(
    kind: type[GatewayError],
    method: Callable[..., Awaitable[Any]],
    request: Any,
    timeout: float | None,
    transaction_id: str = "",
) -> Any:
    """
    Return the answer of a unary gRPC *method*.

    Raises:
        kind: the call failed.
    """
    try:
        answer = await method(request, timeout=timeout)
    except grpc.aio.AioRpcError as failure:
        raise failures.from_rpc(kind, failure, transaction_id) from failure
    except grpc.aio.UsageError as closed:
        raise kind(f"the connection is closed: {closed}", transaction_id=transaction_id) from closed
    except asyncio.CancelledError as cancelled:
        # gRPC also cancels the calls of a closed channel; then the task itself is not cancelled.
        if cancels_task():
            raise
        raise kind("the connection is closed", transaction_id=transaction_id) from cancelled
    if answer is None:
        # This is grpc.aio's error for bytes that are not a message.
        raise kind("the answer cannot be read", transaction_id=transaction_id, status=grpc.StatusCode.INTERNAL)
    return answer


def cancels_task() -> bool:
    """Return whether the running task was cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
