"""Contracts: the functions of a chaincode, called by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc

from hlf import errors
from hlf.client.cancelling import Cancellation
from hlf.client.commit import Commit, Status
from hlf.client.proposal import Proposal
from hlf.client.sending import Sender
from hlf.client.transaction import Transaction
from hlf.steps import proposal as steps
from hlf.steps.budget import Budget
from hlf.steps.call import Answer
from hlf.steps.proposal import Transient
from hlf.steps.reconnecting import FIRST_PAUSE, LONGEST_PAUSE
from hlf.steps.retrying import Retry, Tries


@dataclass(frozen=True, slots=True)
class SubmittedTransaction:
    """A transaction that an orderer has accepted, with the contract's answer."""

    result: bytes
    commit: Commit

    @property
    def transaction_id(self) -> str:
        return self.commit.transaction_id

    def wait_committed(self, timeout: float | None = None, cancellation: Cancellation | None = None) -> Status:
        """
        Wait until it is in a block; return its status.

        Raises:
            CommitStatusError: no answer came, so the outcome is unknown.
        """
        return self.commit.wait_committed(timeout, cancellation)


class Contract:
    """
    A chaincode on a channel, or one of the contracts in it.

    In each call the endorsers get *transient*, which is never in a block, and *endorsing_organizations* lists the
    organisations whose peers endorse; without it the gateway chooses them by the policies. List the organisations if
    nobody else may get the transient data.

    *timeout* limits the whole call in seconds, beside the stages' own time-outs; *cancellation* ends it from another
    thread; *retry* replaces the gateway's own limits for trying again.
    """

    def __init__(self, sender: Sender, channel_id: str, chaincode: str, name: str | None = None) -> None:
        self._sender = sender
        self._channel_id = channel_id
        self._chaincode = chaincode
        self._prefix = f"{name}:" if name else ""

    def evaluate(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
        timeout: float | None = None,
        retry: Retry | None = None,
        cancellation: Cancellation | None = None,
    ) -> bytes:
        """
        Return the contract's answer on one peer; nothing is written.

        Raises:
            EvaluateError: the contract or a peer refused, or did not answer in time.
        """

        def once(budget: Budget) -> bytes:
            proposal = self.propose(
                function, *args, transient=transient, endorsing_organizations=endorsing_organizations
            )
            return proposal.evaluate(budget.remaining, cancellation)

        return self._again(once, timeout, retry, cancellation)

    def submit(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
        timeout: float | None = None,
        retry: Retry | None = None,
        cancellation: Cancellation | None = None,
    ) -> bytes:
        """
        Endorse, order and wait; return the contract's answer.

        If the orderer's answer is missing, the same transaction is submitted again, through any peer of the gateway
        that can be reached, and its commit status is requested, until the time-out for it ends. The transaction
        commits at most once.

        Raises:
            EndorseError: the contract or a peer refused; nothing was written.
            SubmitError: the orderer's answer is negative, or it is missing and the outcome stays unknown;
                ``outcome_known`` says which.
            CommitStatusError: ordered, but whether it is valid is unknown; ask again with its transaction id.
            CommitError: in a block, but marked invalid; nothing was written.
        """

        def once(budget: Budget) -> bytes:
            endorsed = self.propose(
                function, *args, transient=transient, endorsing_organizations=endorsing_organizations
            ).endorse(budget.remaining, cancellation)
            try:
                status = endorsed.submit(budget.remaining, cancellation).wait_committed(budget.remaining, cancellation)
            except errors.SubmitError as unclear:
                if unclear.outcome_known:
                    raise
                status = _found_out(self._sender, endorsed, unclear, budget, cancellation)
            if not status.valid:
                raise errors.CommitError(status.transaction_id, status.code, status.block_number)
            return endorsed.result

        return self._again(once, timeout, retry, cancellation)

    def submit_async(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
        timeout: float | None = None,
        retry: Retry | None = None,
        cancellation: Cancellation | None = None,
    ) -> SubmittedTransaction:
        """
        Endorse and order; return before the transaction is in a block.

        Raises:
            EndorseError: the contract or a peer refused; nothing was written.
            SubmitError: the orderer's answer is missing or negative; ``outcome_known`` says which.
        """

        def once(budget: Budget) -> SubmittedTransaction:
            endorsed = self.propose(
                function, *args, transient=transient, endorsing_organizations=endorsing_organizations
            ).endorse(budget.remaining, cancellation)
            return SubmittedTransaction(endorsed.result, endorsed.submit(budget.remaining, cancellation))

        return self._again(once, timeout, retry, cancellation)

    def propose(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """Return the first step of a call, to sign it elsewhere or to go step by step; nothing is sent."""
        message = steps.propose(
            self._channel_id,
            self._chaincode,
            [self._prefix + function, *args],
            self._sender.session.creator,
            transient,
            endorsing_organizations,
        )
        return Proposal(self._sender, message, self._channel_id)

    def _again(
        self,
        once: Callable[[Budget], Answer],
        timeout: float | None,
        retry: Retry | None,
        cancellation: Cancellation | None,
    ) -> Answer:
        """Call *once*, and again as often as *retry* allows."""
        budget, tries = Budget(timeout), Tries(retry or self._sender.retry)
        while True:
            try:
                return once(budget)
            except (errors.GatewayError, errors.CommitError) as failure:
                pause = budget.within(tries.pause(failure))
            if cancellation is None:
                time.sleep(pause)
            else:
                cancellation.wait(pause)


def _found_out(
    sender: Sender,
    endorsed: Transaction,
    unclear: errors.SubmitError,
    budget: Budget,
    cancellation: Cancellation | None,
) -> Status:
    """
    Return the status of a transaction whose submission got no answer.

    Raises:
        SubmitError: *unclear*, if the status stays unknown.
    """
    if cancellation is not None and cancellation.cancelled:
        raise unclear
    left, pause = Budget(budget.within(sender.timeouts.commit_status)), FIRST_PAUSE
    while True:
        try:
            endorsed.submit(left.remaining, cancellation)
            patience = left.remaining
            break
        except errors.SubmitError as again:
            # This answer says nothing about the first submit; only the commit status does. If no peer can be reached,
            # try again; after a refusal the transaction will hardly come, so wait for less.
            seconds = left.within(sender.timeouts.commit_status)
            if again.status is not grpc.StatusCode.UNAVAILABLE or pause > seconds:
                patience = left.within(sender.timeouts.submit)
                break
        if not sender.wait_reachable(time.monotonic() + seconds):
            raise unclear
        if cancellation is None:
            time.sleep(pause)
        else:
            cancellation.wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    try:
        return endorsed.commit().wait_committed(patience, cancellation)
    except errors.CommitStatusError as unknown:
        raise unclear from unknown
