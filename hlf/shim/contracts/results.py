"""
Results as the bytes that a caller gets, held to the function's annotation.

A contract publishes what its functions return, and callers rely on it. So a result of another type is an error of the
contract, as Fabric's runtime for Go has it, and nothing of its transaction is endorsed. Types without a strict form are
written as they are.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from hlf.codec import canonical, records
from hlf.shim import decoding
from hlf.shim.errors import ContractError


def encoder(where: str, annotation: Any) -> Callable[[Any], bytes]:
    """
    Return what turns a result of the function *where* into bytes; *annotation* is None where it has none.

    It raises ContractError for a result of another type, with its place; the words quote no value.
    """
    write = records.writer(annotation)
    if annotation is None or not _is_strict(annotation):
        return lambda result: encoded(result, write)
    if annotation in (str, bytes):
        return lambda result: encoded(_of(annotation, where, result))
    return lambda result: _checked(annotation, where, result, write)


def encoded(result: Any, write: Callable[[Any], Any] = records.plain) -> bytes:
    """Return bytes unchanged, the text of a str, Decimal or datetime, no bytes for None, and else canonical JSON."""
    if isinstance(result, bytes):
        return result
    if result is None:
        return b""
    if isinstance(result, str | Decimal | datetime) and not isinstance(result, enum.Enum):
        return str(records.plain(result)).encode()
    return canonical.dumps(write(result))


def _of(kind: type, where: str, result: Any) -> Any:
    if not isinstance(result, kind):
        raise _unlike(where, f"result: must be {kind.__name__}, not {type(result).__name__}")
    return result


def _checked(annotation: Any, where: str, result: Any, write: Callable[[Any], Any]) -> bytes:
    written = write(result)
    try:
        records.shaped(annotation, written, "result")
    except records.RecordError as unlike:
        raise _unlike(where, f"{unlike.path}: {unlike.reason}") from None
    return encoded(result, lambda _: written)


def _unlike(where: str, words: str) -> ContractError:
    return ContractError(f"{where} returned what its annotation does not allow: {words}; change one of them")


def _is_strict(annotation: Any) -> bool:
    """Return whether a value can be held to *annotation*, also when it is read back."""
    if annotation in (bytes, type(None)):
        return True
    try:
        decoding.check(annotation)
    except (ContractError, NameError, TypeError):
        return False
    return _is_made_of_fields(annotation, set())


def _is_made_of_fields(annotation: Any, seen: set[Any]) -> bool:
    """Return whether each dataclass in *annotation* can be made of the fields that are written."""
    if annotation in seen:
        return True
    if dataclasses.is_dataclass(annotation):
        seen.add(annotation)
        if not all(field.init for field in dataclasses.fields(annotation)):
            return False
    parts = (
        records.field_types(annotation).values()
        if dataclasses.is_dataclass(annotation) or typing.is_typeddict(annotation)
        else [part for part in typing.get_args(annotation) if not isinstance(part, str)]
    )
    return all(_is_made_of_fields(part, seen) for part in parts)
