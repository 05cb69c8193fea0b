"""The trade's own transactions through `hlf` on the default consortium: claims, grants, deliveries, stage events."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Line
from benchmarks.processes import Programs, difference
from benchmarks.turns import Round, Rounds
from chaincode.domain import channels
from hlf.network import admin
from network import CONSORTIUM
from selat.demo.goods import FORECAST, gtin
from selat.demo.voyage import Clock, HandOver, VoyageStep
from tests.support.trading import Claim, Market

CALLERS = 64
ROUNDS = 3
#: Calls of one round, in equal parts for each caller.
LOT = 4 * CALLERS
SHOWN = ("demand.units_p50_h87", "demand.peak_date")
#: Calls a second on the embedded engine: twice what they were when they were first measured.
ASKED = {
    "claims committed": "at least 254",
    "grants": "at least 70",
    "journeys opened": "at least 25.6",
    "stage events": "at least 166",
    "hand-overs": "at least 74",
}
#: Recorded by the merchant on its own page, any number of times; nobody else endorses it.
EVENT = VoyageStep("S04", "merchant", "selat:classifying", "CNSZX")
PASSING = HandOver("merchant", "origin", "CNSZX")


def trade(engine: str) -> Iterator[Line]:
    """
    Yield each kind of transaction, in lots of which one is to warm up, all until the transaction is valid.

    A claim is endorsed by its owner, a grant by owner, recipient and auditor,
    a delivery by the recipient, the opening of a journey by the majority of
    eight, an event by its recorder; a hand-over is two transactions, one of
    them endorsed by both sides. Documents and salts are made within the call,
    as an application makes them. Last of each kind is what a call adds to the
    blocks of both channels; ``benchmarks.capacity`` takes these figures as its costs.
    """
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state = Path(folder) / "network"
        admin.up(engine, state, CONSORTIUM)
        try:
            with Market(state) as market, ThreadPoolExecutor(CALLERS) as pool:
                for name, call, calls in _calls(market):
                    before = _heights(market)
                    told = [_lot(state, pool, call, number, calls) for number in range(ROUNDS + 1)]
                    market.settle()
                    rounds = Rounds(tuple(told[1:]))
                    asked = ASKED.get(name, "") if engine == "embedded" else ""
                    yield from rounds.figures(f"trade {engine} {name}", asked, ours=True, profile=True)
                    written = _bytes_since(market, before) / (len(told) * calls)
                    yield Figure(f"trade {engine} {name} blocks", written / 1024, "KiB a call")
        finally:
            admin.down(state)


def _calls(market: Market) -> Iterator[tuple[str, Callable[[int], object], int]]:
    """Yield what is measured, in an order in which each finds what those before it have written; each with its lot."""
    terms = market.found()
    merchant, platform = market["MerchantMSP"], market["PlatformMSP"]
    claims: dict[int, Claim] = {}
    clocks: dict[int, Clock] = {}
    orders: dict[int, dict[str, Any]] = {}

    def commit(number: int) -> None:
        goods = {"product.gtin14": gtin(f"{number % 100_000:05}")}
        claims[number] = merchant.commit("forecast", f"forecast-{number}", FORECAST | goods)

    def grant(number: int) -> None:
        merchant.grant(f"grant-{number}", claims[number], "ForwarderMSP", SHOWN, "plan the vans")

    def deliver(number: int) -> None:
        merchant.deliver(f"grant-{number}", claims[number], "ForwarderMSP", SHOWN)

    def order(number: int) -> None:
        orders[number] = platform.order(f"order-{number}", terms)
        platform.wait_for_peer("MerchantMSP", channels.COMMERCE.channel)
        merchant.sell("Orders:confirm", f"order-{number}")

    def open_journey(number: int) -> None:
        platform.open_journey(f"journey-{number}", orders[number])

    def record(number: int) -> None:
        # A caller keeps to one journey: two events at once on one page are a conflict, and the contract wants it so.
        caller = number % CALLERS
        merchant.record(f"journey-{caller}", EVENT, clocks.setdefault(caller, Clock()))

    def hand_over(number: int) -> None:
        market.hand_over(f"journey-{number}", PASSING, Clock())

    yield "claims committed", commit, LOT
    yield "grants", grant, LOT
    yield "deliveries", deliver, LOT
    yield "orders placed", order, CALLERS
    yield "journeys opened", open_journey, CALLERS
    yield "stage events", record, LOT
    yield "hand-overs", hand_over, CALLERS


def _heights(market: Market) -> dict[str, int]:
    """Return how many blocks the platform's peer has of the two channels that are written to."""
    gateway = market["PlatformMSP"].gateway
    return {name: gateway.network(name).height() for name in (channels.TRADE.channel, channels.COMMERCE.channel)}


def _bytes_since(market: Market, before: dict[str, int]) -> int:
    """Return the bytes of all blocks after the heights *before*."""
    gateway = market["PlatformMSP"].gateway
    return sum(
        len(gateway.network(channel).block(number))
        for channel, height in _heights(market).items()
        for number in range(before[channel], height)
    )


def _lot(state: Path, pool: ThreadPoolExecutor, call: Callable[[int], object], number: int, calls: int) -> Round:
    """Return one lot of *calls*, shared out among the callers: each has numbers of its own, one after the other."""
    before, processor, begun = Programs.of(state).processor_seconds(), time.process_time(), time.perf_counter()
    numbers = range(number * calls, (number + 1) * calls)
    shares = pool.map(partial(_share, call), (numbers[first::CALLERS] for first in range(CALLERS)))
    times = [each for share in shares for each in share]
    return Round(
        times=times,
        seconds=time.perf_counter() - begun,
        uncounted=0,
        failed=0,
        processor=time.process_time() - processor,
        network=difference(before, Programs.of(state).processor_seconds()),
    )


def _share(call: Callable[[int], object], numbers: range) -> list[float]:
    times = []
    for number in numbers:
        begun = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - begun) * 1000)
    return times
