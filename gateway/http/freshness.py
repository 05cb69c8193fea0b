"""
Reading one's own writes across organisations.

One peer reports a commit; others may get the block a moment later. A caller that needs this block sends the header
``Selat-After: <channel>=<block>`` with the value of ``Selat-Block`` from an earlier answer. The gateway then waits
for the peers it asks. If the block does not come, it refuses the request instead of answering from an older state.
Within one request the gateway does this by itself.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from fabric_protos.common import ledger_pb2
from werkzeug.wrappers import Response

from hlf.codec import names

AFTER, BLOCK = "Selat-After", "Selat-Block"
SECONDS = 10.0
"""How long a block is waited for."""
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.02, 0.25
_ENTRY = re.compile(rf"({names.CHANNEL.pattern})=([0-9]{{1,18}})")
_WHOLE = _ENTRY.pattern.replace("(", "(?:")
FORM = rf"^\s*{_WHOLE}(?:\s*,\s*{_WHOLE})*\s*$"
"""The header's form, in the description of the API."""

# Asks an organisation's peer for its height of a channel; the answer is a serialized BlockchainInfo.
Ask = Callable[[str, str], bytes]


def parse(text: str) -> dict[str, int]:
    """
    Return the block of each channel in a header's text.

    Raises:
        ValueError: the text does not have the form ``trade=42, ecommerce=7``.
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


def header(blocks: Mapping[str, int]) -> dict[str, str]:
    """Return the answer's header with the blocks that its request wrote to; nothing if it wrote to none."""
    return {BLOCK: text(blocks)} if blocks else {}


def tell(response: Response, blocks: Mapping[str, int]) -> None:
    """Put the blocks that the request wrote to into the answer's header."""
    response.headers.update(header(blocks))


class NotReachedError(Exception):
    """A peer did not get a block in time; no question was sent to it."""

    def __init__(self, channel: str, block: int, msp_id: str, height: int) -> None:
        self.channel, self.block, self.msp_id, self.height = channel, block, msp_id, height
        has = f"has block {height - 1}" if height else "has no block"
        super().__init__(f"The peer of {msp_id} {has} of {channel}; the request needs block {block} ({AFTER})")


class Heights:
    """
    The last seen height of each organisation's peer.

    A height never falls, so a known one need not be asked for again. When several requests wait for a peer, only one at
    a time asks it, with growing pauses.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
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
        Return when each organisation's peer has *block*, or when *gone* says that the client has left.

        Raises:
            NotReachedError: a peer did not get it in time.
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
        """Return the peer's height, if it is known to have *block* or nobody else asks at the moment."""
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
