"""Make records from JSON's terms, and refuse everything that is not exactly that record."""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hlf.codec import fieldtypes, moments, scalars
from hlf.codec.fieldtypes import Record, RecordError

_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,37}")


def shaped(kind: type[Record], value: object, path: str) -> Record:
    """
    Return the record of type *kind* that *value* (JSON's terms) describes.

    Raises:
        RecordError: a field is missing, unknown or of another type.
    """
    return typing.cast(Record, _shaped(kind, value, path))


def _shaped(kind: object, value: object, path: str) -> object:
    return _shaper(kind)(value, path)


@functools.cache
def _shaper(kind: Any) -> Callable[[object, str], object]:
    """Return the function that makes a value of *kind* from JSON's terms, or refuses them with their path."""
    if fieldtypes.is_amount(kind):
        return _amount
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return functools.partial(_dataclass, kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        members = [member.value for member in kind]
        return lambda value, path: _choice(value, members, path, kind)
    if fieldtypes.is_instant(kind):
        return _instant
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return lambda value, path: _choice(value, list(arguments), path, None)
    if origin in fieldtypes.UNIONS:
        return _union_shaper(arguments)
    if origin in (tuple, list, Sequence):
        return functools.partial(_sequence, list if origin is list else tuple, arguments[0])
    if origin in (dict, Mapping):
        return functools.partial(_mapping, arguments[1])
    if typing.is_typeddict(kind):
        return functools.partial(_typed_dict, kind)
    return _scalar_shaper(kind)


def _scalar_shaper(kind: Any) -> Callable[[object, str], object]:
    if kind is object:
        return lambda value, path: value
    if kind is float:
        return _float
    if kind is Decimal:
        return functools.partial(_text, Decimal, scalars.decimal)
    if kind is datetime:
        return functools.partial(_text, datetime, scalars.moment)
    return functools.partial(_simple, kind)


def _union_shaper(arguments: Sequence[Any]) -> Callable[[object, str], object]:
    may_be_none = type(None) in arguments
    members = [argument for argument in arguments if argument is not type(None)]
    if len(members) == 1:
        inner = _shaper(members[0])
        return lambda value, path: None if value is None and may_be_none else inner(value, path)
    shapers = [_shaper(member) for member in members]
    expected = " or ".join([*map(fieldtypes.words, members), *["null"] * may_be_none])

    def shape(value: object, path: str) -> object:
        if value is None and may_be_none:
            return None
        within = []
        for each in shapers:
            try:
                return each(value, path)
            except RecordError as error:
                within += [error] if error.path != path else []
        # The error of a member with the right shape but wrong parts says more than that none fits.
        raise within[0] if len(within) == 1 else RecordError(path, f"must be {expected}")

    return shape


def _sequence(kind: Callable[[Iterator[object]], object], of: object, value: object, path: str) -> object:
    if not isinstance(value, list | tuple):
        raise RecordError(path, "must be a list")
    shape = _shaper(of)
    return kind(shape(item, f"{path}[{index}]") for index, item in enumerate(value))


def _simple(kind: type, value: object, path: str) -> object:
    # bool is an int in Python, and JSON's true must not pass for 1. Any other kind is a class by now.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise RecordError(path, f"must be {fieldtypes.words(kind)}, not {fieldtypes.words(type(value))}")
    return value


def _float(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError(path, "must be a number")
    return float(value)


def _text(kind: type, read: Callable[[str], object], value: object, path: str) -> object:
    if isinstance(value, kind):
        return value
    try:
        return read(value if isinstance(value, str) else "")
    except ValueError as error:
        raise RecordError(path, str(error)) from None


def _typed_dict(kind: Any, value: object, path: str) -> object:
    if not isinstance(value, Mapping):
        raise RecordError(path, "must be an object")
    keys = fieldtypes.typed_keys(kind)
    for name in sorted(value):
        if name not in keys:
            raise RecordError(f"{path}.{name}", "is not a field")
    given = {}
    for name, (part, needed) in keys.items():
        if name in value:
            given[name] = _shaper(part)(value[name], f"{path}.{name}")
        elif needed:
            raise RecordError(f"{path}.{name}", "is missing")
    return given


@functools.cache
def has_reals(kind: Any, above: frozenset[Any]) -> bool:
    """Return whether a value of *kind* may hold a float, so that one is read at all."""
    if kind is float or kind in above:
        return kind is float
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        return any(has_reals(hint, above | {kind}) for hint in fieldtypes.field_types(kind).values())
    return any(has_reals(part, above) for part in typing.get_args(kind) if not isinstance(part, str))


def _dataclass(kind: type, value: object, path: str) -> object:
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise RecordError(path, "must be an object")
    fields = _shapers(kind)
    if not value.keys() <= fields.keys():
        raise RecordError(f"{path}.{min(value.keys() - fields.keys())}", "is not a field")
    given: dict[str, object] = {}
    for name, (shape, needed) in fields.items():
        if name in value:
            given[name] = shape(value[name], f"{path}.{name}")
        elif needed:
            raise RecordError(f"{path}.{name}", "is missing")
    try:
        return kind(**given)
    except RecordError:
        raise
    except ValueError as error:
        # A record's own __post_init__ refused the values.
        raise RecordError(path, str(error)) from None


@functools.cache
def _shapers(kind: type) -> dict[str, tuple[Callable[[object, str], object], bool]]:
    """Return for each field the function that makes its value, and whether it is required."""
    hints, missing = fieldtypes.field_types(kind), dataclasses.MISSING
    return {
        field.name: (_shaper(hints[field.name]), field.default is missing and field.default_factory is missing)
        for field in fieldtypes.fields_of(kind)
    }


def _mapping(kind: object, value: object, path: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise RecordError(path, "must be an object")
    shape = _shaper(kind)
    return {str(name): shape(item, f"{path}.{name}") for name, item in value.items()}


def _amount(value: object, path: str) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise RecordError(path, "must be an integer written as text")
    return int(value)


def _instant(value: object, path: str) -> int:
    # bool is an int in Python, and JSON's true must not pass for 1. Any other kind is a class by now.
    if type(value) is not int or not moments.FIRST <= value <= moments.LAST:
        raise RecordError(path, f"must be milliseconds in the years {moments.FIRST_YEAR} to {moments.LAST_YEAR}")
    return value


def _choice(value: object, choices: list[object], path: str, kind: type | None) -> object:
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise RecordError(path, f"must be one of {', '.join(map(str, choices))}")
    return kind(value) if kind else value
