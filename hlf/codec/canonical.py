"""
Canonical JSON (RFC 8785), restricted to integers: equal values have equal bytes.

Two endorsers must return the same bytes, and a hash must mean the same value everywhere. So everything that is
stored, returned, hashed or sent as an event goes through this module. A float is refused, because two languages
print floats alike only with great care; use integers for money, shares and measures, or :class:`Real` to allow a
fraction. Integers at or above 2^53 travel as strings (RFC 8785, appendix D; RFC 7493).
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 7493)."""

DEEPEST = 64
"""How deeply arrays and objects may be nested, so that hostile input cannot exhaust the interpreter's stack."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


class Real(float):
    """A number that may have a fraction, on purpose; it is written as ECMAScript writes it (RFC 8785, 3.2.2.3)."""


class CanonicalError(ValueError):
    """
    A value that has no canonical form, or bytes that are not strict JSON.

    Attributes:
        path: the place of the fault in the value, as ``$.items[3].name``.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def dumps(value: object) -> bytes:
    """
    Return the canonical bytes of *value*: None, bool, int, Real, str, list or tuple, dict with string keys.

    Raises:
        CanonicalError: a float that is no Real, an integer beyond 2^53-1 either way, a lone
            surrogate, a key that is no string, or nesting beyond DEEPEST.
    """
    if _is_ordinary(value, 0):
        return _ENCODER.encode(value).encode()
    pieces: list[str] = []
    _write(value, "$", 0, pieces)
    return "".join(pieces).encode()


def loads(data: bytes | str, *, reals: bool = False) -> object:
    """
    Return the value in *data*, which must be strict JSON in UTF-8 but need not be in canonical order.

    With *reals*, a number with a fraction or an exponent, or too large for an integer, is a Real.

    Raises:
        CanonicalError: not JSON, a repeated name, a float without *reals*, an integer beyond 2^53-1, NaN or
            Infinity, a lone surrogate, or nesting beyond DEEPEST; it names the place, except for text that is not
            JSON.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError:
        raise CanonicalError("$", "not UTF-8") from None
    try:
        # Without escapes a text in UTF-8 has no lone surrogate, and with so few brackets it is not nested too deeply.
        if text.isascii() and "\\u" not in text and text.count("[") + text.count("{") <= DEEPEST:
            return _PLAIN.decode(text)
    except ValueError:
        # There is a fraction or a fault; the slow way reads the one and finds the place of the other.
        pass
    try:
        value = (_REALS if reals else _INTEGERS).decode(text)
    except json.JSONDecodeError as error:
        raise CanonicalError("$", f"not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise CanonicalError("$", f"nested deeper than {DEEPEST}") from None
    if not _is_ordinary(value, 0):
        _check(value, "$", 0)
    return value


class _Unfit:
    """Marks something to refuse, until its place in the value is known."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def _is_ordinary(value: Any, depth: int) -> bool:
    """
    Return whether *value* can be written, and the standard library's encoder writes its canonical bytes.

    That encoder is many times faster, but it knows no path to what it refuses, and sorts names by code points, which
    differs from UTF-16's order above U+FFFF. If the answer is no, the slow way finds the fault, if there is one.
    """
    kind = type(value)
    if kind is str:
        return value.isascii() or _is_whole(value)
    if kind is int:
        return bool(-LARGEST_INTEGER <= value <= LARGEST_INTEGER)
    if kind is dict:
        if depth >= DEEPEST:
            return False
        # A loop, because a generator for `all` takes twice as long, and this runs for each value of each record.
        for name, item in value.items():
            if type(name) is not str or not (name.isascii() or _is_short(name)) or not _is_ordinary(item, depth + 1):
                return False
        return True
    if kind is list or kind is tuple:
        return depth < DEEPEST and all(_is_ordinary(item, depth + 1) for item in value)
    return value is None or kind is bool


def _is_whole(text: str) -> bool:
    return not _SURROGATE.search(text)


def _is_short(name: str) -> bool:
    """Return whether each character of *name* is one UTF-16 code unit and not half of a pair."""
    return not _LONG.search(name)


