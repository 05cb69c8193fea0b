"""
Identifiers that clients choose: they become parts of keys and stand in arguments for everybody to read.

They should therefore say nothing; 128 random bits in base64url are a good one.
"""

from __future__ import annotations

import re

from hlf.codec.refusals import invalid

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check(field: str, text: str) -> str:
    """*text*, if it can be an identifier: 1 to 64 letters, digits, dots, dashes or underscores."""
    if not _ID.fullmatch(text):
        raise invalid(field, "must be 1 to 64 letters, digits, dots, dashes or underscores, a letter or digit first")
    return text
