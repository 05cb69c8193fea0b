"""The two stories of a marketplace, through HTTP; what they compute themselves is compared with the ledger."""

from __future__ import annotations

import io
import os

import pytest
from rich.console import Console

from selat.demo.market import month, peak, reckoning
from selat.demo.screen import Screen

ORDERS = int(os.environ.get("SELAT_ORDERS", "16"))
"""``SELAT_ORDERS=200`` plays the month with that many orders."""

pytestmark = pytest.mark.timeout(max(600, 10 * ORDERS))


@pytest.fixture(scope="module")
def shown() -> io.StringIO:
    """What the stories show on their screen."""
    return io.StringIO()


@pytest.fixture(scope="module")
def traded(trading, shown):
    """The month, played to its end."""
    month.play(trading, Screen(Console(file=shown)), ORDERS)
    return trading


def test_a_month_ends_as_its_book_says(traded, shown):
    """Every quantity, amount and state of every order, whatever went wrong with it."""
    compared, differing = reckoning.compare(traded)
    assert (differing, len(traded.book.orders)) == ([], ORDERS)
    assert compared > 15 * ORDERS
    for code in ("OUTSIDE_WINDOW", "ON_HOLD", "RETURN_TO_SENDER", "EXCHANGED", "REFUNDED", "NETTED", "one event"):
        assert code in shown.getvalue()


def test_money_is_conserved_in_every_currency(traded):
    """What buyers paid is what merchants have and what went back, to the last minor unit; nobody owes anything."""
    for _, orders, captured, refunded, settled, owed in reckoning.sums(traded):
        assert orders > 0
        assert (captured, owed) == (refunded + settled, 0)


def test_the_book_finds_a_unit_too_many(traded):
    """A quantity that the ledger does not have is told: the comparison at the end is one."""
    line = next(iter(traded.book.orders.values())).lines["1"]
    line.delivered += 1
    try:
        assert len(reckoning.compare(traded)[1]) == 1
    finally:
        line.delivered -= 1


def test_a_peak_is_seen_planned_for_and_learned_from(traded, shown):
    """A gap in two regions, a refusal planned around, a loss observed, and a loser that is told why."""
    peak.play(traded.anew(), Screen(Console(file=shown)))
    for words in ("VN-SG", "books space for", "LastMile refuses", "Forwarder asks why", "dearer"):
        assert words in shown.getvalue()
