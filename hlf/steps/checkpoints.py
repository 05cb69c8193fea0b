"""
Checkpoints: how far a consumer of events has come, so that it goes on from there after a restart.

A position is recorded when the consumer says that it is done with an event, not when the event is handed out: after a
crash in between, that event comes again. A consumer with a database of its own can keep the position there, in the
transaction that holds the event's effects, by giving any object with a ``position``.
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

# A position takes a hundred.
_MOST_BYTES = 1 << 20


class CheckpointError(HlfError):
    """A checkpoint file cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Position:
    """The block to begin with, and its last transaction that is already done with (None: the whole block is due)."""

    block_number: int
    transaction_id: str | None = None


class Checkpoint(Protocol):
    """What a stream asks for where to begin; None means that nothing is done yet."""

    @property
    def position(self) -> Position | None: ...


@runtime_checkable
class Remembers(Checkpoint, Protocol):
    """A checkpoint that is also told where its consumer begins, before the first event."""

    def begin(self, position: Position) -> None:
        """Record *position*, unless there is one already."""


def begun(checkpoint: Checkpoint | None, start: Position) -> Position:
    """
    Return *start*; a checkpoint that can remember a start stores it.

    A consumer that ends before its first event then misses nothing of what came meanwhile when it is started again.
    """
    if isinstance(checkpoint, Remembers):
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
        """Record where a consumer begins, unless it has begun already."""
        if self._position is None:
            self._record(position)

    def processed_event(self, block_number: int, transaction_id: str) -> None:
        """Record that this transaction's event, and all before it, have been handled."""
        self._record(Position(block_number, transaction_id))

    def processed_block(self, block_number: int) -> None:
        """Record that this block, and all before it, have been handled."""
        self._record(Position(block_number + 1))

    def _record(self, position: Position) -> None:
        self._position = position


class File(InMemory):
    """
    A checkpoint in a file.

    Each record is written beside the file, flushed to the disk and put in its place in one step, so that a crash
    leaves the former position or the new one and never half of either.
    """

    def __init__(self, path: Path | str) -> None:
        """
        Open or begin the checkpoint at *path*.

        Raises:
            CheckpointError: there is a file, but it is no checkpoint or cannot be read.
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
        raise CheckpointError(f"{path} is no checkpoint; remove it to begin anew") from malformed
    good_number = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    if not good_number or not (transaction_id is None or isinstance(transaction_id, str)):
        raise CheckpointError(f"{path} is no checkpoint; remove it to begin anew")
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
        # The renaming itself is durable only once the folder is.
        os.fsync(folder)
    finally:
        os.close(folder)
