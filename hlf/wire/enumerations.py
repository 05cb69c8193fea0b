"""Names of the numbers in protobuf enumerations, which are open: whoever sends a message may put any number there."""

from __future__ import annotations

from typing import Any


def name(enumeration: Any, number: int) -> str:
    """Return the name that *enumeration* has for *number*, or the number itself where it has none."""
    return str(enumeration.Name(number)) if number in enumeration.values() else str(number)
