"""Calls a second and their times, by client and by number of callers, on one network by turns."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from benchmarks import turns
from benchmarks.figures import Figure, Line, Note
from benchmarks.turns import Told
from hlf.network import admin
from tests.interop import runtimes

HERE = Path(__file__).parent
MOST = 64
#: What is measured with how many callers; what only `hlf` is held to is measured where it is held to it.
MODES = {"evaluate": (1, 16, MOST), "submit": (1, 16, MOST), "submit2": (MOST,), "private": (MOST,)}
#: What the design asks of `hlf` on the embedded engine with the most callers, in calls a second.
ASKED = {"evaluate": "at least 600", "private": "at least 150"}
#: And beside the Node client with as many, on each engine.
ASKED_OF_NODE = {"evaluate": "at least 2.0", "submit": "at least 1.7"}


def throughput(engine: str) -> Iterator[Line]:
    """
    `hlf` and `hlf.aio` beside bare gRPC stubs and the official Node client.

    ``submit`` has one endorsement, ``submit2`` two, ``private`` writes private
    data from transient fields; all three wait until the transaction is valid.
    """
    programs = {
        "hlf": [sys.executable, "-m", "benchmarks.callers.with_hlf"],
        "aio": [sys.executable, "-m", "benchmarks.callers.with_aio"],
        "stubs": [sys.executable, "-m", "benchmarks.callers.with_stubs"],
    }
    environment = dict(os.environ)
    try:
        environment |= runtimes.node()
    except pytest.skip.Exception as missing:
        yield Note(f"without the Node client: {missing.msg}")
    else:
        programs["node"] = ["node", str(HERE / "callers" / "with_node.js")]
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state = Path(folder) / "network"
        admin.up(engine, state, HERE / "consortium.yaml")
        try:
            for mode, numbers in MODES.items():
                for callers in numbers:
                    clients: dict[str, Callable[[], Told]] = {
                        client: partial(turns.run, command, environment, state, mode, callers)
                        for client, command in programs.items()
                    }
                    yield from _compared(engine, mode, callers, clients)
        finally:
            admin.down(state)


def _compared(engine: str, mode: str, callers: int, clients: dict[str, Callable[[], Told]]) -> Iterator[Figure]:
    told = turns.by_turns(clients)
    most = callers == MOST
    for client, rounds in told.items():
        ours = client in ("hlf", "aio")
        asked = ASKED.get(mode, "") if client == "hlf" and most and engine == "embedded" else ""
        yield from rounds.figures(f"{mode} {engine} {client} {callers} callers", asked, ours=ours, profile=most)
    name = f"{mode} {engine} {callers} callers, hlf to"
    if "node" in told:
        yield turns.ratio(f"{name} node", told["hlf"], told["node"], ASKED_OF_NODE.get(mode, "") if most else "")
    of_tasks = f"{mode} {engine} {callers} callers, aio to hlf"
    yield turns.ratio(of_tasks, told["aio"], told["hlf"], "at least 1.0" if most else "")
    spent = told["aio"].of_client() / max(told["hlf"].of_client(), 1e-9)
    yield Figure(f"{of_tasks}, processor a call", spent, "times", "at most 1.0" if most else "")
    yield turns.ratio(f"{name} stubs", told["hlf"], told["stubs"], "at least 0.9" if most else "")
