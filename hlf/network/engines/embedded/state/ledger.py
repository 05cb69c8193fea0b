"""
One channel's ledger: blocks, state, private data and history in one SQLite file.

A block and all its changes are written in one transaction. So the file is
always at the end of a block, even after the process was killed or the disk was
full. The event loop reads and waits; only the commit thread calls
:meth:`ChannelLedger.write`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.network import errors
from hlf.network.engines.embedded.state import copies, exporting, privatedata, snapshots, statestore, transient
from hlf.network.engines.embedded.state.snapshots import Snapshot
from hlf.network.engines.embedded.state.validation import ValidatedBlock
from hlf.network.engines.embedded.state.waiting import CommitWaits, TransactionRecord
from hlf.wire import blocks

_IDLE_READERS = 64
_RECENT_BLOCKS = 8
_LAYOUT = b"1"
START_OVER = "Remove the state folder to start with an empty network, or restore it from a copy"


@dataclass(frozen=True)
class WrittenBlock:
    """The data of a written block for :meth:`ChannelLedger.publish`."""

    number: int
    hash: bytes
    previous_hash: bytes
    commit_hash: bytes
    is_config: bool
    verdicts: tuple[tuple[str, int], ...]
    content: bytes = field(repr=False)


class ChannelLedger:
    """
    The committed part of a channel.

    Attributes:
        height: the number of blocks.
        current_hash, previous_hash: of the last block and of the one before it.
        commit_hash: of the last block; empty before block 1.
        config_block: the number of the last configuration block.
    """

    def __init__(self, path: Path, channel_id: str) -> None:
        """
        Open or create the file at *path*.

        Raises:
            StateError: the file, or the one beside it, is damaged, cannot be opened on this machine, or belongs to
                another channel or version.
        """
        self.path = path
        self.channel_id = channel_id
        self._idle: list[sqlite3.Connection] = []
        self._transient_path = path.with_suffix(".transient")
        self._waiting = CommitWaits()
        # The event streams of all members read the newest blocks at the same time.
        self._recent: dict[int, bytes] = {}
        self.height = 0
        self.current_hash = b""
        self.previous_hash = b""
        self.commit_hash = b""
        self.config_block = 0
        with contextlib.ExitStack() as opened:
            try:
                self._writer = opened.enter_context(contextlib.closing(snapshots.connect(path)))
                self._prepare()
                self._reader = opened.enter_context(contextlib.closing(snapshots.connect(path)))
                self._load()
            except (sqlite3.Error, DecodeError, ValueError) as error:
                raise _unusable(path, error) from error
            self._transient = transient.TransientStore(self._transient_path)
            opened.pop_all()

    # Reading -----------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return a view of committed state; use it in a ``with`` statement."""
        if len(self._idle) > _IDLE_READERS:
            self._idle.pop().close()
        connection = self._idle.pop() if self._idle else snapshots.connect(self.path)
        return Snapshot(connection, self._idle)

    def block(self, number: int) -> bytes | None:
        """Return block *number* as a peer delivers it, or None."""
        known = self._recent.get(number)
        if known is not None:
            return known
        row = self._reader.execute("SELECT content FROM blocks WHERE number = ?", (number,)).fetchone()
        return None if row is None else row[0]

    def stored(self, number: int) -> bytes:
        """Return as ``block`` does, but raise KeyError if there is none."""
        found = self.block(number)
        if found is None:
            raise KeyError(f"{self.channel_id} has no block {number}")
        return found

    def orderer_block(self, number: int) -> bytes | None:
        """Return block *number* as the orderer delivers it, without the metadata of peers, or None."""
        content = self.block(number)
        if content is None:
            return None
        block = common_pb2.Block.FromString(content)
        for added in (common_pb2.TRANSACTIONS_FILTER, common_pb2.COMMIT_HASH):
            if len(block.metadata.metadata) > added:
                block.metadata.metadata[added] = b""
        return bytes(block.SerializeToString())

    def block_by_hash(self, header_hash: bytes) -> bytes | None:
        """Return the block of that header hash, or None."""
        row = self._reader.execute("SELECT content FROM blocks WHERE hash = ?", (header_hash,)).fetchone()
        return None if row is None else row[0]

    def transaction(self, tx_id: str) -> TransactionRecord | None:
        """Return the place of a transaction's first occurrence and its validation code, or None."""
        row = self._reader.execute("SELECT block, position, code FROM transactions WHERE id = ?", (tx_id,)).fetchone()
        return None if row is None else TransactionRecord(row[0], row[1], row[2], self.block)

    def published(self, tx_id: str) -> TransactionRecord | None:
        """Return as :meth:`transaction` does, but None while the block is not published yet."""
        found = self.transaction(tx_id)
        return found if found is not None and found.block_number < self.height else None

    def private_data_of_block(self, number: int, msp_id: str) -> dict[int, bytes]:
        """Return the ``TxPvtReadWriteSet`` of each transaction of block *number*, with the parts that *msp_id* has."""
        return privatedata.of_block(self._reader, number, msp_id)

    def missing_private_data(self) -> list[tuple[int, int, str, str, str]]:
        """Return block, transaction, namespace, collection and member of every missing private write."""
        return self._reader.execute("SELECT block, tx, namespace, collection, msp FROM missing").fetchall()

    # Waiting -----------------------------------------------------------------------------------------------------

    async def wait_height(self, height: int) -> None:
        """Wait until there are *height* blocks."""
        if self.height < height:
            await self._waiting.for_height(height)

    async def wait_transaction(self, tx_id: str) -> TransactionRecord:
        """
        Wait until a transaction is in a block, without a limit; return its record.

        Raises:
            Exception: the one that :meth:`give_up` got meanwhile.
        """
        return self.published(tx_id) or await self._waiting.for_transaction(tx_id)

    def give_up(self, why: Exception) -> None:
        """End all waits for transactions with an error, because nothing is committed any more."""
        self._waiting.give_up(why)

    def end(self, why: Exception) -> None:
        """End all waits with an error, because the ledger is closed and another takes its place."""
        self._waiting.end(why)

    def publish(self, committed: WrittenBlock) -> None:
        """Make a written block the last one for readers on the event loop, and end the waits for it."""
        self.height = committed.number + 1
        self.current_hash, self.previous_hash = committed.hash, committed.previous_hash
        self.commit_hash = committed.commit_hash
        if committed.is_config:
            self.config_block = committed.number
        self._recent[committed.number] = committed.content
        self._recent.pop(committed.number - _RECENT_BLOCKS, None)
        self._waiting.wake(
            self.height,
            (
                (tx_id, TransactionRecord(committed.number, index, code, self.block))
                for index, (tx_id, code) in enumerate(committed.verdicts)
            ),
        )

    # Private data before commit ----------------------------------------------------------------------------------

    def stage_private(self, tx_id: str, msp_id: str, content: bytes, height: int) -> None:
        """
        Store the private write set of an endorsement of *tx_id* by a peer of *msp_id* at *height*.

        Raises:
            EngineError: it cannot be stored, so the peer must not endorse.
        """
        self._transient.put(tx_id, msp_id, content, height)

    def staged_private(self, tx_id: str) -> tuple[bytes, ...]:
        """Return the private write sets of a transaction that is not committed yet."""
        return self._transient.get(tx_id)

    # Members -----------------------------------------------------------------------------------------------------

    def add_member(self, name: str, msp_id: str) -> None:
        """Record that the peer called *name* has joined."""
        self._reader.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (name, msp_id))

    def remove_member(self, name: str) -> None:
        """
        Record that the peer called *name* has left; on the commit thread.

        The last one of an organisation takes along the values that no other organisation had.
        """
        with self.committing():
            members = dict(self._writer.execute("SELECT name, msp FROM members"))
            msp_id = members.pop(name)
            self._writer.execute("DELETE FROM members WHERE name = ?", (name,))
            if msp_id not in members.values():
                privatedata.forget(self._writer, msp_id)

    def members(self) -> dict[str, str]:
        """Return the peers that joined, with their organisations."""
        return dict(self._reader.execute("SELECT name, msp FROM members"))

    # Committing: on the commit thread ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def committing(self) -> Iterator[Snapshot]:
        """Open the database transaction in which a block is validated and written; an exception rolls it back."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            with Snapshot(self._writer) as committed:
                yield committed
            self._writer.execute("COMMIT")
        except BaseException:
            # After an error such as a full disk, SQLite may have rolled the transaction back.
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def known_ids(self, tx_ids: list[str]) -> set[str]:
        """Return which of these transaction ids are in the ledger."""
        rows = self._writer.execute(
            "SELECT id FROM transactions WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(tx_ids),)
        )
        return {row[0] for row in rows}

    def write(self, block: Any, validated: ValidatedBlock, private: privatedata.PrivateWrites) -> WrittenBlock:
        """Write *block* and its changes inside :meth:`committing`; completes the block's metadata."""
        number = block.header.number
        metadata = block.metadata.metadata
        metadata[common_pb2.TRANSACTIONS_FILTER] = validated.flags
        commit_hash = b""
        if number > 0:
            commit_hash = blocks.commit_hash(
                validated.flags, validated.updates.state_updates(), self._fact("commit_hash") or b""
            )
            metadata[common_pb2.COMMIT_HASH] = common_pb2.Metadata(value=commit_hash).SerializeToString()
        header_hash = blocks.header_hash(block.header)
        run = self._writer.executemany
        content = block.SerializeToString()
        self._writer.execute("INSERT INTO blocks VALUES (?, ?, ?)", (number, header_hash, content))
        self._set_fact("commit_hash", commit_hash)
        if validated.config is not None:
            self._set_fact("config_block", str(number).encode())
        verdicts = validated.verdicts
        run(
            "INSERT OR IGNORE INTO transactions VALUES (?, ?, ?, ?)",
            [(one.tx_id, number, one.position, one.code) for one in verdicts if one.tx_id],
        )
        statestore.store(self._writer, validated)
        privatedata.store(self._writer, number, private, validated.updates)
        return WrittenBlock(
            number=number,
            hash=header_hash,
            previous_hash=block.header.previous_hash,
            commit_hash=commit_hash,
            is_config=validated.config is not None,
            verdicts=tuple((one.tx_id, one.code) for one in verdicts),
            content=content,
        )

    def admit(self, namespace: str, collection: str, member: str) -> None:
        """Give a new member of a collection the values of its other members; inside :meth:`committing`."""
        privatedata.admit(self._writer, namespace, collection, member)

    def forget_staged(self, committed: WrittenBlock) -> None:
        """Remove the data of a written block from the transient store."""
        self._transient.forget((tx_id for tx_id, _ in committed.verdicts), committed.number + 1)

    def set_orderers(self, names: Iterable[str]) -> None:
        """Record which orderers are on the channel; not while a block can be written."""
        self._set_fact("ordering", json.dumps([*names]).encode())

    def orderers(self, only: str) -> list[str]:
        """Return the orderers on the channel; *only* is that of a ledger of an earlier version, which had one."""
        told = self._fact("ordering") or b"[]"
        return [only] if told == b"1" else list(json.loads(told))

    def remove(self) -> None:
        """Delete the closed files."""
        for path in (self.path, self._transient_path):
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    def copy_to(self, folder: Path) -> None:
        """Copy the files into *folder*, at the end of a block."""
        # First the data that are not committed: those committed meanwhile are then in both copies, and never lost.
        for path in (self._transient_path, self.path):
            copies.copy(path, folder / path.name)

    def last_written(self) -> int:
        """Return the number of the last block, published or not; on the commit thread."""
        return int(self._writer.execute("SELECT max(number) FROM blocks").fetchone()[0])

    def export(self, folder: Path) -> None:
        """Write a peer's snapshot of the last block into the empty *folder*; on the commit thread."""
        exporting.write(self._writer, self.channel_id, folder)

    def close(self) -> None:
        """Close the file; nothing may be read or written afterwards."""
        for connection in (*self._idle, self._reader, self._writer):
            connection.close()
        self._transient.close()

    # Inside ------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        present = {row[0] for row in self._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not present:
            snapshots.create_schema(self._writer)
            self._set_fact("layout", _LAYOUT)
            self._set_fact("channel", self.channel_id.encode())
        elif missing := sorted(snapshots.TABLES - present):
            raise ValueError(f"it has no table {', '.join(missing)}")
        layout, channel = self._fact("layout"), self._fact("channel")
        # Closing rolls back an open transaction.
        self._writer.execute("COMMIT")
        if layout != _LAYOUT or channel != self.channel_id.encode():
            raise errors.StateError(self.path, f"this is not the ledger of channel {self.channel_id}", START_OVER)

    def _load(self) -> None:
        row = self._reader.execute("SELECT number, hash, content FROM blocks ORDER BY number DESC LIMIT 1").fetchone()
        if row is None:
            return
        number, known, content = row
        block = common_pb2.Block.FromString(content)
        header = block.header
        if (header.number, blocks.header_hash(header)) != (number, known):
            raise ValueError(f"what stands for block {number} is not that block")
        if header.data_hash != blocks.data_hash(block.data.data):
            raise ValueError(f"block {number} is not whole")
        self.height = number + 1
        self.current_hash, self.previous_hash = known, header.previous_hash
        self.commit_hash = self._fact("commit_hash") or b""
        self.config_block = int(self._fact("config_block") or b"0")

    def _fact(self, name: str) -> bytes | None:
        row = self._writer.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def _set_fact(self, name: str, value: bytes) -> None:
        self._writer.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def _unusable(path: Path, error: Exception) -> errors.StateError:
    """Return why a file cannot be opened: by a fault of the machine or of its content."""
    cure = START_OVER
    if isinstance(error, sqlite3.OperationalError):
        cure = "Make room for it, or let it be written, and start again"
    return errors.StateError(path, f"the ledger cannot be opened: {error}", cure)
