"""A month of the marketplace: many orders, everything that goes wrong, and a book that agrees at the end."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from chaincode.domain.vocabulary.money import Money
from selat.demo.callers import DemoError
from selat.demo.market import mishaps, monthend, shops
from selat.demo.market.shops import LEFT, LINGNAN, RIGHT
from selat.demo.market.trading import Load, Marketplace, SoldOrder
from selat.demo.screen import Screen, good

_AT_ONCE = 4
"""Baskets that are bought, and parcels that are delivered, at the same time."""

_SERIALS = [f"https://id.gs1.org/01/{LEFT.gtin}/21/{number}" for number in (2001, 2002)]
_PARCELS, _LOT = 40, 10
"""The parcels of one order, and how many of them go on one journey."""


@dataclass(frozen=True)
class MishapOrders:
    """The orders of the mishaps."""

    three: SoldOrder
    beside: SoldOrder
    many: SoldOrder
    cheap: SoldOrder
    held: SoldOrder
    lost: SoldOrder
    absent: SoldOrder
    refused: SoldOrder
    locker: SoldOrder
    broken: SoldOrder
    late: SoldOrder
    disputed: SoldOrder
    paid: SoldOrder
    later: SoldOrder

    @property
    def all(self) -> list[SoldOrder]:
        """Every one of them."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


def play(trading: Marketplace, screen: Screen, orders: int) -> None:
    """
    Play the month with so many *orders*.

    Raises:
        DemoError: an answer differs from what the story expects, or the book from the ledger.
    """
    calendar = trading.calendar
    began = calendar.now
    screen.chapter("Buyers in six countries fill their baskets, and pay in seven currencies")
    special = _special(trading)
    ordinary = _ordinary(trading, orders - len(special.all))
    screen.table(["buyers in", "orders", "parcels", "paid"], _sold([*special.all, *ordinary]))
    screen.chapter("Parcels travel in containers and flights; one event counts for all inside")
    _travel(trading, screen, special, ordinary)
    screen.chapter("Not everything goes well")
    _go_wrong(trading, screen, special)
    screen.chapter("After thirty days the merchants are paid, and the book is compared with the ledger")
    left = timedelta(days=30) - (calendar.now - began)
    calendar.forward(seconds=max(left.total_seconds(), 0))
    due = [sale for sale in (*special.all, *ordinary)
           if not sale.entry.settled and sale.entry.refunded < sale.entry.captured]  # fmt: skip
    for sale in due:
        trading.settle(sale)
    compared, differing = monthend.compare(trading)
    sums = [
        (currency, orders, *(Money(each, currency) for each in more))
        for currency, orders, *more in monthend.sums(trading)
    ]
    screen.table(["currency", "orders", "captured", "refunded", "settled", "owed"], sums)
    if differing:
        raise DemoError(f"the book and the ledger differ: {'; '.join(differing[:5])}")
    screen.say(f"{compared} quantities, amounts and states: the ledger says what the book says.")


def _special(trading: Marketplace) -> MishapOrders:
    three, beside = trading.basket(shops.HANOI, (LEFT, [3]), (LINGNAN, [1]))
    (many,) = trading.basket(shops.HANOI, (RIGHT, [_PARCELS]), discount=5)
    (cheap,) = trading.basket(shops.HANOI, (LEFT, [1]), discount=10)
    (held,) = trading.basket(shops.HANOI, (LINGNAN, [1]))
    (lost,) = trading.basket(shops.JAKARTA, (LEFT, [1]))
    (absent,) = trading.basket(shops.BANGKOK, (RIGHT, [1]))
    (refused,) = trading.basket(shops.MANILA, (LEFT, [1]))
    (locker,) = trading.basket(shops.SINGAPORE, (LINGNAN, [1]))
    (broken,) = trading.basket(shops.KUALA_LUMPUR, (LEFT, [1]))
    (late,) = trading.basket(shops.BANGKOK, (RIGHT, [1]))
    (disputed,) = trading.basket(shops.SINGAPORE, (LEFT, [1]))
    (paid,) = trading.basket(shops.FROM_CHINA, (LINGNAN, [1]))
    (later,) = trading.basket(shops.FROM_CHINA, (LINGNAN, [2, 1]))
    trading.send(three, {"1": 2})
    trading.send(three, {"1": 1})
    for _ in range(_PARCELS // _LOT):
        trading.send(many, *({"1": 1} for _ in range(_LOT)))
    trading.send(broken, {"1": _SERIALS[:1]})
    trading.send(later, {"1": 2}, {"2": 1})
    for sale in (beside, cheap, held, lost, absent, refused, locker, late, disputed, paid):
        trading.send(sale, {"1": 1})
    return MishapOrders(
        three, beside, many, cheap, held, lost, absent, refused, locker, broken, late, disputed, paid, later
    )


def _ordinary(trading: Marketplace, orders: int) -> list[SoldOrder]:
    """Sell and send *orders* of one or two units, to one destination after the other."""
    wanted = [
        (shops.SHOPS[number % len(shops.SHOPS)], shops.DESTINATIONS[number % len(shops.DESTINATIONS)], 1 + number % 2)
        for number in range(orders)
    ]

    def sell(number: int) -> SoldOrder:
        shop, to, units = wanted[number]
        (sale,) = trading.basket(to, (shop, [units]))
        trading.send(sale, {"1": units})
        return sale

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(sell, range(orders)))


