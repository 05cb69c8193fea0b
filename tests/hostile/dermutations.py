"""One small change to a tree of DER values, such as a certificate, at random; see `mutations`."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.hostile.mutations import Bent, bend

_TAGS = (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x16, 0x1E, 0x30, 0x31, 0x80, 0xA0, 0xA3, 0x42)


@dataclass(frozen=True)
class Value:
    """A DER value: its tag, and its content or the values inside."""

    tag: int
    content: bytes = b""
    inside: tuple[Value, ...] = ()

    def encoded(self) -> bytes:
        content = b"".join(each.encoded() for each in self.inside) if self.inside else self.content
        return bytes([self.tag]) + der_length(len(content)) + content


def der_length(size: int) -> bytes:
    """Return a length as DER writes it."""
    if size < 0x80:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def values(encoded: bytes) -> tuple[Value, ...] | None:
    """Return the DER values that bytes are, None where they are none."""
    found, at = [], 0
    while at < len(encoded):
        if at + 2 > len(encoded):
            return None
        tag, size = encoded[at], encoded[at + 1]
        at += 2
        if size >= 0x80:
            digits = size & 0x7F
            size, at = int.from_bytes(encoded[at : at + digits], "big"), at + digits
        if at + size > len(encoded):
            return None
        content = encoded[at : at + size]
        # What is constructed has values inside; of octet and bit strings some have.
        inside = values(content) if tag & 0x20 or tag == 0x04 and content[:1] == b"\x30" else None
        found.append(Value(tag, content, inside or ()))
        at += size
    return tuple(found)


def bend_der(chance: random.Random, encoded: bytes) -> Bent:
    """Change one value somewhere in a tree of DER values, and mend the lengths of those around it."""
    tree = values(encoded)
    if not tree:
        return bend(chance, encoded)
    changed, words = _bend_value(chance, tree[0])
    return Bent(b"".join(each if isinstance(each, bytes) else each.encoded() for each in (*changed, *tree[1:])), words)


def _bend_value(chance: random.Random, value: Value) -> tuple[list[Value | bytes], str]:
    if value.inside and chance.random() < 0.9:
        at = chance.randrange(len(value.inside))
        changed, words = _bend_value(chance, value.inside[at])
        own = [*value.inside[:at], *changed, *value.inside[at + 1 :]]
        content = b"".join(each if isinstance(each, bytes) else each.encoded() for each in own)
        return [Value(value.tag, content)], f"{at}.{words}"
    return _DER_CHANGES[chance.randrange(len(_DER_CHANGES))](chance, value)


def _retagged(chance: random.Random, value: Value) -> tuple[list[Value | bytes], str]:
    tag = chance.choice(_TAGS)
    return [replace(value, tag=tag)], f"tag {tag:#x}"


def _recontented(chance: random.Random, value: Value) -> tuple[list[Value | bytes], str]:
    bent = bend(chance, Value(value.tag, value.content, value.inside).encoded()[2:] if value.inside else value.content)
    return [Value(value.tag, bent.content)], bent.words


def _long_length(_: random.Random, value: Value) -> tuple[list[Value | bytes], str]:
    size = len(value.content)
    return [bytes([value.tag, 0x83]) + size.to_bytes(3, "big") + value.content], "a length that is not the shortest"


def _endless(_: random.Random, value: Value) -> tuple[list[Value | bytes], str]:
    return [bytes([value.tag, 0x80]) + value.content + b"\x00\x00"], "no length but an end"


_DER_CHANGES: tuple[Callable[[random.Random, Value], tuple[list[Value | bytes], str]], ...] = (
    _retagged,
    _recontented,
    _recontented,
    _recontented,
    _long_length,
    _endless,
    lambda _, value: ([], "left out"),
    lambda _, value: ([value, value], "twice"),
    lambda _, value: ([Value(value.tag)], "emptied"),
    lambda _, value: ([value, Value(0x05)], "followed by nothing"),
)
