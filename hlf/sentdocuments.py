"""
Documents that organisations send each other: JSON that names its kind, and that people can read.

Every field is read with its type, and what does not fit is refused by the name of the field.
"""

from __future__ import annotations

import base64
import copy
from typing import Any, Self, TypeVar

from google.protobuf.message import DecodeError, Message

from hlf import errors, jsontext

FORMAT = 1
MOST_BYTES = 32 << 20
_Message = TypeVar("_Message", bound=Message)


class SentDocument:
    """A document of another organisation."""

    def __init__(self, content: bytes, *kinds: str, most_bytes: int = MOST_BYTES) -> None:
        """
        Read a document that must be of one of these kinds.

        Raises:
            DocumentError: it is damaged, or another document.
        """
        self.kind = " or ".join(kinds)
        try:
            values = jsontext.loads(content, most_bytes=most_bytes)
        except errors.WireError as error:
            raise self.error(f"is damaged ({error})") from error
        held = values.get("kind") if isinstance(values, dict) else None
        if held not in kinds or values.get("format") != FORMAT:
            raise self.error(f"is no {self.kind}" + (f" but a file of kind {held!r}" if held else ""))
        self.kind = held
        self._values: dict[str, Any] = values

    def error(self, problem: str, cure: str = "") -> Exception:
        """Return an error about this document, for the caller to raise."""
        return self._refused(problem, cure or f"Ask the organisation that made the {self.kind} for it again.")

    def _refused(self, problem: str, cure: str) -> Exception:
        return errors.DocumentError(problem, cure)

    def has(self, name: str) -> bool:
        """Return whether a field that may be empty has a value."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """Return a field that is a text."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self.error(f"has no text {name!r}")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a field that is a list of texts."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.error(f"has no list {name!r} of texts")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a field with named values."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self.error(f"has no named values {name!r}")
        return value

    def number(self, name: str) -> int:
        """Return a field that is a whole number."""
        value = self._values.get(name)
        if type(value) is not int:
            raise self.error(f"has no number {name!r}")
        return value

    def flag(self, name: str) -> bool:
        """Return a field that is true or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise self.error(f"does not say whether it is {name!r}")
        return value

    def numbers(self, name: str) -> dict[str, dict[str, int]]:
        """Return a field with whole numbers by two names, such as ports by node and use."""
        value = self.mapping(name)
        fits = all(
            isinstance(each, dict) and all(type(one) is int and 0 < one < 1 << 16 for one in each.values())
            for each in value.values()
        )
        if not fits:
            raise self.error(f"has no ports in {name!r}")
        return value

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return a field that is a list of named values."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.error(f"has no list {name!r} of named values")
        return value

    def content(self, name: str) -> bytes:
        """Return a field that is bytes in base64."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except ValueError as error:
            raise self.error(f"has no readable {name!r}") from error

    def part(self, values: dict[str, Any]) -> Self:
        """Return named values that stand in this file as a file of their own."""
        made = copy.copy(self)
        made._values = values
        return made

    def message(self, kind: type[_Message], name: str) -> _Message:
        """Return a field that is a message of Fabric, in base64."""
        return self.decoded(kind, name, self.text(name))

    def messages(self, kind: type[_Message], name: str) -> dict[str, _Message]:
        """Return a field with messages of Fabric by name."""
        return {key: self.decoded(kind, f"{name}.{key}", value) for key, value in self.mapping(name).items()}

    def decoded(self, kind: type[_Message], name: str, value: object) -> _Message:
        """Return the message in a text of base64."""
        try:
            return kind.FromString(base64.b64decode(jsontext.text(value), validate=True))
        except (TypeError, ValueError, DecodeError) as error:
            raise self.error(f"has no readable {name!r}") from error


def encoded(message: Message) -> str:
    """Return a message as :meth:`SentDocument.message` reads it."""
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode()
