"""Calls: one request to a peer's gateway service as a value; the clients send it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import grpc

from hlf.errors import GatewayError

Answer = TypeVar("Answer")

Method = Literal["Evaluate", "Endorse", "Submit", "CommitStatus"]
Stage = Literal["evaluate", "endorse", "submit", "commit_status"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The time-out of each stage, in seconds; the defaults are the official clients'."""

    evaluate: float = 5.0
    endorse: float = 15.0
    submit: float = 5.0
    commit_status: float = 60.0

    def of(self, stage: Stage) -> float:
        """Return the seconds that *stage* may take."""
        return float(getattr(self, stage))


@dataclass(frozen=True, slots=True)
class GatewayCall(Generic[Answer]):
    """
    One question to a gateway service.

    Attributes:
        method: of ``gateway.Gateway``.
        stage: its stage, whose time-out applies.
        request: the protobuf to send.
        failure: the class of the error for any failure.
        read: converts the response to the answer; raises *failure* if it cannot be used.
    """

    method: Method
    stage: Stage
    failure: type[GatewayError]
    transaction_id: str
    request: Any = field(repr=False)
    read: Callable[[Any], Answer] = field(repr=False)

    def seconds(self, timeouts: Timeouts, timeout: float | None) -> float:
        """
        Return how long the call may take: its stage's own time, or *timeout* if that is less.

        Raises:
            GatewayError: of the class ``failure``; no time is left, and nothing was sent.
        """
        seconds = timeouts.of(self.stage) if timeout is None else min(timeout, timeouts.of(self.stage))
        if seconds > 0:
            return seconds
        raise self.failure(
            "the time-out of the whole call ended before this stage began; nothing was sent",
            transaction_id=self.transaction_id,
            status=grpc.StatusCode.DEADLINE_EXCEEDED,
        )
