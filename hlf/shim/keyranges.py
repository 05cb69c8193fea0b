"""Keys of several parts, and the bounds of ranges of keys, as a contract gives them."""

from __future__ import annotations

from collections.abc import Sequence

from hlf.codec.refusals import RuntimeRefusal
from hlf.errors import WireError
from hlf.wire import keys

# An open start means the first simple key; composite keys begin with U+0000 and are not in simple ranges.
_FIRST_SIMPLE_KEY = "\x01"


def composite_key(object_type: str, attributes: Sequence[str]) -> str:
    """
    Return the key of these parts.

    Raises:
        Refused: INVALID_ARGUMENT, a part has U+0000 or U+10FFFF; parts mostly come from callers.
    """
    try:
        return keys.composite_key(object_type, attributes)
    except WireError as error:
        raise RuntimeRefusal.INVALID_ARGUMENT(str(error)) from None


def simple_range(start: str, end: str) -> tuple[str, str]:
    """
    Return the bounds of a range of simple keys; an empty bound is open.

    Raises:
        Refused: INVALID_ARGUMENT, a bound is a composite key.
    """
    for key in (start, end):
        if key.startswith("\x00"):
            raise RuntimeRefusal.INVALID_ARGUMENT(
                "the first character of a range's end is U+0000, which marks composite keys; "
                "get_state_by_partial_composite_key finds those",
            )
    return start or _FIRST_SIMPLE_KEY, end


def prefix_range(object_type: str, attributes: Sequence[str]) -> tuple[str, str]:
    """Return the bounds of the composite keys that begin with *object_type* and *attributes*; raise as above."""
    prefix = composite_key(object_type, attributes)
    return prefix, prefix + keys.LARGEST
