"""
The channels that the orderer takes part in without ordering them.

It is none of their consenters, or it is one and was given a later block than
the first to join with. A real orderer fetches blocks from the others then; here
there are no others, so it waits: for blocks that never come, or to be removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hlf.network import state

CONSENTER, FOLLOWER = "consenter", "follower"
ACTIVE, ONBOARDING, FAILED = "active", "onboarding", "failed"


@dataclass(frozen=True)
class Standing:
    """How the orderer takes part in a channel, in the participation interface's words; *reason* where it failed."""

    channel_id: str
    relation: str = CONSENTER
    status: str = ACTIVE
    height: int = 0
    reason: str = ""


class Followers:
    """Those channels by name, each kept as the block that it was joined with."""

    def __init__(self, folder: Path) -> None:
        """*folder* holds one file a channel."""
        self._folder = folder
        self._known: dict[str, Standing] = {}

    def files(self) -> list[Path]:
        """Return the blocks that are kept, to be added again after a restart."""
        return sorted(self._folder.glob("*.join"))

    def get(self, channel_id: str) -> Standing | None:
        """Return how the orderer stands in a channel that it does not order, None in any other."""
        return self._known.get(channel_id)

    def __iter__(self) -> Iterator[Standing]:
        return iter(list(self._known.values()))

    def add(self, standing: Standing, block: bytes = b"") -> Standing:
        """Note a channel, and keep the block that it is joined with if there is one."""
        if block:
            state.replace_file(self._file(standing.channel_id), block)
        self._known[standing.channel_id] = standing
        return standing

    def remove(self, channel_id: str) -> None:
        """Forget a channel, if it is one of these."""
        self._known.pop(channel_id, None)
        self._file(channel_id).unlink(missing_ok=True)

    def _file(self, channel_id: str) -> Path:
        return self._folder / f"{channel_id}.join"
