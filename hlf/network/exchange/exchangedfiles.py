"""The files that organisations exchange: JSON that names its kind, and that people can read."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from hlf import jsontext
from hlf.errors import WireError
from hlf.network import errors, state

_Message = TypeVar("_Message", bound=Message)
_MOST_BYTES = 32 << 20
_FORMAT = 1


def write(place: Path, kind: str, values: Mapping[str, Any]) -> None:
    """
    Write a file of a kind.

    Raises:
        StateError: it cannot be written there.
    """
    text = json.dumps({"kind": kind, "format": _FORMAT, **values}, indent=2, ensure_ascii=False)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        state.replace_file(place, text.encode() + b"\n")
    except OSError as error:
        raise state.unusable(place, error) from error


class ExchangedFile:
    """A file of another organisation: every field is read with its type, and refused by the file's name."""

    def __init__(self, place: Path, kind: str) -> None:
        """
        Read a file that must be of that kind.

        Raises:
            ExchangeError: it cannot be read, or is another file.
        """
        self.place = place
        self.kind = kind
        try:
            with place.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            values = jsontext.loads(content, most_bytes=_MOST_BYTES)
        except OSError as error:
            cure = f"Name the {kind} file that you got."
            raise errors.ExchangeError(place, f"cannot be read: {error.strerror}", cure) from error
        except WireError as error:
            raise self.error(f"is damaged ({error})") from error
        if not isinstance(values, dict) or (values.get("kind"), values.get("format")) != (kind, _FORMAT):
            held = values.get("kind") if isinstance(values, dict) else None
            raise self.error(f"is no {kind}" + (f" but a file of kind {held!r}" if held else ""))
        self._values: dict[str, Any] = values

    def error(self, problem: str, cure: str = "") -> errors.ExchangeError:
        """Return an error about this file, for the caller to raise."""
        return errors.ExchangeError(
            self.place, problem, cure or f"Ask the organisation that made the {self.kind} for it again."
        )

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

    def part(self, values: dict[str, Any]) -> ExchangedFile:
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
    """Return a message as :meth:`ExchangedFile.message` reads it."""
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode()
