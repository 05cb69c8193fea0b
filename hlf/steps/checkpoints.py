"""
Checkpoints: the position of a consumer of events, at which it goes on after a restart.

A consumer records a position when it has processed an event, not when it gets the event: after a crash in between, that
event comes again. A consumer with its own database can store the position there, in the transaction with the event's
effects: it passes any object with a ``position``.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from hlf import jsontext
from hlf.errors import HlfError, WireError

# A position has about a hundred.
_MOST_BYTES = 1 << 20


class CheckpointError(HlfError):
    """A checkpoint file cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Position:
    """The block to begin with, and its last processed transaction (None: no transaction of it is processed)."""

    block_number: int
    transaction_id: str | None = None


class Checkpoint(Protocol):
    """Gives a stream the position at which to begin; None means that nothing is processed yet."""

    @property
    def position(self) -> Position | None: ...


@runtime_checkable
class StartingCheckpoint(Checkpoint, Protocol):
    """A checkpoint that also stores where its consumer begins, before the first event."""

    def begin(self, position: Position) -> None:
        """Record *position*, unless there is one already."""


def begun(checkpoint: Checkpoint | None, start: Position) -> Position:
    """
    Return *start*; a checkpoint with ``begin`` stores it.

    So a consumer that ends before its first event misses nothing when it starts again.
    """
    if isinstance(checkpoint, StartingCheckpoint):
        checkpoint.begin(start)
    return start


class InMemory:
    """A checkpoint that lives as long as the process."""

    def __init__(self, position: Position | None = None) -> None:
        self._position = position

    @property
    def position(self) -> Position | None:
        return self._position

    def begin(self, position: Position) -> None:
        """Record where a consumer begins, unless there is a position already."""
        if self._position is None:
            self._record(position)

    def processed_event(self, block_number: int, transaction_id: str) -> None:
        """Record that this transaction's event, and all before it, are processed."""
        self._record(Position(block_number, transaction_id))

    def processed_block(self, block_number: int) -> None:
        """Record that this block, and all before it, are processed."""
        self._record(Position(block_number + 1))

    def _record(self, position: Position) -> None:
        self._position = position


class File(InMemory):
    """
    A checkpoint in a file.

    Each position is written to a file beside it, flushed to the disk, and renamed in one step. So a crash leaves the
    former position or the new one, never a part.
    """

    def __init__(self, path: Path | str) -> None:
        """
        Open or begin the checkpoint at *path*.

        Raises:
            CheckpointError: the file is no checkpoint or cannot be read.
        """
        self._path = Path(path)
        self._lock = threading.Lock()
        super().__init__(_read(self._path))

    def _record(self, position: Position) -> None:
        content = json.dumps({"block_number": position.block_number, "transaction_id": position.transaction_id})
        with self._lock:
            try:
                _replace(self._path, content)
            except OSError as failed:
                raise CheckpointError(f"checkpoint {self._path} cannot be written: {failed.strerror}") from failed
            super()._record(position)


def _read(path: Path) -> Position | None:
    try:
        content = jsontext.loads(path.read_bytes(), most_bytes=_MOST_BYTES)
        number, transaction_id = content["block_number"], content["transaction_id"]
    except FileNotFoundError:
        return None
    except OSError as failed:
        raise CheckpointError(f"checkpoint {path} cannot be read: {failed.strerror}") from failed
    except (WireError, KeyError, TypeError) as malformed:
        raise CheckpointError(f"{path} is no checkpoint; remove it to start again") from malformed
    good_number = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    if not good_number or not (transaction_id is None or isinstance(transaction_id, str)):
        raise CheckpointError(f"{path} is no checkpoint; remove it to start again")
    return Position(number, transaction_id)


def _replace(path: Path, content: str) -> None:
    beside = path.with_name(path.name + ".new")
    with beside.open("w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # The renaming is durable only after the folder has been flushed too.
        os.fsync(folder)
    finally:
        os.close(folder)
