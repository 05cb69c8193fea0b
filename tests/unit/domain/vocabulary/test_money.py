"""Money: exact, never silently mixed, converted by a dated table with one rounding."""

from __future__ import annotations

from fractions import Fraction

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.vocabulary import money
from chaincode.domain.vocabulary.money import Money, Rates
from hlf.codec import records
from hlf.codec.refusals import Refused

FUNDS = {"BOV", "CHE", "CHW", "COU", "MXV", "USN"}
"""Codes of funds, in which nobody pays."""

SMALL = st.integers(-(10**15), 10**15)
CODES = st.sampled_from(sorted(money.MINOR_DIGITS))
RATES = Rates("2026-11-20", "USD", {"VND": "26350.5", "SGD": "1.3021", "CNY": "7.11", "LAK": "21600"}, "MAS")


def test_the_codes_are_those_of_the_standards_own_list():
    """Another program's copy of ISO's list of the edition's date has the same codes and digits, and none withdrawn."""
    assert iso4217.__published__.isoformat() == money.EDITION
    listed = {each.code: each.exponent for each in iso4217.Currency}
    in_force = {code: digits for code, digits in money.MINOR_DIGITS.items() if code not in money.WITHDRAWN}
    assert in_force == {code: listed.get(code) for code in in_force}
    assert {code for code in set(listed) - set(in_force) if not code.startswith("X")} == FUNDS
    assert not set(money.WITHDRAWN) & set(listed)


def test_kyat_and_kip_have_two_digits():
    """ISO 4217, not CLDR, says what a minor unit is."""
    assert {code: money.MINOR_DIGITS[code] for code in ("MMK", "LAK", "VND", "JPY", "KWD", "CLF", "SGD")} == {
        "MMK": 2, "LAK": 2, "VND": 0, "JPY": 0, "KWD": 3, "CLF": 4, "SGD": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sum_of", "text"),
    [
        (Money(12_500, "SGD"), "125.00 SGD"),
        (Money(-5, "SGD"), "-0.05 SGD"),
        (Money(1_990_000, "VND"), "1990000 VND"),
        (Money(1, "LAK"), "0.01 LAK"),
    ],
)
def test_a_sum_prints_with_its_digits(sum_of, text):
    """People read major units."""
    assert str(sum_of) == text


@given(SMALL, SMALL, CODES)
def test_sums_add_and_subtract(one, other, code):
    """Addition and subtraction are inverse."""
    assert Money(one, code) + Money(other, code) - Money(other, code) == Money(one, code)


@pytest.mark.parametrize(("code", "last"), [("ANG", "2025-06-30"), ("BGN", "2025-12-31"), ("ZWL", "2024-08-31")])
def test_a_withdrawn_code_is_refused_from_its_day_on(code, last):
    """Until then it counts, later it does not; what a record says of it can be read and printed for ever."""
    assert money.check_currency_on("currency", code, f"{last}T23:59:59Z") == code
    for check in (lambda: money.check_currency_on("currency", code, money.WITHDRAWN[code]),
                  lambda: money.check_currency("currency", code)):  # fmt: skip
        with pytest.raises(Refused, match=f"currency: is a currency that was withdrawn on {money.WITHDRAWN[code]}"):
            check()
    with pytest.raises(Refused):
        Rates("2026-11-20", "USD", {code: "1.8"}, "MAS")
    assert Rates(last, "USD", {code: "1.8"}, "MAS").rates == {code: "1.8"}
    assert str(Money(150, code)) == f"1.50 {code}"


@pytest.mark.parametrize("code", ["XCG", "ZWG", "VED", "EUR"])
def test_a_code_of_the_edition_is_in_force(code):
    """Also those that are young: the Caribbean guilder of 2025, Zimbabwe's gold of 2024."""
    assert money.check_currency("currency", code) == code


def test_two_currencies_do_not_add():
    """Only a rate joins them."""
    with pytest.raises(Refused) as refused:
        Money(1, "SGD") + Money(1, "VND")
    assert refused.value.code == "CURRENCY_MISMATCH"


@pytest.mark.parametrize(("minor", "currency"), [(1, "XXX"), (1, "sgd"), (10**18, "SGD"), (-(10**18), "SGD")])
def test_what_is_no_sum_is_refused(minor, currency):
    """Unknown currencies and sums beyond trade."""
    with pytest.raises(Refused):
        Money(minor, currency)


