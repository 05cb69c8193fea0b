"""Growth of channel `trade`: processor time of one call at one peer, by the number of journeys on the ledger."""

from __future__ import annotations

import bisect
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figures import Series
from chaincode.contracts.journeys import counting, journeystate
from chaincode.domain.journeys.performance import JourneyLeg
from chaincode.domain.journeys.tallies import LaneTally
from chaincode.domain.vocabulary import locodes
from hlf.codec import moments, records
from hlf.shim import testing
from hlf.shim.testing.worldstate import WorldState
from hlf.wire.keys import composite_key
from hlf.wire.rwsets import Version
from tests.unit.contracts import shipping
from tests.unit.contracts.trading import CUSTOMS, LAST_MILE, MERCHANT, ORIGIN, PLATFORM, user

JOURNEYS = (100, 1_000, 10_000, 100_000)
CARRIERS = 42
"""Carriers beside the eight organisations of the default consortium: 50 members in all."""

ROUNDS = 9
LATER = shipping.at(25)
"""When everything is asked."""
LANE_ENDS = tuple(f"VN{code}" for code in sorted(locodes.listed("VN"))[:200])
_PLAYED = "J-000000"
_ORDER = "O-of-J-000000"
_SEEN = Version(1, 0)


def growth(_: str) -> Iterator[Series]:
    """
    Yield milliseconds of processor for each call with 100 to 100,000 journeys and 50 members; no network is needed.
    `benchmarks.sizes` has the growth by other things.

    The state is made from journeys that were played: every further journey is a copy under ids of its own, and the
    tallies are those of as many legs. What is measured is the contract with its runtime, without a state database.
    """
    channel = played()
    model = dict(channel.ledger.world.state["trade"])
    spent: dict[str, dict[int, float]] = {}
    for journeys in JOURNEYS:
        many = ManyJourneys(channel.ledger.world, model, journeys)
        for name, call in _calls(channel, many):
            spent.setdefault(name, {})[journeys] = processor(call)
    for name, by_size in spent.items():
        yield Series(name, "journeys", "ms", tuple(by_size.items()), "at most 50")


