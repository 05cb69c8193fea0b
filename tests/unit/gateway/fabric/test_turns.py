"""Turns of calls that change the same thing."""

from __future__ import annotations

import threading

import pytest

from gateway.fabric.turns import FairLocks

SUBJECT = ("trade", "trade", "J1")


def test_they_come_in_order_one_at_a_time():
    """Who asks first has the first turn, and nobody has one beside it."""
    turns, order = FairLocks(), []

    def work(number: int) -> None:
        with turns.take(SUBJECT):
            order.append(number)

    with turns.take(SUBJECT):
        waiting = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for number, thread in enumerate(waiting):
            thread.start()
            while len(turns._rows[SUBJECT]) < number + 2:
                thread.join(0.001)
        assert order == []
    for thread in waiting:
        thread.join()
    assert order == [0, 1, 2, 3]


def test_another_subject_does_not_wait_and_nothing_is_kept():
    turns = FairLocks()
    with turns.take(SUBJECT), turns.take(("trade", "trade", "J2")):
        assert len(turns._rows) == 2
    assert turns._rows == {}


def test_a_turn_ends_with_an_error_too():
    turns = FairLocks()
    with pytest.raises(ValueError, match="x"), turns.take(SUBJECT):
        raise ValueError("x")
    with turns.take(SUBJECT):
        pass
