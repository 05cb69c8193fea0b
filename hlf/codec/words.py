"""
Words: texts of one kind, such as identifiers or country codes, each with one rule.

Contracts check arguments by a word, schemas publish its pattern, and files are read by it; so all of them accept
the same texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from hlf.codec.refusals import invalid


@dataclass(frozen=True)
class Word:
    """
    A kind of text.

    Attributes:
        pattern: a regular expression for the whole text, with the same meaning in Python and in JSON Schema.
        what: a description, perhaps with an example: ``a UN/LOCODE such as VNHAN``.
        beyond: returns a further fault of a text that matches the pattern, or "".
    """

    pattern: str
    what: str
    beyond: Callable[[str], str] | None = None

    @cached_property
    def shape(self) -> re.Pattern[str]:
        """The compiled pattern; use its ``fullmatch``."""
        return re.compile(self.pattern, re.ASCII)

    def problem(self, text: str) -> str:
        """Return why *text* is not such a word, without quoting it; "" if it is one."""
        if not self.shape.fullmatch(text):
            return f"must be {self.what}"
        return self.beyond(text) if self.beyond else ""

    def fits(self, text: str) -> bool:
        """Return whether *text* is such a word."""
        return not self.problem(text)

    def check(self, field: str, text: str) -> str:
        """
        Return *text*, if it is such a word.

        Raises:
            Refused: INVALID_ARGUMENT, which names *field* and quotes nothing.
        """
        problem = self.problem(text)
        if problem:
            raise invalid(field, problem)
        return text
