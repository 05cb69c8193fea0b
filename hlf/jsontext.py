"""Read JSON from any source: with limits, strictly, and with one meaning only."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from hlf.errors import WireError

MOST_BYTES = 64 << 20
DEEPEST = 100
_MOST_ELEMENTS = 2_000_000
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def loads(data: bytes, *, most_bytes: int = MOST_BYTES) -> Any:
    """
    Return the JSON value in *data*.

    Raises:
        WireError: it is malformed, not JSON of RFC 8259 (NaN), has a name twice in an object or a lone surrogate, or is
            too large or deeper than 100.
    """
    if len(data) > most_bytes:
        raise WireError(f"longer than {most_bytes >> 20} MiB")
    # Each element needs a hundred times its own byte in memory, so they are counted before any is built.
    if sum(map(data.count, (b",", b"[", b"{"))) > _MOST_ELEMENTS:
        raise WireError(f"more than {_MOST_ELEMENTS} elements")
    try:
        found = _DECODER.decode(data.decode())
        if _SURROGATE.search(data):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise WireError("nested too deeply") from None
    except UnicodeError:
        raise WireError("not UTF-8, or a text with a lone surrogate") from None
    except ValueError as malformed:
        raise WireError(f"not JSON: {str(malformed)[:200]}") from None
    if data.count(b"[") + data.count(b"{") > DEEPEST and _too_deep(found):
        raise WireError("nested too deeply")
    return found


def text(value: object) -> str:
    """Return *value* if it is a text; else raise TypeError."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def number(value: object) -> int:
    """Return *value* if it is a whole number; else raise TypeError."""
    if not isinstance(value, int):
        raise TypeError("not a number")
    return value


def _too_deep(value: Any) -> bool:
    """Return whether values are nested too deeply for a program that writes them again."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:40]!r} stands twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


# Made once: to make one takes longer than to read a short text.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
