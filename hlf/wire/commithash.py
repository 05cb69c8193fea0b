"""
The hash by which peers compare their states.

Each peer hashes what a block changes in its state, together with the hash before, and keeps the result in the block's
metadata. The form is a protobuf message that Fabric does not publish, so it is written by hand here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from hlf.wire.rwsets import Version


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """One key that a block's valid transactions changed; *key* is a hash where a collection is named."""

    namespace: str
    collection: str
    key: bytes
    value: bytes | None
    version: Version


def commit_hash(flags: bytes, updates: Iterable[StateUpdate], previous: bytes) -> bytes:
    """The hash by which peers compare their states after a block; *previous* is empty before block 1."""
    serialized = bytearray()
    namespace = collection = None
    # An empty namespace holds the channel's configuration, which peers leave out because its form is not canonical.
    for update in sorted((u for u in updates if u.namespace), key=lambda u: (u.namespace, u.collection, u.key)):
        entry = bytearray()
        if update.namespace != namespace:
            entry += _field(1, update.namespace.encode())
            collection = ""
        if update.collection != collection:
            entry += _field(2, update.collection.encode())
        namespace, collection = update.namespace, update.collection
        entry += _field(3, update.key)
        entry += b"\x20\x01" if update.value is None else b""
        entry += _field(5, update.value or b"")
        entry += _field(6, _ordered_integer(update.version.block) + _ordered_integer(update.version.tx))
        serialized += b"\x0a" + _varint(len(entry)) + entry
    return hashlib.sha256(_varint(len(flags)) + flags + serialized + previous).digest()


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited protobuf field; nothing for an empty value, as proto3 has it."""
    return bytes([number << 3 | 2]) + _varint(len(value)) + value if value else b""


def _ordered_integer(number: int) -> bytes:
    """Fabric's order-preserving form: the count of bytes, then the bytes, big-endian without leading zeros."""
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(octets)]) + octets
