"""Calls: one question to a peer's gateway service as a value, for whoever sends it."""

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
    """How long each stage may take, in seconds; the defaults are the official clients'."""

    evaluate: float = 5.0
    endorse: float = 15.0
    submit: float = 5.0
    commit_status: float = 60.0

    def of(self, stage: Stage) -> float:
        """Return the seconds that *stage* may take."""
        return float(getattr(self, stage))


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """
    One question to a gateway service.

    Attributes:
        method: of ``gateway.Gateway``.
        stage: whose time-out holds.
        request: the protobuf to send.
        failure: what any failure on the way is raised as.
        read: turns the response into the answer; raises *failure* for one that cannot be used.
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
            GatewayError: of the kind ``failure``, no time is left; nothing was sent.
        """
        seconds = timeouts.of(self.stage) if timeout is None else min(timeout, timeouts.of(self.stage))
        if seconds > 0:
            return seconds
        raise self.failure(
            "the time for the whole call was over before this stage began; nothing was sent",
            transaction_id=self.transaction_id,
            status=grpc.StatusCode.DEADLINE_EXCEEDED,
        )
