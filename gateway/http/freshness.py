"""
Reading one's own writes across organisations.

A commit is reported by one peer; others have the block a moment later. Whoever knows that an answer must build on a
block says so with the header ``Selat-After: <channel>=<block>``, taken from the header ``Selat-Block`` of an earlier
answer; then the peers concerned are waited for, and a request whose block does not come is refused, not answered from
an older state. Within one request the gateway does so by itself.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from fabric_protos.common import ledger_pb2
from werkzeug.wrappers import Response

AFTER, BLOCK = "Selat-After", "Selat-Block"
_SECONDS = 10.0
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.02, 0.25
_ENTRY = re.compile(r"([a-z][a-z0-9.-]{0,248})=(\d{1,18})")

# Asks the peer of an organisation how many blocks of a channel it has; the answer is a serialized BlockchainInfo.
Ask = Callable[[str, str], bytes]


def parse(text: str) -> dict[str, int]:
    """
    Return the block of each channel in a header's text.

    Raises:
        ValueError: it is not of the form ``trade=42, ecommerce=7``.
    """
    blocks: dict[str, int] = {}
    for entry in filter(None, (each.strip() for each in text.split(","))):
        found = _ENTRY.fullmatch(entry)
        if not found:
            raise ValueError(f"{AFTER} must be <channel>=<block>, several separated by commas")
        blocks[found[1]] = max(int(found[2]), blocks.get(found[1], 0))
    return blocks


def text(blocks: Mapping[str, int]) -> str:
    """Return the header's text for the block of each channel."""
    return ", ".join(f"{channel}={block}" for channel, block in sorted(blocks.items()))


def tell(response: Response, blocks: Mapping[str, int]) -> None:
    """Put the blocks that an answer's request wrote into its header."""
    if blocks:
        response.headers[BLOCK] = text(blocks)


class NotReachedError(Exception):
    """A peer did not get a block in time; nothing was asked of it."""

    def __init__(self, channel: str, block: int, msp_id: str, height: int) -> None:
        self.channel, self.block, self.msp_id, self.height = channel, block, msp_id, height
        has = f"has block {height - 1}" if height else "has no block"
        super().__init__(f"The peer of {msp_id} {has} of {channel}, and was to have block {block} ({AFTER})")


class Heights:
    """
    How far each organisation's peer was seen to be.

    It never goes back, so what was seen need not be asked again. However many wait for a peer, it is asked by one of
    them at a time, and more and more seldom.
    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._seen: dict[tuple[str, str], int] = {}
        self._asking: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def wait(
        self,
        channel: str,
        organisations: Iterable[str],
        block: int,
        ask: Ask,
        gone: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Return once each organisation's peer has *block*, or whoever waits has *gone*.

        Raises:
            NotReachedError: one has not got it in time.
            hlf.errors.EvaluateError: a peer cannot be asked.
        """
        deadline = time.monotonic() + self._seconds
        for msp_id in organisations:
            pause = _FIRST_POLL_SECONDS
            while (height := self._height(channel, msp_id, block, ask)) <= block:
                if gone():
                    return
                if time.monotonic() > deadline:
                    raise NotReachedError(channel, block, msp_id, height)
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_POLL_SECONDS)

    def _height(self, channel: str, msp_id: str, block: int, ask: Ask) -> int:
        """Return how many blocks the peer has, if it is known to have *block*, or nobody else is asking just now."""
        peer = (channel, msp_id)
        with self._lock:
            asking = self._asking.setdefault(peer, threading.Lock())
        if self._seen.get(peer, 0) <= block and asking.acquire(blocking=False):
            try:
                height = ledger_pb2.BlockchainInfo.FromString(ask(channel, msp_id)).height
                self._seen[peer] = max(height, self._seen.get(peer, 0))
            finally:
                asking.release()
        return self._seen.get(peer, 0)
