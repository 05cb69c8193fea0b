"""
A consumer of chaincode events, in a process of its own that may be killed at any moment.

It notes each event and then, in a checkpoint file, how far it has come. Where it was killed between the two, the event
that it noted last comes again, and it leaves that one out; it notes all others, so that a repetition would show.

A stream heals by itself once it is open. Opening one is refused while the peer is away, and the consumer asks again, as
whoever runs a service would start it again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path
from typing import Any, Never

import grpc

from hlf import aio, errors, identity
from hlf.client import gateway
from hlf.profile import Profile
from hlf.steps import checkpoints


class Notes:
    """What was taken so far, a line for each event."""

    def __init__(self, folder: Path) -> None:
        self.checkpoint = checkpoints.File(folder / "checkpoint")
        self._file = folder / "notes"
        noted = self._file.read_text().splitlines() if self._file.exists() else []
        self._last = noted[-1] if noted else None

    def take(self, event: Any) -> None:
        line = f"{event.block_number} {event.transaction_id} {event.name}"
        if line != self._last:
            with self._file.open("a") as file:
                file.write(line + "\n")
        self._last = None
        self.checkpoint.processed_event(event.block_number, event.transaction_id)


def main() -> None:
    """Listen through *address* until the process is killed."""
    client, profile_file, address, user, msp_id, channel, chaincode, folder = sys.argv[1:]
    profile = Profile.load(profile_file)
    first = dataclasses.replace(profile.peers[0], address=address)
    given = (dataclasses.replace(profile, peers=(first,)), *identity.load_user(Path(user), msp_id))
    notes = Notes(Path(folder))
    if client == "aio":
        asyncio.run(_listen(given, channel, chaincode, notes))
    with gateway.connect(*given) as fabric:
        network = fabric.network(channel)
        while True:
            try:
                opened = network.chaincode_events(chaincode, start_block=0, checkpoint=notes.checkpoint)
            except errors.EventsError as away:
                _tell(away)
                continue
            for event in opened:
                notes.take(event)


async def _listen(given: Any, channel: str, chaincode: str, notes: Notes) -> Never:
    async with aio.connect(*given) as fabric:
        network = fabric.network(channel)
        while True:
            try:
                opened = await network.chaincode_events(chaincode, start_block=0, checkpoint=notes.checkpoint)
            except errors.EventsError as away:
                _tell(away)
                continue
            async for event in opened:
                notes.take(event)


def _tell(away: errors.EventsError) -> None:
    if away.status is not grpc.StatusCode.UNAVAILABLE:
        raise away
    sys.stderr.write(f"{away}\n")


if __name__ == "__main__":
    main()
