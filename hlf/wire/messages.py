"""
Messages as Go reads them, however deep their unknown fields are nested.

A message can have fields that its reader does not know, also nested groups. Go reads ten thousand levels of them and
Python's protobuf a hundred. So a member could have a transaction ordered that every peer accepts, but that Python
cannot read. This module removes groups that are too deep; nobody uses their content.
"""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from hlf.wire import fields

LARGEST = 100 * 1024 * 1024
"""The most bytes of a message that peers, orderers and chaincodes send and accept."""

QUERY_RESULTS = 100
"""The most results of a query that a peer sends to a chaincode in one message."""

STATUS_DETAILS = "grpc-status-details-bin"
"""The trailer of gRPC's rich errors."""

# As in Go's protobuf; Fabric's own messages are nested a few levels only.
_MOST_MESSAGES = 50
_Kind = TypeVar("_Kind", bound=Message)


def read(kind: type[_Kind], serialized: bytes) -> _Kind:
    """
    Return the message of class *kind* in these bytes.

    If groups are too deep, the result has no groups among its unknown fields.

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
    Return the message without groups, which no message of Fabric has; None if it is malformed or too deep.
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
    Return the end of the group with that number and with content from *place* on; raise ValueError if it has none.
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
