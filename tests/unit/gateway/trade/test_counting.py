"""Counting as a job: page by page, nothing is sent when nothing changed, and a lost race is left to the next run."""

from __future__ import annotations

import json

import pytest

from gateway.fabric.ledgercalls import CommittedAnswer
from gateway.trade.journeys import counting
from hlf import errors
from tests.unit.gateway.fakes import TRANSACTION, FakeLedgers

PAGES = {"": (["J1", "J2"], "next"), "next": ([], "last"), "last": (["J9"], "")}


class Ledgers(FakeLedgers):
    """A ledger with three pages of open journeys, whose *lost* transactions are invalid."""

    lost: tuple[str, ...] = ()

    def evaluate(self, msp_id, user, call):
        """Answer with the page that is asked for."""
        assert (call.function, call.endorsers) == ("Performance:uncounted", ("CustomsMSP",))
        journeys, bookmark = PAGES[call.arguments[1]]
        return json.dumps({"journey_ids": journeys, "bookmark": bookmark}).encode()

    def submit(self, msp_id, user, call, before_sending):
        """Commit, or lose the race."""
        self.asked.append((msp_id, user, call))
        before_sending(TRANSACTION, b"")
        if call.arguments[0][0] in self.lost:
            raise errors.CommitError(TRANSACTION, 11)
        return CommittedAnswer(TRANSACTION, 7, b"[]")


@pytest.mark.parametrize(("lost", "counted"), [((), [("J1", "J2"), ("J9",)]), (("J1",), [(), ("J9",)])])
def test_every_page_is_counted_once(lost, counted):
    """A page with nothing to count sends nothing, and an invalid transaction does not stop the rest."""
    ledgers = Ledgers()
    ledgers.lost = lost
    assert list(counting.count(ledgers, "CustomsMSP", "User1")) == counted
    assert [call.texts() for _, _, call in ledgers.asked] == [['["J1","J2"]'], ['["J9"]']]
