"""
JSON as Go reads it into a structure, with Go's error texts.

Names of fields match in any case, null leaves a field unchanged, and unknown
fields are ignored (``encoding/json``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

_KINDS = {str: "string", bool: "bool"}
_HEXADECIMAL = set("0123456789abcdefABCDEF")
_SAID = {
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
}


class JsonError(Exception):
    """The text does not fit the structure; the error text is Go's."""


def structure(text: bytes, name: str, fields: Mapping[str, type]) -> dict[str, Any]:
    """
    Return the *fields* (texts and booleans, by name) of Go's structure *name* in *text*; missing ones by default.

    Raises:
        JsonError: it is no JSON, or a value is of another kind.
    """
    found: dict[str, Any] = {field: kind() for field, kind in fields.items()}
    value = _parsed(text.decode(errors="replace"))
    if value is None:
        return found
    if not isinstance(value, _Object):
        raise JsonError(f"json: cannot unmarshal {_kind(value)} into Go value of type {name}")
    wrong = ""
    for key, each in value.pairs:
        field = next((field for field in fields if field.casefold() == key.casefold()), None)
        if field is None or each is None:
            continue
        if type(each) is not fields[field]:
            target = f"{name.rpartition('.')[2]}.{field} of type {_KINDS[fields[field]]}"
            wrong = wrong or f"json: cannot unmarshal {_kind(each)} into Go struct field {target}"
            continue
        found[field] = each
    if wrong:
        raise JsonError(wrong)
    return found


class _Object:
    """An object with its members in order, because names can be there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _parsed(text: str) -> Any:
    try:
        # Kept as text, so that a number of very many digits costs nothing.
        return json.loads(text, object_pairs_hook=_Object, parse_constant=_no_constant, parse_int=float)
    except json.JSONDecodeError as error:
        raise JsonError(_why(error)) from None
    except RecursionError:
        # Go reads deeper values than Python, but no structure here is deep.
        opening = next(character for character in text if character in "[{")
        raise JsonError(f"invalid character '{opening}' exceeded max depth") from None


def _no_constant(name: str) -> NoReturn:
    """Refuse the constants that Python reads as numbers and Go does not."""
    raise JsonError(f"invalid character '{name.lstrip('-')[0]}' looking for beginning of value")


def _why(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc) or error.msg.startswith("Unterminated"):
        return "unexpected end of JSON input"
    position, said = error.pos, _SAID.get(error.msg, "looking for beginning of value")
    if error.msg == "Expecting ',' delimiter":
        said = "after object key:value pair" if _in_object(error) else "after array element"
    elif error.msg.startswith("Invalid control character"):
        said = "in string literal"
    elif error.msg.startswith("Invalid \\u"):
        said = "in \\u hexadecimal character escape"
        position = error.doc.index("u", position - 1) + 1
        while error.doc[position : position + 1] in _HEXADECIMAL:
            position += 1
    elif error.msg.startswith("Invalid \\"):
        said, position = "in string escape code", position + 1
    if position >= len(error.doc):
        return "unexpected end of JSON input"
    return f"invalid character {_quoted(error.doc[position])} {said}"


def _in_object(error: json.JSONDecodeError) -> bool:
    """Return whether the innermost open value at the error is an object."""
    opened: list[str] = []
    in_text = escaped = False
    for character in error.doc[: error.pos]:
        if in_text:
            in_text = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_text = True
        elif character in "{[":
            opened.append(character)
        elif character in "}]" and opened:
            opened.pop()
    return opened[-1:] == ["{"]


def _quoted(character: str) -> str:
    """Return one character as Go quotes it; of a longer one in UTF-8 Go quotes the first byte."""
    if character in "'\\":
        return f"'\\{character}'"
    if character.isascii() and character.isprintable():
        return f"'{character}'"
    first = character.encode(errors="surrogateescape")[0]
    short = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}.get(first)
    return f"'{short}'" if short else f"'{chr(first)}'" if first > 0xA0 else f"'\\x{first:02x}'"
