"""
Evaluates on the event loop, by ``hlf.aio``, for calls that wait for nothing but the answer.

The user's connection for threads must exist, its files must have been checked lately, its key must be in memory, and
the plan must need no peer. ``Ledgers`` does all other calls in threads; after that the next call can run here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from gateway.fabric import planning
from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import ArgumentError, LedgerCall
from hlf import aio, signers
from hlf.aio.session import Session
from hlf.client import gateway as fabric


@dataclass(frozen=True)
class ReadyCall:
    """A query with the organisations that it goes to, and the connection that it takes."""

    call: LedgerCall
    connection: aio.Gateway

    async def evaluate(self) -> bytes:
        """
        Return the answer.

        Raises:
            hlf.errors.EvaluateError: the contract refused or the peer could not be asked; ``Ledgers.explained`` may
                know more.
            ArgumentError.
        """
        call = self.call
        contract = self.connection.network(call.channel).contract(call.chaincode)
        return await contract.evaluate(call.function, *call.texts(), endorsing_organizations=call.endorsers)


class LoopCalls:
    """The connections of an event loop, one for each user; only tasks of that loop may use them."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers
        # By the connection for threads. A connection whose counterpart was replaced stays open to the end, too.
        self._connected: dict[fabric.Gateway, aio.Gateway] = {}

    def ready(self, msp_id: str, user: str, call: LedgerCall) -> ReadyCall | None:
        """Return a query without private values, ready to be sent; None if a file or a peer is needed first."""
        threads = self._ledgers.at_hand(msp_id, user)
        if threads is None or not signers.is_local(threads.session.caller.signer) or call.transient:
            return None
        addressed = call if call.endorsers else self._addressed(msp_id, call)
        if addressed is None:
            return None
        connection = self._connected.get(threads)
        if connection is None:
            connection = self._connected[threads] = _like(threads)
        return ReadyCall(addressed, connection)

    async def close(self) -> None:
        """Close all connections; running calls fail."""
        connected, self._connected = self._connected, {}
        for connection in connected.values():
            await connection.close()

    def _addressed(self, msp_id: str, call: LedgerCall) -> LedgerCall | None:
        functions = self._ledgers.declarations.at_hand(msp_id, call.channel, call.chaincode, call.function)
        if functions is None:
            return None
        try:
            asking = planning.PlanRequest(msp_id, call.texts(), call.transient, call.endorsers, _refuse)
            planned = planning.evaluated(asking, functions.get(call.function))
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
