"""Dates, times, amounts and names of countries as the readers of a language write them, by CLDR."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from babel import dates, numbers

from chaincode.domain.vocabulary import zones
from chaincode.domain.vocabulary.money import MINOR_DIGITS
from gateway.pages import languages
from hlf.codec import moments

_DAY = len("2026-12-31")
# Thailand counts years from the Buddha's death.
_ERAS = {"th": 543}


At: TypeAlias = int | str | date | datetime
"""A time of the ledger, as milliseconds or as text, or a day."""


def read(at: int | str) -> datetime:
    """Return the instant of a time of the ledger."""
    return moments.utc(at if isinstance(at, int) else moments.parse(at).at)


def passed(due: int | str | None) -> bool:
    """Return whether a deadline has passed; False without a deadline."""
    return read(due) < datetime.now(UTC) if due else False


def zone(locode: str) -> ZoneInfo:
    """Return the time zone of a place; UTC if no place is named."""
    return ZoneInfo(zones.name(locode)) if locode else ZoneInfo("UTC")


def day(at: At, locode: str = "", width: str = "long") -> str:
    """Return a calendar day, as the clock of *locode* has it."""
    return _format(_local(at, locode), languages.locale().date_formats[width].pattern)


def weekday(at: At, locode: str = "") -> str:
    """Return a day with its weekday and without its year, as ``Tuesday, 8 December``."""
    return dates.format_skeleton("EEEEMMMMd", _plain(_local(at, locode)), locale=languages.locale())


def moment(at: At, locode: str = "") -> str:
    """Return day and time, as the clock of *locode* has them."""
    local = _local(at, locode)
    return f"{day(at, locode, 'medium')} {clock(local)}"


def clock(at: date | datetime) -> str:
    """Return the time of day, with the zone's name if it is UTC."""
    if not isinstance(at, datetime):
        return ""
    told: str = dates.format_time(at, "HH:mm", locale=languages.locale())
    return f"{told} UTC" if at.utcoffset() == timedelta(0) and str(at.tzinfo) in ("UTC", "utc") else told


def ago(at: At, now: datetime | None = None) -> str:
    """Return how long ago, or in how long, something is, as ``2 hours ago``."""
    instant = _local(at, "")
    if not isinstance(instant, datetime):
        instant = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    return dates.format_timedelta(
        instant - (now or datetime.now(UTC)), add_direction=True, locale=languages.locale(), threshold=1.5
    )


def number(value: float | Decimal) -> str:
    """Return a number with the language's separators."""
    told: str = numbers.format_decimal(value, locale=languages.locale())
    return told


def share(value: float) -> str:
    """Return a part of one as a percentage."""
    return numbers.format_percent(value, locale=languages.locale(), decimal_quantization=False)


def money(minor: str | int, currency: str) -> str:
    """Return an amount, given in the minor units of ISO 4217; for some currencies CLDR counts others."""
    amount = Decimal(int(minor)).scaleb(-MINOR_DIGITS[currency])
    told: str = numbers.format_currency(amount, currency, locale=languages.locale())
    return told


def country(code: str) -> str:
    """Return the name of an ISO 3166-1 country."""
    return str(languages.locale().territories.get(code, code))


def _local(at: At, locode: str) -> date | datetime:
    if isinstance(at, int | str):
        at = date.fromisoformat(at) if isinstance(at, str) and len(at) == _DAY else read(at)
    return at.astimezone(zone(locode)) if isinstance(at, datetime) else at


def _plain(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time())


def _format(at: date | datetime, pattern: str) -> str:
    shift = _ERAS.get(languages.current(), 0)
    if shift:
        pattern = re.sub(r"G\s*|\s*G", "", pattern)
        pattern = re.sub(r"y+", f"'{at.year + shift}'", pattern)
    told: str = dates.format_datetime(_plain(at), pattern, tzinfo=None, locale=languages.locale())
    return told
