"""The position of each named reader of an event stream, so that it can continue after a break."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite says ON CONFLICT in the same words.

from gateway.store.database import Store
from gateway.store.statements import PreparedStatement
from gateway.store.tables import checkpoints
from hlf.codec import names
from hlf.steps.checkpoints import Position

_OF = ("msp_id", "user", "channel", "chaincode", "name")
_GET = PreparedStatement(
    sa.select(checkpoints.c.block_number, checkpoints.c.transaction_id).where(
        *(checkpoints.c[name] == sa.bindparam(name) for name in _OF)
    )
)
_MOVED = insert(checkpoints)
_SET = PreparedStatement(
    _MOVED.on_conflict_do_update(
        index_elements=_OF,
        set_={
            "block_number": _MOVED.excluded.block_number,
            "transaction_id": _MOVED.excluded.transaction_id,
        },
    )
)
CURSOR = rf"[0-9]{{1,18}}:{names.SHA256.pattern}"
"""The form of an event's id: its block, a colon and its transaction."""


@dataclass(frozen=True)
class EventCursor:
    """The last event seen: its block and its transaction."""

    block_number: int
    transaction_id: str

    @classmethod
    def parse(cls, text: str) -> EventCursor:
        """
        Return the cursor in an event's id.

        Raises:
            ValueError: it is not of the form ``<block>:<transaction id>``.
        """
        if not re.fullmatch(CURSOR, text):
            raise ValueError("a cursor is <block number>:<transaction id>, as the id of an event")
        block_number, _, transaction_id = text.partition(":")
        return cls(int(block_number), transaction_id)

    def __str__(self) -> str:
        return f"{self.block_number}:{self.transaction_id}"

    @property
    def position(self) -> Position:
        """The position behind the event."""
        return Position(self.block_number, self.transaction_id)


@dataclass(frozen=True)
class CheckpointReader:
    """A reader: its user, its stream and its name."""

    msp_id: str
    user: str
    channel: str
    chaincode: str
    name: str


class Checkpoints:
    """The readers' cursors."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, reader: CheckpointReader) -> EventCursor | None:
        """Return the last event that this reader got; None before its first."""
        with self._store.reading() as database:
            row = database.execute(_GET, asdict(reader)).fetchone()
        return EventCursor(row["block_number"], row["transaction_id"]) if row else None

    def set(self, reader: CheckpointReader, cursor: EventCursor) -> None:
        """Move the reader's cursor, forward or back."""
        with self._store.connection() as database:
            database.execute(_SET, asdict(reader) | asdict(cursor))
