"""
The channels whose blocks an orderer waits for.

It is not one of their consenters, or it joined with a later block than the
first, and no other orderer of the network had that block when it joined. So it
waits for blocks that never come, until it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hlf.network import state

CONSENTER, FOLLOWER = "consenter", "follower"
ACTIVE, ONBOARDING, FAILED = "active", "onboarding", "failed"


@dataclass(frozen=True)
class ChannelParticipation:
    """How an orderer takes part in a channel, in the terms of the participation interface; *reason* if it failed."""

    channel_id: str
    relation: str = CONSENTER
    status: str = ACTIVE
    height: int = 0
    reason: str = ""


class Followers:
    """The channels by name, each with the block of its join."""

    def __init__(self, folder: Path, orderer: str) -> None:
        """Keep one file for each channel and orderer in *folder*."""
        self._folder = folder
        self._orderer = orderer
        self._known: dict[str, ChannelParticipation] = {}

    def files(self) -> list[Path]:
        """Return the stored blocks, to be added again after a restart."""
        return sorted(self._folder.glob(f"*@{self._orderer}.join"))

    def get(self, channel_id: str) -> ChannelParticipation | None:
        """Return the orderer's standing in a channel that it waits for; None for any other."""
        return self._known.get(channel_id)

    def __iter__(self) -> Iterator[ChannelParticipation]:
        return iter(list(self._known.values()))

    def add(self, standing: ChannelParticipation, block: bytes = b"") -> ChannelParticipation:
        """Add a channel, and store the block of its join if there is one."""
        if block:
            state.replace_file(self._file(standing.channel_id), block)
        self._known[standing.channel_id] = standing
        return standing

    def remove(self, channel_id: str) -> None:
        """Remove a channel, if it is one of these."""
        self._known.pop(channel_id, None)
        self._file(channel_id).unlink(missing_ok=True)

    def _file(self, channel_id: str) -> Path:
        return self._folder / f"{channel_id}@{self._orderer}.join"
