"""
Moments: when something happened, in whole milliseconds, with the local offset it was written in.

EPCIS keeps both (``eventTime``, ``eventTimeZoneOffset``), since "at noon" means
little to a customer without the place's own clock. No clock is read here: the
only present a contract knows is its transaction's timestamp.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone

from chaincode.domain.refusals import invalid

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?(Z|[+-]\d\d:\d\d)")
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")


@dataclasses.dataclass(frozen=True, order=True)
class Moment:
    """A point in time (milliseconds since 1970, UTC) and the offset of the place's clock in minutes."""

    at: int
    offset_minutes: int = 0

    @property
    def offset(self) -> str:
        """The offset as EPCIS writes it: ``+07:00``."""
        hours, minutes = divmod(abs(self.offset_minutes), 60)
        return f"{'-' if self.offset_minutes < 0 else '+'}{hours:02}:{minutes:02}"

    def __str__(self) -> str:
        local = _EPOCH + timedelta(milliseconds=self.at + self.offset_minutes * MINUTE)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{self.offset}"


def parse(text: str) -> Moment:
    """
    The moment written as ``2026-11-22T14:05:00.250+07:00`` (RFC 3339; anything finer than a millisecond is cut).

    Raises:
        ValueError: not such a text, or no such day.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a time such as 2026-11-22T14:05:00.000+07:00")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    milliseconds = int((found[7] or "0").ljust(3, "0"))
    offset = 0 if found[8] == "Z" else offset_minutes(found[8])
    zone = timezone(timedelta(minutes=offset))
    local = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    return Moment(of(local) + milliseconds, offset)


def stated(field: str, text: str) -> Moment:
    """
    The moment that an argument or a record states in *field*.

    Raises:
        Refused: INVALID_ARGUMENT, not a time.
    """
    try:
        return parse(text)
    except ValueError:
        raise invalid(field, "must be a time such as 2026-11-22T14:05:00.000+07:00") from None


def offset_minutes(text: str) -> int:
    """
    The minutes in ``+07:00``.

    Raises:
        ValueError: not an offset between -14:00 and +14:00.
    """
    found = _OFFSET.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:20]!r} is not an offset such as +07:00")
    minutes = int(found[2]) * 60 + int(found[3])
    if minutes > 14 * 60:
        raise ValueError(f"{text[:20]!r} is more than 14 hours from UTC")
    return -minutes if found[1] == "-" else minutes


def of(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware *moment*, such as a transaction's timestamp."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def text(at: int) -> str:
    """*at* in UTC, as EPCIS writes it: ``2026-11-22T07:05:00.250Z``."""
    return str(Moment(at)).removesuffix("+00:00") + "Z"


def date(at: int, offset: int = 0) -> str:
    """The calendar day of *at* under *offset* minutes: ``2026-11-22``."""
    return str(Moment(at, offset))[:10]
