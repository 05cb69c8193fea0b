"""Networks: one channel, its contracts and its events."""

from __future__ import annotations

from typing import Any

from hlf.aio import events
from hlf.aio.contract import Contract
from hlf.aio.events import EventsRequest
from hlf.aio.sending import Sender
from hlf.aio.streams import EventStream
from hlf.steps import events as messages
from hlf.steps import requests
from hlf.steps.checkpoints import Checkpoint, Position, begun
from hlf.steps.events import BlockAndPrivateData, ChaincodeEvent, FilteredBlock
from hlf.steps.reconnecting import OnBreak
from hlf.wire import blocks


class Network:
    """
    A channel.

    Every event stream begins at ``checkpoint.position`` if there is one, else at *start_block*, else at the first
    block that the peer does not have yet at the call. A new checkpoint stores that start, so that a consumer that
    stops before its first event misses nothing. The stream heals: see ``streams``. *on_break* is called with the
    error of each break, before the stream heals, and the stream raises the exceptions of *on_break*.

    Every coroutine that opens a stream raises EventsError if the peer cannot be reached, or refuses.
    """

    def __init__(self, sender: Sender, name: str) -> None:
        self._sender = sender
        self.name = name

    def contract(self, chaincode: str, name: str | None = None) -> Contract:
        """Return the chaincode of that name; with *name*, one of the contracts in it."""
        return Contract(self._sender, self.name, chaincode, name)

    async def height(self, timeout: float | None = None) -> int:
        """
        Return the number of blocks the gateway's peer has.

        Raises:
            EventsError: the peer cannot be reached, or refuses.
        """
        return await events.newest_block(self._sender, self.name, timeout) + 1

    async def block(self, number: int, timeout: float | None = None) -> bytes:
        """
        Return one block of the gateway's peer, from qscc; for channels whose block events clients may not read.

        Raises:
            EvaluateError: there is no such block, or the peer refuses.
        """
        return await self.contract("qscc").evaluate("GetBlockByNumber", self.name, str(number), timeout=timeout)

    async def chaincode_events(
        self,
        chaincode: str,
        start_block: int | None = None,
        after_transaction_id: str | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        on_break: OnBreak | None = None,
    ) -> EventStream[ChaincodeEvent]:
        """
        Return the events that valid transactions of *chaincode* set; close the stream when done.

        Args:
            after_transaction_id: skip the events up to this transaction's, which must have set one.
        """
        start = await self._start(start_block, checkpoint, after_transaction_id)
        return events.chaincode_events(self._sender, self.name, chaincode, start, on_break)

    async def block_events(
        self,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        last_block: int | None = None,
        on_break: OnBreak | None = None,
    ) -> EventStream[blocks.Block]:
        """Return blocks as plain records, with validation codes; without end, or to *last_block*."""
        start = await self._start(start_block, checkpoint)
        return events.delivered(self._sender, self.name, start, last_block, "Deliver", messages.block, on_break)

    async def serialized_blocks(
        self,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        last_block: int | None = None,
        on_break: OnBreak | None = None,
    ) -> EventStream[bytes]:
        """Return blocks as bytes, for export; without end, or to *last_block*."""
        start = await self._start(start_block, checkpoint)
        return events.delivered(
            self._sender, self.name, start, last_block, "Deliver", messages.serialized_block, on_break
        )

    async def filtered_block_events(
        self,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        last_block: int | None = None,
        on_break: OnBreak | None = None,
    ) -> EventStream[FilteredBlock]:
        """Return transaction ids, validation codes and names of events; without end, or to *last_block*."""
        start = await self._start(start_block, checkpoint)
        return events.delivered(
            self._sender, self.name, start, last_block, "DeliverFiltered", messages.filtered_block, on_break
        )

    async def block_and_private_data_events(
        self,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        last_block: int | None = None,
        on_break: OnBreak | None = None,
    ) -> EventStream[BlockAndPrivateData]:
        """Return blocks with the private data the caller's organisation holds; without end, or to *last_block*."""
        start = await self._start(start_block, checkpoint)
        return events.delivered(
            self._sender,
            self.name,
            start,
            last_block,
            "DeliverWithPrivateData",
            messages.block_and_private_data,
            on_break,
        )

    def chaincode_events_request(
        self, chaincode: str, start_block: int, after_transaction_id: str | None = None
    ) -> EventsRequest[ChaincodeEvent]:
        """Return the request for events of *chaincode*, to be signed elsewhere and then opened; nothing is sent."""
        start = Position(start_block, after_transaction_id)
        message = requests.chaincode_events(self._sender.session.caller, self.name, chaincode, start)
        return EventsRequest(self._sender, message, "chaincode_events", start, None)

    def blocks_request(
        self, start_block: int, *, last_block: int | None = None, kind: requests.Kind = "block_events"
    ) -> EventsRequest[Any]:
        """Return the request for blocks, as the function called *kind* gives them, to be signed elsewhere."""
        start = Position(start_block)
        message = requests.blocks(self._sender.session.caller, self._sender.peers.pick(), self.name, start, last_block)
        return EventsRequest(self._sender, message, kind, start, last_block)

    async def _start(
        self, start_block: int | None, checkpoint: Checkpoint | None, after_transaction_id: str | None = None
    ) -> Position:
        await events.require_peer(self._sender)
        position = checkpoint.position if checkpoint is not None else None
        if position is not None:
            return position
        if start_block is None:
            # A request for "the next block" would leave a gap if the stream broke before that block came.
            start_block = await self.height()
        return begun(checkpoint, Position(start_block, after_transaction_id))
