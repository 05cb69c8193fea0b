"""The chaincodes every peer has built in: ``qscc`` reads the ledger, ``cscc`` joins and describes channels."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.peer import query_pb2, transaction_pb2

from hlf.network.engines.embedded.endorse import access, chaincodes
from hlf.network.engines.embedded.endorse.lifecyclecalls.calls import LifecycleCalls
from hlf.network.engines.embedded.endorse.systemanswers import Response, failure, is_text, success, text
from hlf.network.engines.embedded.order import joining
from hlf.network.engines.embedded.wire import gotext
from hlf.network.engines.embedded.wire.requests import ProposalRequest
from hlf.wire import envelopes, keys

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.transactions import SimulatedTransaction
    from hlf.network.engines.embedded.state.ledger import ChannelLedger
    from hlf.network.engines.embedded.state.waiting import TransactionRecord

_UINT64 = re.compile(rb"[0-9]+")
_MOST_DIGITS = 20


class CallError(Exception):
    """A built-in chaincode refuses a call; the text is Fabric's."""


class SystemChaincodes:
    """The built-in chaincodes of one peer."""

    def __init__(self, peer: PeerState) -> None:
        self._peer = peer
        self._lifecycle = LifecycleCalls(peer)

    async def run(
        self, transaction: SimulatedTransaction, args: tuple[bytes, ...], request: ProposalRequest
    ) -> Response:
        """Answer one call as a chaincode does: refusals are responses with status 500."""
        name = transaction.namespace
        if name == keys.LIFECYCLE:
            return self._lifecycle.run(transaction, args, request)
        if name == "lscc":
            raise chaincodes.ExecutionError(
                "could not launch chaincode lscc.syscc: error building chaincode: the old lifecycle is not served: use "
                "_lifecycle, which came with Fabric 2.0"
            )
        if request.chaincode != name:
            return failure(_rejected(name, request.chaincode))
        try:
            if name == "qscc":
                return success(self._query_ledger(args, request))
            return success(await self._configure(args, request))
        except CallError as error:
            return failure(str(error))

    # qscc ---------------------------------------------------------------------------------------------------------

    def _query_ledger(self, args: tuple[bytes, ...], request: ProposalRequest) -> bytes:
        if len(args) < 2:
            raise CallError(f"Incorrect number of arguments, {len(args)}")
        function, channel_id = text(args[0]), text(args[1])
        if function != "GetChainInfo" and len(args) < 3:
            raise CallError(f"missing 3rd argument for {function}")
        channel = self._peer.channel(channel_id)
        if channel is None:
            raise CallError(f"Invalid chain ID, {channel_id}")
        refusal = access.proposal_refusal(f"qscc/{function}", channel.bundle, channel_id, request, self._peer.local)
        if refusal is not None:
            raise CallError(f"access denied for [{function}][{channel_id}]: [{refusal}]")
        if function == "GetChainInfo":
            return _chain_info(channel.ledger)
        query = _QUERIES.get(function)
        if query is None:
            raise CallError(f"Requested function {function} not found.")
        return query(channel.ledger, args[2], self._peer.snapshots.first_block(channel_id))

    # cscc ---------------------------------------------------------------------------------------------------------

    async def _configure(self, args: tuple[bytes, ...], request: ProposalRequest) -> bytes:
        if not args:
            raise CallError("Incorrect number of arguments, 0")
        function = text(args[0])
        if function not in ("GetChannels", "JoinBySnapshotStatus") and len(args) < 2:
            raise CallError(f"Incorrect number of arguments, {len(args)}")
        if function == "JoinChain":
            return await self._join_chain(args[1], request)
        if function == "GetChannels":
            self._allow(function, None, request)
            joined = [query_pb2.ChannelInfo(channel_id=name) for name in self._peer.channels.joined(self._peer.name)]
            return query_pb2.ChannelQueryResponse(channels=joined).SerializeToString()
        if function in ("GetConfigBlock", "GetChannelConfig"):
            return self._describe(function, text(args[1]), request)
        if function == "JoinChainBySnapshot":
            return self._join_by_snapshot(text(args[1]), request)
        if function == "JoinBySnapshotStatus":
            self._allow(function, None, request)
            folder = self._peer.bootstrapping
            return query_pb2.JoinBySnapshotStatus(
                in_progress=bool(folder), bootstrapping_snapshot_dir=folder
            ).SerializeToString()
        raise CallError(f"Requested function {function} not found.")

    def _describe(self, function: str, channel_id: str, request: ProposalRequest) -> bytes:
        if function == "GetChannelConfig" and not channel_id:
            raise CallError("empty channel name provided")
        self._allow(function, channel_id, request)
        channel = self._peer.channel(channel_id)
        if channel is None:
            raise CallError(f"unknown channel ID, {channel_id}")
        if function == "GetChannelConfig":
            return channel.bundle.config.SerializeToString()
        first = self._peer.snapshots.first_block(channel_id)
        for number in (channel.ledger.height - 1, last_config(channel.ledger)):
            if number < first:
                raise CallError(_not_served(number, first))
        return channel.ledger.stored(last_config(channel.ledger))

    async def _join_chain(self, block: bytes, request: ProposalRequest) -> bytes:
        try:
            channel_id, _ = joining.peer_block(block)
        except joining.JoinError as error:
            raise CallError(str(error)) from None
        refusal = access.proposal_refusal("cscc/JoinChain", None, "", request, self._peer.local)
        if refusal is not None:
            raise CallError(f"access denied for [JoinChain][{channel_id}]: [{refusal}]")
        if channel_id in self._peer.channels.joined(self._peer.name):
            raise CallError(
                f"cannot create ledger from genesis block: ledger [{channel_id}] already exists with state [ACTIVE]"
            )
        if busy := self._why_busy():
            raise CallError(f"cannot create ledger from genesis block: {busy}")
        try:
            await self._peer.channels.join_peer(block, self._peer.name, self._peer.msp_id)
        except joining.JoinError as error:
            raise CallError(str(error)) from None
        return b""

    def _join_by_snapshot(self, folder: str, request: ProposalRequest) -> bytes:
        """Begin to join by a snapshot's folder; like a real peer, answer before any of it is read."""
        if not folder:
            raise CallError("Cannot join the channel, no snapshot directory provided")
        refusal = access.proposal_refusal("cscc/JoinChainBySnapshot", None, "", request, self._peer.local)
        if refusal is not None:
            raise CallError(f"access denied for [JoinChainBySnapshot]: [{refusal}]")
        reason = _why_no_snapshot(folder) or self._why_busy()
        if reason:
            raise CallError(f"cannot create ledger from snapshot {folder}: {reason}")
        self._peer.bootstrap(folder)
        return b""

    def _why_busy(self) -> str:
        folder = self._peer.bootstrapping
        if not folder:
            return ""
        return f"a ledger is being created from a snapshot at {folder}. Call ledger creation again after it is done."

    def _allow(self, function: str, channel_id: str | None, request: ProposalRequest) -> None:
        channel = self._peer.channel(channel_id) if channel_id is not None else None
        refusal = access.proposal_refusal(
            f"cscc/{function}",
            channel.bundle if channel is not None else None,
            channel_id or "",
            request,
            self._peer.local,
        )
        if refusal is not None:
            place = f"[{function}]" if channel_id is None else f"[{function}][{channel_id}]"
            raise CallError(f"access denied for {place}: {refusal}")


