"""
The commit hash, by which peers compare their states.

Each peer hashes a block's changes of the state together with the previous hash, and stores the result in the block's
metadata. Fabric does not publish the protobuf message that it hashes, so this module encodes it by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from hlf.wire import fields
from hlf.wire.rwsets import Version


class StateUpdate(NamedTuple):
    """One key that a block's valid transactions changed; *key* is a hash where a collection is named."""

    namespace: str
    collection: str
    key: bytes
    value: bytes | None
    version: Version


def commit_hash(flags: bytes, updates: Iterable[StateUpdate], previous: bytes) -> bytes:
    """Return the hash by which peers compare their states after a block; *previous* is empty before block 1."""
    serialized = bytearray()
    namespace = collection = None
    # An empty namespace holds the channel's configuration, which peers leave out because its form is not canonical.
    block, encoded_block = -1, b""
    for name, inner, key, value, version in sorted((u for u in updates if u.namespace), key=itemgetter(0, 1, 2)):
        entry = bytearray()
        if name != namespace:
            entry += _field(1, name.encode())
            collection = ""
        if inner != collection:
            entry += _field(2, inner.encode())
        namespace, collection = name, inner
        entry += _field(3, key)
        entry += b"\x20\x01" if value is None else _field(5, value)
        if version.block != block:
            block, encoded_block = version.block, _ordered_integer(version.block)
        entry += _field(6, encoded_block + _ordered_integer(version.tx))
        serialized += b"\x0a" + fields.to_varint(len(entry))
        serialized += entry
    return hashlib.sha256(fields.to_varint(len(flags)) + flags + serialized + previous).digest()


def _field(number: int, value: bytes) -> bytes:
    """Return a length-delimited protobuf field; no bytes for an empty value, as in proto3."""
    return bytes([number << 3 | 2]) + fields.to_varint(len(value)) + value if value else b""


def _ordered_integer(number: int) -> bytes:
    """Return Fabric's order-preserving form: the count of bytes, then the bytes, big-endian without leading zeros."""
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(octets)]) + octets