def test_amounts_travel_as_text():
    """Beyond 2^53 too."""
    assert records.dumps(Money(10**17, "VND")) == b'{"currency":"VND","minor":"100000000000000000"}'
    assert records.loads(Money, b'{"currency":"VND","minor":"100000000000000000"}') == Money(10**17, "VND")


@pytest.mark.parametrize(
    ("given_sum", "target", "wanted"),
    [
        (Money(100, "USD"), "VND", 26350),  # 26350.5: half to even goes down
        (Money(300, "USD"), "VND", 79052),  # 79051.5: half to even goes up
        (Money(26_350, "VND"), "USD", 100),
        (Money(13_021, "SGD"), "CNY", 71_100),
        (Money(1, "USD"), "LAK", 21_600),
        (Money(-100, "USD"), "VND", -26350),
    ],
)
def test_conversion_is_exact_and_rounds_once(given_sum, target, wanted):
    """Through the base, minor digits of both sides counted, half to even."""
    assert RATES.convert(given_sum, target) == Money(wanted, target)


@given(SMALL, st.sampled_from(["USD", *RATES.rates]), st.sampled_from(["USD", *RATES.rates]))
def test_conversion_is_within_half_a_minor_unit(minor, source, target):
    """Whatever the pair, the error of the one rounding is at most a half."""
    try:
        converted = RATES.convert(Money(minor, source), target)
    except Refused:
        assert abs(minor) > 10**12  # Only sums beyond trade in the target are refused.
        return
    one, other = (Fraction(1) if code == "USD" else Fraction(RATES.rates[code]) for code in (source, target))
    exact = Fraction(minor, 10 ** money.MINOR_DIGITS[source]) / one * other * 10 ** money.MINOR_DIGITS[target]
    assert abs(exact - converted.minor) <= Fraction(1, 2)


def test_a_table_without_the_currency_says_so():
    """NO_RATE names the day and the currency."""
    with pytest.raises(Refused) as refused:
        RATES.convert(Money(1, "USD"), "THB")
    assert refused.value.code == "NO_RATE"
    assert "2026-11-20" in refused.value.text


@pytest.mark.parametrize(
    ("today", "fresh"),
    [("2026-11-20", True), ("2026-11-24", True), ("2026-11-25", False), ("2026-11-19", False)],
)
def test_rates_count_for_some_days(today, fresh):
    """Neither a future day nor one picked from long ago."""
    if fresh:
        RATES.check_fresh(today)
    else:
        with pytest.raises(Refused) as refused:
            RATES.check_fresh(today)
        assert refused.value.code == "RATES_STALE"


@pytest.mark.parametrize(
    "change",
    [
        {"date": "2026-13-01"},
        {"date": "yesterday"},
        {"base": "US"},
        {"rates": {}},
        {"rates": {"USD": "1"}},
        {"rates": {"XXX": "1"}},
        {"rates": {"VND": "0"}},
        {"rates": {"VND": "-1"}},
        {"rates": {"VND": "1e3"}},
        {"rates": {"VND": "1.0000000001"}},
        {"rates": {"VND": "01"}},
        {"source": ""},
    ],
)
def test_what_is_no_table_is_refused(change):
    """A rate is a positive decimal, its table has a day, a base and a source."""
    parts = {"date": "2026-11-20", "base": "USD", "rates": {"VND": "26350"}, "source": "MAS", **change}
    with pytest.raises(Refused) as refused:
        Rates(**parts)
    assert refused.value.code == "INVALID_ARGUMENT"


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_add_up_and_are_fair(total, weights):
    """No unit is lost, and no part is a whole unit away from its share."""
    parts = money.apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(total * weight, sum(weights)) - part) < 1


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_nothing_to_share_by_is_refused(weights):
    """Weights that cannot share."""
    with pytest.raises((Refused, ValueError)):
        money.apportion(5, weights)


@given(SMALL, st.integers(0, 10_000))
def test_a_share_is_rounded_half_to_even(minor, basis_points):
    """Ten-thousandths, as exact arithmetic would round."""
    assert Money(minor, "SGD").share(basis_points).minor == round(Fraction(minor * basis_points, 10_000))