def _travel(trading: Marketplace, screen: Screen, special: MishapOrders, ordinary: Sequence[SoldOrder]) -> None:
    """Load everything, let it travel, and deliver all that goes well."""
    going = [*special.all, *ordinary]
    loads: list[Load] = []
    for last in ("last_mile", "peninsula", "archipelago"):
        # A unit that goes to several places of one carrier is emptied at the first of them.
        same = [sale for sale in going if sale.to.last == last]
        loads.append(trading.load(same[0].to, same))
    trading.calendar.forward(days=3)
    loads = [mishaps.lost(trading, special.lost, each) if each.to is special.lost.to else each for each in loads]
    for load in loads:
        trading.unload(load)
    screen.table(
        ["unit", "to", "parcels inside", "unloaded by"],
        [(load.unit_id.rsplit("/", 1)[1], load.to.place, len(load.members), good("one event")) for load in loads],
    )
    trading.calendar.forward(hours=20)
    apart = (special.held, special.lost, special.absent, special.refused, special.locker)
    smooth = [(sale, journey) for sale in going if sale not in apart for journey in sale.parcels]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda each: trading.deliver(*each), smooth))
    for sale in going:
        arrived = {journey for journey, status in sale.entry.journeys.items() if status == "delivered"}
        if arrived:
            for line in sale.entry.lines.values():
                line.delivered = line.allotted


def _go_wrong(trading: Marketplace, screen: Screen, special: MishapOrders) -> None:
    delivered = trading.calendar.now
    rows = [
        mishaps.made_good(trading, special.lost),
        mishaps.held(trading, special.held),
        mishaps.tried_in_vain(trading, special.absent, "nobody_there", 3),
        mishaps.tried_in_vain(trading, special.refused, "refused", 1),
        mishaps.collected(trading, special.locker),
        mishaps.one_of_three(trading, special.three),
        mishaps.exchanged(trading, special.broken, *_SERIALS),
        mishaps.not_worth_the_way(trading, special.cheap),
        mishaps.disputed(trading, special.disputed),
        mishaps.after_the_settlement(trading, special.paid, special.later),
    ]
    for sale in (special.held, special.locker):
        sale.entry.lines["1"].delivered = sale.entry.lines["1"].allotted
    ends = shops.window_end(special.late.to, delivered)
    trading.calendar.forward(seconds=(ends - trading.calendar.now).total_seconds() + 3_600)
    rows.append(mishaps.an_hour_late(trading, special.late, shops.local(special.late.to, ends)))
    screen.table(["what happened", "what came of it", ""], [(what, came, good(code)) for what, came, code in rows])


def _sold(sales: Sequence[SoldOrder]) -> list[tuple[object, ...]]:
    found = sorted(sales, key=lambda sale: (sale.to.place, sale.to.currency))
    return [
        (
            f"{place}, {currency}",
            len(each),
            sum(len(parcels) for sale in each for parcels in sale.parcels.values()),
            Money(sum(sale.entry.captured for sale in each), currency),
        )
        for (place, currency), same in itertools.groupby(found, key=lambda sale: (sale.to.place, sale.to.currency))
        for each in [list(same)]
    ]
