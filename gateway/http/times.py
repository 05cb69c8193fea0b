"""
Times in answers: RFC 3339 text, and nothing else.

Records on the ledger hold milliseconds since 1970. Answers of the trade show such times as text in UTC; a field of a
record is a time if its name says so, and a test compares this rule with the records' types.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import fields

from hlf.codec import moments

_NAMES = frozenset({"at", "since", "until", "due"})


class Time(fields.String):
    """A time in an answer: milliseconds since 1970, a datetime or RFC 3339 text; empty text is no time."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={"format": "date-time", **(metadata or {})}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return text(value)


def text(value: int | datetime | str | None) -> str | None:
    """Return a time as RFC 3339 text; milliseconds and datetimes in UTC, text as it is, None for no time."""
    if isinstance(value, datetime):
        return moments.exactly(value)
    if isinstance(value, int):
        return moments.text(value)
    return value or None


def names_time(name: str) -> bool:
    """Return whether an integer field of that name is a time."""
    return name in _NAMES or name.endswith("_at")


def shown(answer: Any) -> Any:
    """Return JSON values with their times as text."""
    if isinstance(answer, list):
        return [shown(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    return {
        name: text(value) if names_time(name) and _is_time(value) else shown(value) for name, value in answer.items()
    }


def _is_time(value: Any) -> bool:
    """Return whether *value* can be a time; anything else is shown as it is, since answers come from other people."""
    return isinstance(value, int) and not isinstance(value, bool) and moments.FIRST <= value <= moments.LAST
