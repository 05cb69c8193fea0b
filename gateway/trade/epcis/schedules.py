"""
When a standing query runs: the schedule of EPCIS 2.0 (section 8.2.5.3), in UTC.

Each part is a list of numbers and ranges, as ``5,[10-15]``. A moment must match every given part. Finer parts than
these are zero, so an hour alone means once, at its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

PARTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "second": (0, 59),
        "minute": (0, 59),
        "hour": (0, 23),
        "dayOfMonth": (1, 31),
        "month": (1, 12),
        "dayOfWeek": (1, 7),
    }
)
"""The parts and the first and last number of each; Monday is 1. The finest is first."""
_ELEMENT = re.compile(r"([0-9]{1,2})|\[([0-9]{1,2})-([0-9]{1,2})\]")
# Within so many days, 29 February falls on each day of the week.
_DAYS = 28 * 366 + 14


def numbers(part: str, text: str) -> tuple[int, ...]:
    """
    Return the numbers that a part of a schedule names, in order.

    Raises:
        ValueError: it is not such a list, or names a number that the part does not have.
    """
    least, most = PARTS[part]
    found: set[int] = set()
    for element in text.split(","):
        match = _ELEMENT.fullmatch(element)
        if match is None:
            raise ValueError(f"{part}: {element[:20]!r} is neither a number nor a range, as [1-5]")
        first, last = (match[1], match[1]) if match[1] else (match[2], match[3])
        found.update(range(int(first), int(last) + 1))
    if not found or min(found) < least or max(found) > most:
        raise ValueError(f"{part}: numbers are {least} to {most}")
    return tuple(sorted(found))


def following(schedule: Mapping[str, str], after: int) -> int:
    """
    Return the first moment of a schedule after *after*; both in milliseconds since 1970.

    Raises:
        ValueError: the schedule names no part, something else, or a day that never comes.
    """
    if not schedule or schedule.keys() - PARTS.keys():
        raise ValueError(f"a schedule has one or more of {', '.join(PARTS)}")
    wanted = {part: numbers(part, text) for part, text in schedule.items()}
    began = datetime.fromtimestamp(after // 1000 + 1, UTC)
    seconds, minutes, hours = (_numbers(part, wanted) for part in ("second", "minute", "hour"))
    for day in range(_DAYS):
        date = began.date() + timedelta(days=day)
        if not _matches(wanted, date.month, date.day, date.isoweekday()):
            continue
        for hour in hours:
            if day == 0 and hour < began.hour:
                continue
            for minute in minutes:
                for second in seconds:
                    moment = datetime(date.year, date.month, date.day, hour, minute, second, tzinfo=UTC)
                    if moment >= began:
                        return int(moment.timestamp()) * 1000
    raise ValueError("a day as in this schedule never comes")


def _numbers(part: str, wanted: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the numbers of a part: those that are named, else all, or zero if it is finer than all that are named."""
    if part in wanted:
        return wanted[part]
    order = list(PARTS)
    finer = order.index(part) < min(order.index(each) for each in wanted)
    return (0,) if finer else tuple(range(PARTS[part][0], PARTS[part][1] + 1))


def _matches(wanted: Mapping[str, tuple[int, ...]], month: int, day: int, weekday: int) -> bool:
    told = {"month": month, "dayOfMonth": day, "dayOfWeek": weekday}
    return all(number in wanted[part] for part, number in told.items() if part in wanted)
