"""Results as the bytes that a caller gets."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from hlf.codec import canonical, records


def encoded(result: Any, write: Callable[[Any], Any] = records.plain) -> bytes:
    """Return bytes as they are, the text of a text, Decimal or datetime, nothing for None, and else canonical JSON."""
    if isinstance(result, bytes):
        return result
    if result is None:
        return b""
    if isinstance(result, str | Decimal | datetime) and not isinstance(result, enum.Enum):
        return str(records.plain(result)).encode()
    return canonical.dumps(write(result))
