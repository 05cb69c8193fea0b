"""
Requests to the process: to save its nodes' state in a folder, to restore it, or to take a peer off a channel.

The request is a file with an id; SIGHUP announces it. The answer is a part of
the ready file: the same id, and the error.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hlf.network import errors

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.order.channels import Channels

SAVE, BRING_BACK, UNJOIN = "save a snapshot", "bring back a snapshot", "take a peer off a channel"
CHANNELS, PEERS = "channels", "peers"


class Requests:
    """Carries out each request once."""

    def __init__(self, file: Path, channels: Channels, peers: Sequence[PeerState]) -> None:
        """*file* is the file of requests; one of an earlier process is ignored."""
        file.unlink(missing_ok=True)
        self._file = file
        self._channels = channels
        self._peers = peers
        self.answer: dict[str, str] = {}

    async def look(self) -> None:
        """Carry out the request in the file, if it is new."""
        try:
            asked = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return
        if asked["id"] == self.answer.get("id"):
            return
        error = ""
        try:
            await self._do(asked)
        except (OSError, errors.NetworkError) as failed:
            error = str(failed)
        self.answer = {"id": asked["id"], "error": error}

    async def _do(self, asked: Mapping[str, str]) -> None:
        if asked["act"] == UNJOIN:
            await self._channels.leave_peer(asked["channel"], asked["peer"])
            for peer in self._peers:
                if peer.name == asked["peer"]:
                    peer.forget_approvals()
            return
        folder = Path(asked["folder"])
        if asked["act"] == SAVE:
            await self._channels.save(folder / CHANNELS)
            for peer in self._peers:
                await asyncio.to_thread(peer.save, folder / PEERS / peer.name)
            return
        await self._channels.bring_back(folder / CHANNELS)
        for peer in self._peers:
            peer.bring_back(folder / PEERS / peer.name)
