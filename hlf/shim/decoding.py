"""
Decode arguments to the types of a contract's annotations; refuse anything else with the path of the field.

A ``str`` parameter gets the argument's text unchanged, ``bytes`` its bytes. A
word out of a list (Literal of text, an Enum whose values are text), a Decimal
and a datetime (RFC 3339) are plain text, too. Every other type is strict
JSON, as in records (:mod:`hlf.codec.records`): bool, int within
2^53-1, float, Optional and other unions, Literal, Enum by value,
``tuple[X, ...]``, ``list[X]``, ``Sequence[X]``, ``dict[str, X]``, TypedDict,
dataclasses of these, and ``object`` for any JSON value.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hlf.codec import records
from hlf.codec.refusals import invalid
from hlf.shim.errors import ContractError

_TEXTS = (Decimal, datetime)
_SCALARS = (str, int, bool, float, *_TEXTS, object, list, dict, type(None))


def argument(annotation: Any) -> Callable[[bytes, str], Any]:
    """
    Return the decoder of one argument's bytes to the type *annotation*.

    Raises:
        ContractError: the type has no strict JSON form.
    """
    if annotation is bytes:
        return lambda data, path: bytes(data)
    if annotation is str or _optional(annotation) is str:
        return _text
    if _is_word(annotation) or annotation in _TEXTS or _optional(annotation) in _TEXTS:
        return lambda data, path: records.shaped(annotation, _text(data, path), path)
    check(annotation)
    return lambda data, path: records.loads(annotation, data, path)


def check(annotation: Any) -> None:
    """
    Raise if an annotation cannot work, when the chaincode starts and not at the first call.

    Raises:
        ContractError: the type has no strict JSON form.
    """
    _check(annotation, set())


def _check(annotation: Any, seen: set[Any]) -> None:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _SCALARS or origin is typing.Literal or annotation in seen:
        return
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return
    if origin in records.UNIONS:
        inner = list(parts)
    elif origin in (typing.Annotated, list, Sequence) or (origin is tuple and parts[1:] == (Ellipsis,)):
        inner = [parts[0]]
    elif origin in (dict, Mapping) and parts[0] is str:
        inner = [parts[1]]
    elif dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        seen.add(annotation)
        inner = list(records.field_types(annotation).values())
    elif typing.is_typeddict(annotation):
        seen.add(annotation)
        inner = [kind for kind, _ in records.typed_keys(annotation).values()]
    else:
        raise ContractError(f"{annotation!r} is no type that arguments can have; hlf.shim.decoding lists them")
    for part in inner:
        _check(part, seen)


def _optional(annotation: Any) -> Any:
    """Return the type in an Optional, or None if *annotation* is no Optional of one type."""
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    return parts[0] if typing.get_origin(annotation) in records.UNIONS and len(parts) == 1 else None


def _is_word(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Literal:
        return all(isinstance(word, str) for word in typing.get_args(annotation))
    return (
        isinstance(annotation, type)
        and issubclass(annotation, enum.Enum)
        and all(isinstance(member.value, str) for member in annotation)
    )


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid(path, "must be text in UTF-8") from None
