"""ISO 8601 weeks, written as ``2026-W48``. Forecasts and capacities are compared by week."""

from __future__ import annotations

from datetime import date, timedelta

from hlf.codec import moments
from hlf.codec.words import Word


def _monday(week: str) -> date:
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def _in_the_calendar(week: str) -> str:
    if moments.FIRST_YEAR <= int(week[:4]) <= moments.LAST_YEAR:
        try:
            _monday(week)
        except ValueError:
            pass  # Week 53 of a year that has 52, or week 0.
        else:
            return ""
    return f"must be a week of the years {moments.FIRST_YEAR} to {moments.LAST_YEAR}"


WEEK = Word(r"[0-9]{4}-W[0-9]{2}", "an ISO week such as 2026-W48", _in_the_calendar)


def monday(field: str, week: str) -> date:
    """Return the first day of *week*."""
    return _monday(WEEK.check(field, week))


def of(day: date) -> str:
    """Return the week that *day* is in."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def following(field: str, first: str, count: int) -> tuple[str, ...]:
    """Return *count* weeks, beginning with *first*."""
    start = monday(field, first)
    return tuple(of(start + timedelta(weeks=index)) for index in range(count))


def days_in(start: str, end: str) -> dict[str, int]:
    """Return how many days of the period from *start* to *end*, both included, fall into each week, in order."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    counts: dict[str, int] = {}
    for offset in range((last - first).days + 1):
        week = of(first + timedelta(days=offset))
        counts[week] = counts.get(week, 0) + 1
    return counts
