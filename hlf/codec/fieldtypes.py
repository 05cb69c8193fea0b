"""The types that a field of a record may have, and what a class says about its fields."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from hlf.codec import canonical
from hlf.codec.refusals import Refused, RuntimeRefusal

Record = TypeVar("Record")

_AS_TEXT = "decimal text"
_AS_TIME = "milliseconds since 1970"
UNIONS = (typing.Union, types.UnionType)
"""The two forms of a union in annotations."""


Amount = Annotated[int, _AS_TEXT]
"""An integer of any size, written as decimal text: amounts of money outgrow 2^53 (RFC 8785, appendix D)."""


Instant = Annotated[int, _AS_TIME]
"""Milliseconds since 1970, in the years that `moments` prints: a peer that runs other code could write any number."""


class RecordError(Refused, ValueError):
    """
    A value is not the expected record; a contract answers it with INVALID_ARGUMENT.

    Attributes:
        path: the field, as ``sale.parties[2].msp_id``.
        reason: the fault.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(RuntimeRefusal.INVALID_ARGUMENT.code, f"{path}: {reason}")
        self.path = path
        self.reason = reason


@functools.cache
def typed_keys(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return for each key of a TypedDict the type of its value, and whether it must be given."""
    found = {}
    for name, hint in field_types(kind).items():
        mark = typing.get_origin(hint)
        # With postponed annotations the class itself counts a NotRequired key as required.
        needed = mark is not typing.NotRequired and (mark is typing.Required or name in kind.__required_keys__)
        found[name] = (unwrapped(hint), needed)
    return found


def unwrapped(hint: Any) -> Any:
    """Return the type of a TypedDict's value, without the mark that says whether it is required."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) in (typing.Required, typing.NotRequired) else hint


def is_amount(kind: object) -> bool:
    """Return whether *kind* is `Amount`."""
    return _AS_TEXT in getattr(kind, "__metadata__", ())


def is_instant(kind: object) -> bool:
    """Return whether *kind* is `Instant`."""
    return _AS_TIME in getattr(kind, "__metadata__", ())


def fields_of(kind: type) -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of a dataclass."""
    return dataclasses.fields(kind)


@functools.cache
def field_types(kind: type) -> dict[str, object]:
    """Return the type of each field of a dataclass or TypedDict; they are resolved once."""
    return typing.get_type_hints(kind, include_extras=True)


def words(kind: object) -> str:
    """Return what a person calls a value of *kind*, as ``a list``."""
    known: dict[object, str] = {
        str: "a string",
        int: "an integer",
        bool: "true or false",
        float: "a number",
        Decimal: "a decimal number",
        datetime: "a time",
        dict: "an object",
        list: "a list",
        tuple: "a list",
        Sequence: "a list",
    }
    kind = kind if typing.get_origin(kind) in (None, Annotated) else typing.get_origin(kind)
    if kind is canonical.Real:
        return "a number with a fraction"
    return known.get(kind, "null" if kind is type(None) else getattr(kind, "__name__", str(kind)))
