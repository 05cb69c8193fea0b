"""Decimal numbers and moments: one value, one text, and nothing lenient in reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf.codec import scalars


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_a_decimal_number_comes_back_with_all_its_digits(value):
    """Zeros at its end, too: 1.50 is a price and 1.5 another text."""
    text = scalars.decimal_text(value)
    assert "e" not in text.lower()
    again = scalars.decimal(text)
    assert (again, again.as_tuple().exponent) == (value, value.as_tuple().exponent)


@pytest.mark.parametrize(
    "text", ["", "1.", ".5", "+1", "01", "-0", "-0.00", "1e3", "NaN", "Infinity", "1_0", "１", " 1", "1\n", "1" * 65]
)
def test_other_texts_are_no_decimal_numbers(text):
    """Python's Decimal takes most of them; another language's endorser would not, or read another number."""
    with pytest.raises(ValueError, match="must be a decimal number such as -12.50"):
        scalars.decimal(text)


@pytest.mark.parametrize(
    ("value", "text"), [("-0.00", "0.00"), ("1E+3", "1000"), ("1E-3", "0.001"), ("12.50", "12.50")]
)
def test_a_decimal_number_is_written_in_full(value, text):
    """Without an exponent, and without the sign that a sum of zero keeps."""
    assert scalars.decimal_text(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+999999", "1E-999999", "1" * 65])
def test_what_could_not_be_read_again_is_not_written(value):
    """No number, or one of more characters than a number has."""
    with pytest.raises(ValueError, match="must"):
        scalars.decimal_text(Decimal(value))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back(value):
    """To the microsecond."""
    assert scalars.moment(scalars.moment_text(value)) == value


def test_a_moment_is_written_in_utc():
    """Two endorsers in two time zones write one text; where no zone is known there is none."""
    east = timezone(timedelta(hours=8))
    assert scalars.moment_text(datetime(2026, 11, 22, 15, 5, tzinfo=east)) == "2026-11-22T07:05:00Z"
    assert scalars.moment("2026-11-22T15:05:00.1234567+08:00") == datetime(2026, 11, 22, 7, 5, 0, 123456, tzinfo=UTC)
    with pytest.raises(ValueError, match="must have a time zone"):
        scalars.moment_text(datetime(2026, 11, 22))  # noqa: DTZ001  (that is the fault)


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-22", "2026-11-22T07:05:00", "2026-13-22T07:05:00Z", "2026-11-22T07:05:60Z", "2026-11-22t07:05:00z",
     "0001-01-01T00:00:00+08:00", "2026-11-22T07:05:00+8:00", "２026-11-22T07:05:00Z"],
)  # fmt: skip
def test_other_texts_are_no_moments(text):
    """RFC 3339 with its offset, in ASCII digits, of a day that there is."""
    with pytest.raises(ValueError, match="must be a time with its offset"):
        scalars.moment(text)
