"""
The verdict on each transaction of a block, before conflicts of reads are checked.

The checks come in the order of Fabric's validation (``core/common/validation``, ``txvalidator/v20``), so that a
transaction with several faults gets the code that peers give it.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2

from hlf.audit.replay.endorsements import EndorsementChecker, EndorsementRules
from hlf.audit.signatures.signing import SignedBlock
from hlf.wire import blocks, rwsets
from hlf.wire.transactions import computed_proposal_hash

VALID = transaction_pb2.VALID
# The codes of a transaction that is refused before its creator is checked.
_UNREADABLE = (transaction_pb2.BAD_PAYLOAD, transaction_pb2.BAD_COMMON_HEADER)


@dataclass(slots=True)
class TransactionVerdict:
    """
    The verdict on a transaction.

    Attributes:
        codes: the validation codes that peers may give it: usually one; two if the peers' own order is random; none if
        Fabric's code is not certain, and all but VALID are right.
        words: why.
    """

    codes: tuple[int, ...] = (VALID,)
    words: str = ""
    rwset: rwsets.TxRwset | None = None

    @property
    def valid(self) -> bool:
        return self.codes == (VALID,)

    def allows(self, code: int) -> bool:
        """Return whether a peer may have given it this code."""
        return code in self.codes if self.codes else code != VALID


def verdicts(
    signed: SignedBlock, rules: EndorsementRules, judge: EndorsementChecker | None, used: Container[str]
) -> list[TransactionVerdict]:
    """
    Return one verdict for each transaction.

    Args:
        judge: judges endorsements; None if the state before the block is unknown, and only signatures can be judged.
        used: the transaction ids of earlier blocks, as far as they are known.
    """
    found = []
    seen: set[str] = set()
    for index, transaction in enumerate(signed.block.transactions):
        if signed.block.number == 0:
            # The configuration a channel begins with is signed by nobody; it is the root of trust itself.
            found.append(TransactionVerdict())
            continue
        verdict = _verdict(transaction, signed.creators[index], signed.endorsements[index], rules, judge, used)
        if verdict.valid and transaction.type == common_pb2.ENDORSER_TRANSACTION:
            if transaction.transaction_id in seen:
                verdict = TransactionVerdict((transaction_pb2.DUPLICATE_TXID,), "its id was used earlier in the block")
            seen.add(transaction.transaction_id)
        found.append(verdict)
    return found


def _verdict(
    transaction: blocks.BlockTransaction,
    signed: bool,  # noqa: FBT001 - as the two after it, an answer that belongs to the transaction.
    endorsed: Sequence[bool],
    rules: EndorsementRules,
    judge: EndorsementChecker | None,
    used: Container[str],
) -> TransactionVerdict:
    defect = transaction.defect or ""
    if transaction.defect_code in _UNREADABLE or not transaction.payload:
        return _refused(transaction.defect_code, defect)
    if transaction.channel_id != rules.bundle.channel_id:
        return TransactionVerdict((), f"it is for channel {transaction.channel_id}")
    refused = rules.creator_refusal(transaction.creator)
    if refused is not None:
        return TransactionVerdict((transaction_pb2.BAD_CREATOR_SIGNATURE,), f"its creator is no member: {refused}")
    if not signed:
        return TransactionVerdict((transaction_pb2.BAD_CREATOR_SIGNATURE,), "the creator's signature does not hold")
    if transaction.type != common_pb2.ENDORSER_TRANSACTION:
        return _refused(transaction.defect_code, defect) if defect else TransactionVerdict()
    if transaction.transaction_id != transaction.computed_transaction_id:
        return TransactionVerdict(
            (transaction_pb2.BAD_PROPOSAL_TXID,), "its id is not the hash of its nonce and creator"
        )
    if not transaction.actions:
        return _refused(transaction.defect_code, defect)
    (action,) = transaction.actions
    if action.proposal_hash != computed_proposal_hash(transaction, action):
        return TransactionVerdict(
            (transaction_pb2.INVALID_ENDORSER_TRANSACTION,), "its endorsements are for another proposal"
        )
    if transaction.transaction_id in used:
        return TransactionVerdict((transaction_pb2.DUPLICATE_TXID,), "its id was used in an earlier block")
    if defect:
        return _refused(transaction.defect_code, defect)
    endorsers = rules.endorsers(
        tuple([e.endorser for e, holds in zip(action.endorsements, endorsed, strict=True) if holds])
    )
    if judge is not None:
        codes, words = judge.verdict(action, endorsers)
    elif any(endorser.valid for endorser in endorsers):
        codes, words = (VALID,), ""
    else:
        codes, words = (transaction_pb2.ENDORSEMENT_POLICY_FAILURE,), "no endorsement by a member holds"
    return TransactionVerdict(codes, words, action.rwset)


def _refused(code: int | None, words: str) -> TransactionVerdict:
    return TransactionVerdict(() if code is None else (code,), words)