def _why_no_snapshot(folder: str) -> str:
    """Return Go's error for a folder that cannot hold a snapshot; empty if it can."""
    try:
        return "" if os.listdir(folder) else f"snapshot dir {folder} is empty"
    except NotADirectoryError:
        return f"error checking if dir [{folder}] is empty: readdirent {folder}: not a directory"
    except OSError as error:
        return f"error opening dir [{folder}]: open {folder}: {(error.strerror or '').lower()}"


def last_config(ledger: ChannelLedger) -> int:
    """Return the number of the block that holds the channel's present configuration."""
    block = common_pb2.Block.FromString(ledger.stored(ledger.height - 1))
    metadata = common_pb2.Metadata.FromString(block.metadata.metadata[common_pb2.SIGNATURES])
    return common_pb2.OrdererBlockMetadata.FromString(metadata.value).last_config.index


def _rejected(name: str, original: str) -> str:
    if name == "qscc":
        return (
            "Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation "
            f"for '{original}'"
        )
    return f"Rejecting invoke of CSCC from another chaincode, original invocation for '{original}'"


def _chain_info(ledger: ChannelLedger) -> bytes:
    return ledger_pb2.BlockchainInfo(
        height=ledger.height, currentBlockHash=ledger.current_hash, previousBlockHash=ledger.previous_hash
    ).SerializeToString()


