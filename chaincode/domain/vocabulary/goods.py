"""
Identifiers of goods and consignments, with their check digits: GTIN, SSCC (GS1), S10 (UPU), HS and AHTN codes.

Each check returns the identifier, so that it can be used in an expression. Its refusal does not quote the
identifier.
"""

from __future__ import annotations

from hlf.codec.words import Word

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def gs1_check_digit(digits: str) -> str:
    """Return the digit that makes *digits* a valid GTIN or SSCC (GS1 General Specifications, 7.9.1)."""
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def s10_check_digit(serial: str) -> str:
    """Return the digit after the eight digits of a postal item's serial number (UPU S10)."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def _gs1_checked(text: str) -> str:
    return "" if gs1_check_digit(text[:-1]) == text[-1] else "has a wrong GS1 check digit"


def _s10_checked(text: str) -> str:
    return "" if s10_check_digit(text[2:10]) == text[10] else "has a wrong S10 check digit"


def _of_a_chapter(text: str) -> str:
    # Chapter 77 is reserved; countries use 98 and 99 for themselves.
    known = "01" <= text[:2] <= "97" and text[:2] != "77"
    return "" if known else "must be of the chapters 01 to 97, without 77"


GTIN = Word(r"[0-9]{14}", "a GTIN-14 of 14 digits", _gs1_checked)
"""Shorter GTINs are written with leading zeros."""

SSCC = Word(r"[0-9]{18}", "an SSCC of 18 digits", _gs1_checked)
S10 = Word(r"[A-Z]{2}[0-9]{9}[A-Z]{2}", "a UPU S10 identifier such as RR473124829GB", _s10_checked)
HS = Word(r"[0-9]{2}([0-9]{2}){0,2}", "an HS chapter, heading or subheading of 2, 4 or 6 digits", _of_a_chapter)
HS6 = Word(r"[0-9]{6}", "an HS subheading of six digits", _of_a_chapter)
"""A subheading of the Harmonized System 2022; only its form is checked."""

AHTN8 = Word(r"[0-9]{8}", "an AHTN code of eight digits", _of_a_chapter)
"""An ASEAN tariff line: an HS subheading and two digits."""

UN_NUMBER = Word(r"UN[0-9]{4}", "a UN number such as UN3481")
"""A kind of dangerous goods."""

check_gtin = GTIN.check
check_sscc = SSCC.check
check_s10 = S10.check
check_hs = HS.check
check_hs6 = HS6.check
check_ahtn8 = AHTN8.check
check_un_number = UN_NUMBER.check
