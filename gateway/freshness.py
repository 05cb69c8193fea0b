"""
Reading one's own writes across organisations.

A commit is reported by one peer; others have the block a moment later. Whoever knows that an answer must build on a
block says so with the header ``Selat-After: <channel>=<block>``, taken from the header ``Selat-Block`` of an earlier
answer; then the peers concerned are waited for. Within one request the gateway does so by itself.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from fabric_protos.common import ledger_pb2
from flask import Response

AFTER, BLOCK = "Selat-After", "Selat-Block"
_SECONDS = 10.0
_POLL_SECONDS = 0.02
_ENTRY = re.compile(r"([a-z][a-z0-9.-]{0,248})=(\d{1,18})")

# Asks the peer of an organisation how many blocks of a channel it has; the answer is a serialized BlockchainInfo.
Ask = Callable[[str, str], bytes]


def parse(text: str) -> dict[str, int]:
    """
    The block of each channel in a header's text.

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
    """The header's text for the block of each channel."""
    return ", ".join(f"{channel}={block}" for channel, block in sorted(blocks.items()))


def tell(response: Response, blocks: Mapping[str, int]) -> None:
    """Put the blocks that an answer's request wrote into its header."""
    if blocks:
        response.headers[BLOCK] = text(blocks)


class Heights:
    """How far each organisation's peer was seen to be; it never goes back, so what was seen need not be asked again."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._seen: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def wait(self, channel: str, organisations: Iterable[str], block: int, ask: Ask) -> None:
        """
        Return once each organisation's peer has *block*, or has not got it in time; its answer is then as old as it is.

        Raises:
            hlf.errors.EvaluateError: a peer cannot be asked.
        """
        deadline = time.monotonic() + self._seconds
        for msp_id in organisations:
            while self._seen.get((channel, msp_id), 0) <= block:
                height = ledger_pb2.BlockchainInfo.FromString(ask(channel, msp_id)).height
                with self._lock:
                    self._seen[channel, msp_id] = max(height, self._seen.get((channel, msp_id), 0))
                if height > block:
                    break
                if time.monotonic() > deadline:
                    return
                time.sleep(_POLL_SECONDS)
