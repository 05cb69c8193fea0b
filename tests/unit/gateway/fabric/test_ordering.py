"""Transactions that an orderer accepts, loses and refuses, by a clock that only the waiting moves."""

from __future__ import annotations

from types import SimpleNamespace

import grpc
import pytest

from gateway.fabric import ordering
from hlf import errors
from hlf.steps import budget


class Sent:
    """A transaction that the orderer loses so often, and whose later submits are refused so often."""

    def __init__(self, now: list[float], lost: int, refused: int = 0) -> None:
        self.now = now
        self.lost = lost
        self.refused = refused
        self.submitted = 0
        self.waited: list[float] = []

    def submit(self, timeout: float | None = None) -> Sent:
        self.submitted += 1
        assert (timeout is None) == (self.submitted == 1)
        if 1 < self.submitted <= 1 + self.refused:
            raise errors.SubmitError("the orderer is away", status=grpc.StatusCode.UNAVAILABLE)
        return self

    def commit(self) -> Sent:
        return self

    def wait_committed(self, seconds: float) -> str:
        self.waited.append(seconds)
        if len(self.waited) <= self.lost:
            self.now[0] += seconds
            raise errors.CommitStatusError("no block has it")
        return "VALID"


@pytest.fixture
def now(monkeypatch):
    """Return the seconds that have passed, by the clock of the budgets, which only the waiting moves."""
    passed = [0.0]
    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=lambda: passed[0]))
    return passed


@pytest.mark.parametrize(("seconds", "waits"), [(30, [5, 5, 5]), (4, [2, 2])])
def test_a_transaction_that_an_orderer_lost_is_sent_again(now, seconds, waits):
    """An orderer that dies forgets what it had accepted; all waits together take no longer than one was allowed to."""
    usual = Sent(now, lost=0)
    assert ordering.committed(ordering.ordered(usual, seconds)) == "VALID"
    assert (usual.submitted, usual.waited) == (1, waits[:1])
    lost = Sent(now, lost=len(waits) - 1)
    assert ordering.committed(ordering.ordered(lost, seconds)) == "VALID"
    assert (lost.submitted, lost.waited) == (len(waits), waits)


def test_a_network_that_comes_back_late_gets_what_it_lost(now):
    """It was away when the transaction was sent again: this is tried until it succeeds, and not waited for in vain."""
    sent = Sent(now, lost=10, refused=9)
    assert ordering.committed(ordering.ordered(sent, 30)) == "VALID"
    assert sent.waited == [5, *[1] * 9, 5]


def test_a_refusal_of_the_second_time_says_nothing_of_the_first(now):
    """The first one may be in a block yet: the outcome stays unknown, and is not a refusal."""
    sent = Sent(now, lost=1, refused=1)
    assert ordering.committed(ordering.ordered(sent, 30)) == "VALID"
    never = Sent(now, lost=100, refused=100)
    with pytest.raises(errors.CommitStatusError):
        ordering.committed(ordering.ordered(never, 30))
    assert now == [5 + 30]
