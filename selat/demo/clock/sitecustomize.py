"""
Python runs this first in every program of a story that takes weeks: it gives the program the story's time of day.

`selat.demo.calendar` puts this folder on the programs' path and names the file that says how many seconds the story
is ahead. Waiting and time-outs go by the monotonic clock, which nothing changes here.
"""

from __future__ import annotations

import datetime
import os
import time
from datetime import datetime as _Datetime  # noqa: N812  (the machine's own)
from typing import Any

_LOOK_SECONDS = 0.05
"""How often a program reads the file."""

_file = os.environ.get("SELAT_DEMO_CALENDAR", "")
_machine, _machine_ns = time.time, time.time_ns
_read = [float("-inf"), 0.0]


def ahead() -> int:
    """Return how many seconds the story is ahead of the machine."""
    now = time.monotonic()
    if now - _read[0] > _LOOK_SECONDS:
        with open(_file, encoding="ascii") as file:
            _read[:] = now, int(file.read())
    return int(_read[1])


class _Any(type):
    """Makes ``isinstance`` true for every datetime, also for those that C modules make."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _Datetime)


class StoryDatetime(_Datetime, metaclass=_Any):
    """`datetime.datetime`, whose present is the story's."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        """Return the story's present."""
        return cls.fromtimestamp(time.time(), tz)


if _file:
    time.time = lambda: _machine() + ahead()
    time.time_ns = lambda: _machine_ns() + ahead() * 10**9
    datetime.datetime = StoryDatetime  # type: ignore[misc]
