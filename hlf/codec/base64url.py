"""Base64url without padding (RFC 4648, section 5), as RFC 9901, RFC 7636 and JOSE write bytes."""

from __future__ import annotations

import base64
import re

DIGITS = re.compile(r"[A-Za-z0-9_-]+")


def encode(data: bytes) -> str:
    """Return *data* as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """
    Return the bytes in *text*.

    Raises:
        ValueError: it is empty, has another character, or a length that no bytes have.
    """
    if not DIGITS.fullmatch(text):
        raise ValueError("not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