def _write(value: object, path: str, depth: int, pieces: list[str]) -> None:
    if value is None:
        pieces.append("null")
    elif value is True or value is False:
        pieces.append("true" if value else "false")
    elif isinstance(value, str):
        pieces.append(_string(value, path))
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise CanonicalError(path, "an integer beyond 2^53-1 must travel as a string")
        pieces.append(int.__repr__(value))
    elif isinstance(value, Real):
        pieces.append(_number(value, path))
    elif isinstance(value, list | tuple):
        _deeper(depth, path)
        _write_array(value, path, depth, pieces)
    elif isinstance(value, dict):
        _deeper(depth, path)
        _write_object(value, path, depth, pieces)
    else:
        raise CanonicalError(path, f"{type(value).__name__} has no canonical form")


def _write_array(items: list[object] | tuple[object, ...], path: str, depth: int, pieces: list[str]) -> None:
    pieces.append("[")
    for index, item in enumerate(items):
        if index:
            pieces.append(",")
        _write(item, f"{path}[{index}]", depth + 1, pieces)
    pieces.append("]")


def _write_object(members: dict[object, object], path: str, depth: int, pieces: list[str]) -> None:
    for name in members:
        if not isinstance(name, str):
            raise CanonicalError(path, f"a name is {type(name).__name__}, not a string")
        _whole(name, path)
    pieces.append("{")
    # RFC 8785, 3.2.3 sorts by UTF-16 code units, which differs from code points above U+FFFF.
    for index, name in enumerate(sorted(members, key=lambda text: str(text).encode("utf-16-be"))):
        if index:
            pieces.append(",")
        pieces.append(_string(str(name), path))
        pieces.append(":")
        _write(members[name], f"{path}.{name}", depth + 1, pieces)
    pieces.append("}")


def _number(value: float, path: str) -> str:
    if not math.isfinite(value):
        raise CanonicalError(path, "neither infinity nor NaN is a number in JSON")
    if value == 0:
        return "0"
    # Python prints the same shortest digits as ECMAScript; only the place of the point and the use of an exponent
    # differ.
    sign, listed, exponent = Decimal(float.__repr__(value)).as_tuple()
    digits = "".join(map(str, listed)).rstrip("0")
    point = len(listed) + int(exponent)
    if len(digits) <= point <= 21:
        text = digits.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        text = f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1:+}"
    return f"-{text}" if sign else text


def _string(text: str, path: str) -> str:
    _whole(text, path)
    return f'"{_TO_ESCAPE.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _whole(text: str, path: str) -> None:
    if _SURROGATE.search(text):
        raise CanonicalError(path, "a lone surrogate is not a character")


def _deeper(depth: int, path: str) -> None:
    if depth >= DEEPEST:
        raise CanonicalError(path[:80], f"nested deeper than {DEEPEST}")


def _object(pairs: list[tuple[str, object]]) -> object:
    seen: dict[str, object] = {}
    for name, item in pairs:
        if name in seen:
            return _Unfit(f"the name {name[:80]!r} is given twice in one object")
        seen[name] = item
    return seen


def _plain_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _plain_integer(text: str) -> int:
    # Fifteen digits and a sign are never too large.
    if len(text) > 15:
        raise ValueError
    return int(text)


def _not_plain(text: str) -> object:
    raise ValueError


def _no_float(text: str) -> object:
    return _Unfit("a number that is not an integer")


def _real(text: str) -> object:
    number = Real(text)
    return number if math.isfinite(number) else _Unfit("a number beyond what 64 bits hold")


def _integer_or_real(text: str) -> object:
    number = _integer(text)
    return _real(text) if isinstance(number, _Unfit) else number


def _integer(text: str) -> object:
    # Check the length first: int() of a very long text is slow, and Python itself refuses it.
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        return _Unfit("an integer beyond 2^53-1 must travel as a string")
    return int(text)


def _check(value: object, path: str, depth: int) -> None:
    """
    Raise for values that the reader marked or ``dumps`` refuses, so that every value that was read can be written
    again.
    """
    if isinstance(value, str):
        _whole(value, path)
    elif isinstance(value, list):
        _deeper(depth, path)
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        _deeper(depth, path)
        for name, item in value.items():
            _whole(name, path)
            _check(item, f"{path}.{name}", depth + 1)
    elif isinstance(value, _Unfit):
        raise CanonicalError(path, value.reason)


# Made once: to make one takes longer than to read a short text.
_INTEGERS = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_no_float, parse_int=_integer, parse_constant=_no_float
)
# Stops at everything unusual, and marks nothing, so what it returns needs no second look.
_PLAIN = json.JSONDecoder(
    object_pairs_hook=_plain_object, parse_float=_not_plain, parse_int=_plain_integer, parse_constant=_not_plain
)
_REALS = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_real, parse_int=_integer_or_real, parse_constant=_no_float
)
