"""
Moments: points in time in whole milliseconds, with the local offset that was written.

EPCIS stores both (``eventTime``, ``eventTimeZoneOffset``), because people need the local time of a place. No clock
is read here: a contract only knows its transaction's timestamp.

A time that could not be printed again is refused when it is read, so that no record has a time that breaks a later
call. Times are RFC 3339 in ASCII digits, in the years 1970 to 2200 both in UTC and in local time.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta

from hlf.codec.refusals import invalid
from hlf.codec.words import Word

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

SKEW = 15 * MINUTE
"""How far a client's clock may differ from the ledger's, as Fabric itself allows between client and peer."""

FIRST_YEAR, LAST_YEAR = 1970, 2200

_EPOCH = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
# `re.ASCII`, because \d otherwise accepts the digits of every script.
_TEXT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)", re.ASCII)


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
        local = utc(self.at + self.offset_minutes * MINUTE)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{self.offset}"


def parse(text: str) -> Moment:
    """
    Return the moment written as ``2026-11-22T14:05:00.250+07:00`` (RFC 3339; anything finer than a millisecond is cut).

    Raises:
        ValueError: wrong form, no such day, or a year outside 1970 to 2200.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a time such as 2026-11-22T14:05:00.000+07:00")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    milliseconds = int((found[7] or "0").ljust(3, "0"))
    offset = 0 if found[8] == "Z" else offset_minutes(found[8])
    local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    at = since_epoch(local) + milliseconds - offset * MINUTE
    if not FIRST_YEAR <= year <= LAST_YEAR or not FIRST <= at <= LAST:
        raise ValueError(f"{text[:40]!r} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return Moment(at, offset)


def stated(field: str, text: str) -> Moment:
    """
    Return the moment that an argument or a record states in *field*.

    Raises:
        Refused: INVALID_ARGUMENT, not a time, or one outside the years 1970 to 2200.
    """
    return parse(MOMENT.check(field, text))


def offset_minutes(text: str) -> int:
    """
    Return the minutes in ``+07:00``.

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
    """
    Return milliseconds since 1970 of a transaction's timestamp, which its client chose.

    Raises:
        Refused: INVALID_ARGUMENT, a year outside 1970 to 2200, such as the zero time of Go (year 1).
    """
    at = since_epoch(moment)
    if not FIRST <= at <= LAST:
        raise invalid("timestamp", f"must be in the years {FIRST_YEAR} to {LAST_YEAR}")
    return at


def text(at: int) -> str:
    """Return *at* in UTC, as EPCIS writes it: ``2026-11-22T07:05:00.250Z``."""
    return str(Moment(at)).removesuffix("+00:00") + "Z"


def exactly(moment: datetime) -> str:
    """Return an aware *moment* in UTC with all its digits, for times that other programs made."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _not_a_moment(text: str) -> str:
    try:
        parse(text)
    except ValueError:
        return f"must be a time that there is, in the years {FIRST_YEAR} to {LAST_YEAR}"
    return ""


def _not_a_day(text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return "is no date of the calendar"
    return "" if FIRST_YEAR <= found.year <= LAST_YEAR else f"must be in the years {FIRST_YEAR} to {LAST_YEAR}"


MOMENT = Word(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "a time with its offset such as 2026-11-22T14:05:00+07:00",
    _not_a_moment,
)
DATE = Word(r"\d{4}-\d\d-\d\d", "a date such as 2026-11-22", _not_a_day)


def day(field: str, text: str) -> date:
    """
    Return the calendar day written as ``2026-11-22`` in *field*.

    Raises:
        Refused: INVALID_ARGUMENT, not such a text, no such day, or a year outside 1970 to 2200.
    """
    return date.fromisoformat(DATE.check(field, text))


def since_epoch(moment: datetime) -> int:
    """Return milliseconds since 1970 of an aware *moment*."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def utc(at: int) -> datetime:
    """Return the instant *at* as an aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=at)


FIRST, LAST = 0, since_epoch(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)) - 1
"""The first and the last instant that a record may hold."""
