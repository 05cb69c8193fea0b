"""
Decimal numbers and moments as texts in JSON; each value has one text.

A decimal number is written with all its digits and no exponent, so 1.50 stays 1.50. A moment is RFC 3339 in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

DECIMAL = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
"""The shape of a decimal number: the same regular expression in Python and in JSON Schema."""

LONGEST = 64
"""How many characters a decimal number may have."""

_DECIMAL = re.compile(DECIMAL, re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def decimal_text(value: Decimal) -> str:
    """
    Return *value* with all its digits.

    Raises:
        ValueError: it is not a number, or has more than LONGEST characters.
    """
    if not value.is_finite():
        raise ValueError("must be a number, neither infinite nor NaN")
    if abs(value.adjusted()) > LONGEST:
        # Check before writing it out: an exponent of a million would be a million characters.
        raise ValueError(f"must have at most {LONGEST} characters")
    # A sum of zero may have a sign, which no text may have.
    text = format(value if value else abs(value), "f")
    if len(text) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters")
    return text


def decimal(text: str) -> Decimal:
    """
    Return the number in *text*.

    Raises:
        ValueError: it is not written as :func:`decimal_text` writes one.
    """
    if len(text) <= LONGEST and _DECIMAL.fullmatch(text):
        value = Decimal(text)
        if value or not value.is_signed():
            return value
    raise ValueError(f"must be a decimal number such as -12.50, of at most {LONGEST} characters")


def moment_text(value: datetime) -> str:
    """
    Return *value* in UTC: ``2026-11-22T07:05:00Z``, with six digits after the second where it has any.

    Raises:
        ValueError: it has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError("must have a time zone, as datetime.now(UTC) has")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """
    Return the moment in *text* in UTC; what is finer than a microsecond is cut off.

    Raises:
        ValueError: it is not RFC 3339 with its offset, or no such moment.
    """
    if _MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("must be a time with its offset such as 2026-11-22T14:05:00Z")