def _not_served(number: int, first: int) -> str:
    """Return a peer's error for a block before the snapshot that it joined by."""
    return (
        f"cannot serve block [{number}]. The ledger is bootstrapped from a snapshot. First available block = [{first}]"
    )


def _block_by_number(ledger: ChannelLedger, argument: bytes, first: int) -> bytes:
    unreadable = f"Failed to parse block number with error strconv.ParseUint: parsing {gotext.literal(argument)}"
    if not _UINT64.fullmatch(argument):
        raise CallError(f"{unreadable}: invalid syntax")
    # Python refuses to read a number of very many digits.
    digits = argument.lstrip(b"0") or b"0"
    if len(digits) > _MOST_DIGITS or (number := int(digits)) >= 1 << 64:
        raise CallError(f"{unreadable}: value out of range")
    # The largest number means the newest block.
    newest = number == envelopes.LAST_BLOCK
    wanted = ledger.height - 1 if newest else number
    if wanted < first:
        raise CallError(f"Failed to get block number {number}, error {_not_served(wanted, first)}")
    block = ledger.block(wanted) if wanted < 1 << 63 else None
    if block is None:
        raise CallError(f"Failed to get block number {number}, error no such block number [{number}] in index")
    return block


def _block_by_hash(ledger: ChannelLedger, argument: bytes, first: int) -> bytes:
    block = ledger.block_by_hash(argument)
    if block is None or common_pb2.Block.FromString(block).header.number < first:
        raise CallError(
            f"Failed to get block hash {text(argument)}, error no such block hash [{argument.hex()}] in index"
        )
    return block


def _block_by_transaction(ledger: ChannelLedger, argument: bytes, first: int) -> bytes:
    return ledger.stored(_record(ledger, argument, first, "block for txID").block_number)


def _record(ledger: ChannelLedger, argument: bytes, first: int, what: str) -> TransactionRecord:
    name = text(argument)
    record = ledger.transaction(name) if is_text(argument) else None
    if record is None:
        raise CallError(f"Failed to get {what} {name}, error no such transaction ID [{name}] in index")
    if record.block_number < first:
        raise CallError(
            f"Failed to get {what} {name}, error details for the TXID [{name}] not available. Ledger bootstrapped from "
            f"a snapshot. First available block = [{first}]"
        )
    return record


def _transaction(ledger: ChannelLedger, argument: bytes, first: int) -> bytes:
    record = _record(ledger, argument, first, "transaction with id")
    processed = transaction_pb2.ProcessedTransaction(validationCode=record.code)
    processed.transactionEnvelope.ParseFromString(record.envelope)
    return processed.SerializeToString()


_QUERIES = {
    "GetBlockByNumber": _block_by_number,
    "GetBlockByHash": _block_by_hash,
    "GetBlockByTxID": _block_by_transaction,
    "GetTransactionByID": _transaction,
}
