"""Convert records to JSON's terms, each field as its type says."""

from __future__ import annotations

import dataclasses
import enum
import functools
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hlf.codec import canonical, fieldtypes, scalars


def plain(value: object) -> Any:
    """Return *value* in JSON's terms: a dataclass becomes a dict, a tuple a list, an enumeration its value."""
    kind: Any = type(value)
    return value if kind is str or kind is int else _plain_writer(kind)(value)


@functools.cache
def _plain_writer(kind: type) -> Callable[[Any], Any]:
    """Return the function that converts a value of exactly this class."""
    if dataclasses.is_dataclass(kind):
        writers = _writers(kind)
        return lambda value: {name: write(getattr(value, name)) for name, write in writers}
    if issubclass(kind, enum.Enum):
        return lambda value: value.value
    if issubclass(kind, Mapping):
        return lambda value: {str(name): plain(item) for name, item in value.items()}
    if issubclass(kind, list | tuple):
        return lambda value: [plain(item) for item in value]
    if issubclass(kind, Decimal):
        return functools.partial(_written, scalars.decimal_text)
    if issubclass(kind, datetime):
        return functools.partial(_written, scalars.moment_text)
    return lambda value: value


def _written(write: Callable[[Any], str], value: object) -> str:
    try:
        return write(value)
    except ValueError as error:
        raise canonical.CanonicalError("$", str(error)) from None


@functools.cache
def _writers(kind: type) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    hints = fieldtypes.field_types(kind)
    return tuple((field.name, writer(hints[field.name])) for field in fieldtypes.fields_of(kind))


@functools.cache
def writer(kind: Any) -> Callable[[Any], Any]:
    """
    Return the function that converts a value of *kind* to JSON's terms.

    Only the declared type distinguishes an Amount from another integer, and an allowed float from others.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if fieldtypes.is_amount(kind):
        return lambda value: None if value is None else str(value)
    if kind is float:
        return lambda value: canonical.Real(value) if type(value) in (int, float) else plain(value)
    if origin in fieldtypes.UNIONS:
        return _union_writer([argument for argument in arguments if argument is not type(None)])
    if origin in (tuple, list, Sequence):
        item = writer(arguments[0])
        return plain if item is plain else lambda value: _written_items(item, value)
    if origin in (dict, Mapping):
        item = writer(arguments[1])
        return lambda value: (
            {str(name): item(each) for name, each in value.items()} if isinstance(value, Mapping) else plain(value)
        )
    if typing.is_typeddict(kind):
        return functools.partial(_written_keys, kind)
    return plain


def _written_items(item: Callable[[Any], Any], value: object) -> object:
    return [item(each) for each in value] if isinstance(value, tuple | list) else plain(value)


def _written_keys(kind: type, value: object) -> object:
    if not isinstance(value, Mapping):
        return plain(value)
    hints = fieldtypes.field_types(kind)
    return {str(name): writer(fieldtypes.unwrapped(hints.get(name, object)))(each) for name, each in value.items()}


def _union_writer(members: Sequence[Any]) -> Callable[[Any], Any]:
    """Return the function that writes a value of one of *members*; if several fit, the first one counts."""
    if len(members) == 1:
        return writer(members[0])
    numbers = [member for member in members if fieldtypes.is_amount(member) or member in (int, float)]
    others = [made for made in map(writer, (each for each in members if each not in numbers)) if made is not plain]

    def write(value: Any) -> Any:
        if type(value) in (int, float):
            fitting = (each for each in numbers if type(value) is int or each is float)
            return writer(next(fitting, object))(value)
        return others[0](value) if others and not isinstance(value, str) else plain(value)

    return write
