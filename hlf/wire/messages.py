"""
Messages as Go reads them, however deep their unknown fields are nested.

A message may carry fields that its reader does not know, groups within groups among them. Go reads ten thousand of
these inside one another, this language's protobuf a hundred; so one member could have a transaction ordered that every
peer takes, and that could not be read here. What is too deep is taken out, since nobody reads it anyway.
"""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from hlf.wire import fields

LARGEST = 100 * 1024 * 1024
"""How many bytes a message may have that peers, orderers and chaincodes take and send."""

# As in Go's protobuf; the messages that Fabric defines are inside one another a few times only.
_MOST_MESSAGES = 50
_Kind = TypeVar("_Kind", bound=Message)


def read(kind: type[_Kind], serialized: bytes) -> _Kind:
    """
    Return the message of class *kind* in these bytes.

    Where groups were too deep they, and other groups, are not among its unknown fields.

    Raises:
        DecodeError: Go would not read them either.
    """
    try:
        return kind.FromString(serialized)
    except DecodeError:
        shallow = _without_groups(kind.DESCRIPTOR, serialized, 0)
        if shallow is None or len(shallow) == len(serialized):
            raise
        return kind.FromString(shallow)


def _without_groups(descriptor: Any, message: bytes, depth: int) -> bytes | None:
    """
    Return the message without any group, which no message of Fabric's has; None where it is malformed, or too deep.
    """
    kept = []
    place = 0
    try:
        while place < len(message):
            tag, value = fields.varint(message, place)
            kind = tag & 7
            if kind == fields.GROUP:
                place = _end_of_group(message, value, tag >> 3)
                continue
            end = fields.skip(message, value, kind)
            field = descriptor.fields_by_number.get(tag >> 3)
            if kind == fields.BYTES and field is not None and field.message_type is not None:
                length, start = fields.varint(message, value)
                inner = None
                if depth < _MOST_MESSAGES and start + length <= len(message):
                    inner = _without_groups(field.message_type, message[start : start + length], depth + 1)
                if inner is None:
                    return None
                kept.append(fields.to_varint(tag) + fields.to_varint(len(inner)) + inner)
            elif kind == fields.END or end > len(message):
                return None
            else:
                kept.append(message[place:end])
            place = end
    except (IndexError, ValueError):
        return None
    return b"".join(kept)


def _end_of_group(message: bytes, place: int, number: int) -> int:
    """
    Return where the group of that number ends whose content begins at *place*; raises ValueError where it does not.
    """
    open_groups = [number]
    while open_groups:
        tag, place = fields.varint(message, place)
        kind = tag & 7
        if not tag >> 3:
            raise ValueError("no field has the number 0")
        if kind == fields.GROUP:
            open_groups.append(tag >> 3)
            if len(open_groups) > fields.MOST_GROUPS:
                raise ValueError("groups deeper than Go reads them")
        elif kind == fields.END and open_groups.pop() != tag >> 3:
            raise ValueError("a group that ends another")
        place = fields.skip(message, place, kind)
    return place
