"""
Evidence files: receipts and checkpoints as JSON documents, read from any bytes.

They are written in canonical form (RFC 8785), so that equal evidence is equal bytes and can be signed. ``jsontext``
reads them; an unknown member or one of the wrong form is an error.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hlf.codec import names
from hlf.errors import WireError
from hlf.jsontext import MOST_BYTES, loads

__all__ = ["MOST_BYTES", "Fields", "dumps", "hash_of", "loads", "octets", "read", "text_of"]

_LARGEST_INTEGER = (1 << 53) - 1

_Value = TypeVar("_Value")


def dumps(document: Mapping[str, Any]) -> bytes:
    """
    Return *document* in canonical JSON; its names must be ASCII, its numbers integers within 2^53.

    Raises:
        WireError: a text has a lone surrogate, which UTF-8 cannot carry.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise WireError("a text has a lone surrogate, which UTF-8 cannot carry") from None


def read(path: Path, most: int = MOST_BYTES, *, first: int | None = None) -> bytes:
    """
    Return the bytes of a regular file; only the *first* ones if that is given.

    Raises:
        WireError: it is not a regular file (but a folder, a device or a pipe), or longer than *most*.
        OSError: it cannot be read.
    """
    # Opening a pipe without a writer would wait without end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise WireError(f"{path} is no regular file: leave it out, or move it away")
        data = b""
        if status.st_size <= most:
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(most + 1 if first is None else first)
    finally:
        os.close(descriptor)
    if max(status.st_size, len(data)) > most:
        raise WireError(f"{path} is longer than {most >> 20} MiB, which is more than any evidence")
    return data


class Fields:
    """Reads the members of one JSON object one by one; members left at the end are unknown."""

    def __init__(self, value: Any, what: str) -> None:
        """
        Begin to read *value*; *what* names it in errors.

        Raises:
            WireError: it is no object.
        """
        if not isinstance(value, dict):
            raise WireError(f"{what} is no JSON object")
        self._left = dict(value)
        self._what = what

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """Return a text, of the form *pattern* if that is given."""
        value = self._take(name, str)
        if pattern is not None and not pattern.fullmatch(value):
            raise WireError(f"{name} of {self._what} is not of its form")
        return value

    def integer(self, name: str) -> int:
        """Return a whole number from 0 to 2^53."""
        value = self._take(name, int)
        if not 0 <= value <= _LARGEST_INTEGER:
            raise WireError(f"{name} of {self._what} is out of its range")
        return value

    def hash(self, name: str, *, optional: bool = False) -> bytes:
        """Return 32 bytes, given in hexadecimal; none if *optional* is set and the text is empty."""
        value = self._take(name, str)
        if optional and not value:
            return b""
        return _hash(value, f"{name} of {self._what}")

    def octets(self, name: str) -> bytes:
        """Return bytes, given in base64."""
        return octets(self._take(name, str), f"{name} of {self._what}")

    def list(self, name: str, kind: Callable[[Any, str], _Value]) -> tuple[_Value, ...]:
        """Return an array, each element as *kind* (``octets``, ``hash_of``, ``text_of``) reads it."""
        return tuple(kind(value, f"an element of {name} of {self._what}") for value in self._take(name, list))

    def object(self, name: str) -> Any:
        """Return the object under *name*; None where it is null."""
        if self._left.get(name, "") is None:
            del self._left[name]
            return None
        return self._take(name, dict)

    def end(self) -> None:
        """
        Raise WireError if a member is left.

        Raises:
            WireError: names an unknown member.
        """
        if self._left:
            raise WireError(f"{self._what} has an unknown member {sorted(self._left)[0][:40]!r}")

    def _take(self, name: str, kind: type[_Value]) -> _Value:
        value = self._left.pop(name, None)
        if type(value) is not kind:
            raise WireError(f"{self._what} has no {name}, or not as {_NAMES[kind]}")
        return value


def octets(value: Any, what: str) -> bytes:
    """Return the bytes that a base64 text stands for."""
    try:
        return base64.b64decode(text_of(value, what).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise WireError(f"{what} is not base64") from None


def hash_of(value: Any, what: str) -> bytes:
    """Return the 32 bytes that a hexadecimal text stands for."""
    return _hash(text_of(value, what), what)


def text_of(value: Any, what: str) -> str:
    """Return *value*, if it is a text."""
    if not isinstance(value, str):
        raise WireError(f"{what} is no text")
    return value


_NAMES: dict[type[Any], str] = {str: "a text", int: "a whole number", list: "an array", dict: "an object"}


def _hash(value: str, what: str) -> bytes:
    if not names.SHA256.fits(value):
        raise WireError(f"{what} is not a SHA-256 in hexadecimal")
    return bytes.fromhex(value)
