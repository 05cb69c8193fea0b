"""
The amount of a return: the part of its line's money that goes back to the buyer.

A line has a price, a share of the order's carriage (freight and insurance) and the duty and tax that the buyer paid
with the order. Each of these is split over the units of the line, and a return takes the parts of its own units. So
several returns of one line add up to the whole, to the last minor unit.

The price goes back less the restocking fee of the terms. Carriage, duty and tax go back unless the terms let the
buyer pay for a return of this reason; a buyer who changed its mind bears them, a buyer with a broken telephone does
not. Duty that the buyer paid to customs itself (DAP and the like) is no money of the order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from chaincode.domain.orders.orders import Order
from chaincode.domain.vocabulary import money
from chaincode.domain.vocabulary.money import Money
from hlf.codec.records import Amount


@dataclasses.dataclass(frozen=True)
class Sale:
    """What the buyer paid for a whole line, in minor units of the order's currency."""

    units: int
    price: Amount
    carriage: Amount
    tax: Amount
    currency: str

    @property
    def total(self) -> int:
        """All of it."""
        return self.price + self.carriage + self.tax


@dataclasses.dataclass(frozen=True)
class Shares:
    """The amount of a return and its parts: *amount* is price less restocking, plus carriage and tax."""

    price: Amount
    restocking: Amount
    carriage: Amount
    tax: Amount
    amount: Amount


def sales(order: Order) -> Mapping[str, Sale]:
    """Return the sums paid for each line of *order*; carriage is split over the lines by their price."""
    prices = [line.quantity * line.unit_price for line in order.lines]
    carriage = money.by_price(order.freight + order.insurance, prices)
    return {
        str(line.line): Sale(line.quantity, price, carried, line.tax, order.currency)
        for line, price, carried in zip(order.lines, prices, carriage, strict=True)
    }


def shares(sale: Sale, before: int, units: int, payer: str, restocking_bps: int) -> Shares:
    """
    Return the amount for *units* of a line, if *before* units of it had an amount already.

    *payer* is who pays for such a return by the terms; *restocking_bps* is their fee.
    """
    price = _part(sale.price, sale.units, before, units)
    fee = Money(sale.price, sale.currency).share(restocking_bps).minor
    restocking = _part(fee, sale.units, before, units)
    bears = payer == "buyer"
    carriage = 0 if bears else _part(sale.carriage, sale.units, before, units)
    tax = 0 if bears else _part(sale.tax, sale.units, before, units)
    return Shares(price, restocking, carriage, tax, price - restocking + carriage + tax)


def _part(whole: int, among: int, before: int, units: int) -> int:
    """
    Return the share of *units* in *whole*, after *before* units.

    By largest remainder: each unit gets the same, and the first ones get the minor units that are left over.
    """
    return _first(whole, among, before + units) - _first(whole, among, before)


def _first(whole: int, among: int, units: int) -> int:
    each, over = divmod(whole, among)
    return units * each + min(units, over)
