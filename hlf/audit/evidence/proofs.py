"""
The proof that a receipt gives: the parts of a transaction, with every check that can be computed.

Orderers sign a block's header, and with it all its transactions. So their signatures prove that a transaction was
ordered, who submitted and endorsed it, and what it would write. But nobody signs whether it was *valid*: each peer
finds the validation codes itself and stores them beside the block. Only a trusted checkpoint directly after the block
proves them: its state hash covers the codes and all writes of the block. Otherwise only the giver of the block vouches
for the code, and the proof says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fabric_protos.common import common_pb2

from hlf.audit.evidence import trustchain, validity
from hlf.audit.evidence.anchors import Anchor
from hlf.audit.evidence.receipts import Receipt
from hlf.audit.records import anatomy
from hlf.audit.replay import blocksigners
from hlf.codec import moments
from hlf.errors import HlfError, WireError
from hlf.wire import blocks, rwsets
from hlf.wire.config import channelconfig

# Who vouches for a validation code.
CHECKPOINT, PEER = "checkpoint", "peer"


@dataclass(frozen=True, slots=True)
class Check:
    """One check."""

    name: str
    passed: bool
    detail: str = ""


_STATE = "validity: the block's validation codes and writes give the checkpoint's state hash"
_TRUST = "trust: "
_NOTHING_TRUSTED = Check(
    f"{_TRUST}it hangs on something trusted",
    False,
    "there is nothing to compare it with: get the channel's genesis block, or a checkpoint, from somebody you trust",
)


@dataclass(frozen=True)
class TransactionProof:
    """
    A transaction, its block, and the checks.

    Attributes:
        members: the channel's configuration at the block.
        anchored: whether the proof begins at something trusted. Without that, a receipt is only consistent, and
            a forged one would be too.
        vouched: who vouches for the validation code: CHECKPOINT, PEER (the source of the block; unsigned), or nobody
            (an orderer's copy of the block, which has no codes).
        values: the members of a private value that were disclosed, by name.
    """

    receipt: Receipt
    block: blocks.Block
    transaction: blocks.BlockTransaction
    checks: tuple[Check, ...]
    members: channelconfig.Bundle
    anchored: bool
    vouched: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether all checks passed, and the proof begins at something trusted."""
        return all(check.passed for check in self.checks)

    @property
    def defects(self) -> list[Check]:
        """The failed checks of the receipt itself."""
        return [check for check in self.checks if not check.passed and not check.name.startswith(_TRUST)]

    @property
    def contradicted(self) -> bool:
        """Whether the caller trusts something, and the receipt does not lead to it."""
        return not self.anchored and _NOTHING_TRUSTED not in self.checks

    @property
    def endorsers(self) -> list[str]:
        """MSP ids of the transaction's endorsers, sorted."""
        found = (
            anatomy.who(e.endorser, self.members)["msp_id"]
            for action in self.transaction.actions
            for e in action.endorsements
        )
        return sorted(set(found))

    @property
    def creator(self) -> dict[str, Any]:
        """Who submitted it: organisation and certificate."""
        return anatomy.who(self.transaction.creator, self.members)

    def document(self) -> dict[str, Any]:
        """Return the whole proof as JSON values."""
        transaction = self.transaction
        return {
            "channel": self.receipt.channel,
            "transaction_id": transaction.transaction_id,
            "index": transaction.index,
            "valid": transaction.valid,
            "validation_code": transaction.code_name,
            "vouched": self.vouched,
            "timestamp": moments.exactly(transaction.timestamp) if transaction.timestamp else None,
            "creator": self.creator,
            "actions": [anatomy.action(action, self.members) for action in transaction.actions],
            "block": {
                "number": self.block.number,
                "hash": self.block.hash.hex(),
                "previous_hash": self.block.previous_hash.hex(),
                "data_hash": self.block.data_hash.hex(),
            },
            "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in self.checks],
            "anchored": self.anchored,
            "verified": self.verified,
        }


def check(receipt: Receipt, trusted: Sequence[Anchor] = ()) -> TransactionProof:
    """
    Return the proof of *receipt*, with all its claims checked against what is *trusted*; faults are in the checks.

    Raises:
        WireError: block or genesis block cannot be read, or the block has no such transaction.
    """
    block = blocks.decode(receipt.block)
    index = receipt.index
    if index >= len(block.transactions) or block.transactions[index].transaction_id != receipt.transaction_id:
        raise WireError(f"block {block.number} does not hold transaction {receipt.transaction_id} at place {index}")
    transaction = block.transactions[index]
    chain = trustchain.follow(receipt.configurations)
    if not chain.links:
        raise WireError(f"the receipt's genesis block cannot be used: {chain.refusal}")
    link = chain.links[-1]
    checks = [_configurations(receipt, chain), _block(block, receipt, link)]
    checks += _transaction(transaction, link.bundle, first=block.number == 0)
    known = {each.number: each.hash for each in chain.links} | {block.number: block.hash}
    if receipt.headers is not None:
        run = dict(receipt.headers.hashes())
        checks.append(_headers(run, known, block.number))
        known = run | known
    anchors = [_anchor(anchor, known, block.number, link.bundle) for anchor in trusted] or [_NOTHING_TRUSTED]
    checks += anchors
    vouched = PEER if transaction.code is not None else ""
    for anchor in trusted:
        proved = validity.proved_by(anchor, block, receipt.previous_state_hash)
        if proved is not None:
            checks.append(Check(_STATE, proved, "" if proved else "another code, write or past than was signed"))
            vouched = CHECKPOINT if proved else vouched
    values: dict[str, Any] = {}
    if receipt.opening is not None:
        checks.append(_opening(receipt, transaction, values))
    anchored = all(each.passed for each in anchors)
    return TransactionProof(receipt, block, transaction, tuple(checks), link.bundle, anchored, vouched, values)


def writes(proof: TransactionProof) -> list[tuple[str, rwsets.Write]]:
    """Return the public writes of a proven transaction, each with its chaincode."""
    return [
        (part.namespace, write)
        for action in proof.transaction.actions
        for part in action.rwset.namespaces
        for write in part.writes
    ]


def _configurations(receipt: Receipt, chain: trustchain.Chain) -> Check:
    name = "channel: each configuration follows from the one before, from the genesis block on"
    detail = chain.refusal
    if not detail and chain.links[0].bundle.channel_id != receipt.channel:
        detail = f"they are of channel {chain.links[0].bundle.channel_id}"
    return Check(name, not detail, detail or f"{len(chain.links)} configuration(s)")


def _block(block: blocks.Block, receipt: Receipt, link: trustchain.Link) -> Check:
    name = f"block: signed by orderers as {blocksigners.BLOCK_VALIDATION} asks, over all its entries"
    if block.data_hash != block.computed_data_hash:
        return Check(name, False, "the data hash in its header is not that of its data")
    if block.number == 0:
        passed = block.hash == link.hash
        return Check(name, passed, "the first block is not signed: it is agreed on outside")
    if block.is_configuration:
        # It names itself, so that it follows from the last configuration shows by its being the next.
        refusal = trustchain.follow((*receipt.configurations, receipt.block)).refusal
        return Check(name, not refusal, refusal)
    if block.last_config != link.number:
        words = f"it was made under the configuration of block {block.last_config}, the receipt ends with {link.number}"
        return Check(name, False, words)
    refused = trustchain.orderers_refusal(block, link.bundle)
    return Check(name, refused is None, refused or f"{len(block.signatures)} signature(s)")


def _transaction(transaction: blocks.BlockTransaction, bundle: channelconfig.Bundle, *, first: bool) -> list[Check]:
    found = blocks.check_transaction(transaction) or _form_refusals(transaction, bundle)
    checks = [Check("transaction: for this channel, endorsed as it was proposed", not found, "; ".join(found))]
    if first:
        return checks
    signed = _signed(bundle, transaction.creator, transaction.payload, transaction.signature)
    checks.append(Check("transaction: signed by its creator", not signed, signed))
    for action in transaction.actions:
        for each in action.endorsements:
            signed = _signed(bundle, each.endorser, action.response_payload + each.endorser, each.signature)
            name = f"endorsement of {anatomy.who(each.endorser, bundle)['msp_id']}: signed over the results"
            checks.append(Check(name, not signed, signed))
    return checks


def _form_refusals(transaction: blocks.BlockTransaction, bundle: channelconfig.Bundle) -> list[str]:
    """Return, as text, further reasons why a transaction does not belong to this channel."""
    if transaction.channel_id != bundle.channel_id:
        return [f"it is for channel {transaction.channel_id}"]
    if transaction.type != common_pb2.ENDORSER_TRANSACTION:
        return [] if transaction.config is not None else [f"it is of type {transaction.type}"]
    if len(transaction.actions) != 1:
        return [f"it has {len(transaction.actions)} actions, where Fabric takes exactly one"]
    (action,) = transaction.actions
    if not action.endorsements:
        return ["nobody has endorsed it"]
    if not action.chaincode or action.chaincode != transaction.chaincode:
        return [f"it calls {transaction.chaincode}, its endorsers ran {action.chaincode}"]
    return []


def _signed(bundle: channelconfig.Bundle, identity: bytes, data: bytes, signature: bytes) -> str:
    """Return why the signature is not a member's; empty if it is."""
    try:
        member = bundle.msps.validate(identity)
    except HlfError as error:
        return str(error)
    return "" if member.verify(data, signature) else "the signature does not hold"


def _headers(run: dict[int, bytes], known: dict[int, bytes], number: int) -> Check:
    name = "headers: they lead to the block"
    other = next((number for number in run if number in known and run[number] != known[number]), None)
    if other is not None:
        return Check(name, False, f"by them block {other} is another")
    return Check(name, number in run, f"{len(run)} header(s)" if number in run else f"block {number} is not among them")


def _anchor(anchor: Anchor, known: dict[int, bytes], number: int, bundle: channelconfig.Bundle) -> Check:
    name = f"{_TRUST}it hangs on {anchor.words}"
    met = [each for each in anchor.hashes if each in known]
    other = next((each for each in met if anchor.hashes[each] != known[each]), None)
    if other is not None:
        return Check(name, False, f"block {other} is another there")
    if not met:
        wanted = ", ".join(map(str, anchor.hashes))
        return Check(name, False, f"the receipt says nothing of block {wanted}; make it again with --checkpoint")
    words = f"block {max(met)} is the same"
    if max(met) < number:
        words += "; from there on orderers' signatures are what counts"
    if anchor.checkpoint is not None:
        stranger = anchor.checkpoint.membership_refusal(bundle) is not None
        words += "; its signer is no member of the channel here" if stranger else "; its signer is a member"
    return Check(name, True, words)


def _opening(receipt: Receipt, transaction: blocks.BlockTransaction, values: dict[str, Any]) -> Check:
    opening = receipt.opening
    assert opening is not None  # noqa: S101 - the caller has looked.
    name = f"disclosure: the transaction committed to it in {opening.namespace}/{opening.collection}"
    if not opening.written_by(transaction):
        return Check(name, False, "the transaction does not write the hash of this value under this key")
    try:
        values.update(opening.opened())
    except WireError as refused:
        return Check(name, False, str(refused))
    return Check(name, True, f"{len(values)} member(s) disclosed")
