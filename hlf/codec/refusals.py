"""
Refusals of rules: a code for programs and a sentence for people.

Rules and contracts raise the same class; the chaincode runtime turns it into
the peer's answer. The sentence may name fields, identifiers that are public
anyway, and rules. It never quotes a private value: the caller sees a refusal, and others on the way may log it.

Rules with more than one refusal have a table (`RefusalTable`): the kind, meaning and cure of each code. The texts
for callers and the HTTP status are made from it.
"""

from __future__ import annotations

import enum
import re

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")


class Refused(Exception):  # noqa: N818  A refusal is an answer, not an error of the program.
    """
    A call that the rules do not allow; nothing is written.

    Attributes:
        code: stable and upper case, such as NOT_OWNER; programs compare it.
        text: the rule that was not met, in words.
    """

    def __init__(self, code: str, text: str) -> None:
        if not _CODE.fullmatch(code):
            raise ValueError(f"a refusal code is upper case letters, digits and underscores, not {code!r}")
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class RefusalKind(enum.Enum):
    """The kind of a refusal; programs that do not know its code may decide by it."""

    INVALID = "what was sent cannot be accepted"
    NOT_ALLOWED = "the caller may not do this"
    NOT_FOUND = "there is no such thing, or none that the caller may see"
    CONFLICT = "the present state does not allow this"
    GONE = "it was there, and was taken back"
    FAILED = "what had to be asked or run has failed"


class RefusalTable(enum.Enum):
    """
    A table of refusals, to be subclassed: each member's name is its code, its value (kind, meaning, cure).

    Calling a member with the sentence of the case returns the `Refused` to raise. Decorate the subclass with
    `enum.unique`: two equal lines would be one member with two names.

    Attributes:
        kind: the kind of the refusal.
        meaning: its meaning, without the details of the case.
        cure: what the caller can do.
    """

    def __init__(self, kind: RefusalKind, meaning: str, cure: str) -> None:
        self.kind = kind
        self.meaning = meaning
        self.cure = cure

    @property
    def code(self) -> str:
        """The code that programs compare, such as NOT_OWNER."""
        return self.name

    def __call__(self, text: str) -> Refused:
        """Return the refusal to raise; *text* says in words which rule was not met."""
        return Refused(self.code, text)


@enum.unique
class RuntimeRefusal(RefusalTable):
    """Refusals of the runtime itself, the same for all contracts."""

    INVALID_ARGUMENT = (RefusalKind.INVALID, "An argument cannot be accepted", "The detail names the field.")
    UNKNOWN_FUNCTION = (RefusalKind.NOT_FOUND, "The chaincode has no such function", "See docs/contracts.md.")
    ATTRIBUTE_REQUIRED = (
        RefusalKind.NOT_ALLOWED,
        "The caller's certificate lacks an attribute that the contract asks for",
        "Have the organisation's Fabric CA register the attribute, and enroll again.",
    )
    PEER_REFUSED = (
        RefusalKind.INVALID,
        "The peer refused what the contract asked of it",
        "Private data are read on the peer of an organisation that holds them.",
    )
    INTERNAL = (
        RefusalKind.FAILED,
        "The contract failed unexpectedly",
        "Its log has the place, by the transaction id.",
    )


def invalid(field: str, reason: str) -> Refused:
    """Return the refusal of an invalid argument; *reason* says why without quoting it."""
    return RuntimeRefusal.INVALID_ARGUMENT(f"{field}: {reason}")
