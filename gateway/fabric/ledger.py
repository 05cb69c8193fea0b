"""Calls to Fabric as the caller."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

import grpc
from fabric_protos.common import ledger_pb2

from gateway.fabric import channels, ordering, planning, races
from gateway.fabric.connections import LedgerConnections
from gateway.fabric.declarations import Declarations, DeclaredFunction, Functions
from gateway.fabric.ledgercalls import (
    CommittedAnswer,
    CursorError,
    LedgerCall,
    PolicyChangedError,
    check_sendable,
    must_be_there,
)
from gateway.fabric.wallet import Wallet, WalletError
from gateway.http.freshness import Heights
from gateway.store.checkpoints import EventCursor
from hlf import errors
from hlf.client import commit
from hlf.client.contract import Contract
from hlf.client.network import Network
from hlf.client.streams import EventStream
from hlf.client.transaction import Transaction
from hlf.steps.events import BlockAndPrivateData, ChaincodeEvent
from hlf.wire import blocks

_Answer = TypeVar("_Answer")
# How long to ask whether a transaction is in a block already, before it is sent again.
_ASK_SECONDS = 2.0

# Errors of the question for a transaction's status; they tell nothing about the transaction.
_REFUSED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}


class Ledgers(LedgerConnections):
    """The channels as each identity calls and reads them."""

    def __init__(self, wallet: Wallet, submit_seconds: int, interceptors: Sequence[Any] = ()) -> None:
        super().__init__(wallet, submit_seconds, interceptors)
        self.submit_seconds = submit_seconds
        self._heights = Heights()
        # Organisations and channels whose blocks clients can read only through qscc, without private data.
        self._closed: set[tuple[str, str]] = set()
        self.declarations = Declarations()

    def serves(self, channel: str, organisations: Sequence[str]) -> bool:
        """Return whether the peer of one of these organisations has *channel* and answers for it."""
        for msp_id in organisations:
            with contextlib.suppress(errors.HlfError, WalletError, IndexError):
                user = self._wallet.signing_user(msp_id) or self._wallet.users(msp_id)[0]
                system = self.network(msp_id, user, channel).contract("qscc")
                system.evaluate("GetChainInfo", channel, endorsing_organizations=(msp_id,))
                return True
        return False

    def status(self, msp_id: str, user: str, channel: str, transaction_id: str, seconds: float) -> commit.Status:
        """
        Return the status of a transaction; wait up to *seconds* for its commit.

        Raises:
            hlf.errors.CommitStatusError: not committed so far, or never sent.
            hlf.errors.EvaluateError: the question was refused; this says nothing about the transaction.
        """
        try:
            return self._connection(msp_id, user).commit_status(channel, transaction_id).wait_committed(seconds)
        except errors.CommitStatusError as failed:
            if failed.status not in _REFUSED:
                raise
            raise errors.EvaluateError(failed.message, status=failed.status, details=failed.details) from failed

    def check_stream(self, msp_id: str, user: str, channel: str, chaincode: str, cursor: EventCursor | None) -> int:
        """
        Return the number of the next block; refuse a stream that could never give an event, or miss some silently.

        Raises:
            gateway.fabric.channels.ExplainedError: there is no such chaincode.
            CursorError: the cursor is not an event of this stream.
            gateway.http.freshness.NotReachedError: the peer does not have the cursor's block.
            hlf.errors.EvaluateError, hlf.errors.EventsError: the channel does not exist, or the peer cannot be asked.
        """
        network = self.network(msp_id, user, channel)
        if channels.is_defined(network, chaincode) is False:
            raise channels.ExplainedError(f"{channel} has no chaincode {chaincode}", code="CHAINCODE_NOT_FOUND")
        if cursor is not None:
            self._wait(msp_id, user, LedgerCall(channel, chaincode, "", after=cursor.block_number), {msp_id})
            if not channels.has_event(network, chaincode, cursor):
                raise CursorError(f"{cursor} is not an event of {chaincode} on {channel}")
        return network.height()

    def evaluate(self, msp_id: str, user: str, call: LedgerCall) -> bytes:
        """
        Return a query's answer; nothing is written.

        Raises:
            hlf.errors.EvaluateError: the contract refused or the peer could not be asked.
            gateway.fabric.channels.ExplainedError: nobody can answer; the error has the cause.
            gateway.http.freshness.NotReachedError: a peer does not have the block that the answer must build on.
            gateway.fabric.planning.UnplannedError: the call has a private value that the function does not take.
            GoneError, ArgumentError, gateway.fabric.wallet.WalletError.
        """
        call = self._addressed(msp_id, user, call, planning.evaluated)
        contract = self._contract(msp_id, user, call)
        texts = call.texts()
        return self.building_on(
            msp_id,
            user,
            call,
            lambda: contract.evaluate(
                call.function, *texts, transient=dict(call.transient), endorsing_organizations=call.endorsers
            ),
        )

    def submit(
        self, msp_id: str, user: str, call: LedgerCall, before_sending: Callable[[str, bytes], None]
    ) -> CommittedAnswer:
        """
        Endorse, order and wait for the commit.

        *before_sending* gets the transaction's id and bytes before the orderer gets the transaction. So after a
        crash in between, it can be carried on.

        Raises:
            hlf.errors.EndorseError: nothing was written.
            hlf.errors.SubmitError, hlf.errors.CommitStatusError: it may have been written.
            hlf.errors.CommitError: the transaction is in a block, but invalid; nothing was written.
                PolicyChangedError is a kind of it.
            gateway.fabric.channels.ExplainedError: nobody can endorse; the error has the cause.
            NothingToWriteError: the function only reads; nothing was sent to the orderer.
            gateway.http.freshness.NotReachedError: a peer does not have the block to build on; nothing was
                sent.
            gateway.fabric.planning.UnplannedError: it is unknown who may see the private values; nothing was
                sent.
            GoneError, ArgumentError, gateway.fabric.wallet.WalletError.
        """
        call = self._addressed(msp_id, user, call, planning.submitted)
        contract = self._contract(msp_id, user, call)
        texts = call.texts()
        transaction = self.building_on(
            msp_id,
            user,
            call,
            lambda: contract.propose(
                call.function, *texts, transient=dict(call.transient), endorsing_organizations=call.endorsers
            ).endorse(),
        )
        check_sendable(call, transaction)
        before_sending(transaction.transaction_id, transaction.bytes)
        return self.settled(msp_id, user, call.channel, ordering.ordered(transaction, self.submit_seconds))

    def settled(self, msp_id: str, user: str, channel: str, sent: ordering.OrderedTransaction) -> CommittedAnswer:
        """
        Return the receipt of a transaction that an orderer has accepted; send it again while no block has it.

        Raises:
            hlf.errors.CommitStatusError: its outcome is unknown.
            hlf.errors.CommitError: the transaction is in a block, but invalid; nothing was written.
        """
        return self._receipt(msp_id, user, channel, sent.transaction, ordering.committed(sent))

    def carry_on(
        self, msp_id: str, user: str, channel: str, kept: bytes, sending: Callable[[str], None]
    ) -> CommittedAnswer:
        """
        Return the receipt of a transaction that an earlier attempt may have sent; send it if no block has it.

        However often it is sent, it commits at most once. *sending* gets its id first.

        Raises:
            hlf.errors.SubmitError, hlf.errors.CommitStatusError: its outcome is still unknown.
            hlf.errors.CommitError: the transaction is in a block, but invalid; nothing was written.
            hlf.errors.WireError: *kept* is not what ``submit`` gave.
        """
        transaction = self._connection(msp_id, user).transaction_from_bytes(kept)
        sending(transaction.transaction_id)
        try:
            status = transaction.commit().wait_committed(_ASK_SECONDS)
        except errors.CommitStatusError:
            return self.settled(msp_id, user, channel, ordering.ordered(transaction, self.submit_seconds))
        return self._receipt(msp_id, user, channel, transaction, status)

    def plan(self, msp_id: str, user: str, call: LedgerCall) -> planning.CallPlan:
        """
        Return who must endorse *call* and who would see its private values; only the caller's own peer is asked.

        Raises:
            hlf.errors.EvaluateError: a query for a party was refused, or the organisation's own peer cannot be
                asked.
            gateway.fabric.planning.UnplannedError: a party is unknown.
            ArgumentError, gateway.fabric.wallet.WalletError.
        """
        declared = self._declared(msp_id, user, call, private=True)
        decide = planning.submitted if declared is None or declared.writes else planning.evaluated
        return decide(self._asking(msp_id, user, call), declared)

    def functions(self, msp_id: str, user: str, channel: str, chaincode: str) -> Functions:
        """
        Return the functions that a chaincode publishes at the organisation's own peer, by their whole names.

        Raises:
            hlf.errors.EvaluateError, hlf.errors.WireError: the peer cannot be asked, or the metadata not be read.
            gateway.fabric.channels.ExplainedError: there is no such chaincode.
        """
        network = self.network(msp_id, user, channel)
        if channels.is_defined(network, chaincode) is False:
            raise channels.ExplainedError(f"{channel} has no chaincode {chaincode}", code="CHAINCODE_NOT_FOUND")
        return self.declarations.published(network, msp_id, chaincode)

    @contextlib.contextmanager
    def events(
        self, msp_id: str, user: str, channel: str, chaincode: str, start_block: int, after: str
    ) -> Iterator[EventStream[ChaincodeEvent]]:
        """
        Yield the chaincode's events from *start_block* on, or after the transaction *after*; close the stream at
        the end.
        """
        stream = self.network(msp_id, user, channel).chaincode_events(
            chaincode, start_block=start_block, after_transaction_id=after or None
        )
        try:
            yield stream
        finally:
            stream.close()

    def height(self, msp_id: str, user: str, channel: str) -> int:
        """
        Return how many blocks the organisation's peer has.

        Raises:
            hlf.errors.EvaluateError: it does not have the channel, or cannot be asked.
        """
        system = self.network(msp_id, user, channel).contract("qscc")
        answer = system.evaluate("GetChainInfo", channel, endorsing_organizations=(msp_id,))
        return int(ledger_pb2.BlockchainInfo.FromString(answer).height)

    def blocks(
        self, msp_id: str, user: str, channel: str, first: int, last: int
    ) -> contextlib.closing[Generator[BlockAndPrivateData, None, None]]:
        """
        Return the blocks from *first* to *last*, to be closed.

        They have the private data that the organisation may see, if the channel's rule ``event/Block`` allows that.

        Raises:
            hlf.errors.HlfError: while they are read: a block cannot be got.
        """
        return contextlib.closing(self._blocks(self.network(msp_id, user, channel), msp_id, first, last))

    def _blocks(
        self, network: Network, msp_id: str, first: int, last: int
    ) -> Generator[BlockAndPrivateData, None, None]:
        if (msp_id, network.name) not in self._closed:
            with contextlib.closing(network.block_and_private_data_events(first, last_block=last)) as stream:
                try:
                    yield from stream
                    return
                except errors.EventsError as refused:
                    if refused.status is not grpc.StatusCode.PERMISSION_DENIED:
                        raise
                    self._closed.add((msp_id, network.name))
        for number in range(first, last + 1):
            yield BlockAndPrivateData(blocks.decode(network.block(number)), {})

    def _addressed(
        self,
        msp_id: str,
        user: str,
        call: LedgerCall,
        decide: Callable[[planning.PlanRequest, DeclaredFunction | None], planning.CallPlan],
    ) -> LedgerCall:
        """Return *call* with the organisations that it goes to, as its function declares."""
        if call.endorsers == (msp_id,) or (call.endorsers and not call.transient):
            # Nothing leaves the organisation, or nothing private does.
            return call
        asking = self._asking(msp_id, user, call)
        try:
            declared = self._declared(msp_id, user, call, private=bool(call.transient))
        except (errors.GatewayError, errors.WireError):
            if call.transient:
                raise
            # The call itself gives the best error for its channel, its chaincode or the peer.
            return call
        return dataclasses.replace(call, endorsers=decide(asking, declared).endorsers)

    def _declared(self, msp_id: str, user: str, call: LedgerCall, *, private: bool) -> DeclaredFunction | None:
        network = self.network(msp_id, user, call.channel)
        return self.declarations.find(network, msp_id, call.chaincode, call.function, private=private)

    def _asking(self, msp_id: str, user: str, call: LedgerCall) -> planning.PlanRequest:
        def ask(function: str, arguments: Sequence[str]) -> bytes:
            asked = dataclasses.replace(
                call, function=function, arguments=tuple(arguments), transient={}, endorsers=(msp_id,)
            )
            return self.evaluate(msp_id, user, asked)

        return planning.PlanRequest(msp_id, call.texts(), call.transient, call.endorsers, ask)

    def building_on(self, msp_id: str, user: str, call: LedgerCall, ask: Callable[[], _Answer]) -> _Answer:
        """
        Return the answer, by *ask*, of peers that have the block that *call* must build on.

        It waits for named peers before the call. Which peers Fabric chooses shows only when one refuses: then it
        waits for the peers in the refusal, and asks once more.
        """
        if call.after is not None:
            self._wait(msp_id, user, call, set(call.endorsers) | {msp_id})
        must_be_there(call)

        if call.after is None:
            return self._explaining(msp_id, user, call, ask)
        try:
            return self._explaining(msp_id, user, call, ask)
        except (errors.EvaluateError, errors.EndorseError) as refused:
            spoke = {detail.msp_id for detail in refused.details} - {""}
            if not spoke:
                raise
            self._wait(msp_id, user, call, spoke)
            return ask()

    def _explaining(self, msp_id: str, user: str, call: LedgerCall, ask: Callable[[], _Answer]) -> _Answer:
        """Return the answer; if Fabric only says that nobody can answer, ask the channel for the cause."""
        try:
            return ask()
        except (errors.EvaluateError, errors.EndorseError) as refused:
            why = self.explained(msp_id, user, call, refused)
            if why is refused:
                raise
            raise why from refused

    def explained(self, msp_id: str, user: str, call: LedgerCall, refused: errors.GatewayError) -> Exception:
        """Return the cause of a refusal if Fabric only says that nobody can answer; else *refused*."""
        return channels.explained(self.network(msp_id, user, call.channel), call.chaincode, call.endorsers, refused)

    def _wait(self, msp_id: str, user: str, call: LedgerCall, organisations: set[str]) -> None:
        def height(channel: str, organisation: str) -> bytes:
            system = self.network(msp_id, user, channel).contract("qscc")
            return system.evaluate("GetChainInfo", channel, endorsing_organizations=(organisation,))

        # If a peer cannot be asked for its height, the call itself gives the better error.
        with contextlib.suppress(errors.EvaluateError):
            self._heights.wait(call.channel, sorted(organisations), call.after or 0, height, call.gone)

    def _receipt(
        self, msp_id: str, user: str, channel: str, transaction: Transaction, status: commit.Status
    ) -> CommittedAnswer:
        if not status.valid:
            raise self._invalid(msp_id, user, channel, status)
        return CommittedAnswer(status.transaction_id, status.block_number, transaction.result)

    def _invalid(self, msp_id: str, user: str, channel: str, status: commit.Status) -> errors.CommitError:
        """Return the error for a transaction that is in a block and marked invalid."""
        found = errors.CommitError(status.transaction_id, status.code, status.block_number)
        if found.name == "ENDORSEMENT_POLICY_FAILURE" and races.lost(self.network(msp_id, user, channel), found):
            return PolicyChangedError(status.transaction_id, status.code, status.block_number)
        return found

    def _contract(self, msp_id: str, user: str, call: LedgerCall) -> Contract:
        return self.network(msp_id, user, call.channel).contract(call.chaincode)
