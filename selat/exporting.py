"""Export a channel's blocks, one file for each block. Existing files are kept, and missing ones are fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hlf.audit.evidence import documents
from hlf.audit.records import files
from hlf.client.network import Network
from hlf.errors import WireError
from hlf.wire import blocks


def missing(network: Network, folder: Path) -> list[int]:
    """
    Return the numbers of the channel's blocks that are not in *folder* yet, in order.

    Raises:
        WireError: a file in the folder is not a block, or is from another ledger.
        EventsError, EvaluateError: the peer refuses.
        OSError: a file cannot be read.
    """
    height = network.height()
    held = {number for number, _ in _held(folder, network.name)}
    if 0 in held:
        _check_same_ledger(network, folder)
    return [number for number in range(height) if number not in held]


def fetch(network: Network, folder: Path, numbers: list[int], on_block: Callable[[int], object]) -> None:
    """
    Write these blocks to *folder*. A file appears complete or not at all, so an export can be interrupted at any
    time.

    Raises:
        WireError: the peer gave another block than the requested one.
        EvaluateError: the peer gave no block.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        # Not from block events, because channels with private data do not give these to clients.
        serialized = network.block(number)
        given = blocks.decode(serialized).number
        if given != number or files.channel(serialized) != network.name:
            raise WireError(f"asked for block {number} of {network.name}, the peer gave block {given} of another place")
        files.write_block(folder, serialized)
        on_block(number)


def _held(folder: Path, channel: str) -> Iterator[tuple[int, Path]]:
    """Yield the blocks in the folder; refuse those of other channels."""
    if not folder.exists() or not any(path.suffix in files.SUFFIXES for path in folder.iterdir()):
        return
    for number, path in files.find(folder):
        named = files.channel(documents.read(path, files.MOST_BYTES))
        if named != channel:
            whose = f"channel {named}" if named else "no channel"
            words = f"{path} holds block {number} of {whose}: remove it, or export {channel} to a folder of its own"
            raise WireError(words)
        yield number, path


def _check_same_ledger(network: Network, folder: Path) -> None:
    """
    Refuse a folder of another ledger. Two networks can have channels of the same name, for example after a new
    set-up.
    """
    first = next(path for number, path in files.find(folder) if number == 0)
    held, asked = (blocks.decode(each).hash for each in (documents.read(first, files.MOST_BYTES), network.block(0)))
    if held != asked:
        words = f"{folder} holds another ledger called {network.name}, with another genesis block: use a new folder"
        raise WireError(words)
