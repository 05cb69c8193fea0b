"""Healing: when a broken event stream asks again, and when it gives up."""

from __future__ import annotations

import logging
from collections.abc import Callable

import grpc

from hlf import errors

_log = logging.getLogger(__name__)

# Answers that would be the same if they were asked for again.
_FINAL = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.UNAUTHENTICATED,
    }
)
# A peer that is away is waited for as long as it takes. One that is there and fails for a reason of its own is asked
# this many times in a row.
_PATIENCE = 5
# Called at each break of a stream, once until it works again; what it raises ends the waiting of the consumer.
OnBreak = Callable[[errors.EventsError], None]

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class Healing:
    """What one stream has met since its last answer."""

    def __init__(self, on_break: OnBreak | None = None) -> None:
        self._on_break = on_break
        self._failures = 0
        self._refusals = 0

    def answered(self) -> None:
        """Note an answer: the connection works again."""
        self._failures = self._refusals = 0

    def pause(self, failure: errors.EventsError, block_number: int) -> float:
        """
        Return the seconds to wait before asking again for *block_number* and what follows it.

        Raises:
            EventsError: *failure*, if asking again cannot cure it; or what ``on_break`` raises.
        """
        self._failures += 1
        if failure.status is not grpc.StatusCode.UNAVAILABLE:
            self._refusals += 1
        if failure.status in _FINAL or self._refusals >= _PATIENCE:
            raise failure
        if self._failures == 1:
            _log.warning("event stream broke before block %d, connecting again: %s", block_number, failure.message)
            if self._on_break is not None:
                self._on_break(failure)
        return min(FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), LONGEST_PAUSE)
