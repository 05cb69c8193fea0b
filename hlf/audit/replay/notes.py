"""The findings so far: each cause once, with its consequences."""

from __future__ import annotations

from dataclasses import dataclass, field

from hlf.audit.records import visible
from hlf.audit.replay.report import MOST_CONSEQUENCES, MOST_LISTED, Finding, InvalidTransaction

_MOST_CHARACTERS = 200


@dataclass(slots=True)
class Cause:
    """A finding that others may follow from."""

    finding: Finding
    consequences: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, finding: Finding) -> None:
        """Count *finding* as a consequence of this one."""
        if len(self.consequences) < MOST_CONSEQUENCES:
            self.consequences.append(finding)
        else:
            self.more += 1

    def whole(self) -> Finding:
        """Return the finding with its consequences."""
        own = self.finding
        return Finding(
            own.block_number,
            own.rule,
            own.words,
            own.transaction_index,
            own.transaction_id,
            tuple(self.consequences),
            self.more,
        )


class Notes:
    """The findings so far, of limited size whatever the chain is."""

    def __init__(self) -> None:
        self._causes: list[Cause] = []
        self._remarks: list[Finding] = []
        self._invalid: list[InvalidTransaction] = []
        self.more_findings = 0
        self.more_remarks = 0

    def __bool__(self) -> bool:
        return bool(self._causes)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The causes, each with its consequences."""
        return tuple(cause.whole() for cause in self._causes)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """The remarks on unsigned parts."""
        return tuple(self._remarks)

    @property
    def invalid(self) -> tuple[InvalidTransaction, ...]:
        """The transactions that changed nothing."""
        return tuple(self._invalid)

    def find(self, finding: Finding, cause: Cause | None = None) -> Cause:
        """Note *finding*, as a consequence if there is a *cause* for it; return that cause."""
        plain = _plain_finding(finding)
        if cause is not None:
            cause.add(plain)
            return cause
        found = Cause(plain)
        if len(self._causes) < MOST_LISTED:
            self._causes.append(found)
        else:
            self.more_findings += 1
        return found

    def remark(self, remark: Finding) -> None:
        """Note something about a part that nobody signs."""
        if len(self._remarks) < MOST_LISTED:
            self._remarks.append(remark)
        else:
            self.more_remarks += 1

    def list_invalid(self, found: InvalidTransaction) -> None:
        """Note a transaction that changed nothing."""
        if len(self._invalid) < MOST_LISTED:
            self._invalid.append(
                InvalidTransaction(
                    found.block_number,
                    found.transaction_index,
                    _shown(found.transaction_id),
                    found.code,
                    _shown(found.words),
                )
            )


def _plain_finding(finding: Finding) -> Finding:
    return Finding(
        finding.block_number,
        finding.rule,
        _shown(finding.words),
        finding.transaction_index,
        _shown(finding.transaction_id),
    )


def _shown(text: str) -> str:
    """Return *text* made safe to print: members chose parts of it."""
    return visible.text(text, _MOST_CHARACTERS)
