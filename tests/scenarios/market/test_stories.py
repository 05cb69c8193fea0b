"""
The two stories of a marketplace, and random histories of it, through HTTP.

What they compute themselves is compared with the ledger.
"""

from __future__ import annotations

import collections
import functools
import io
import os

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console

from selat.demo.market import month, monthend, peak
from selat.demo.screen import Screen
from tests.scenarios.market.histories import TO, Histories

ORDERS = int(os.environ.get("SELAT_ORDERS", "16"))
"""``SELAT_ORDERS=200`` plays the month with that many orders."""

HISTORIES = int(os.environ.get("SELAT_HISTORIES", "0"))
"""``SELAT_HISTORIES=400`` tries a tenth as many histories through HTTP, where a step takes that much longer."""

pytestmark = pytest.mark.timeout(max(600, 10 * ORDERS, 4 * HISTORIES))


@pytest.fixture(scope="module")
def shown() -> io.StringIO:
    """Return what the stories show on their screen."""
    return io.StringIO()


@pytest.fixture(scope="module")
def traded(trading, shown):
    """Return the month, played to its end."""
    month.play(trading, Screen(Console(file=shown)), ORDERS)
    return trading


def test_a_month_ends_as_its_book_says(traded, shown):
    """Every quantity, amount and state of every order, whatever went wrong with it."""
    compared, differing = monthend.compare(traded)
    assert (differing, len(traded.book.orders)) == ([], ORDERS)
    assert compared > 15 * ORDERS
    for code in ("OUTSIDE_WINDOW", "ON_HOLD", "RETURN_TO_SENDER", "EXCHANGED", "REFUNDED", "NETTED", "one event"):
        assert code in shown.getvalue()


def test_money_is_conserved_in_every_currency(traded):
    """What buyers paid is what merchants have and what went back, to the last minor unit; nobody owes anything."""
    for _, orders, captured, refunded, settled, owed in monthend.sums(traded):
        assert orders > 0
        assert (captured, owed) == (refunded + settled, 0)


def test_the_book_finds_a_unit_too_many(traded):
    """A quantity that the ledger does not have is told: the comparison at the end is one."""
    line = next(iter(traded.book.orders.values())).lines["1"]
    line.delivered += 1
    try:
        assert len(monthend.compare(traded)[1]) == 1
    finally:
        line.delivered -= 1


def test_a_peak_is_seen_planned_for_and_learned_from(traded, shown):
    """A gap in two regions, a refusal planned around, a loss observed, and a loser that is told why."""
    peak.play(traded.anew(), Screen(Console(file=shown)))
    for words in ("VN-SG", "books space for", "LastMile refuses", "Forwarder asks why", "dearer"):
        assert words in shown.getvalue()


@pytest.fixture(scope="module")
def owed():
    """Return what merchants owe by currency, over all histories of the market."""
    return collections.Counter()


def test_no_cheat_is_allowed_in_a_history_with_every_step(trading, owed):
    """Each step of the histories once, allowed and not: the ledger agrees with a book of plain sums after each."""
    history = Histories(trading.anew(), owed)
    for step in (
        lambda: history.bought(2, 1),
        lambda: history.send(2, 0),
        lambda: history.forge(400),
        lambda: history.forge(-4_000),
        lambda: history.invent(1_000, known=True),
        lambda: history.invent(1, known=False),
        lambda: history.end(0, "delivered"),
        lambda: history.end(0, "delivered"),
        lambda: history.end(1, "lost"),
        lambda: history.send(1, 1),
        lambda: history.end(2, "sent_back"),
        lambda: history.ask(0, 3, "DEFECTIVE"),
        lambda: history.ask(0, 1, "CHANGE_OF_MIND"),
        lambda: history.ask(1, 1, "NOT_RECEIVED"),
        lambda: history.pay(0),
        lambda: history.fetch(0),
        lambda: history.fetch(1),
        lambda: history.pay(0),
        lambda: history.settle(),
        lambda: history.pay(1),
        lambda: history.pay(1),
        lambda: history.collect_again(),
        lambda: history.rebate(history.total),
        lambda: history.cancel(),
    ):
        step()
        history.agreed()
    assert sorted(each.state for each in history.asked.values()) == ["REFUNDED", "REFUNDED"]
    assert owed[TO.currency] > 0


def test_random_histories_neither_make_nor_lose_units_and_money(trading, owed):
    """The ledger agrees with a book of plain sums after each step, and no cheat among the steps is allowed."""
    # Making a failing history shorter would play hundreds of them.
    tried = settings(
        max_examples=HISTORIES // 10 or 2,
        stateful_step_count=25 if HISTORIES else 12,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(functools.partial(Histories, trading.anew(), owed), settings=tried)
