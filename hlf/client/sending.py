"""Sending: the part of a gateway that its steps, contracts and streams use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import grpc

from hlf.client.cancelling import Cancellation
from hlf.client.session import Session
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

    def send(
        self, call: GatewayCall[Answer], timeout: float | None = None, cancellation: Cancellation | None = None
    ) -> Answer:
        """
        Return the answer to *call*, within its stage's own time or *timeout* seconds if that is less.

        Raises:
            GatewayError: of the kind that the call names.
        """

    def wait_ready(self, timeout: float = 5.0) -> None:
        """Wait until a peer is connected; raise GatewayError if none is within *timeout* seconds."""

    def wait_reachable(self, deadline: float) -> bool:
        """Return whether a peer is connected again before *deadline* (of the monotonic clock)."""


def call(
    kind: type[GatewayError],
    method: Callable[..., Any],
    request: Any,
    timeout: float | None,
    transaction_id: str = "",
    cancellation: Cancellation | None = None,
) -> Any:
    """
    Return the answer of a unary gRPC *method*.

    Raises:
        kind: the call failed.
    """
    try:
        if cancellation is None:
            return method(request, timeout=timeout)
        if cancellation.cancelled:
            raise grpc.FutureCancelledError
        started = method.future(request, timeout=timeout)  # type: ignore[attr-defined]  # A method of gRPC, which has it.
        with cancellation.ending(started):
            return started.result()
    except grpc.FutureCancelledError as cancelled:
        raise kind(
            "the caller cancelled the call", transaction_id=transaction_id, status=grpc.StatusCode.CANCELLED
        ) from cancelled
    except grpc.RpcError as failure:
        raise failures.from_rpc(kind, failure, transaction_id) from failure
    except ValueError as closed:
        # gRPC raises this if this program closed the channel before or during the call.
        raise kind(f"the connection is closed: {closed}", transaction_id=transaction_id) from closed
