"""
What members see of each other's transactions is of no use to them.

A sale is played from the order to the debt of its refund. Each of its transactions is also sent by every other member,
with the same arguments and private values, before and after its author sends it; and by its author once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.orders.test_dues import came_back, settle, sold
from tests.unit.contracts.trading import MERCHANT, PAYMENTS, PLATFORM, user

PARTIES = {
    "Orders:place": {MERCHANT},
    "Orders:open": {MERCHANT},
    "Journeys:open": {MERCHANT},
    "Settlement:authorise": {MERCHANT, PAYMENTS},
    "Returns:request": {MERCHANT},
    "ReturnDues:state": {PLATFORM},
    "ReturnDues:disclose": {PLATFORM},
}
"""Who else of the parties may send a transaction of the story, with what it keeps itself."""

AGAIN = {
    "Journeys:offer_custody": "the offer stands, with the same words",
    "Journeys:record": "the receipt of the same event comes again, marked as repeated",
    "ReturnDues:disclose": "the payment firm is told the same again",
}
"""What its author may send twice, and what it does then."""


class Trials:
    """
    What went through beside the story.

    Attributes:
        copied: by function, the other members from whom it was taken.
        repeated: functions that were taken from their author again.
        moved: those that changed goods or money after the story had sent them.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.copied: dict[str, set[str]] = {}
        self.repeated: set[str] = set()
        self.moved: set[str] = set()
        self.tried = 0
        self._invoke = invoke = testing.Ledger.invoke

        def tried(ledger: testing.Ledger, function: str, *args: Any, client: Any, **named: Any) -> Any:
            call = (function, *args)
            strangers = [user(member) for member in ledger.members if member != client.msp_id]
            for stranger in strangers:
                if self._changes(ledger, call, {**named, "client": stranger}):
                    self.copied.setdefault(function, set()).add(stranger.msp_id)
            result = invoke(ledger, *call, client=client, **named)
            for sender in (client, *strangers):
                known = _sums(ledger)
                if self._changes(ledger, call, {**named, "client": sender}, known):
                    self.repeated.add(function)
            return result

        patch.setattr(testing.Ledger, "invoke", tried)

    def _changes(
        self, ledger: testing.Ledger, call: tuple[Any, ...], named: dict[str, Any], known: list[bytes] | None = None
    ) -> bool:
        """Return whether a transaction is taken and writes something, on a copy of the ledger."""
        self.tried += 1
        kept, ledger.world = ledger.world, ledger.world.copy()
        try:
            result = self._invoke(ledger, *call, **named)
            if known is not None and _sums(ledger) != known:
                self.moved.add(call[0])
            return bool(result.writes or result.private_writes)
        except (testing.Refused, testing.Invalid):
            return False
        finally:
            ledger.world = kept


def _sums(ledger: testing.Ledger) -> list[bytes]:
    """Return goods and money of the story's order, as far as this channel has them."""
    found = []
    for function, name, asker in (("Accounts:read", "O1", MERCHANT), ("Settlement:show", "P-O1", PAYMENTS)):
        with contextlib.suppress(testing.Refused):
            found.append(ledger.evaluate(function, name, client=user(asker)).payload)
    return found


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    """Play the story to its end, with its trials."""
    with pytest.MonkeyPatch.context() as patch:
        made = Trials(patch)
        # Of a channel that other tests founded, nothing would be tried.
        patch.setattr(shipping, "_FOUNDED", {})
        market = sold(settle=True)
        came_back(market, "R1", 2, "DEFECTIVE")
        settle(market, "R1", market.refunded("O1", "R1"))
        yield made


def test_a_copy_serves_the_other_parties_alone(trials):
    """No carrier, customs or auditor gains anything by it, and nobody moves what only another may."""
    assert trials.tried > 200
    assert trials.copied == PARTIES


def test_a_repetition_moves_neither_goods_nor_money(trials):
    """It is refused, or says again what was said: the order's account and its payment stay as they are."""
    assert trials.repeated == AGAIN.keys()
    assert not trials.moved