class ManyJourneys(dict[str, tuple[bytes, Version]]):
    """
    The state of many journeys: what was played, and copies of one journey that are made when they are read.

    So a hundred thousand journeys need the memory of one, and of the keys that lists are read by.
    """

    def __init__(self, world: WorldState, model: dict[str, tuple[bytes, Version]], journeys: int) -> None:
        super().__init__(model)
        self.journeys = journeys
        self._tally()
        copies = [self._id(number) for number in range(1, journeys)]
        listed = [composite_key(journeystate.OPEN, [each]) for each in copies]
        listed += [composite_key(journeystate.OF_ORDER, [f"O-of-{each}", each]) for each in copies]
        self._names = sorted([*self, *listed])
        world.state["trade"] = self
        world.range = self._range  # type: ignore[method-assign,assignment]  # The ledger's own sorts all keys at each call.

    @staticmethod
    def _id(number: int) -> str:
        return f"J-{number:06}"

    def last(self) -> str:
        """Return the id of the last journey."""
        return self._id(self.journeys - 1)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the entry of a key; one of a copied journey is made from that of the journey that was played."""
        found = super().get(key)
        at = key.find("J-")
        if found is not None or at < 0 or not key[at + 2 : at + 8].isdigit():
            return found or default
        copied = key[at : at + 8]
        if int(copied[2:]) >= self.journeys:
            return default
        model = super().get(key.replace(copied, _PLAYED))
        return (model[0].replace(_PLAYED.encode(), copied.encode()), model[1]) if model else default

    def _range(self, _: str, start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
        first, last = bisect.bisect_left(self._names, start), bisect.bisect_left(self._names, end)
        for name in self._names[first:last]:
            value, version = self.get(name)
            yield name, value, version

    def _tally(self) -> None:
        """Add the tallies of as many legs, over 200 lanes and all carriers, within the last year."""
        chance = random.Random(self.journeys)  # noqa: S311  (nothing here is secret)
        carriers = [LAST_MILE, *_carriers()]
        now = moments.of(shipping.at(24))
        made: dict[tuple[str, str, str], LaneTally] = {}
        for number in range(self.journeys):
            # Half of all legs are on one lane, as on the main road into a country.
            lane = 0 if number % 2 else chance.randrange(len(LANE_ENDS))
            key = ("VNHPH", LANE_ENDS[lane], chance.choice(carriers))
            took = max(60, round(chance.lognormvariate(7.5, 0.6))) * moments.MINUTE
            ended = now - chance.randrange(300) * moments.DAY
            leg = JourneyLeg(key[2], key[0], key[1], ended - took, ended, ended, 0)
            before = made.get(key) or LaneTally(key[2], key[0], key[1])
            made[key] = before.counting(leg, 1, now)
        for (origin, destination, carrier), tally in made.items():
            self[composite_key(counting.LANE, [origin, destination, carrier])] = (records.dumps(tally), _SEEN)
            place = records.dumps(counting.ObservedLane(origin, destination))
            self[composite_key(counting.OF_CARRIER, [carrier, origin, destination])] = (place, _SEEN)


def _carriers(number: int = CARRIERS) -> list[str]:
    return [f"Carrier{each:02}MSP" for each in range(number)]


def played(carriers: int = CARRIERS) -> shipping.Channel:
    """Return a channel of 8 members and *carriers*, on which a journey was played to its delivery, and counted."""
    channel = shipping.Channel()
    ledger: testing.Ledger = channel.ledger
    ledger.world.endorsement = None
    found = json.loads(ledger.evaluate("Participants:list", client=user(PLATFORM)).payload)
    carrier = next(each for each in found if each["msp_id"] == LAST_MILE)
    for name in _carriers(carriers):
        key = composite_key("participant", [name])
        ledger.world.state["trade"][key] = (json.dumps({**carrier, "msp_id": name}).encode(), _SEEN)
    channel.open(_PLAYED, order=channel.order(_ORDER))
    channel.deliver(_PLAYED)
    channel.count(_PLAYED)
    return channel


def _calls(channel: shipping.Channel, many: ManyJourneys) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each call by its name."""
    last, ledger = many.last(), channel.ledger

    def ask(function: str, *args: Any) -> Callable[[], object]:
        return lambda: ledger.evaluate(function, *args, client=user(CUSTOMS), at=LATER)

    def send(function: str, *args: Any, by: str) -> Callable[[], object]:
        return lambda: ledger.endorse(function, *args, client=user(by), endorsed_by=(by,), at=LATER)

    yield "Journeys:read", ask("Journeys:read", last)
    yield "Journeys:progress", ask("Journeys:progress", last)
    yield "Journeys:estimate", ask("Journeys:estimate", last)
    yield "Journeys:events", ask("Journeys:events", last)
    yield "Journeys:of_order", ask("Journeys:of_order", f"O-of-{last}")
    declared = {"p50_hours": 20, "p90_hours": 40, "on_time_bps": 9_000}
    yield "Performance:compare", ask("Performance:compare", LAST_MILE, "VNHPH", LANE_ENDS[0], declared)
    yield "Performance:count", send("Performance:count", [last], by=CUSTOMS)
    observation = {"stage_id": "S21", "step": "repairing", "event_time": shipping.text(25), "place": "VNHAN"}
    yield "Journeys:record", send("Journeys:record", last, observation, by=MERCHANT)
    yield "Journeys:report", send("Journeys:report", last, "delayed", "S11", shipping.text(24), "", by=ORIGIN)
    opening = channel.opening("K-1", order=channel.order("O-K-1"))
    yield "Journeys:open", send("Journeys:open", opening, by=PLATFORM)
    yield "Returns:request", send("Returns:request", channel.request(journey_id=last), by=PLATFORM)


def processor(call: Callable[[], object]) -> float:
    """Return the median of milliseconds of processor."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        call()
        times.append((time.process_time() - began) * 1_000)
    return statistics.median(times)
