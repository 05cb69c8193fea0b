"""The report of a verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hlf import sentdocuments

KIND = "report"
"""What a document with a report says of its kind."""

# The kinds of findings, by the rule that is broken.
FORM = "FORM"
TRUST = "TRUST"
UNANCHORED = "UNANCHORED"
CHANNEL = "CHANNEL"
CHAIN = "CHAIN"
DATA_HASH = "DATA_HASH"
ORDERER_SIGNATURE = "ORDERER_SIGNATURE"
LAST_CONFIG = "LAST_CONFIG"
CONFIG = "CONFIG"
VALIDATION_CODE = "VALIDATION_CODE"
COMMIT_HASH = "COMMIT_HASH"
# The kind of a remark: about a part of a block that nobody signs.
UNSIGNED = "UNSIGNED"

# The three verdicts.
HOLDS = "holds"
DOES_NOT_HOLD = "does not hold"
CANNOT_TELL = "cannot tell"
EXIT_CODES = {HOLDS: 0, DOES_NOT_HOLD: 1, CANNOT_TELL: 2}
"""What a program exits with for each verdict."""

# The most that is kept in memory of a chain full of faults; all are counted.
MOST_LISTED = 1_000
MOST_CONSEQUENCES = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One place where blocks and rules disagree.

    Attributes:
        transaction_index: None if it is about a whole block.
        consequences: disagreements that follow from this one, the first ``MOST_CONSEQUENCES`` of them.
        more: the number of further ones.
    """

    block_number: int | None
    rule: str
    words: str
    transaction_index: int | None = None
    transaction_id: str = ""
    consequences: tuple[Finding, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        block = "unreadable block" if self.block_number is None else f"block {self.block_number}"
        inner = "" if self.transaction_index is None else f", transaction {self.transaction_index}"
        count = len(self.consequences) + self.more
        follows = f" ({count} disagreement{'s follow' if count > 1 else ' follows'} from it)" if count else ""
        return f"{block}{inner}: {self.rule}: {self.words}{follows}"

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "block": self.block_number,
            "transaction": self.transaction_index,
            "transaction_id": self.transaction_id or None,
            "rule": self.rule,
            "words": self.words,
            "consequences": [finding.document() for finding in self.consequences],
            "more_consequences": self.more,
        }


@dataclass(frozen=True, slots=True)
class InvalidTransaction:
    """A transaction in the chain that changed nothing; *code* is the recomputed one if it is certain."""

    block_number: int
    transaction_index: int
    transaction_id: str
    code: str
    words: str

    def __str__(self) -> str:
        named = f" ({self.transaction_id})" if self.transaction_id else ""
        why = f": {self.words}" if self.words else ""
        return f"block {self.block_number}, transaction {self.transaction_index}{named}: {self.code}{why}"


@dataclass(frozen=True, slots=True)
class Share:
    """The number of blocks that have a part, of those that should."""

    have: int
    of: int

    def __str__(self) -> str:
        return f"{self.have} of {self.of}"


@dataclass(frozen=True, slots=True)
class Report:
    """
    The outcome of a verification.

    Attributes:
        complete: the chain was replayed from its genesis block without a gap, policies, conflicts and state included.
            Otherwise hashes, orderers, creators and the signatures of endorsers were looked at, but not whether the
            endorsers were enough, nor what was read.
        genesis_hash: of block 0 in hexadecimal, empty if it was not among the blocks: compare it with one that was
            obtained otherwise, since a whole forged channel is consistent in itself.
        last_hash: of the last block, in hexadecimal: it stands for all that was verified.
        commit_hashes: how many blocks have a peer's hash of its state that is equal to that of the replay.
        state_hash: the commit hash after the last block in hexadecimal, as recomputed: peers that hold the same state
            have the same one. Empty where the chain was not replayed from its genesis block without a gap, or a code
            that it depends on is not known.
        anchored: whether the chain was tied to the block that was given as trusted.
        codes: how many transactions have each validation code, as recomputed. MALFORMED counts those for which Fabric
            has no certain code, NOT_JUDGED those in blocks of which only the hashes were checked.
        findings: what does not hold, the first ``MOST_LISTED``, each with what follows from it.
        more_findings: how many there are besides.
        unsigned: of each part that nobody signs, how many blocks have it: who exports a chain can leave them out.
        remarks: where such a part is not what Fabric writes; it changes nothing that is signed.
        invalid: the transactions that are not valid, the first ``MOST_LISTED``; *codes* has their number.
    """

    channel_id: str
    first_block: int | None
    last_block: int | None
    complete: bool
    genesis_hash: str
    last_hash: str
    blocks: int
    transactions: int
    commit_hashes: int
    state_hash: str = ""
    anchored: bool = False
    codes: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    more_findings: int = 0
    unsigned: Mapping[str, Share] = field(default_factory=dict)
    remarks: tuple[Finding, ...] = ()
    more_remarks: int = 0
    invalid: tuple[InvalidTransaction, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there was at least one block, and nothing was found."""
        return self.verdict == HOLDS

    @property
    def verdict(self) -> str:
        """HOLDS, DOES_NOT_HOLD, or CANNOT_TELL if there is no configuration to judge the blocks by."""
        if any(finding.rule != UNANCHORED for finding in self.findings):
            return DOES_NOT_HOLD
        return HOLDS if self.blocks and not self.findings else CANNOT_TELL

    @property
    def whole(self) -> bool:
        """Whether every block has all the parts that nobody signs, as a peer's blocks have them."""
        return all(share.have == share.of for share in self.unsigned.values())

    def document(self) -> dict[str, Any]:
        """Return the report as JSON values, as a document that says its kind."""
        invalid = self.transactions - self.codes.get("VALID", 0) - self.codes.get("NOT_JUDGED", 0)
        return {
            "kind": KIND,
            "format": sentdocuments.FORMAT,
            "verdict": self.verdict,
            "channel": self.channel_id,
            "first_block": self.first_block,
            "last_block": self.last_block,
            "complete": self.complete,
            "anchored": self.anchored,
            "genesis_hash": self.genesis_hash or None,
            "last_hash": self.last_hash or None,
            "state_hash": self.state_hash or None,
            "blocks": self.blocks,
            "transactions": self.transactions,
            "codes": dict(sorted(self.codes.items())),
            "unsigned": {name: {"have": share.have, "of": share.of} for name, share in self.unsigned.items()},
            "commit_hashes_recomputed": self.commit_hashes,
            "findings": [finding.document() for finding in self.findings],
            "more_findings": self.more_findings,
            "remarks": [remark.document() for remark in self.remarks],
            "more_remarks": self.more_remarks,
            "invalid": [
                {
                    "block": found.block_number,
                    "transaction": found.transaction_index,
                    "transaction_id": found.transaction_id or None,
                    "code": found.code,
                    "words": found.words,
                }
                for found in self.invalid
            ],
            "more_invalid": invalid - len(self.invalid),
        }
