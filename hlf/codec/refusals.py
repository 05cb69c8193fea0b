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
from collections.abc import Iterator

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


class RefusalRow:
    """
    One refusal of a `RefusalTable`; its code is the name that the table gives it.

    Calling it with the sentence of the case returns the `Refused` to raise.

    Attributes:
        code: the code that programs compare, such as NOT_OWNER.
        kind: the kind of the refusal.
        meaning: its meaning, without the details of the case.
        cure: what the caller can do.
    """

    code: str

    def __init__(self, kind: RefusalKind, meaning: str, cure: str) -> None:
        self.kind = kind
        self.meaning = meaning
        self.cure = cure

    def __set_name__(self, table: type, name: str) -> None:
        self.code = name

    def __call__(self, text: str) -> Refused:
        """Return the refusal to raise; *text* says in words which rule was not met."""
        return Refused(self.code, text)


class _Rows(type):
    """The class of tables: iterating over a table gives its rows."""

    def __iter__(cls) -> Iterator[RefusalRow]:
        """Yield the rows of the table, first those of the tables it is made of, in their order."""
        for part in (*cls.__mro__[1:], cls):
            yield from (value for value in vars(part).values() if isinstance(value, RefusalRow))


class RefusalTable(metaclass=_Rows):
    """
    A table of refusals, to be subclassed: each attribute is a `RefusalRow`.

    A table may be made of others: ``class Market(Assets, Auctions): ...`` has the rows of both.

    Raises:
        ValueError: a code is given twice; raised when the subclass is defined.
    """

    def __init_subclass__(cls) -> None:
        codes = [row.code for row in cls]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"{cls.__name__} has more than one row for {', '.join(twice)}: rename all but one")


class RuntimeRefusal(RefusalTable):
    """Refusals of the runtime itself, the same for all contracts."""

    INVALID_ARGUMENT = RefusalRow(RefusalKind.INVALID, "An argument cannot be accepted", "The detail names the field.")
    UNKNOWN_FUNCTION = RefusalRow(RefusalKind.NOT_FOUND, "The chaincode has no such function", "See docs/contracts.md.")
    ATTRIBUTE_REQUIRED = RefusalRow(
        RefusalKind.NOT_ALLOWED,
        "The caller's certificate lacks an attribute that the contract asks for",
        "Have the organisation's Fabric CA register the attribute, and enroll again.",
    )
    PEER_REFUSED = RefusalRow(
        RefusalKind.INVALID,
        "The peer refused what the contract asked of it",
        "Private data are read on the peer of an organisation that holds them.",
    )
    INTERNAL = RefusalRow(
        RefusalKind.FAILED,
        "The contract failed unexpectedly",
        "Its log has the place, by the transaction id.",
    )


def invalid(field: str, reason: str) -> Refused:
    """Return the refusal of an invalid argument; *reason* says why without quoting it."""
    return RuntimeRefusal.INVALID_ARGUMENT(f"{field}: {reason}")
