"""The position of each named reader of an event stream, so that it can continue after a break."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.store.database import Store

_CURSOR = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Cursor:
    """The last event seen: its block and its transaction."""

    block_number: int
    transaction_id: str

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """
        Return the cursor in an event's id.

        Raises:
            ValueError: it is not of the form ``<block>:<transaction id>``.
        """
        found = _CURSOR.fullmatch(text)
        if not found:
            raise ValueError("a cursor is <block number>:<transaction id>, as the id of an event")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.block_number}:{self.transaction_id}"


@dataclass(frozen=True)
class Reader:
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

    def get(self, reader: Reader) -> Cursor | None:
        """Return the last event that this reader got; None before its first."""
        with self._store.connection() as database:
            row = database.execute(
                "SELECT block_number, transaction_id FROM checkpoints "
                "WHERE msp_id = ? AND user = ? AND channel = ? AND chaincode = ? AND name = ?",
                _key(reader),
            ).fetchone()
        return Cursor(row["block_number"], row["transaction_id"]) if row else None

    def set(self, reader: Reader, cursor: Cursor) -> None:
        """Move the reader's cursor, forward or back."""
        with self._store.connection() as database:
            database.execute(
                "INSERT INTO checkpoints VALUES (?,?,?,?,?,?,?) "
                "ON CONFLICT (msp_id, user, channel, chaincode, name) DO UPDATE "
                "SET block_number = excluded.block_number, transaction_id = excluded.transaction_id",
                (*_key(reader), cursor.block_number, cursor.transaction_id),
            )


def _key(reader: Reader) -> tuple[str, str, str, str, str]:
    return reader.msp_id, reader.user, reader.channel, reader.chaincode, reader.name
