"""When a broken event stream connects again, and when it raises an error."""

from __future__ import annotations

import logging
from collections.abc import Callable

import grpc

from hlf import errors

_log = logging.getLogger(__name__)

# Statuses that a new request would get again.
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
# A stream waits without a limit for a peer that cannot be reached. A peer that answers with another error gets this
# many requests in a row.
_PATIENCE = 5
# Called at a break of a stream, once until it works again; an exception of it ends the consumer's wait.
OnBreak = Callable[[errors.EventsError], None]

# The seconds between two requests to a peer that is unavailable.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class ReconnectBackoff:
    """The failures of one stream since its last answer."""

    def __init__(self, on_break: OnBreak | None = None) -> None:
        self._on_break = on_break
        self._failures = 0
        self._refusals = 0

    def answered(self) -> None:
        """Record an answer: the connection works again."""
        self._failures = self._refusals = 0

    def pause(self, failure: errors.EventsError, block_number: int) -> float:
        """
        Return the seconds to wait before the next request, from *block_number* on.

        Raises:
            EventsError: *failure*, if a new request cannot cure it. ``on_break`` may raise others.
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
