"""
Messages as Go prints them (``%v``), the form in Fabric's errors.

Go's protobuf puts one or two spaces between fields, depending on the build;
here it is always one.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LITERAL = {**_SHORT, "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
_SINGLE = (Message, str, bytes, int, float)
_DELETE, _LAST_CONTROL = 0x7F, 0x9F


def printed(message: Message) -> str:
    """Return the set fields of *message* in one line, without unknown fields and extensions."""
    fields = sorted(message.ListFields(), key=lambda field: field[0].index)
    return " ".join(
        f"{descriptor.name}:{_value(descriptor, each)}"
        for descriptor, value in fields
        for each in ([value] if isinstance(value, _SINGLE) else value)
    )


def quoted(text: bytes | str) -> str:
    """Return text or bytes in quotes, with escapes for what cannot be printed."""
    # Bytes that are not UTF-8 become surrogates, one each.
    characters = text if isinstance(text, str) else text.decode(errors="surrogateescape")
    return f'"{"".join(map(_escaped, characters))}"'


def literal(text: bytes) -> str:
    """Return text as a Go program writes it between quotes (``strconv.Quote``)."""
    return f'"{"".join(map(_literal, text.decode(errors="surrogateescape")))}"'


def _literal(character: str) -> str:
    code = ord(character)
    if character in _LITERAL:
        return _LITERAL[character]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == _DELETE:
        return f"\\x{code:02x}"
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _value(descriptor: FieldDescriptor, value: Any) -> str:
    if descriptor.type == FieldDescriptor.TYPE_MESSAGE:
        return f"{{{printed(value)}}}"
    if descriptor.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        return quoted(value)
    if descriptor.type == FieldDescriptor.TYPE_ENUM:
        named = descriptor.enum_type.values_by_number.get(value)
        return str(value) if named is None else named.name
    if descriptor.type == FieldDescriptor.TYPE_BOOL:
        return "true" if value else "false"
    return str(value)


def _escaped(character: str) -> str:
    short = _SHORT.get(character)
    if short is not None:
        return short
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == _DELETE:
        return f"\\x{code:02x}"
    if _DELETE < code <= _LAST_CONTROL:
        return f"\\u{code:04x}"
    return character
