"""Contracts: the functions of a chaincode, called by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hlf import errors
from hlf.aio.commit import Commit, Status
from hlf.aio.proposal import Proposal
from hlf.aio.sending import Sender
from hlf.steps import proposal as steps
from hlf.steps.proposal import Transient


@dataclass(frozen=True, slots=True)
class Submitted:
    """A transaction that an orderer has taken, with the answer its endorsers agreed on."""

    result: bytes
    commit: Commit

    @property
    def transaction_id(self) -> str:
        return self.commit.transaction_id

    async def wait_committed(self) -> Status:
        """
        Return what became of it, once it is in a block.

        Raises:
            CommitStatusError: no answer came, so the outcome is unknown.
        """
        return await self.commit.wait_committed()


class Contract:
    """A chaincode on a channel, or one of the contracts in it; the arguments mean what ``hlf.client.contract`` says."""

    def __init__(self, sender: Sender, channel_id: str, chaincode: str, name: str | None = None) -> None:
        self._sender = sender
        self._channel_id = channel_id
        self._chaincode = chaincode
        self._prefix = f"{name}:" if name else ""

    async def evaluate(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """
        Return the contract's answer on one peer; nothing is written.

        Raises:
            EvaluateError: the contract or a peer refused, or did not answer in time.
        """
        return await self.propose(
            function, *args, transient=transient, endorsing_organizations=endorsing_organizations
        ).evaluate()

    async def submit(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """
        Endorse, order and wait; return the contract's answer.

        Raises:
            EndorseError: the contract or a peer refused; nothing was written.
            SubmitError: the orderer's answer is missing or negative; ``outcome_known`` says which.
            CommitStatusError: outcome unknown; ask again with its transaction id.
            CommitError: in a block, but marked invalid; nothing was written.
        """
        submitted = await self.submit_async(
            function, *args, transient=transient, endorsing_organizations=endorsing_organizations
        )
        status = await submitted.wait_committed()
        if not status.valid:
            raise errors.CommitError(status.transaction_id, status.code, status.block_number)
        return submitted.result

    async def submit_async(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Submitted:
        """
        Endorse and order; return before the transaction is in a block.

        Raises:
            EndorseError: the contract or a peer refused; nothing was written.
            SubmitError: the orderer's answer is missing or negative; ``outcome_known`` says which.
        """
        endorsed = await self.propose(
            function, *args, transient=transient, endorsing_organizations=endorsing_organizations
        ).endorse()
        return Submitted(endorsed.result, await endorsed.submit())

    def propose(
        self,
        function: str,
        *args: str | bytes,
        transient: Transient | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """Return a call as its first step, to be signed elsewhere or taken step by step; nothing is sent."""
        message = steps.propose(
            self._channel_id,
            self._chaincode,
            [self._prefix + function, *args],
            self._sender.session.caller.creator,
            transient,
            endorsing_organizations,
        )
        return Proposal(self._sender, message, self._channel_id)
