"""
Identifiers that clients choose. They are parts of keys and arguments, so everybody can read them.

So they should reveal nothing; 128 random bits in base64url are a good choice.
"""

from __future__ import annotations

from hlf.codec.words import Word

IDENTIFIER = Word(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}",
    "1 to 64 letters, digits, dots, dashes or underscores, a letter or digit first",
)
STAGE = Word(r"S(0[1-9]|[1-9][0-9])", "the id of a stage such as S01")
"""The form of a stage's id; the catalogue on the ledger lists the stages."""

check = IDENTIFIER.check
