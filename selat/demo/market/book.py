"""
The book of the marketplace: every quantity and amount, computed without the contracts' code.

The story enters what it does, and at the end compares the book with the ledger. The rules that it needs (who bears
which share of a return, which unit gets a remainder) are written here a second time on purpose.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fractions import Fraction

from selat.demo.market.shops import RESTOCKING_BPS

_FREE_OF_COST = ("DEFECTIVE", "NOT_RECEIVED")
"""Reasons for which the buyer bears neither fee nor carriage nor tax."""


@dataclass
class BookLine:
    """The units of one line, and what the buyer paid for them."""

    ordered: int
    price: int
    carriage: int
    tax: int
    allotted: int = 0
    delivered: int = 0
    lost: int = 0
    sent_back: int = 0
    returned: int = 0
    exchanged: int = 0
    due: int = 0

    def refund(self, units: int, reason: str) -> int:
        """Return the amount due for *units* returned for this reason, after the units that have an amount already."""
        free = reason in _FREE_OF_COST
        fee = 0 if free else round(Fraction(self.price * RESTOCKING_BPS, 10_000))
        paid = [(self.price, 1), (fee, -1)] + ([(self.carriage, 1), (self.tax, 1)] if free else [])
        numbers = range(self.due, self.due + units)
        self.due += units
        return sum(sign * _share(whole, self.ordered, number) for whole, sign in paid for number in numbers)


@dataclass
class BookEntry:
    """One order."""

    merchant: str
    currency: str
    lines: dict[str, BookLine]
    captured: int = 0
    refunded: int = 0
    settled: bool = False
    refunded_when_settled: int = 0
    netted: int = 0
    state: str = "placed"
    journeys: dict[str, str] = field(default_factory=dict)
    returns: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What the buyer pays."""
        return sum(line.price + line.carriage + line.tax for line in self.lines.values())

    @property
    def owed(self) -> int:
        """What went back to the buyer after the merchant was paid."""
        return self.refunded - self.refunded_when_settled if self.settled else 0


class Book:
    """All orders by their ids, and claims against carriers by theirs."""

    def __init__(self) -> None:
        self.orders: dict[str, BookEntry] = {}
        self.claims: dict[str, str] = {}
        self._writing = threading.Lock()

    def place(self, order_id: str, entry: BookEntry) -> BookEntry:
        """Write down a new order."""
        with self._writing:
            self.orders[order_id] = entry
        return entry

    def owed(self, merchant: str, currency: str) -> int:
        """Return what a merchant owes that no settlement has taken off yet."""
        own = [each for each in self.orders.values() if (each.merchant, each.currency) == (merchant, currency)]
        return sum(each.owed - each.netted for each in own)

    def settle(self, order_id: str) -> int:
        """Write down that an order's money is paid out, less what its merchant owes; return the sum taken off."""
        entry = self.orders[order_id]
        entry.netted = min(self.owed(entry.merchant, entry.currency), entry.captured - entry.refunded)
        entry.settled, entry.refunded_when_settled = True, entry.refunded
        return entry.netted


def split(whole: int, weights: list[int]) -> list[int]:
    """Return *whole* in proportion to *weights*; the largest remainders, and of equal ones the first, get the rest."""
    exact = [Fraction(whole * weight, sum(weights)) for weight in weights]
    parts = [int(each) for each in exact]
    order = sorted(range(len(parts)), key=lambda number: (parts[number] - exact[number], number))
    for number in order[: whole - sum(parts)]:
        parts[number] += 1
    return parts


def _share(whole: int, among: int, number: int) -> int:
    """Return the part of unit *number* of *among*; the first units get what is left over."""
    return whole // among + (1 if number < whole % among else 0)
