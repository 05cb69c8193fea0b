"""Names of the numbers in protobuf enumerations; these are open, so a message can have any number."""

from __future__ import annotations

from typing import Any


def name(enumeration: Any, number: int) -> str:
    """Return the name of *number* in *enumeration*, or the number itself if it has none."""
    return str(enumeration.Name(number)) if number in enumeration.values() else str(number)
