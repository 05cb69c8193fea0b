"""Whether a private figure stands in a text; within a longer number, a hash or an id it is a coincidence."""

from __future__ import annotations

import re


def stands(figure: object, text: str) -> bool:
    """Return whether *figure* is in *text*, and not part of a longer one."""
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(str(figure))}(?![0-9A-Za-z])", text) is not None
