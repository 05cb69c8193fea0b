"""The ends of the fields in serialized messages, for code that reads the bytes itself."""

from __future__ import annotations

VARINT, FIXED64, BYTES, GROUP, END, FIXED32 = range(6)
MOST_GROUPS = 10_001
"""The deepest groups that Go's protobuf reads."""


def skip(message: bytes, place: int, kind: int) -> int:
    """
    Return the end of a value of that *kind*; it can lie beyond the message. For a group, return its start.

    Raises:
        ValueError, IndexError: there is no such kind, or a number is missing.
    """
    if kind in (GROUP, END):
        return place
    if kind == VARINT:
        return varint(message, place)[1]
    if kind == BYTES:
        length, place = varint(message, place)
        return place + length
    if kind == FIXED64:
        return place + 8
    if kind == FIXED32:
        return place + 4
    raise ValueError(f"no kind {kind} of values")


def varint(message: bytes, place: int) -> tuple[int, int]:
    """
    Return the number at *place* and where it ends.

    Raises:
        ValueError, IndexError: it does not end, or has more than 64 bits.
    """
    number = message[place]
    if number < 0x80:
        return number, place + 1
    number &= 0x7F
    for shift in range(7, 70, 7):
        place += 1
        byte = message[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >> 64:
                break
            return number, place + 1
    raise ValueError("a number of more than 64 bits")


def to_varint(number: int) -> bytes:
    """Return *number* in its shortest form."""
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def varint_size(number: int) -> int:
    """Return how many bytes *number* takes in its shortest form."""
    return max(1, (number.bit_length() + 6) // 7)
