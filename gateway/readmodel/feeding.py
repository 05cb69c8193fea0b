"""
Feed an organisation's model from its own peer, when it is asked.

A query first takes over new blocks, so nothing runs while nobody asks, and a caller finds its own writes. The time for
this is bounded: the answer names the newest block in it, and the next query continues.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Protocol

from gateway.http import freshness
from gateway.http.freshness import NotReachedError
from gateway.readmodel import changes
from gateway.readmodel.model import Model, OtherChainError
from hlf import errors
from hlf.steps.events import BlockAndPrivateData

# Blocks in one transaction of the database.
_AT_ONCE = 50
_SECONDS = 2.0
# How old the model may be before the channel is asked again.
_FRESH_SECONDS = 0.5
# How long to wait for a block that a caller names, and how often to ask the peer meanwhile.
_NEEDED_SECONDS, _PAUSE_SECONDS = freshness.SECONDS, 0.1


class BlockSource(Protocol):
    """A source of blocks; ``gateway.fabric.ledger.Ledgers`` is one."""

    def height(self, msp_id: str, user: str, channel: str) -> int:
        """Return how many blocks the peer of the organisation has."""
        ...

    def blocks(
        self, msp_id: str, user: str, channel: str, first: int, last: int
    ) -> AbstractContextManager[Iterable[BlockAndPrivateData]]:
        """Yield the blocks from *first* to *last*, with the private data that the organisation may see."""
        ...


class Feeder:
    """Feeds the models of one gateway process; requests that find another one feeding do not wait for it."""

    def __init__(self, model: Model, chain: BlockSource) -> None:
        self._model = model
        self._chain = chain
        self._lock = threading.Lock()
        self._looked: dict[tuple[str, str], float] = {}
        self._feeding: dict[tuple[str, str], threading.Lock] = {}

    def refresh(self, msp_id: str, user: str, channels: Iterable[str], needed: Mapping[str, int]) -> None:
        """
        Take over new blocks of the organisation's channels; a channel that its peer does not have is passed over.

        Raises:
            gateway.http.freshness.NotReachedError: a *needed* block of a channel did not come.
        """
        for channel in channels:
            wanted = needed.get(channel, -1)
            if self._is_fresh(msp_id, channel) and wanted < 0:
                continue
            # If the peer cannot be asked, the model answers from what it has, and names its newest block.
            with contextlib.suppress(errors.HlfError):
                self._reach(msp_id, user, channel, wanted)
        for channel, wanted in needed.items():
            have = self._model.next_block(msp_id, channel)
            # Callers send the blocks of all their channels; channels that this organisation is not on are ignored.
            if 0 < have <= wanted:
                raise NotReachedError(channel, wanted, msp_id, have)

    def _reach(self, msp_id: str, user: str, channel: str, wanted: int) -> None:
        """Take over new blocks; if one is *wanted*, until it is there or has not come in time."""
        deadline = time.monotonic() + _NEEDED_SECONDS
        while True:
            with self._turn(msp_id, channel, wait=wanted >= 0) as ours:
                if ours:
                    self.catch_up(msp_id, user, channel, _SECONDS)
            if self._model.next_block(msp_id, channel) > wanted or time.monotonic() >= deadline:
                return
            time.sleep(_PAUSE_SECONDS)

    def catch_up(self, msp_id: str, user: str, channel: str, seconds: float | None = None) -> int:
        """
        Take over the blocks that are not in the model yet, for so many *seconds* or to the end; return the position.

        A channel that was made again under its name is read again from block 0.

        Raises:
            hlf.errors.HlfError: the peer cannot be asked, or does not have the channel.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        height = self._chain.height(msp_id, user, channel)
        position = self._model.next_block(msp_id, channel)
        if position > height:
            self._model.forget(msp_id, channel)
            position = 0
        if position < height:
            with self._chain.blocks(msp_id, user, channel, position, height - 1) as blocks:
                try:
                    self._take(msp_id, channel, iter(blocks), deadline)
                except OtherChainError:
                    self._model.forget(msp_id, channel)
        self._looked[msp_id, channel] = time.monotonic()
        return self._model.next_block(msp_id, channel)

    def _take(self, msp_id: str, channel: str, blocks: Iterator[BlockAndPrivateData], deadline: float | None) -> None:
        while some := [changes.of(block) for block in islice(blocks, _AT_ONCE)]:
            if not self._model.apply(msp_id, channel, some):
                return  # Another gateway is taking over these blocks.
            if deadline is not None and time.monotonic() > deadline:
                return

    def _is_fresh(self, msp_id: str, channel: str) -> bool:
        return time.monotonic() - self._looked.get((msp_id, channel), -_FRESH_SECONDS) < _FRESH_SECONDS

    def _turn(self, msp_id: str, channel: str, *, wait: bool) -> AbstractContextManager[bool]:
        with self._lock:
            lock = self._feeding.setdefault((msp_id, channel), threading.Lock())
        return _Turn(lock, wait)


class _Turn(AbstractContextManager[bool]):
    """A lock that is taken only if it is free, or becomes free in time; ``with`` yields whether it was taken."""

    def __init__(self, lock: threading.Lock, wait: bool) -> None:
        self._lock = lock
        self._wait = wait
        self._taken = False

    def __enter__(self) -> bool:
        self._taken = self._lock.acquire(blocking=self._wait)
        return self._taken

    def __exit__(self, *_: object) -> None:
        if self._taken:
            self._lock.release()
