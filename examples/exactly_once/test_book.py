"""Payments are counted once, also when the book's process dies between two steps."""

import sqlite3
from pathlib import Path

import pytest
from book import Book, Position, keep

import hlf


class Dying(Book):
    """A book whose process dies after the balance is written and before the position is."""

    def _move(self, position: Position) -> None:
        if position.transaction_id is not None:
            raise sqlite3.OperationalError("killed")
        super()._move(position)


def test_payments_are_counted_once(fabric: hlf.Gateway, tmp_path: Path) -> None:
    network, place = fabric.network("mychannel"), tmp_path / "book.sqlite"
    payments = network.contract("payments")
    payments.submit("pay", "p1", "rent", "700")
    payments.submit("pay", "p2", "rent", "50")

    dying = Dying(place)
    with pytest.raises(sqlite3.OperationalError):
        next(keep(network, dying))
    assert dying.balances() == {}
    dying.close()

    for counted in ({"rent": 700}, {"rent": 750}):
        book = Book(place)
        followed = keep(network, book)
        next(followed)
        assert book.balances() == counted
        followed.close()
        book.close()


def test_a_restart_before_the_first_event_misses_nothing(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.sqlite")
    book.begin(Position(7))
    book.begin(Position(9))
    assert book.position == Position(7)
    book.close()
