"""A report of ``selat audit verify --json`` in words: its verdict, what was looked at, and what does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.pages import checkwords
from gateway.pages.languages import gettext
from gateway.pages.states import N_
from hlf.audit.replay import report
from hlf.codec import canonical
from hlf.sentdocuments import SentDocument

KIND = report.KIND
VERDICTS: Mapping[str, tuple[str, str]] = {
    report.HOLDS: (N_("Everything holds"), "good"),
    report.DOES_NOT_HOLD: (N_("It does not hold"), "bad"),
    report.CANNOT_TELL: (N_("There is no verdict"), "wait"),
}
"""Of each verdict: words and tone."""
# Findings that a page shows; the file has up to a thousand.
_SHOWN = 50


@dataclass(frozen=True)
class ShownFinding:
    """
    One place where blocks and rules disagree.

    Attributes:
        rule: what the rule that is broken means.
        words: the fault, in the words of the command.
        follows: how many disagreements only follow from it.
    """

    block: int | None
    transaction_id: str
    rule: str
    words: str
    follows: int


@dataclass(frozen=True)
class ShownReport:
    """
    A report in words.

    Attributes:
        first, last: numbers of the first and the last block; None if there is none.
        parts: of each part that nobody signs, its words, and how many blocks have it of how many that should.
        codes: how many transactions have each validation code.
        more_findings, more_remarks: how many there are besides those that are shown.
        invalid: how many transactions are in the chain and changed nothing.
    """

    words: str
    tone: str
    channel: str
    first: int | None
    last: int | None
    complete: bool
    anchored: bool
    genesis_hash: str
    last_hash: str
    blocks: int
    transactions: int
    commit_hashes: int
    codes: Mapping[str, int]
    parts: list[tuple[str, int, int]]
    findings: list[ShownFinding]
    more_findings: int
    remarks: list[ShownFinding]
    more_remarks: int
    invalid: int


def read(document: SentDocument) -> ShownReport:
    """
    Return the report in a document.

    Raises:
        DocumentError: it is none that a command of this release has written, or its verdict does not follow from it.
    """
    words, tone = VERDICTS[_verdict(document)]
    findings, remarks = document.records("findings"), document.records("remarks")
    codes = _counts(document, "codes")
    return ShownReport(
        words=gettext(words),
        tone=tone,
        channel=document.text("channel"),
        first=_optional(document, "first_block"),
        last=_optional(document, "last_block"),
        complete=document.flag("complete"),
        anchored=document.flag("anchored"),
        genesis_hash=_text(document, "genesis_hash"),
        last_hash=_text(document, "last_hash"),
        blocks=_number(document, "blocks"),
        transactions=_number(document, "transactions"),
        commit_hashes=_number(document, "commit_hashes_recomputed"),
        codes=codes,
        parts=_parts(document),
        findings=[_finding(document.part(each)) for each in findings[:_SHOWN]],
        more_findings=len(findings[_SHOWN:]) + _number(document, "more_findings"),
        remarks=[_finding(document.part(each)) for each in remarks[:_SHOWN]],
        more_remarks=len(remarks[_SHOWN:]) + _number(document, "more_remarks"),
        invalid=len(document.records("invalid")) + _number(document, "more_invalid"),
    )


def _verdict(document: SentDocument) -> str:
    """Return the verdict, which must be the one that follows from what the report lists (``Report.verdict``)."""
    said = document.text("verdict")
    rules = [document.part(each).text("rule") for each in document.records("findings")]
    if any(rule != report.UNANCHORED for rule in rules):
        follows = report.DOES_NOT_HOLD
    else:
        follows = report.HOLDS if _number(document, "blocks") and not rules else report.CANNOT_TELL
    if said != follows:
        raise document.error(f"says {said[:40]!r}, and what it lists says {follows!r}")
    return said


def _finding(finding: SentDocument) -> ShownFinding:
    rule = finding.text("rule")
    _optional(finding, "transaction")
    return ShownFinding(
        _optional(finding, "block"),
        _text(finding, "transaction_id"),
        gettext(checkwords.RULES[rule]) if rule in checkwords.RULES else rule,
        finding.text("words"),
        len(finding.records("consequences")) + _number(finding, "more_consequences"),
    )


def _parts(document: SentDocument) -> list[tuple[str, int, int]]:
    shares = document.part(document.mapping("unsigned"))
    found = []
    for name in document.mapping("unsigned"):
        share = shares.part(shares.mapping(name))
        words = gettext(checkwords.PARTS[name]) if name in checkwords.PARTS else name
        found.append((words, _number(share, "have"), _number(share, "of")))
    return found


def _counts(document: SentDocument, name: str) -> dict[str, int]:
    counted = document.part(document.mapping(name))
    return {each: _number(counted, each) for each in document.mapping(name)}


def _number(document: SentDocument, name: str) -> int:
    found = document.number(name)
    if not 0 <= found <= canonical.LARGEST_INTEGER:
        raise document.error(f"has no count {name!r}")
    return found


def _optional(document: SentDocument, name: str) -> int | None:
    return _number(document, name) if document.has(name) else None


def _text(document: SentDocument, name: str) -> str:
    return document.text(name) if document.has(name) else ""
