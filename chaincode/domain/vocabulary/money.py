"""
Money: whole minor units of an ISO 4217 currency, and exact conversion by a dated table.

Minor units are those of ISO 4217, so that two systems mean the same sum. The kyat and the kip have two minor digits
there, though nobody pays in them and CLDR prints none. There are no floats. Only `convert` rounds, half to even.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import attributes, bounds
from hlf.codec.bounds import Bounds
from hlf.codec.records import Amount
from hlf.codec.refusals import invalid
from hlf.codec.words import Word

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

EDITION = "2026-01-01"
"""The edition of ISO 4217's list of codes in force that the tables here follow, without its funds, metals and units."""

WITHDRAWN = {"HRK": "2023-01-01", "ZWL": "2024-09-01", "ANG": "2025-07-01", "BGN": "2026-01-01"}
"""From which day on a code counts no more. Records of earlier days keep it, so its digits stay known."""

MINOR_DIGITS: dict[str, int] = {
    **{code: digits for digits, codes in ((0, _ZERO), (2, _TWO), (3, _THREE), (4, _FOUR)) for code in codes.split()},
    **dict.fromkeys(WITHDRAWN, 2),
}
"""How many minor digits ISO 4217 gives each currency, the withdrawn ones included."""

LARGEST = 10**18
"""No trade in goods is larger; a larger sum is a mistake of units or an attack on arithmetic."""

MINOR = Bounds(0, LARGEST - 1)
"""Minor units of an amount to pay."""

OLDEST_DAYS = 4
"""The days that rates may be old: over a weekend and a holiday."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,9}))?")


def _in_force(code: str, day: str) -> str:
    """Return why *code* is no currency on *day*; empty if it is one."""
    if code not in MINOR_DIGITS:
        return "is no ISO 4217 currency in force"
    end = WITHDRAWN.get(code, "")
    return f"is a currency that was withdrawn on {end}" if end and day >= end else ""


_SHAPE, _MEANT = r"[A-Z]{3}", "an ISO 4217 currency such as VND"
CURRENCY = Word(_SHAPE, _MEANT, lambda code: _in_force(code, EDITION))
"""A currency that is in force by the edition."""

check_currency = CURRENCY.check

KNOWN = Word(_SHAPE, _MEANT, lambda code: _in_force(code, ""))
"""A currency that is in force or was: what a record of the past may hold."""


def check_currency_on(field: str, code: str, day: str) -> str:
    """
    Return *code* if it is a currency on *day* (text that begins as 2026-11-22).

    Raises:
        Refused: INVALID_ARGUMENT, no currency, or one that was withdrawn by then.
    """
    reason = _in_force(KNOWN.check(field, code), day[:10])
    if reason:
        raise invalid(field, reason)
    return code


@dataclass(frozen=True)
class Money:
    """A sum of money; *minor* counts the smallest units that ISO 4217 gives the currency."""

    minor: Amount
    currency: str

    def __post_init__(self) -> None:
        KNOWN.check("currency", self.currency)
        if abs(self.minor) >= LARGEST:
            raise invalid("minor", "is beyond any sum in trade")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def share(self, basis_points: int) -> Money:
        """Return so many ten-thousandths of the sum, rounded half to even."""
        return Money(half_even(Fraction(self.minor * basis_points, bounds.BPS)), self.currency)

    def __str__(self) -> str:
        digits = MINOR_DIGITS[self.currency]
        whole, rest = divmod(abs(self.minor), 10**digits)
        fraction = f".{rest:0{digits}}" if digits else ""
        return f"{'-' if self.minor < 0 else ''}{whole}{fraction} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise Refusal.CURRENCY_MISMATCH(f"adding {self.currency} and {other.currency} needs a rate")


@dataclass(frozen=True)
class Rates:
    """
    The price of one unit of *base* on one day, as decimal text: ``{"VND": "26350.5"}``.

    The day is part of every conversion, so that a settlement can be recomputed
    years later.
    """

    date: str
    base: str
    rates: dict[str, str]
    source: str

    def __post_init__(self) -> None:
        attributes.day("rates.date", self.date)
        check_currency_on("rates.base", self.base, self.date)
        if len(self.source) not in bounds.SENTENCE:
            raise invalid("rates.source", "must name where the rates are from")
        if not self.rates:
            raise invalid("rates.rates", "must list at least one currency")
        for code, rate in self.rates.items():
            check_currency_on(f"rates.rates.{code[:8]}", code, self.date)
            if code == self.base:
                raise invalid(f"rates.rates.{code}", "is the base itself")
            decimal(f"rates.rates.{code}", rate)

    def check_fresh(self, today: str) -> None:
        """
        Refuse rates of a future day, or of a day so long ago that the choice of the day is a choice of the price.

        Raises:
            Refused: RATES_STALE.
        """
        age = (date.fromisoformat(today) - date.fromisoformat(self.date)).days
        if not 0 <= age <= OLDEST_DAYS:
            raise Refusal.RATES_STALE(
                f"rates of {self.date} cannot be used on {today}: they count for {OLDEST_DAYS} days at most"
            )

    def convert(self, money: Money, target: str) -> Money:
        """
        Return *money* in *target*, converted through the base and rounded once, half to even.

        Raises:
            Refused: NO_RATE, the table of that day does not have one of the two.
        """
        major = Fraction(money.minor, 10 ** MINOR_DIGITS[money.currency])
        value = major / self._rate(money.currency) * self._rate(target)
        return Money(half_even(value * 10 ** MINOR_DIGITS[target]), target)

    def _rate(self, code: str) -> Fraction:
        if code == self.base:
            return Fraction(1)
        if code not in self.rates:
            raise Refusal.NO_RATE(f"the table of {self.date} has no rate of {self.base} in {code[:8]}")
        return decimal(code, self.rates[code])


def decimal(field: str, text: str) -> Fraction:
    """Return the positive decimal number in *text*, exactly."""
    found = _DECIMAL.fullmatch(text)
    value = Fraction(text) if found else Fraction(0)
    if value <= 0:
        raise invalid(field, "must be a positive decimal number with at most 9 digits after the point")
    return value


def half_even(value: Fraction) -> int:
    """Return the nearest integer; of two equally near ones the even one, so that many sums do not drift."""
    return round(value)


def by_price(total: int, prices: list[int]) -> list[int]:
    """Return *total* split over lines by their *prices*; if all goods are free, all lines count equally."""
    return apportion(total, prices if any(prices) else [1] * len(prices))


def apportion(total: int, weights: list[int]) -> list[int]:
    """
    Return *total* split in proportion to *weights* so that the parts add up to it exactly.

    The parts with the largest remainders get the units left over; of equal remainders, the earlier part.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise invalid("weights", "must be non-negative and not all zero")
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-(total * weights[index] % whole), index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
