"""
Identifiers that clients choose: they become parts of keys and stand in arguments for everybody to read.

They should therefore say nothing; 128 random bits in base64url are a good one.
"""

from __future__ import annotations

from hlf.codec.words import Word

IDENTIFIER = Word(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}",
    "1 to 64 letters, digits, dots, dashes or underscores, a letter or digit first",
)
STAGE = Word(r"S(0[1-9]|[1-9][0-9])", "the id of a stage such as S01")
"""The shape of a stage's id; which stages there are is data, in the catalogue on the ledger."""

check = IDENTIFIER.check
