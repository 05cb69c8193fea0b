"""
One small change to bytes, at random: as they are, or as a tree of protobuf fields (`dermutations` has that of DER).

A change deep in a tree leaves everything around it well-formed, so that it
reaches the code that reads exactly that part. All functions are pure: the same
choices make the same change.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

VARINT, FIXED64, LENGTH, GROUP, END_GROUP, FIXED32 = range(6)
_ODD_NUMBERS = (0, 1, 2, 127, 128, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_STRAY = (b"\x00", b"\x0b\x0c", b"\x0c", b"\x0f", b"\x80" * 11, b"\xff" * 9 + b"\x7f", b"\x0a\x7f")
_ODD_BYTES = (b"\x00", b"\xff", b"\x80", b"\x42", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\n", b"%s", b"../", b"\xff" * 40)
# Deep enough for an endorser's certificate in an envelope, and an end for bytes that only look like messages.
_DEEPEST = 12


@dataclass(frozen=True)
class Bent:
    """Changed bytes, and in words what was done to them and where."""

    content: bytes
    words: str


# Bytes ------------------------------------------------------------------------------------------------------------


def bend(chance: random.Random, content: bytes) -> Bent:
    """Change bytes of which nothing is known: flip, cut, repeat, insert or replace some of them."""
    if not content:
        return Bent(chance.choice(_ODD_BYTES), "something for nothing")
    at = chance.randrange(len(content))
    to = chance.randrange(at, min(len(content), at + 16)) + 1
    odd = chance.choice(_ODD_BYTES)
    kind = chance.randrange(8)
    if kind <= 2:
        flipped = content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
        return Bent(flipped, f"a bit of byte {at} flipped")
    if kind == 3:
        return Bent(content[:at], f"cut after {at} bytes")
    if kind == 4:
        return Bent(content[:at] + content[to:], f"bytes {at} to {to} left out")
    if kind == 5:
        return Bent(content[:to] + content[at:], f"bytes {at} to {to} twice")
    if kind == 6:
        return Bent(content[:at] + odd + content[at:], f"{odd[:8]!r} put in at byte {at}")
    return Bent(content[:at] + odd + content[at + len(odd) :], f"{odd[:8]!r} put over byte {at}")


# Protobuf ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """A field of a message as it stands on the wire; *value* is its number or its bytes."""

    number: int
    wire: int
    value: int | bytes

    def encoded(self) -> bytes:
        tag = varint(self.number << 3 | self.wire)
        if isinstance(self.value, bytes):
            return tag + varint(len(self.value)) + self.value if self.wire == LENGTH else tag + self.value
        if self.wire in (FIXED32, FIXED64):
            size = 4 if self.wire == FIXED32 else 8
            return tag + (self.value & (1 << 8 * size) - 1).to_bytes(size, "little")
        return tag + varint(self.value)


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def fields(encoded: bytes) -> list[Field] | None:
    """Return the fields of a message, None where it is none (or has groups, which nobody uses)."""
    found, at = [], 0
    while at < len(encoded):
        tag, at = _read_varint(encoded, at)
        number, wire = tag >> 3, tag & 7
        if at < 0 or not number:
            return None
        value: int | bytes
        if wire == VARINT:
            value, at = _read_varint(encoded, at)
        elif wire == LENGTH:
            size, at = _read_varint(encoded, at)
            value, at = encoded[at : at + size], at + size if at >= 0 else -1
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
            value, at = int.from_bytes(encoded[at : at + size], "little"), at + size
        else:
            return None
        if at < 0 or at > len(encoded):
            return None
        found.append(Field(number, wire, value))
    return found


def bend_message(chance: random.Random, encoded: bytes) -> Bent:
    """Change one field somewhere in a tree of messages, and mend the lengths of those around it."""
    return _bend_message(chance, encoded, 0)


def _bend_message(chance: random.Random, encoded: bytes, depth: int) -> Bent:
    found = fields(encoded)
    if not found or depth > _DEEPEST:
        return bend(chance, encoded)
    own: list[Field | bytes] = [*found]
    at = chance.randrange(len(own))
    field = found[at]
    inside = isinstance(field.value, bytes) and looks_like_message(field.value)
    if inside and chance.random() < 0.8:
        bent = _bend_message(chance, field.value, depth + 1)  # type: ignore[arg-type]
        own[at] = replace(field, value=bent.content)
        words = f"{field.number}.{bent.words}"
    else:
        changed, words = _bend_field(chance, field)
        own[at : at + 1] = changed
        words = f"{field.number}: {words}"
        if changed == [field]:
            other = chance.randrange(len(own))
            own[at], own[other] = own[other], own[at]
    return Bent(b"".join(each if isinstance(each, bytes) else each.encoded() for each in own), words)


def looks_like_message(content: bytes) -> bool:
    """Whether bytes can be read as a message of a kind that Fabric has."""
    inner = fields(content)
    return bool(inner) and all(field.number <= 20 for field in inner or ())


def _bend_field(chance: random.Random, field: Field) -> tuple[list[Field | bytes], str]:
    """Return what stands in place of a field, where bytes are no field at all; the field alone asks for an exchange."""
    kind = chance.randrange(10)
    if kind == 0:
        return [], "left out"
    if kind == 1:
        return [field, field], "twice"
    if kind == 2:
        return [field], "elsewhere"
    if kind == 3:
        number = chance.choice((1, 2, 3, 4, 5, 7, 19, 99, 1 << 28))
        return [replace(field, number=number)], f"as field {number}"
    if kind == 4:
        stray = chance.choice(_STRAY)
        return [field, stray], f"followed by {stray!r}"
    if kind == 5:
        unknown = Field(chance.choice((15, 16, 99)), LENGTH, chance.choice(_ODD_BYTES))
        return [field, unknown], f"followed by an unknown field {unknown.number}"
    if isinstance(field.value, bytes):
        if kind == 6:
            return [replace(field, value=b"")], "emptied"
        if kind == 7:
            return [Field(field.number, VARINT, len(field.value))], "a number"
        bent = bend(chance, field.value)
        return [replace(field, value=bent.content)], bent.words
    number = chance.choice((*_ODD_NUMBERS, field.value + 1))
    if kind == 6:
        return [Field(field.number, LENGTH, varint(number))], "in bytes"
    return [replace(field, value=number)], f"{number}"


def _read_varint(encoded: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place and the place after it, -1 where there is none."""
    number = shift = 0
    while 0 <= at < len(encoded) and shift < 70:
        number |= (encoded[at] & 0x7F) << shift
        at += 1
        if not encoded[at - 1] & 0x80:
            return number & (1 << 64) - 1, at
        shift += 7
    return 0, -1
