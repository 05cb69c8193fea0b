"""
Identifiers of goods and consignments, with their check digits: GTIN, SSCC (GS1), S10 (UPU), HS and AHTN codes.

Each check returns the identifier, so that it can be used where the value is
taken in, and refuses without quoting it.
"""

from __future__ import annotations

import re

from hlf.codec.refusals import invalid

_DIGITS = re.compile(r"[0-9]+")
_S10 = re.compile(r"([A-Z]{2})([0-9]{8})([0-9])([A-Z]{2})")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_HS6 = re.compile(r"[0-9]{6}")
_AHTN8 = re.compile(r"[0-9]{8}")
_UN_NUMBER = re.compile(r"UN[0-9]{4}")


def gs1_check_digit(digits: str) -> str:
    """The digit that makes *digits* a valid GTIN or SSCC (GS1 General Specifications, 7.9.1)."""
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def s10_check_digit(serial: str) -> str:
    """The digit after the eight digits of a postal item's serial number (UPU S10)."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def check_gtin(field: str, text: str) -> str:
    """*text*, if it is a GTIN-14; shorter GTINs are written with leading zeros."""
    return _gs1(field, text, 14, "a GTIN-14")


def check_sscc(field: str, text: str) -> str:
    """*text*, if it is an SSCC of 18 digits."""
    return _gs1(field, text, 18, "an SSCC")


def check_s10(field: str, text: str) -> str:
    """*text*, if it is a postal item identifier such as RR473124829GB."""
    found = _S10.fullmatch(text)
    if not found:
        raise invalid(field, "must be a UPU S10 identifier: two letters, nine digits, a country")
    if s10_check_digit(found.group(2)) != found.group(3):
        raise invalid(field, "has a wrong S10 check digit")
    return text


def check_hs6(field: str, text: str) -> str:
    """*text*, if it is a subheading of the Harmonized System 2022 by its shape: six digits, chapters 01 to 97."""
    if not _HS6.fullmatch(text) or not _is_chapter(text[:2]):
        raise invalid(field, "must be an HS subheading of six digits")
    return text


def check_hs(field: str, text: str) -> str:
    """*text*, if it is a chapter, heading or subheading of the Harmonized System by its shape: 2, 4 or 6 digits."""
    if len(text) not in (2, 4, 6) or not _DIGITS.fullmatch(text) or not _is_chapter(text[:2]):
        raise invalid(field, "must be an HS chapter, heading or subheading of 2, 4 or 6 digits")
    return text


def check_ahtn8(field: str, text: str) -> str:
    """*text*, if it is an ASEAN tariff line: an HS subheading and two digits."""
    if not _AHTN8.fullmatch(text):
        raise invalid(field, "must be an AHTN code of eight digits")
    check_hs6(field, text[:6])
    return text


def check_un_number(field: str, text: str) -> str:
    """*text*, if it is a dangerous-goods number such as UN3481."""
    if not _UN_NUMBER.fullmatch(text):
        raise invalid(field, "must be a UN number such as UN3481")
    return text


def _is_chapter(digits: str) -> bool:
    # Chapter 77 is reserved for the future; 98 and 99 are each country's own.
    return 1 <= int(digits) <= 97 and digits != "77"


def _gs1(field: str, text: str, length: int, what: str) -> str:
    if len(text) != length or not _DIGITS.fullmatch(text):
        raise invalid(field, f"must be {what} of {length} digits")
    if gs1_check_digit(text[:-1]) != text[-1]:
        raise invalid(field, "has a wrong GS1 check digit")
    return text
