"""
The one way a rule says no: a code for programs and a sentence for people.

Rules and contracts raise the same class; the chaincode runtime turns it into
the peer's answer. The sentence may name fields, identifiers that are public
anyway, and rules. It never quotes a private value: a refusal is shown to
whoever called, and may be logged on the way.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")


class Refused(Exception):  # noqa: N818  A refusal is an answer, not an error of the program.
    """
    A call that the rules do not allow; nothing is written.

    Attributes:
        code: stable and upper case, such as NOT_OWNER; what programs compare.
        text: the rule that was not met, in words.
    """

    def __init__(self, code: str, text: str) -> None:
        if not _CODE.fullmatch(code):
            raise ValueError(f"a refusal code is upper case letters, digits and underscores, not {code!r}")
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def invalid(field: str, reason: str) -> Refused:
    """The refusal for an argument that is not what it must be; *field* says where, *reason* without quoting it."""
    return Refused("INVALID_ARGUMENT", f"{field}: {reason}")
