"""
Rules for the values of claims' attributes.

A rule takes the attribute's name and a JSON value. Its refusals never quote the value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chaincode.domain.vocabulary import bounds
from hlf.codec import moments, texts
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid
from hlf.codec.words import Word

Rule = Callable[[str, object], object]
"""Takes the name of the attribute and its value; raises Refused INVALID_ARGUMENT."""

CLOCK = Word(r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day such as 17:30")
LANGUAGE = Word(
    r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", "a BCP 47 language such as vi, es-419 or zh-Hant-TW"
)
AMOUNT = Word(r"0|[1-9][0-9]{0,17}", "minor units as decimal text")


@dataclass(frozen=True)
class Attribute:
    """One attribute of a claim."""

    name: str
    rule: Rule
    required: bool = False


def whole(least: int, most: int) -> Rule:
    """Return the rule for an integer from *least* to *most*."""

    def check(field: str, value: object) -> None:
        if type(value) is not int or not least <= value <= most:
            raise invalid(field, f"must be an integer from {least} to {most}")

    return check


def text(most: int = texts.NAME.most) -> Rule:
    """Return the rule for a text of 1 to *most* visible characters."""

    def check(field: str, value: object) -> None:
        if not isinstance(value, str):
            raise invalid(field, "must be a text")
        texts.check(field, value, Bounds(1, most))

    return check


def one_of(*choices: str) -> Rule:
    """Return the rule for one of *choices*."""

    def check(field: str, value: object) -> None:
        if not isinstance(value, str) or value not in choices:
            raise invalid(field, "must be one of " + ", ".join(choices))

    return check


def code(rule: Callable[[str, str], object]) -> Rule:
    """Return the rule for a text that *rule* accepts, such as places.check_locode."""

    def check(field: str, value: object) -> None:
        if not isinstance(value, str):
            raise invalid(field, "must be a text")
        rule(field, value)

    return check


def list_of(rule: Rule, most: int = 100, least: int = 1) -> Rule:
    """Return the rule for an array of *least* to *most* different values that each satisfy *rule*."""

    def check(field: str, value: object) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise invalid(field, f"must be an array of {least} to {most}")
        for index, item in enumerate(value):
            rule(f"{field}[{index}]", item)
        if len({repr(item) for item in value}) != len(value):
            raise invalid(field, "must not list anything twice")

    return check


def exactly(rule: Rule, count: int) -> Rule:
    """Return the rule for an array of *count* values that each satisfy *rule*; they may be equal."""

    def check(field: str, value: object) -> None:
        if not isinstance(value, list) or len(value) != count:
            raise invalid(field, f"must be an array of {count}")
        for index, item in enumerate(value):
            rule(f"{field}[{index}]", item)

    return check


def flag(field: str, value: object) -> None:
    """Refuse a value that is neither true nor false."""
    if not isinstance(value, bool):
        raise invalid(field, "must be true or false")


def day(field: str, value: object) -> None:
    """Refuse a value that is not a date, such as 2026-11-22."""
    if not isinstance(value, str):
        raise invalid(field, "must be a text")
    moments.day(field, value)


clock = code(CLOCK.check)
language = code(LANGUAGE.check)
amount = code(AMOUNT.check)
BASIS_POINTS = whole(0, bounds.BPS)
PARTS_PER_MILLION = whole(0, bounds.PPM)
