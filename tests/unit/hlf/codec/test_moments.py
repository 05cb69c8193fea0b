"""Moments: what cannot be printed again is refused when it is read, wherever it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import pages
from chaincode.domain.vocabulary import weeks
from hlf.codec import moments, records
from hlf.codec.refusals import Refused

UNPRINTABLE = [
    "0001-01-01T00:00:00Z",  # Go's zero time
    "1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00+07:00",  # 1969 in UTC
    "1969-12-31T23:00:00-05:00",  # 1969 on the clock that is written
    "2201-01-01T00:00:00Z",
    "2200-12-31T23:00:00-05:00",  # 2201 in UTC
    "2201-01-01T00:30:00+07:00",  # 2201 on the clock that is written
    "9999-12-31T23:59:59-05:00",
    "๒๐๒๗-๐๑-๐๑T๐๐:๐๐:๐๐Z",
    "٢٠٢٧-٠١-٠١T00:00:00Z",
    "2027-01-01T00:00:00+٠7:00",
    "2027-01-01T00:00:00.٥Z",
    "2027-13-01T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2027-01-01T24:00:00Z",
    "2027-01-01T00:00:60Z",
    "2027-01-01T00:00:00+14:01",
    "2027-01-01T00:00:00+24:00",
    "2027-01-01T00:00:00",
    "2027-01-01 00:00:00Z",
    "2027-01-01T00:00:00Z\n",
    "",
]


@pytest.mark.parametrize("text", UNPRINTABLE)
def test_what_cannot_be_printed_is_no_moment(text):
    """Years outside 1970 to 2200, digits of other scripts, days and offsets that are none: refused with the field."""
    with pytest.raises(ValueError, match="."):
        moments.parse(text)
    with pytest.raises(Refused, match="^INVALID_ARGUMENT: eta: must be a time"):
        moments.stated("eta", text)


@given(st.integers(moments.FIRST, moments.LAST), st.integers(-14 * 60, 14 * 60))
def test_what_is_read_can_be_printed_and_read_again(at, offset):
    """Any instant of these years, on any clock: either it is refused, or its text is itself."""
    text = str(moments.Moment(at, offset))
    try:
        again = moments.parse(text)
    except ValueError:
        assert text[:4] in {"1969", "2201"}
        return
    assert again == moments.Moment(at, offset)
    assert moments.parse(moments.text(at)).at == at


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"))
def test_any_text_is_a_moment_or_refused(text):
    """Nothing but a ValueError comes out, and what comes in can be printed."""
    try:
        found = moments.parse(text)
    except ValueError:
        return
    assert moments.parse(str(found)) == found


def test_a_transactions_time_is_held_to_the_same_years():
    """It is its client's word: Go's zero time is refused with the others."""
    assert moments.of(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    for wrong in (datetime(1, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)):
        with pytest.raises(Refused, match="^INVALID_ARGUMENT: timestamp: "):
            moments.of(wrong)


@pytest.mark.parametrize("text", ["2026-13-45", "2027-02-29", "٢٠٢٧-٠١-٠١", "20270101", "0001-01-01", "9999-12-31", ""])
def test_what_is_no_day_of_these_years_is_refused(text):
    """Days are held to the calendar and to the same years as moments."""
    with pytest.raises(Refused, match="^INVALID_ARGUMENT: holiday: "):
        moments.day("holiday", text)


@pytest.mark.parametrize("week", ["9999-W52", "2201-W01", "1969-W01"])
def test_weeks_are_of_the_same_years(week):
    """Counting on from the last week of the calendar would end in an error of Python."""
    with pytest.raises(Refused, match="^INVALID_ARGUMENT: week: "):
        weeks.following("week", week, 10)


@pytest.mark.parametrize("at", [-1, moments.LAST + 1, 10**18, True, "1", 1.5])
def test_records_hold_no_other_instants(at):
    """A peer that runs other code could write any number on its own page; honest peers do not read it as a time."""
    times = {"stage_id": "S19", "planned_at": at, "estimated_at": 0, "stated_at": 0, "first_stated_at": 0}
    with pytest.raises(records.RecordError, match=r"times\.planned_at"):
        records.shaped(pages.Times, times, "times")


@given(st.integers(moments.FIRST, moments.LAST), st.integers(0, 999))
def test_instants_are_milliseconds(at, finer):
    """What is finer is cut."""
    assert moments.of(moments.utc(at) + timedelta(microseconds=finer)) == at
