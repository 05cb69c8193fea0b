"""
Texts for people: names, purposes, methods, and input that a refusal repeats.

Most of Unicode is allowed, because people read these texts in ten scripts. Invisible characters that change the
visible text are refused: with them a caller could write extra lines into a log, or show people another name than
programs compare. They are listed here and not taken from Python's tables, which differ between versions, because
endorsers must agree. The zero-width spaces and joiners stay: Khmer, Lao and Burmese are written with them.
"""

from __future__ import annotations

import re

from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

NAME = Bounds(1, 120)
"""Characters of a name."""

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad"  # Controls, the soft hyphen.
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Marks, embeddings, overrides and isolates of direction.
    "\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # Separators, invisible operators, annotations.
    "\ud800-\udfff\U000e0000-\U000e007f]"  # Surrogates, tags.
)


def check(field: str, text: str, length: Bounds = NAME) -> str:
    """
    Return *text*, if its number of characters is within *length* and none of them is invisible.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    if len(text) not in length:
        raise invalid(field, f"must have {length.least} to {length.most} characters")
    if _UNSEEN.search(text):
        raise invalid(field, "must not have control characters, nor marks of direction")
    return text


def shown(text: str, most: int) -> str:
    """Return *text* as one line of at most *most* characters, with invisible ones written as code points."""
    seen = _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text[: most + 1])
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"
