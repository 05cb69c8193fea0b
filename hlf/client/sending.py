"""Sending: what the steps, contracts and streams need of the gateway they came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import grpc

from hlf.client.session import Session
from hlf.errors import GatewayError
from hlf.profile import Endpoint
from hlf.steps import failures
from hlf.steps.call import Answer, Call, Timeouts


class Sender(Protocol):
    """A caller and its peer, as far as what is sent there must know it; a ``Gateway`` is one."""

    session: Session
    endpoint: Endpoint
    timeouts: Timeouts
    stub: Any

    def send(self, call: Call[Answer], timeout: float | None = None) -> Answer:
        """
        Return the answer to *call*, which may take *timeout* seconds instead of its stage's own.

        Raises:
            GatewayError: of the kind that the call names.
        """

    def wait_ready(self, timeout: float = 5.0) -> None:
        """Return once the peer is connected; raises GatewayError if it is not within *timeout* seconds."""

    def wait_reachable(self, deadline: float) -> bool:
        """Whether the peer is connected again before *deadline* (of the monotonic clock) has come."""


def call(
    kind: type[GatewayError], method: Callable[..., Any], request: Any, timeout: float | None, transaction_id: str = ""
) -> Any:
    """
    Return the answer of a unary gRPC *method*.

    Raises:
        kind: whatever went wrong on the way, mapped.
    """
    try:
        return method(request, timeout=timeout)
    except grpc.RpcError as failure:
        raise failures.from_rpc(kind, failure, transaction_id) from failure
    except ValueError as closed:
        # grpc says this of a channel that was closed, by this program, before or during the call.
        raise kind(f"the connection is closed: {closed}", transaction_id=transaction_id) from closed
