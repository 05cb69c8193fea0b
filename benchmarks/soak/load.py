"""Orders through their life: sold, paid, sent, scanned, handed over and read, as fast as possible or at a rate."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator

from benchmarks.soak.callers import CALLERS, PatientCaller, Tally
from benchmarks.soak.service import SoakedService
from selat.demo import goods
from selat.demo.callers import Blocks, DemoError
from selat.demo.market import shops
from selat.demo.market.people import ACTORS, Callers
from selat.demo.market.trading import Marketplace


class Load:
    """Threads that carry orders, each with actors and connections of its own."""

    def __init__(self, service: SoakedService) -> None:
        self._service = service
        self.tally = Tally()
        with self._callers() as callers:
            self._market = Marketplace.opened(callers, service.calendar)

    def run(self, seconds: float, rate: float | None = None) -> float:
        """
        Carry orders for so long, and those begun to their end; return how many ended a second.

        With a *rate*, in orders a second, each begins at its moment, or as soon as a thread is free.
        """
        begun, before = time.monotonic(), self.tally.orders
        numbers = itertools.count()
        threads = [
            threading.Thread(target=self._carry_on, args=(begun, begun + seconds, numbers, rate), daemon=True)
            for _ in range(CALLERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (self.tally.orders - before) / (time.monotonic() - begun)

    def _carry_on(self, begun: float, until: float, numbers: Iterator[int], rate: float | None) -> None:
        with self._callers() as callers:
            while True:
                moment = begun + next(numbers) / rate if rate else time.monotonic()
                if max(moment, time.monotonic()) >= until:
                    return
                time.sleep(max(0.0, moment - time.monotonic()))
                try:
                    self._carry(callers)
                except DemoError as error:
                    self.tally.failed(error)
                else:
                    self.tally.ended()

    def _carry(self, callers: Callers) -> None:
        """Carry one order from the basket to the door, with what its parties read on the way."""
        to = shops.HANOI
        # A market with an empty book: what was carried need not be kept in memory.
        market = self._market.anew()
        market.callers = callers
        (sale,) = market.basket(to, (shops.LEFT, [1]))
        journey = market.send(sale, {"1": 1})
        events = f"/v1/journeys/{journey}/events"
        callers["export_customs"].post(events, market.seen("S14", "selat:customs_released", goods.PORT))
        market.hand_over(journey, "origin", to.freighter, goods.PORT)
        callers[to.freighter].post(events, market.seen("S15", "departing", goods.PORT))
        callers["customs"].post(events, market.seen("S17", "selat:customs_released", to.place))
        market.hand_over(journey, to.freighter, to.last, to.place)
        market.deliver(sale, journey)
        callers["merchant"].get(f"/v1/orders/{sale.order_id}")
        callers["customs"].get(f"/v1/journeys/{journey}")

    @contextlib.contextmanager
    def _callers(self) -> Iterator[Callers]:
        blocks, bases, tokens = Blocks(), [each.base for each in self._service.gateways], self._service.tokens
        with contextlib.ExitStack() as open_callers:
            yield {
                name: open_callers.enter_context(
                    PatientCaller(bases, self.tally, (name, *ACTORS[name]), tokens, blocks)
                )
                for name in tokens
            }
