"""The waits for a block or a transaction. Only the event loop uses this module."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fabric_protos.common import common_pb2


@dataclass(frozen=True)
class TransactionRecord:
    """The place of a transaction and its validation code."""

    block_number: int
    index: int
    code: int
    read_block: Callable[[int], bytes | None] = field(repr=False, compare=False)

    @property
    def envelope(self) -> bytes:
        """The transaction itself; it decodes the block."""
        block = common_pb2.Block.FromString(self.read_block(self.block_number) or b"")
        return bytes(block.data.data[self.index])


class CommitWaits:
    """All waits for blocks and transactions that are not committed yet."""

    def __init__(self) -> None:
        self._heights: list[tuple[int, asyncio.Future[None]]] = []
        self._transactions: dict[str, list[asyncio.Future[TransactionRecord]]] = {}

    async def for_height(self, height: int) -> None:
        """Wait until the ledger has *height* blocks."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heights.append((height, waiter))
        await waiter

    async def for_transaction(self, tx_id: str) -> TransactionRecord:
        """Wait until a block has a transaction; return its record. A cancelled wait is removed."""
        waiter: asyncio.Future[TransactionRecord] = asyncio.get_running_loop().create_future()
        waiters = self._transactions.setdefault(tx_id, [])
        waiters.append(waiter)
        try:
            return await waiter
        finally:
            if waiter.cancelled():
                waiters.remove(waiter)
                if not waiters:
                    self._transactions.pop(tx_id, None)

    def give_up(self, why: Exception) -> None:
        """Raise *why* in all waits for a transaction."""
        waiting, self._transactions = self._transactions, {}
        for waiters in waiting.values():
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(why)

    def end(self, why: Exception) -> None:
        """Raise *why* in all waits, also for blocks, because this ledger gets no more."""
        self.give_up(why)
        waiting, self._heights = self._heights, []
        for _, waiter in waiting:
            if not waiter.done():
                waiter.set_exception(why)

    def wake(self, height: int, records: Iterable[tuple[str, TransactionRecord]]) -> None:
        """End all waits for this *height* and for these transactions."""
        waiting, self._heights = self._heights, []
        for wanted, waiter in waiting:
            if waiter.done():
                continue
            if wanted > height:
                self._heights.append((wanted, waiter))
            else:
                waiter.set_result(None)
        for tx_id, record in records:
            for told in self._transactions.pop(tx_id, ()):
                if not told.done():
                    told.set_result(record)
