"""Calls a second and their times, by client and by number of callers, on one network by turns."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from benchmarks import turns
from benchmarks.figures import Figure, Line, Note
from benchmarks.turns import Round, Rounds
from hlf.network import admin
from tests.interop import runtimes

HERE = Path(__file__).parent
MOST = 64
#: What is measured with how many callers; what only `hlf` is held to is measured where it is held to it.
MODES = {"evaluate": (1, 16, MOST), "submit": (1, 16, MOST), "submit2": (MOST,), "private": (MOST,)}
#: What the design asks of `hlf` on the embedded engine with the most callers, in calls a second.
ASKED = {"evaluate": "at least 600", "private": "at least 150"}
#: And beside the Node client with as many, on each engine.
ASKED_OF_NODE = {"evaluate": "at least 2.2", "submit": "at least 1.8"}
#: What a call may cost the callers' own program, beside the Node client.
ASKED_PROCESSOR = {"evaluate": "at most 0.22", "submit": "at most 0.25"}
OURS = {
    "hlf": [sys.executable, "-m", "benchmarks.callers.with_hlf"],
    "aio": [sys.executable, "-m", "benchmarks.callers.with_aio"],
}
#: What `hlf.aio` is compared with `hlf` in where only these two are measured, and in how many rounds.
TASKS = ("evaluate", "submit")
TASK_ROUNDS = 7


def throughput(engine: str) -> Iterator[Line]:
    """
    Measure `hlf` and `hlf.aio` beside bare gRPC stubs and the official Node client.

    ``submit`` has one endorsement, ``submit2`` two, ``private`` writes private
    data from transient fields; all three wait until the transaction is valid.
    """
    programs = {**OURS, "stubs": [sys.executable, "-m", "benchmarks.callers.with_stubs"]}
    environment = dict(os.environ)
    try:
        environment |= runtimes.node()
    except pytest.skip.Exception as missing:
        yield Note(f"without the Node client: {missing.msg}")
    else:
        programs["node"] = ["node", str(HERE / "callers" / "with_node.js")]
    with network(engine) as state:
        for mode, numbers in MODES.items():
            for callers in numbers:
                told = turns.by_turns(_clients(programs, environment, state, mode, callers))
                yield from _compared(engine, mode, callers, told)


def tasks(engine: str) -> Iterator[Figure]:
    """Measure `hlf.aio` and `hlf` with the most callers, in more rounds: the part of ``throughput`` with a target."""
    with network(engine) as state:
        for mode in TASKS:
            told = turns.by_turns(_clients(OURS, os.environ, state, mode, MOST), TASK_ROUNDS)
            for client, rounds in told.items():
                name = f"{mode} {engine} {client} {MOST} callers"
                yield from rounds.figures(name, ours=True, profile=True)
            yield from _of_tasks(engine, mode, MOST, told)


@contextmanager
def network(engine: str) -> Iterator[Path]:
    """Yield the state folder of a network that is up, until the statement ends."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state = Path(folder) / "network"
        admin.up(engine, state, HERE / "consortium.yaml")
        try:
            yield state
        finally:
            admin.down(state)


def _clients(
    programs: Mapping[str, Sequence[str]], environment: Mapping[str, str], state: Path, mode: str, callers: int
) -> dict[str, Callable[[], Round]]:
    return {
        client: partial(turns.run, command, environment, state, mode, callers) for client, command in programs.items()
    }


def _compared(engine: str, mode: str, callers: int, told: Mapping[str, Rounds]) -> Iterator[Figure]:
    most = callers == MOST
    for client, rounds in told.items():
        ours = client in ("hlf", "aio")
        asked = ASKED.get(mode, "") if client == "hlf" and most and engine == "embedded" else ""
        yield from rounds.figures(f"{mode} {engine} {client} {callers} callers", asked, ours=ours, profile=most)
    name = f"{mode} {engine} {callers} callers, hlf to"
    if "node" in told:
        yield turns.ratio(f"{name} node", told["hlf"], told["node"], ASKED_OF_NODE.get(mode, "") if most else "")
        asked = ASKED_PROCESSOR.get(mode, "") if most else ""
        yield turns.ratio(f"{name} node, processor a call", told["hlf"], told["node"], asked, of=Round.of_client)
    yield from _of_tasks(engine, mode, callers, told)
    yield turns.ratio(f"{name} stubs", told["hlf"], told["stubs"], "at least 0.9" if most else "")


def _of_tasks(engine: str, mode: str, callers: int, told: Mapping[str, Rounds]) -> Iterator[Figure]:
    """Yield how `hlf.aio` compares with `hlf`: in its rate, and in what a call costs its program."""
    aio, threads, most = told["aio"], told["hlf"], callers == MOST
    name = f"{mode} {engine} {callers} callers, aio to hlf"
    yield turns.ratio(name, aio, threads, "at least 1.0" if most else "")
    yield turns.ratio(f"{name}, processor a call", aio, threads, "at most 1.0" if most else "", of=Round.of_client)
