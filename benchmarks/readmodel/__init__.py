"""
The read model's answers by the number of events in it, on PostgreSQL: p95 of each kind of question, in milliseconds.

Rows are written by the database itself, as the feeder would write them of as many journeys; no network is needed.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.figures import Line, Note, Series
from benchmarks.readmodel import filling
from gateway.readmodel import cursors, epcisqueries, queries
from gateway.readmodel.epcisqueries import EpcisQuery, NameCondition, TimeCondition
from gateway.readmodel.model import Model
from gateway.readmodel.queries import Query
from gateway.store.database import Store
from tests.unit.gateway import postgresql

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ASKED = "at most 50"
_CALLS, _WARMING = 60, 10
_MSP = filling.MSP_ID

Ask = Callable[[Model, random.Random, int], object]


def readmodel(_: str) -> Iterator[Line]:
    """Fill one model in steps to a million events, and ask it all questions at each size."""
    try:
        with postgresql.server() as url, tempfile.TemporaryDirectory() as folder:
            model = Model(Store(Path(folder), url))
            found: dict[str, list[tuple[int, float]]] = {}
            before = 0
            for size in SIZES:
                filling.fill(model.store, before, size)
                before = size
                for name, ask in QUESTIONS.items():
                    took, worked = measured(model, ask, size)
                    found.setdefault(name, []).append((size, took))
                    found.setdefault(f"{name}, processor", []).append((size, worked))
            for name, points in found.items():
                yield Series(name, "events", "ms", tuple(points), ASKED)
    except pytest.skip.Exception as missing:
        yield Note(f"without PostgreSQL: {missing.msg}")


def measured(model: Model, ask: Ask, size: int) -> tuple[float, float]:
    """
    Return p95 of calls and p95 of their processor time here and in the database; both in milliseconds.

    What they ask for is drawn, and always the same.
    """
    with model.store.reading() as database:
        backend = database.driver.info.backend_pid
    chance, took, worked = random.Random(size), [], []  # noqa: S311  Nothing here is secret.
    for number in range(_CALLS + _WARMING):
        begun, busy = time.perf_counter(), time.process_time_ns() + _processor(backend)
        ask(model, chance, size)
        if number >= _WARMING:
            took.append((time.perf_counter() - begun) * 1e3)
            worked.append((time.process_time_ns() + _processor(backend) - busy) / 1e6)
    return _p95(took), _p95(worked)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def _processor(process: int) -> int:
    """Return the nanoseconds that a process has run; the kernel's ticks are too coarse for one call."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def _list(kind: str, *, sort: str = "-changed", **asked: Callable[[random.Random, int], str]) -> Ask:
    def ask(model: Model, chance: random.Random, size: int) -> object:
        told = {name: make(chance, size) for name, make in asked.items()}
        state, channel = told.pop("state", ""), told.pop("channel", "")
        return queries.find(model, _MSP, Query(kind, told, sort=sort, state=state, channel=channel))

    return ask


def _events(
    *conditions: Callable[[random.Random, int], NameCondition | TimeCondition], order: str = "", down: bool = False
) -> Ask:
    def ask(model: Model, chance: random.Random, size: int) -> object:
        met = tuple(each(chance, size) for each in conditions)
        return epcisqueries.find(model, _MSP, EpcisQuery(met, order=order, down=down))

    return ask


def _named(name: str, value: Callable[[random.Random, int], str]) -> Callable[[random.Random, int], NameCondition]:
    return lambda chance, size: NameCondition((name,), (value(chance, size),))


def _order(chance: random.Random, size: int) -> str:
    return f"O-{chance.randrange(filling.journeys(size)):07}"


def _one_of(values: tuple[str, ...]) -> Callable[[random.Random, int], str]:
    return lambda chance, _: chance.choice(values)


def _lately(chance: random.Random, size: int) -> TimeCondition:
    return TimeCondition("recordTime", "GE", filling.at(size - chance.randrange(1, size // 10)))


def _pages(model: Model, chance: random.Random, size: int) -> object:
    """Read a page in the middle of a list: where a cursor leads."""
    cursor = cursors.text([chance.randrange(size), filling.CHANNEL, ""])
    return queries.find(model, _MSP, Query("journeys", cursor=cursor))


QUESTIONS: dict[str, Ask] = {
    "search by number": lambda model, chance, size: queries.search(model, _MSP, _order(chance, size)),
    "search by beginning": lambda model, chance, size: queries.search(model, _MSP, _order(chance, size)[:4]),
    "orders": _list("orders"),
    "orders in a state": _list("orders", state=_one_of(filling.STATES)),
    "orders of a merchant": _list("orders", merchant=_one_of(filling.MERCHANTS)),
    "orders, merchant and state": _list(
        "orders", merchant=_one_of(filling.MERCHANTS), state=_one_of(filling.STATES), sort="-id"
    ),
    "orders, state and basket": _list("orders", checkout=_order, state=_one_of(filling.STATES)),
    "journeys elsewhere": _list("journeys", channel=_one_of(("logistics",))),
    "journeys, some page": _pages,
    "events of a name": lambda model, chance, _: queries.events(
        model, _MSP, name=chance.choice([*filling.EVENTS, "Never"])
    ),
    "EPCIS by step": _events(_named("bizStep", _one_of(filling.STEPS))),
    "EPCIS by step, latest": _events(_named("bizStep", _one_of(filling.STEPS)), order="eventTime", down=True),
    "EPCIS by EPC": _events(_named("epc", lambda chance, size: filling.epc(chance.randrange(filling.journeys(size))))),
    "EPCIS by step and place": _events(
        _named("bizStep", _one_of(filling.STEPS)), _named("readPoint", _one_of(filling.PLACES))
    ),
    "EPCIS, never together": _events(
        _named("bizStep", _one_of(filling.STEPS[:5])), _named("selat:stage", _one_of(filling.STAGES[10:15]))
    ),
    "EPCIS since a time": _events(_lately, _named("bizStep", _one_of(filling.STEPS))),
    "EPCIS steps there are": lambda model, _, __: epcisqueries.values(model, _MSP, ("bizStep",)),
    "EPCs there are": lambda model, _, __: epcisqueries.values(model, _MSP, ("epc", "parentID")),
}
