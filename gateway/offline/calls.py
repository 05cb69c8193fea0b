"""The steps of a call whose caller signs elsewhere: planned, checked and sent, with no key of the caller."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from fabric_protos.gateway import gateway_pb2

from gateway.fabric.ledgercalls import LedgerCall, NothingToWriteError
from gateway.fabric.planning import CallPlan, UnplannedError
from gateway.fabric.wallet import KeyElsewhereError
from gateway.http import context
from gateway.offline import steps
from gateway.offline.steps import SignedStep
from gateway.store.database import StoreError
from gateway.store.keys import ClaimedKey, StoredAnswer
from hlf.client.commit import Commit, Status
from hlf.client.gateway import Gateway
from hlf.client.proposal import Proposal
from hlf.client.transaction import Transaction
from hlf.errors import WireError

_Answer = TypeVar("_Answer")


def propose(call: LedgerCall) -> dict[str, Any]:
    """Return the caller's proposal of *call*, to be signed, and who would get it."""
    planned = _planned(call)
    contract = _user().network(call.channel).contract(call.chaincode)
    step = contract.propose(
        call.function,
        *call.texts(),
        transient=dict(call.transient),
        endorsing_organizations=planned.endorsers,
    )
    return {
        **_shown(step, steps.proposed_at(step) + steps.PROPOSAL_LIFE),
        "must_endorse": planned.endorsers,
        "will_see": planned.seen_by,
    }


def evaluate(sent: SignedStep) -> bytes:
    """Return the contract's answer to a signed proposal; nothing is written."""
    proposal, call = _proposal(sent)
    return _building_on(call, proposal.evaluate)


def endorse(sent: SignedStep) -> dict[str, Any]:
    """
    Return the endorsed transaction of a signed proposal, to be signed in its turn.

    Raises:
        NothingToWriteError: the function only reads.
    """
    proposal, call = _proposal(sent)
    made = steps.proposed_at(proposal)
    transaction = _building_on(call, proposal.endorse)
    if not transaction.changes:
        raise NothingToWriteError(f"{call.function} writes nothing")
    return {**_shown(transaction, made + steps.TRANSACTION_LIFE), "result": transaction.result}


def submit(sent: SignedStep) -> tuple[dict[str, Any], bool]:
    """
    Send a signed transaction to the orderer; return the request for its status, to be signed, and whether it was new.

    It is sent once, and commits once, however often this is called.
    """
    transaction = steps.transaction(_user(), sent, datetime.now(UTC))
    if not _changes(transaction):
        raise NothingToWriteError("the transaction writes nothing")
    caller, keys = context.caller(), context.services().keys
    # A client's own key cannot have a blank in it.
    found = keys.begin(caller.msp_id, caller.user, f"transaction {transaction.transaction_id}", ())
    if isinstance(found, ClaimedKey):
        try:
            transaction.submit()
        except Exception:
            keys.release(found)
            raise
        # If this cannot be stored, a repetition sends it again, and it still commits once.
        with contextlib.suppress(StoreError):
            keys.finish(found, StoredAnswer(202, {}, b""))
    return _shown(transaction.commit(), None), isinstance(found, StoredAnswer)


def status(sent: SignedStep, seconds: float) -> Status:
    """
    Return the status of a transaction by a signed request; wait up to *seconds* for its commit.

    Raises:
        hlf.errors.CommitStatusError: not committed so far, or never sent.
    """
    return steps.question(_user(), sent).wait_committed(seconds)


def _user() -> Gateway:
    caller = context.caller()
    return context.services().ledgers.keyless(caller.msp_id, caller.user)


def _planned(call: LedgerCall) -> CallPlan:
    """Return who gets *call*. If the gateway has no key of the organisation, the caller must name the endorsers."""
    try:
        return context.plan(call)
    except KeyElsewhereError:
        if call.transient and not call.endorsers:
            raise UnplannedError(
                "this gateway has no key of the organisation, so it cannot ask who may see the private values: "
                "name endorsing_organizations"
            ) from None
        return CallPlan(None, call.endorsers, tuple(sorted(call.transient)))


def _proposal(sent: SignedStep) -> tuple[Proposal, LedgerCall]:
    """
    Return a signed proposal, with the organisations that it may go to, and its call.

    The signature does not cover those organisations, so they are planned again: otherwise somebody who changed them on
    the way would get the private values.
    """
    user = _user()
    proposal, call = steps.proposal(user, sent, datetime.now(UTC))
    planned = _planned(call)
    message = gateway_pb2.ProposedTransaction.FromString(proposal.bytes)
    del message.endorsing_organizations[:]
    message.endorsing_organizations.extend(planned.endorsers)
    return (
        user.proposal_from_bytes(message.SerializeToString()),
        context.building_on(dataclasses.replace(call, endorsers=planned.endorsers)),
    )


def _building_on(call: LedgerCall, ask: Callable[[], _Answer]) -> _Answer:
    """Return the answer of *ask*. With a key here, wait for blocks first and look for the cause of a refusal."""
    caller, services = context.caller(), context.services()
    reader = services.wallet.signing_user(caller.msp_id, caller.user)
    if reader is not None:
        return services.ledgers.building_on(caller.msp_id, reader, call, ask)
    if call.after is not None:
        raise KeyElsewhereError(f"no key of {caller.msp_id} is in the wallet, so nobody can ask for Selat-After")
    return ask()


def _changes(transaction: Transaction) -> bool:
    try:
        return transaction.changes
    except WireError as malformed:
        raise steps.StepError("STEP_UNREADABLE", f"The step cannot be used: {malformed}") from None


def _shown(step: Proposal | Transaction | Commit, expires_at: datetime | None) -> dict[str, Any]:
    """Return a step as ``UnsignedStepSchema`` has it."""
    return {
        "step": step.bytes,
        "message": step.message,
        "digest": step.digest,
        "transaction_id": step.transaction_id,
        "expires_at": expires_at,
    }
