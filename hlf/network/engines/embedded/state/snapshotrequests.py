"""
One peer's requests for snapshots: their blocks, and the folders of the snapshots.

All of it runs on the commit thread of a channel, between two blocks, because
real peers hold the next block back until a snapshot is complete. The folders and
the refusals are also those of real peers.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from pathlib import Path

from hlf.network import state
from hlf.network.engines.embedded.state.ledger import ChannelLedger

_LOG = logging.getLogger(__name__)


class RequestError(Exception):
    """A request is refused; the text is Fabric's."""


class SnapshotRequests:
    """One peer's requests, by channel; pending ones survive a restart."""

    def __init__(self, folder: Path) -> None:
        """Snapshots are made below *folder*, the ``ledger.snapshots.rootDir`` of real peers."""
        self._folder = folder

    def pending(self, channel_id: str) -> list[int]:
        """Return the blocks of the pending requests, in order."""
        try:
            return list(json.loads(self._file(channel_id).read_bytes()))
        except FileNotFoundError:
            return []

    def add(self, ledger: ChannelLedger, number: int) -> None:
        """
        Record a request; *number* 0 means the last block.

        Raises:
            RequestError: there is a later block, or such a snapshot or request.
        """
        last = ledger.last_written()
        number = number or last
        if number < last:
            raise RequestError(
                f"requested snapshot for block number {number} cannot be less than the last committed block number "
                f"{last}"
            )
        if number == last and self.completed(ledger.channel_id, number).exists():
            raise RequestError(f"snapshot already generated for block number {number}")
        known = self.pending(ledger.channel_id)
        if number in known:
            raise RequestError(f"duplicate snapshot request for block number {number}")
        self._keep(ledger.channel_id, [*known, number])

    def cancel(self, channel_id: str, number: int) -> None:
        """
        Remove a request.

        Raises:
            RequestError: there is no such request.
        """
        known = self.pending(channel_id)
        if number not in known:
            raise RequestError(f"no snapshot request exists for block number {number}")
        self._keep(channel_id, [each for each in known if each != number])

    def make(self, ledger: ChannelLedger, number: int) -> None:
        """Make the snapshot of the last block, *number*, if it was requested; a failure is only logged."""
        channel_id = ledger.channel_id
        if number not in self.pending(channel_id):
            return
        place = self.completed(channel_id, number)
        try:
            drafts = self._folder / "temp"
            state.private_folder(drafts)
            state.private_folder(place.parent)
            draft = Path(tempfile.mkdtemp(prefix=f"{channel_id}-{number}-", dir=drafts))
            try:
                ledger.export(draft)
                if not place.exists():
                    draft.rename(place)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            _LOG.error("%s: no snapshot of block %s: %s", channel_id, number, error)
        self._keep(channel_id, [each for each in self.pending(channel_id) if each > number])

    def begin(self, channel_id: str, number: int) -> None:
        """Record that this peer has a channel from block *number* on, after a join by a snapshot."""
        state.replace_file(self._file(channel_id, "begun"), json.dumps(number).encode())

    def first_block(self, channel_id: str) -> int:
        """Return the first block that this peer has of a channel."""
        try:
            return int(json.loads(self._file(channel_id, "begun").read_bytes()))
        except FileNotFoundError:
            return 0

    def completed(self, channel_id: str, number: int) -> Path:
        """Return the folder of a snapshot, which may not exist."""
        return self._folder / "completed" / channel_id / str(number)

    def forget(self) -> None:
        """Remove all requests and snapshots, because their ledgers go back to an earlier state."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, channel_id: str, numbers: list[int]) -> None:
        state.replace_file(self._file(channel_id), json.dumps(sorted(numbers)).encode())

    def _file(self, channel_id: str, kind: str = "requests") -> Path:
        return self._folder / kind / f"{channel_id}.json"
