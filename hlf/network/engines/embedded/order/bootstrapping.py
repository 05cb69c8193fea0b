"""Read the folder of a snapshot by which a peer joins: check its files, and find its channel and block."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from hlf.network.engines.embedded.order.joining import JoinError
from hlf.network.engines.embedded.state.exporting import ADDITIONAL, SIGNABLE


@dataclass(frozen=True)
class Bootstrap:
    """The channel and block of a snapshot."""

    channel_id: str
    last_block: int
    last_hash: bytes


def read(folder: Path) -> Bootstrap:
    """
    Return the channel and block of the snapshot in *folder*, after a check of the files' hashes.

    Raises:
        JoinError: a file is missing, modified or not of a snapshot; the text is that in the log of real peers.
    """
    try:
        signable = (folder / SIGNABLE).read_bytes()
        additional = json.loads((folder / ADDITIONAL).read_bytes())
        told = json.loads(signable)
        _check(SIGNABLE, signable, additional["snapshot_hash"])
        for name, expected in told["snapshot_files_raw_hashes"].items():
            _check(name, (folder / Path(name).name).read_bytes(), expected)
        return Bootstrap(
            str(told["channel_name"]), int(told["last_block_number"]), bytes.fromhex(told["last_block_hash"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JoinError(f"error while loading metadata: {error}") from error


def _check(name: str, content: bytes, expected: str) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise JoinError(
            f"error while verifying snapshot: hash mismatch for file [{name}]. Expected hash = [{expected}], "
            f"Actual hash = [{actual}]"
        )
