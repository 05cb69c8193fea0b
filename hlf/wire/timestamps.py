"""Convert protobuf timestamps to Python's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(timestamp: Any) -> datetime:
    """
    Return *timestamp* in UTC, truncated to microseconds, with the same result on every peer.

    Raises:
        OverflowError: a year that Python's calendar does not have.
    """
    return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
