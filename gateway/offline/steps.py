"""
Read signed steps that come from outside, and compare them with their sender, address and time.

A peer would refuse most wrong steps too, but name no cause. It would accept some: a proposal of one user sent by
another, or one for another chaincode than the address names, which the caller's token may not allow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from fabric_protos.gateway import gateway_pb2

from gateway.fabric.ledgercalls import LedgerCall
from hlf import errors
from hlf.client.commit import Commit
from hlf.client.gateway import Gateway
from hlf.client.proposal import Proposal
from hlf.client.transaction import Transaction
from hlf.codec import moments
from hlf.identity import load_certificate
from hlf.wire import proposals, signatures, timestamps, transactions

PROPOSAL_LIFE = timedelta(milliseconds=moments.SKEW)
"""Peers of Fabric 3 refuse a proposal that is older, or from so far in the future."""
TRANSACTION_LIFE = timedelta(days=1)
"""As long as the gateway remembers which transactions it has sent."""

_Step = TypeVar("_Step", Proposal, Transaction, Commit)


class StepError(Exception):
    """A step is refused and not sent on; *code* is the problem's code."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        super().__init__(words)


@dataclass(frozen=True)
class SignedStep:
    """A step as it came, and where it was sent to."""

    channel: str
    chaincode: str
    content: bytes
    signature: bytes


def proposal(user: Gateway, sent: SignedStep, now: datetime) -> tuple[Proposal, LedgerCall]:
    """
    Return a signed proposal, and the call that it makes.

    Raises:
        StepError: it is malformed, too old, not the user's, not signed by it, or for another chaincode.
    """
    step = _read(user.proposal_from_bytes, sent)
    parsed = proposals.parse(step.message)
    _check(user, step, sent, parsed.channel_header.channel_id, parsed.chaincode)
    _check_age(proposed_at(step), PROPOSAL_LIFE, now)
    try:
        function, *arguments = [each.decode() for each in parsed.args]
    except ValueError:
        raise _malformed("a proposal names a function, and its arguments are text in UTF-8") from None
    named = gateway_pb2.ProposedTransaction.FromString(sent.content).endorsing_organizations
    return step, LedgerCall(sent.channel, sent.chaincode, function, tuple(arguments), parsed.transient, tuple(named))


def transaction(user: Gateway, sent: SignedStep, now: datetime) -> Transaction:
    """
    Return a signed transaction.

    Raises:
        StepError: it is malformed, too old, not the user's, not signed by it, or of another chaincode.
    """
    step = _read(user.transaction_from_bytes, sent)
    content = gateway_pb2.PreparedTransaction.FromString(step.bytes).envelope.SerializeToString()
    found = transactions.decode_transaction(content)
    if found.defect or found.timestamp is None:
        raise _malformed(found.defect or "it has no time")
    _check(user, step, sent, found.channel_id, found.chaincode)
    _check_age(found.timestamp, TRANSACTION_LIFE, now)
    return step


def question(user: Gateway, sent: SignedStep) -> Commit:
    """
    Return a signed request for a transaction's status; it never expires.

    Raises:
        StepError: it is malformed, not the user's, not signed by it, or for another channel.
    """
    step = _read(user.commit_from_bytes, sent)
    asked = gateway_pb2.CommitStatusRequest.FromString(step.message)
    _check(user, step, sent, asked.channel_id, sent.chaincode)
    return step


def proposed_at(step: Proposal) -> datetime:
    """
    Return the time in a proposal.

    Raises:
        StepError: its year is out of range.
    """
    try:
        return timestamps.to_datetime(proposals.parse(step.message).channel_header.timestamp)
    except OverflowError:
        raise _malformed("the year of its time is out of range") from None


def _read(read: Callable[[bytes, bytes], _Step], sent: SignedStep) -> _Step:
    try:
        return read(sent.content, sent.signature)
    except errors.WireError as malformed:
        raise _malformed(str(malformed)) from None


def _check(user: Gateway, step: _Step, sent: SignedStep, channel: str, chaincode: str) -> None:
    """Refuse a step of somebody else, for another place, or that its user did not sign."""
    if not _is_of(user, step.creator):
        own = f"{user.identity.msp_id}, certificate {user.identity.certificate.serial_number:x}"
        raise StepError("SIGNER_FOREIGN", f"The step is not of the token's user ({own})")
    if (channel, chaincode) != (sent.channel, sent.chaincode):
        place = f"{chaincode} on {channel}" if chaincode != sent.chaincode else channel
        raise _malformed(f"it is for {place[:200]}, and was sent to {sent.chaincode} on {sent.channel}")
    if not step.signed_by_creator:
        raise StepError("SIGNATURE_INVALID", "The signature is not one of this step by the key of its certificate")


def _is_of(user: Gateway, creator: bytes) -> bool:
    try:
        msp_id, pem = signatures.parse_identity(creator)
        return (msp_id, load_certificate(pem).der) == (user.identity.msp_id, user.identity.certificate.der)
    except (errors.WireError, errors.IdentityError):
        return False


def _check_age(made: datetime, life: timedelta, now: datetime) -> None:
    if abs(now - made) > life:
        words = "is in the future; compare the clocks" if made > now else "is too long ago"
        raise StepError("STEP_EXPIRED", f"The step is of {made:%Y-%m-%dT%H:%M:%SZ}, which {words}")


def _malformed(words: str) -> StepError:
    return StepError("STEP_UNREADABLE", f"The step cannot be used: {words}")
