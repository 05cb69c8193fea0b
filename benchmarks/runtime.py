"""
The Python chaincode runtime beside npm's and PyPI's, under one peer by turns.

PyPI's loses transactions when several arrive at once: their callers wait in
vain until the client's time-out. Its figures say how many failed, and those
with one caller are its best.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from benchmarks import turns
from benchmarks.figures import Figure, Line, Note
from benchmarks.turns import Round
from hlf.network import admin, topology
from hlf.network.admin import lifetime
from hlf.network.topology import Consortium
from tests.interop import runtimes

CONSORTIUM = Path(__file__).parent / "runtimes" / "consortium.yaml"
CALLERS = (1, 16, 64)
#: What the design asks of our evaluates with the most callers, beside each of the others.
ASKED = {"node": "at least 1.0", "pypi": "at least 2"}
#: And of its processor time a call.
ASKED_PROCESSOR = {"node": "at most 1.2"}
#: The others: how each is installed, and the environment its program finds it by.
_OTHERS: dict[str, Callable[[], Mapping[str, str]]] = {
    "node": runtimes.node,
    "pypi": lambda: {"SELAT_PYPI_PYTHON": runtimes.pypi_shim()},
}


def runtime(engine: str) -> Iterator[Line]:
    """Measure evaluations a second of a chaincode that reads one key, and its processor time in each runtime."""
    compared: dict[str, Mapping[str, str]] = {"selat": {}}
    for name, installed in _OTHERS.items():
        try:
            compared[name] = installed()
        except pytest.skip.Exception as missing:
            yield Note(f"without the runtime {name}: {missing.msg}")
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state = Path(folder) / "network"
        lifetime.start(engine, state, _serving(compared))
        try:
            for callers in CALLERS:
                yield from _compared(engine, state, list(compared), callers)
        finally:
            admin.down(state)


def _compared(engine: str, state: Path, names: Sequence[str], callers: int) -> Iterator[Figure]:
    command = [sys.executable, "-m", "benchmarks.callers.of_runtime"]
    programs: dict[str, Callable[[], Round]] = {
        name: partial(turns.run, command, os.environ, state, name, callers) for name in names
    }
    told = turns.by_turns(programs)
    for name, rounds in told.items():
        title = f"runtime {name} {engine} {callers} callers"
        yield from rounds.figures(title, ours=name == "selat")
        yield Figure(f"{title} processor", rounds.of_network()[f"chaincode-{name}"], "ms a call")
    most = callers == CALLERS[-1]
    for name, asked in ASKED.items():
        if name in told:
            title = f"runtime {engine} {callers} callers, selat to {name}"
            yield turns.ratio(title, told["selat"], told[name], asked if most else "")
            spent = told["selat"].of_network()["chaincode-selat"] / told[name].of_network()[f"chaincode-{name}"]
            yield Figure(f"{title}, processor a call", spent, "times", ASKED_PROCESSOR.get(name, "") if most else "")


def _serving(compared: Mapping[str, Mapping[str, str]]) -> Consortium:
    """Return the consortium with the runtimes that are here, each in its environment."""
    whole = topology.load(CONSORTIUM)
    return dataclasses.replace(
        whole,
        servers=tuple(
            dataclasses.replace(each, environment=compared[each.name])
            for each in whole.servers
            if each.name in compared
        ),
        chaincodes=tuple(each for each in whole.chaincodes if each.name in compared),
    )
