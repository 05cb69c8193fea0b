"""
Frozen dataclasses to canonical bytes and back: what a contract stores and returns.

The bytes are RFC 8785 (`canonical`), so equal records are equal bytes on every
endorser. Reading is strict: a name that is not a field, a missing field
without a default, or a value of another type is refused with its path, because
a ledger key may have been written by a peer that runs other code. Neither
the path nor the reason quotes a value, which may be private.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

from hlf.codec import canonical, moments
from hlf.codec.refusals import Refused, RuntimeRefusal

Record = TypeVar("Record")

_AS_TEXT = "decimal text"
_AS_TIME = "milliseconds since 1970"
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,37}")

Amount = Annotated[int, _AS_TEXT]
"""An integer of any size, written as decimal text: amounts of money outgrow 2^53 (RFC 8785, appendix D)."""


Instant = Annotated[int, _AS_TIME]
"""Milliseconds since 1970, in the years that `moments` prints: a peer that runs other code could write any number."""


class RecordError(Refused, ValueError):
    """
    A value that is not the record it should be; as a contract's answer, INVALID_ARGUMENT.

    Attributes:
        path: the field, as ``journey.parties[2].msp_id``.
        reason: what is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(RuntimeRefusal.INVALID_ARGUMENT.code, f"{path}: {reason}")
        self.path = path
        self.reason = reason


def plain(value: object) -> Any:
    """Return *value* in JSON's terms: a dataclass becomes a dict, a tuple a list, an enumeration its value."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if dataclasses.is_dataclass(kind):
        return {name: write(getattr(value, name)) for name, write in _writers(kind)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@functools.cache
def _writers(kind: type) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    hints = _hints(kind)
    return tuple((field.name, _writer(hints[field.name])) for field in _fields(kind))


def _writer(kind: object) -> Callable[[Any], object]:
    """Return how a value of *kind* is written; only the declared type tells an Amount from another integer."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if _is_amount(kind):
        return lambda value: None if value is None else str(value)
    if origin in (typing.Union, types.UnionType):
        return _writer(next(argument for argument in arguments if argument is not type(None)))
    if origin is tuple:
        item = _writer(arguments[0])
        return lambda value: [item(each) for each in value] if isinstance(value, tuple) else plain(value)
    if origin in (dict, Mapping):
        item = _writer(arguments[1])
        return lambda value: (
            {str(name): item(each) for name, each in value.items()} if isinstance(value, Mapping) else plain(value)
        )
    return plain


def dumps(value: object) -> bytes:
    """Return the canonical bytes of a record, or of anything made of records."""
    return canonical.dumps(plain(value))


def digest(value: object) -> str:
    """Return SHA-256 over the canonical bytes, in hex: the name by which a record is pinned elsewhere."""
    return hashlib.sha256(dumps(value)).hexdigest()


def loads(kind: type[Record], data: bytes | str, name: str = "") -> Record:
    """
    Return the record of type *kind* in *data*; errors call it *name*, or else by its class.

    Raises:
        RecordError: not JSON, or not that record.
    """
    name = name or kind.__name__.lower()
    try:
        value = canonical.loads(data)
    except canonical.CanonicalError as error:
        raise RecordError(name + error.path[1:], error.reason) from None
    return shaped(kind, value, name)


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
    """Return what makes a value of *kind* out of JSON's terms, or refuses them with their path."""
    if _is_amount(kind):
        return _amount
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return functools.partial(_dataclass, kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        members = [member.value for member in kind]
        return lambda value, path: _choice(value, members, path, kind)
    if _is_instant(kind):
        return _instant
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return lambda value, path: _choice(value, list(arguments), path, None)
    if origin in (typing.Union, types.UnionType):
        inner = _shaper(next(argument for argument in arguments if argument is not type(None)))
        may_be_none = type(None) in arguments
        return lambda value, path: None if value is None and may_be_none else inner(value, path)
    if origin in (tuple, list):
        return functools.partial(_sequence, origin, arguments[0])
    if origin in (dict, Mapping):
        return functools.partial(_mapping, arguments[1])
    if kind is object:
        return lambda value, path: value
    return functools.partial(_simple, kind)


def _sequence(kind: Callable[[Iterator[object]], object], of: object, value: object, path: str) -> object:
    if not isinstance(value, list | tuple):
        raise RecordError(path, "must be a list")
    shape = _shaper(of)
    return kind(shape(item, f"{path}[{index}]") for index, item in enumerate(value))


def _simple(kind: type, value: object, path: str) -> object:
    # bool is an int in Python, and JSON's true must not pass for 1. Any other kind is a class by now.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise RecordError(path, f"must be {_name(kind)}, not {_name(type(value))}")
    return value


def _dataclass(kind: type, value: object, path: str) -> object:
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise RecordError(path, "must be an object")
    fields = _shapers(kind)
    for name in sorted(value):
        if name not in fields:
            raise RecordError(f"{path}.{name}", "is not a field")
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
    """Return for each field what shapes its value, and whether it must be given."""
    hints, missing = _hints(kind), dataclasses.MISSING
    return {
        field.name: (_shaper(hints[field.name]), field.default is missing and field.default_factory is missing)
        for field in _fields(kind)
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


def _is_amount(kind: object) -> bool:
    return _AS_TEXT in getattr(kind, "__metadata__", ())


def _is_instant(kind: object) -> bool:
    return _AS_TIME in getattr(kind, "__metadata__", ())


def _fields(kind: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(kind)


@functools.cache
def _hints(kind: type) -> dict[str, object]:
    return typing.get_type_hints(kind, include_extras=True)


def _name(kind: object) -> str:
    words: dict[object, str] = {
        str: "a string",
        int: "an integer",
        bool: "true or false",
        dict: "an object",
        list: "a list",
    }
    return words.get(kind, "null" if kind is type(None) else getattr(kind, "__name__", str(kind)))
