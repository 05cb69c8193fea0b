"""What each transaction of a block deserves, before conflicts of what was read are looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2

from hlf.audit.endorsements import Judge
from hlf.errors import IdentityError
from hlf.wire import blocks, channelconfig, msp, rwsets


@dataclass(slots=True)
class Verdict:
    """The validation code that a transaction deserves (None: malformed, for which there are many), and why."""

    code: int | None = transaction_pb2.VALID
    words: str = ""
    rwset: rwsets.TxRwset | None = None


def verdicts(
    block: blocks.Block, bundle: channelconfig.Bundle, judge: Judge | None, used: Iterable[str]
) -> list[Verdict]:
    """
    One verdict for each transaction.

    Args:
        judge: of endorsements; None where the state before the block is unknown, and only signatures can be judged.
        used: the transaction ids of all blocks before.
    """
    found = []
    seen: set[str] = set()
    for transaction in block.transactions:
        verdict = _verdict(transaction, bundle, judge, used, first_block=block.number == 0)
        if verdict.code == transaction_pb2.VALID and transaction.type == common_pb2.ENDORSER_TRANSACTION:
            if transaction.transaction_id in seen:
                verdict = Verdict(transaction_pb2.DUPLICATE_TXID, "its id was used earlier in the block")
            seen.add(transaction.transaction_id)
        found.append(verdict)
    return found


def _verdict(
    transaction: blocks.Transaction,
    bundle: channelconfig.Bundle,
    judge: Judge | None,
    used: Iterable[str],
    *,
    first_block: bool,
) -> Verdict:
    if transaction.defect is not None:
        return Verdict(None, transaction.defect)
    if transaction.type not in (common_pb2.ENDORSER_TRANSACTION, common_pb2.CONFIG):
        return Verdict(None, f"it is of type {transaction.type}")
    if first_block:
        # The configuration a channel begins with is signed by nobody; it is the root of trust itself.
        return Verdict()
    refused = _creator_refusal(transaction, bundle)
    if refused is not None:
        return Verdict(transaction_pb2.BAD_CREATOR_SIGNATURE, refused)
    if transaction.type == common_pb2.CONFIG:
        return Verdict()
    if transaction.transaction_id != transaction.computed_transaction_id:
        return Verdict(transaction_pb2.BAD_PROPOSAL_TXID, "its id is not the hash of its nonce and creator")
    if transaction.channel_id != bundle.channel_id:
        return Verdict(transaction_pb2.TARGET_CHAIN_NOT_FOUND, f"it is for channel {transaction.channel_id}")
    if len(transaction.actions) != 1 or blocks.check_transaction(transaction):
        return Verdict(None, "; ".join(blocks.check_transaction(transaction)) or "it has not exactly one action")
    if transaction.transaction_id in used:
        return Verdict(transaction_pb2.DUPLICATE_TXID, "its id was used in an earlier block")
    (action,) = transaction.actions
    if not action.chaincode:
        return Verdict(None, "its endorsers do not say what they ran")
    if action.chaincode != transaction.chaincode or not action.version:
        words = f"it calls {transaction.chaincode}, its endorsers ran {action.chaincode} in version {action.version!r}"
        return Verdict(transaction_pb2.INVALID_CHAINCODE, words)
    if action.event is not None and action.event.chaincode != action.chaincode:
        return Verdict(None, f"its event claims to be of {action.event.chaincode}")
    if judge is not None:
        code, words = judge.verdict(action)
    else:
        code, words = _signatures_alone(action, bundle)
    return Verdict(code, words, action.rwset)


def _creator_refusal(transaction: blocks.Transaction, bundle: channelconfig.Bundle) -> str | None:
    try:
        creator = bundle.msps.validate(transaction.creator)
    except IdentityError as refused:
        return f"its creator is no member: {refused}"
    if not creator.verify(transaction.payload, transaction.signature):
        return "the creator's signature does not hold"
    return None


def _signatures_alone(action: blocks.Action, bundle: channelconfig.Bundle) -> tuple[int, str]:
    signers = bundle.msps.signers(
        msp.Signed(action.response_payload + e.endorser, e.endorser, e.signature) for e in action.endorsements
    )
    if any(signer.valid for signer in signers):
        return transaction_pb2.VALID, ""
    return transaction_pb2.ENDORSEMENT_POLICY_FAILURE, "no endorsement by a member holds"
