"""
A book of balances that counts each payment once: ``python book.py build/network``.

An event's effect and the position after it are written in one transaction of
the book's own database. Whatever dies when, the book has both or neither, and
the stream goes on at the position that the book has. Two processes must not
write one book at the same time.
"""

import json
import sqlite3
import sys
from collections.abc import Generator
from pathlib import Path

import hlf

Position = hlf.checkpoints.Position


class Book:
    """Balances, and how far the book has come; a checkpoint for `chaincode_events`."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        with self._database:
            self._database.execute("CREATE TABLE IF NOT EXISTS balance (account TEXT PRIMARY KEY, cents INTEGER)")
            self._database.execute("CREATE TABLE IF NOT EXISTS position (block INTEGER, tx TEXT)")

    @property
    def position(self) -> Position | None:
        """Where the stream goes on; None in a new book."""
        row = self._database.execute("SELECT block, tx FROM position").fetchone()
        return Position(*row) if row else None

    def begin(self, position: Position) -> None:
        """Remember where the stream began, so that a restart before the first event misses nothing."""
        with self._database:
            if self.position is None:
                self._move(position)

    def enter(self, event: hlf.ChaincodeEvent) -> None:
        """Add a payment to its account."""
        paid = json.loads(event.payload)
        with self._database:
            self._database.execute(
                "INSERT INTO balance VALUES (:account, :cents) "
                "ON CONFLICT (account) DO UPDATE SET cents = cents + :cents",
                paid,
            )
            self._move(Position(event.block_number, event.transaction_id))

    def balances(self) -> dict[str, int]:
        """Return the balance of each account."""
        return dict(self._database.execute("SELECT account, cents FROM balance"))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _move(self, position: Position) -> None:
        self._database.execute("DELETE FROM position")
        self._database.execute("INSERT INTO position VALUES (?, ?)", (position.block_number, position.transaction_id))


def keep(network: hlf.Network, book: Book) -> Generator[hlf.ChaincodeEvent, None, None]:
    """Yield each payment once it is in the book; a new book begins at the first block."""
    with network.chaincode_events("payments", start_block=0, checkpoint=book) as events:
        for event in events:
            book.enter(event)
            yield event


def main(state: Path) -> None:
    """Keep the book until the process is ended."""
    profile = hlf.Profile.load(state / "profiles/Org1MSP.json")
    identity, signer = hlf.load_user(state / "organisations/Org1MSP/users/User1", "Org1MSP")
    with hlf.connect(profile, identity, signer) as gateway:
        book = Book(Path("book.sqlite"))
        for _ in keep(gateway.network("mychannel"), book):
            print(book.balances())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
