"""
Calls on the event loop, by ``hlf.aio``, that wait for nothing but the answer or the block.

The user's connection for threads must exist, its files must have been checked lately, its key must be in memory, and
the plan must need no peer. ``Ledgers`` does all other calls in threads; after that the next call can run here. It also
finishes transactions that are invalid or that no block has after the first wait.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gateway.fabric import ordering, planning
from gateway.fabric.declarations import DeclaredFunction
from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import ArgumentError, CommittedAnswer, LedgerCall, check_sendable, must_be_there
from gateway.fabric.ordering import OrderedTransaction
from hlf import aio, errors, signers
from hlf.aio.contract import Contract
from hlf.aio.session import Session
from hlf.client import gateway as fabric
from hlf.steps.budget import Budget
from hlf.steps.commit import Status

# To read what a longer transaction writes would hold up the event loop.
_SHORT = 1 << 16
Decide = Callable[[planning.PlanRequest, DeclaredFunction | None], planning.CallPlan]
"""``planning.evaluated`` or ``planning.submitted``."""


@dataclass(frozen=True)
class ReadyCall:
    """
    A call with the organisations that it goes to, and the user's connections for the loop and for threads.

    Attributes:
        seconds: how long a submitted transaction may take to its commit.
    """

    call: LedgerCall
    connection: aio.Gateway
    threads: fabric.Gateway
    seconds: float

    async def evaluate(self) -> bytes:
        """
        Return the answer.

        Raises:
            hlf.errors.EvaluateError: the contract refused or the peer could not be asked; ``Ledgers.explained`` may
                know more.
            ArgumentError.
        """
        call = self.call
        return await self._contract().evaluate(call.function, *call.texts(), endorsing_organizations=call.endorsers)

    async def submit(self, sending: Callable[[str], None]) -> CommittedAnswer | OrderedTransaction:
        """
        Endorse, order and wait for the block; return what ``Ledgers.settled`` needs if the transaction is not valid.

        *sending* gets its id before the orderer gets the transaction. Cancel this only before that: the outcome would
        be unknown.

        Raises:
            hlf.errors.EndorseError: nothing was written; ``Ledgers.explained`` may know more.
            hlf.errors.SubmitError: it may have been written.
            NothingToWriteError, GoneError, ArgumentError.
        """
        call = self.call
        must_be_there(call)
        proposal = self._contract().propose(call.function, *call.texts(), endorsing_organizations=call.endorsers)
        transaction = await proposal.endorse()
        if len(transaction.message) > _SHORT:
            await asyncio.to_thread(check_sendable, call, transaction)
        else:
            check_sendable(call, transaction)
        sending(transaction.transaction_id)
        wait, left = ordering.patience(self.seconds), Budget(self.seconds)
        commit = await transaction.submit()
        found: Status | errors.CommitStatusError
        try:
            found = await commit.wait_committed(left.within(wait))
        except errors.CommitStatusError as unknown:
            found = unknown
        else:
            if found.valid:
                return CommittedAnswer(found.transaction_id, found.block_number, transaction.result)
        return OrderedTransaction(self.threads.transaction_from_bytes(transaction.bytes), wait, left, found)

    def _contract(self) -> Contract:
        return self.connection.network(self.call.channel).contract(self.call.chaincode)


class LoopCalls:
    """The connections of an event loop, one for each user; only tasks of that loop may use them."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers
        # By the connection for threads. A connection whose counterpart was replaced stays open to the end, too.
        self._connected: dict[fabric.Gateway, aio.Gateway] = {}

    def ready(self, msp_id: str, user: str, call: LedgerCall, decide: Decide) -> ReadyCall | None:
        """
        Return a call without private values, ready to be sent, planned by *decide*; None if a file or a peer is needed
        first.
        """
        threads = self._ledgers.at_hand(msp_id, user)
        if threads is None or not signers.is_local(threads.session.caller.signer) or call.transient:
            return None
        addressed = call if call.endorsers else self._addressed(msp_id, call, decide)
        if addressed is None:
            return None
        connection = self._connected.get(threads)
        if connection is None:
            connection = self._connected[threads] = _like(threads)
        return ReadyCall(addressed, connection, threads, self._ledgers.submit_seconds)

    async def close(self) -> None:
        """Close all connections; running calls fail."""
        connected, self._connected = self._connected, {}
        for connection in connected.values():
            await connection.close()

    def _addressed(self, msp_id: str, call: LedgerCall, decide: Decide) -> LedgerCall | None:
        functions = self._ledgers.declarations.at_hand(msp_id, call.channel, call.chaincode, call.function)
        if functions is None:
            return None
        try:
            asking = planning.PlanRequest(msp_id, call.texts(), call.transient, call.endorsers, _refuse)
            planned = decide(asking, functions.get(call.function))
        except (_AskingError, ArgumentError):
            return None
        return dataclasses.replace(call, endorsers=planned.endorsers)


class _AskingError(Exception):
    """A peer would have to be asked for the plan."""


def _refuse(function: str, arguments: Sequence[str]) -> NoReturn:
    raise _AskingError


def _like(threads: fabric.Gateway) -> aio.Gateway:
    """Return a connection of the same user to the same peers."""
    own = threads.session
    session = Session(own.identity, own.caller.signer, tls_identity=own.connections.tls_identity)
    return aio.Gateway(session, threads.peers, threads.timeouts, threads.retry)
