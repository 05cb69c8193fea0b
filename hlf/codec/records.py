"""
Convert frozen dataclasses to canonical bytes and back, for what a contract stores and returns.

The bytes are RFC 8785 (`canonical`), so equal records are equal bytes on every
endorser. Reading is strict: a name that is not a field, a missing field
without a default, or a value of another type is refused with its path, because
a ledger key may have been written by a peer that runs other code. Neither
the path nor the reason quotes a value, which may be private.

Fields may be str, int, bool, float, Decimal, datetime, Optional and other unions (the first member that takes a value
wins), Literal, Enum by value, tuple[X, ...], list[X], Sequence[X], dict[str, X], TypedDict, dataclasses of these, and
object for any JSON value.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from hlf.codec import canonical, moments, scalars
from hlf.codec.refusals import Refused, RuntimeRefusal

Record = TypeVar("Record")

_AS_TEXT = "decimal text"
_AS_TIME = "milliseconds since 1970"
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,37}")
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
        path: the field, as ``journey.parties[2].msp_id``.
        reason: the fault.
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
    if isinstance(value, Decimal):
        return _written(scalars.decimal_text, value)
    if isinstance(value, datetime):
        return _written(scalars.moment_text, value)
    return value


def _written(write: Callable[[Any], str], value: object) -> str:
    try:
        return write(value)
    except ValueError as error:
        raise canonical.CanonicalError("$", str(error)) from None


@functools.cache
def _writers(kind: type) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    hints = field_types(kind)
    return tuple((field.name, writer(hints[field.name])) for field in _fields(kind))


@functools.cache
def writer(kind: Any) -> Callable[[Any], Any]:
    """
    Return the function that converts a value of *kind* to JSON's terms.

    Only the declared type distinguishes an Amount from another integer, and an allowed float from others.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if _is_amount(kind):
        return lambda value: None if value is None else str(value)
    if kind is float:
        return lambda value: canonical.Real(value) if type(value) in (int, float) else plain(value)
    if origin in UNIONS:
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
    hints = field_types(kind)
    return {str(name): writer(_unwrapped(hints.get(name, object)))(each) for name, each in value.items()}


def _union_writer(members: Sequence[Any]) -> Callable[[Any], Any]:
    """Return the function that writes a value of one of *members*; if several fit, the first one counts."""
    if len(members) == 1:
        return writer(members[0])
    numbers = [member for member in members if _is_amount(member) or member in (int, float)]
    others = [made for made in map(writer, (each for each in members if each not in numbers)) if made is not plain]

    def write(value: Any) -> Any:
        if type(value) in (int, float):
            fitting = (each for each in numbers if type(value) is int or each is float)
            return writer(next(fitting, object))(value)
        return others[0](value) if others and not isinstance(value, str) else plain(value)

    return write


def dumps(value: object) -> bytes:
    """Return the canonical bytes of a record, or of anything made of records."""
    return canonical.dumps(plain(value))


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical bytes, in hex; other records pin this record with it."""
    return hashlib.sha256(dumps(value)).hexdigest()


def loads(kind: type[Record], data: bytes | str, name: str = "") -> Record:
    """
    Return the record of type *kind* in *data*; errors call it *name*, by default its class.

    Raises:
        RecordError: not JSON, or not that record.
    """
    name = name or kind.__name__.lower()
    try:
        value = canonical.loads(data, reals=_has_reals(typing.cast(type, kind), frozenset()))
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
    """Return the function that makes a value of *kind* from JSON's terms, or refuses them with their path."""
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
    if origin in UNIONS:
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
    expected = " or ".join([*map(_name, members), *["null"] * may_be_none])

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
        raise RecordError(path, f"must be {_name(kind)}, not {_name(type(value))}")
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
    keys = typed_keys(kind)
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
def typed_keys(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return for each key of a TypedDict the type of its value, and whether it must be given."""
    found = {}
    for name, hint in field_types(kind).items():
        mark = typing.get_origin(hint)
        # With postponed annotations the class itself counts a NotRequired key as required.
        needed = mark is not typing.NotRequired and (mark is typing.Required or name in kind.__required_keys__)
        found[name] = (_unwrapped(hint), needed)
    return found


def _unwrapped(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) in (typing.Required, typing.NotRequired) else hint


@functools.cache
def _has_reals(kind: Any, above: frozenset[Any]) -> bool:
    """Return whether a value of *kind* may hold a float, so that one is read at all."""
    if kind is float or kind in above:
        return kind is float
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        return any(_has_reals(hint, above | {kind}) for hint in field_types(kind).values())
    return any(_has_reals(part, above) for part in typing.get_args(kind) if not isinstance(part, str))


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
    """Return for each field the function that makes its value, and whether it is required."""
    hints, missing = field_types(kind), dataclasses.MISSING
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
def field_types(kind: type) -> dict[str, object]:
    """Return the type of each field of a dataclass or TypedDict; they are resolved once."""
    return typing.get_type_hints(kind, include_extras=True)


def _name(kind: object) -> str:
    words: dict[object, str] = {
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
    return words.get(kind, "null" if kind is type(None) else getattr(kind, "__name__", str(kind)))
