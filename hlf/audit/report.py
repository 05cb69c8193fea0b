"""What a verification found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

# What a finding is about, by the rule that does not hold.
FORM = "FORM"
TRUST = "TRUST"
UNANCHORED = "UNANCHORED"
CHAIN = "CHAIN"
DATA_HASH = "DATA_HASH"
ORDERER_SIGNATURE = "ORDERER_SIGNATURE"
LAST_CONFIG = "LAST_CONFIG"
CONFIG = "CONFIG"
VALIDATION_CODE = "VALIDATION_CODE"
COMMIT_HASH = "COMMIT_HASH"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where blocks and rules disagree; *transaction_index* is None where a whole block is concerned."""

    block_number: int | None
    rule: str
    words: str
    transaction_index: int | None = None
    transaction_id: str = ""

    def __str__(self) -> str:
        block = "unreadable block" if self.block_number is None else f"block {self.block_number}"
        inner = "" if self.transaction_index is None else f", transaction {self.transaction_index}"
        return f"{block}{inner}: {self.rule}: {self.words}"


@dataclass(frozen=True, slots=True)
class Report:
    """
    The outcome of a verification.

    Attributes:
        complete: the chain was verified from its genesis block, so that policies, conflicts and state were replayed.
            Otherwise hashes, orderers, creators and the signatures of endorsers were, but not whether the endorsers
            were enough, nor what was read.
        genesis_hash: of block 0 in hexadecimal, empty if it was not among the blocks: compare it with one that was
            obtained otherwise, since a whole forged channel is consistent in itself.
        last_hash: of the last block, in hexadecimal: it stands for all that was verified.
        state_hash: the commit hash after the last block in hexadecimal, as recomputed: peers that hold the same state
            have the same one. Empty where the chain was not replayed from its genesis block without a gap, or a code
            that it depends on is not known.
        codes: how many transactions have which validation code, as recomputed; NOT_JUDGED are those that only the
            chain of hashes up to the trusted block holds.
        anchored: whether the chain was tied to the block that was given as trusted.
        commit_hashes: how many blocks carried a peer's hash of its state, which the replay arrived at as well.
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
    codes: Mapping[str, int] = field(default_factory=Counter)
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found, in at least one block."""
        return self.blocks > 0 and not self.findings
