"""
PEM, read as Go's ``encoding/pem`` reads it.

A block begins at the start of a line and ends at the end of one, so text after a byte order mark or an indentation
is no block. Text before and after blocks is skipped.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN = b"-----BEGIN "
_END = b"\n-----END "
_DASHES = b"-----"
_NEWLINE = 0x0A
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block: the kind after BEGIN, the headers if any, and the bytes."""

    kind: str
    content: bytes
    headers: bool = False


def blocks(text: bytes) -> Iterator[PemBlock]:
    """Yield every block of *text* that can be read, and skip everything else."""
    at = 0
    while (found := _next(text, at)) is not None:
        block, at = found
        yield block


def first(text: bytes) -> PemBlock | None:
    """Return the first block that can be read; None where there is none."""
    return next(blocks(text), None)


def encode(kind: str, content: bytes) -> bytes:
    """Return a block in lines of 64 characters."""
    body = base64.b64encode(content)
    lines = b"".join(body[at : at + 64] + b"\n" for at in range(0, len(body), 64))
    label = kind.encode()
    return b"-----BEGIN " + label + b"-----\n" + lines + b"-----END " + label + b"-----\n"


def _next(text: bytes, passed: int) -> tuple[PemBlock, int] | None:
    """Return the next block from *passed* on, and the place after it."""
    while (end := text.find(_END, passed)) >= 0:
        trailer = end + len(_END)
        begin = text.rfind(_BEGIN, passed, end)
        # Only a line that starts with it begins a block; at the start of the text no line break is needed.
        begins = begin >= 0 and (begin == passed or text[begin - 1] == _NEWLINE)
        passed = trailer
        line, at = _line(text, begin + len(_BEGIN)) if begins else (b"", 0)
        if not line.endswith(_DASHES):
            continue
        kind = line[: -len(_DASHES)]
        body = _after_headers(text, at)
        if body == len(text) or trailer < body:
            # The END line was read as a header. Go stops here, and ignores all blocks that follow.
            return None
        headers = body > at
        content = _content(text, kind, body, end) if not headers or end >= body else None
        if content is not None:
            return PemBlock(kind.decode("latin-1"), content, headers), _line(text, trailer - 1)[1]
    return None


def _after_headers(text: bytes, at: int) -> int:
    """Return where the lines with a colon in them end."""
    while at < len(text):
        line, after = _line(text, at)
        if b":" not in line:
            break
        at = after
    return at


def _content(text: bytes, kind: bytes, at: int, end: int) -> bytes | None:
    """Return the bytes between headers and END line; None where either is malformed."""
    trailer = end + len(_END)
    closing = kind + _DASHES
    if not text.startswith(closing, trailer) or _line(text, trailer + len(closing))[0]:
        return None
    plain = text[at:end].translate(None, b" \t\r\n")
    return base64.b64decode(plain) if _BASE64.fullmatch(plain) else None


def _line(text: bytes, at: int) -> tuple[bytes, int]:
    """Return the line at *at* without white space at its end, and the start of the next one."""
    end = text.find(b"\n", at)
    after = len(text) if end < 0 else end + 1
    line = text[at : len(text) if end < 0 else end]
    if end > at and line.endswith(b"\r"):
        line = line[:-1]
    return line.rstrip(b" \t"), after
