"""Units, places, weeks and identifiers: the codes of the standards and nothing near them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.vocabulary import identifiers, places, units, weeks
from hlf.codec.refusals import Refused


@pytest.mark.parametrize(
    ("quantity", "source", "target", "wanted"),
    [
        (3, "KGM", "GRM", 3_000),
        (2, "MTQ", "CMQ", 2_000_000),
        (3, "DAY", "HUR", 72),
        (5, "C62", "H87", 5),
        (7, "CEL", "CEL", 7),
    ],
)
def test_units_of_one_kind_convert_exactly(quantity, source, target, wanted):
    """Whole units both ways."""
    assert units.convert(quantity, source, target) == wanted
    assert units.convert(wanted, target, source) == quantity


@given(st.integers(0, 10**9))
def test_a_remainder_is_refused_or_rounded_up(grams):
    """1,001 grams need room for 2 kilograms, and are no whole number of them."""
    assert units.convert(grams, "GRM", "KGM", round_up=True) == -(-grams // 1_000)
    if grams % 1_000:
        with pytest.raises(Refused) as refused:
            units.convert(grams, "GRM", "KGM")
        assert refused.value.code == "NOT_WHOLE"


def test_mass_is_no_volume():
    """Units of different kinds do not convert, unknown ones do not exist."""
    with pytest.raises(Refused) as refused:
        units.convert(1, "KGM", "MTQ")
    assert refused.value.code == "UNIT_MISMATCH"
    with pytest.raises(Refused) as refused:
        units.convert(1, "KG", "GRM")
    assert refused.value.code == "INVALID_ARGUMENT"
    assert units.check_unit("unit", "H87") == "H87"
    assert set(units.NAMES) >= {"GRM", "KGM", "CMQ", "MTQ", "H87", "C62", "HUR", "DAY", "CEL"}


def test_there_are_249_countries():
    """ISO 3166-1 as of 2026."""
    assert len(places.COUNTRIES) == 249
    assert places.ASEAN <= places.COUNTRIES


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (places.check_country, "VN", ["", "vn", "XX", "VNM"]),
        (places.check_subdivision, "VN-HN", ["VN", "VN-", "XX-HN", "VN-HANO", "vn-hn"]),
        (places.check_locode, "VNHAN", ["VN HAN", "XXHAN", "VNHA1", "VNHA", "VNHAN0"]),
        (places.check_time_zone, "Asia/Ho_Chi_Minh", ["Hanoi", "asia/hanoi", "../etc", "Asia/" + "A" * 50]),
        (places.check_time_zone, "America/Argentina/Ushuaia", ["/Asia"]),
        (identifiers.check, "order-1.A_b", ["", "-a", "a b", "a" * 65, "é", "a\n", "a\x00b"]),
    ],
)
def test_codes_are_judged_by_shape_and_country(check, right, wrong):
    """The right one comes back, the others are refused with their field."""
    assert check("field", right) == right
    for text in wrong:
        with pytest.raises(Refused) as refused:
            check("field", text)
        assert refused.value.text.startswith("field: ")


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)))
def test_every_day_is_in_its_week(day):
    """A week's Monday is at most six days before."""
    week = weeks.of(day)
    assert 0 <= (day - weeks.monday("week", week)).days < 7


def test_weeks_run_over_the_year():
    """2026 has 53 ISO weeks."""
    assert weeks.following("week", "2026-W52", 3) == ("2026-W52", "2026-W53", "2027-W01")


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_the_days_of_a_period_are_all_counted(start, length):
    """Days by week add up to the period, in order, at most seven a week."""
    counted = weeks.days_in(start.isoformat(), (start + timedelta(days=length)).isoformat())
    assert sum(counted.values()) == length + 1
    assert list(counted) == sorted(counted)
    assert max(counted.values()) <= 7


@pytest.mark.parametrize("week", ["2026-W54", "2025-W53", "2026-W00", "2026-48", "", "0000-W01"])
def test_what_is_no_week_is_refused(week):
    """Shape and calendar."""
    with pytest.raises(Refused):
        weeks.monday("week", week)
