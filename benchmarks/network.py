"""From nothing to a network that answers, and what it holds in memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from benchmarks.figures import Figure, percentile
from benchmarks.processes import Programs
from hlf.network import admin
from network import CONSORTIUM
from selat.demo import environment, story
from selat.demo.screen import Screen

ROUNDS = 5


def start(engine: str) -> Iterator[Figure]:
    """
    Yield the default consortium from an empty folder until every chaincode can be called, and again from its own disk.
    """
    fresh: list[float] = []
    again: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
            state = Path(folder) / "network"
            for seconds in (fresh, again):
                begun = time.perf_counter()
                admin.up(engine, state, CONSORTIUM)
                seconds.append(time.perf_counter() - begun)
                admin.down(state)
    bound = "at most 0.8" if engine == "embedded" else ""
    yield Figure(f"start {engine}", percentile(fresh, 0.5), "s", bound)
    yield Figure(f"start {engine}, slowest of {ROUNDS}", max(fresh), "s")
    yield Figure(f"restart {engine}", percentile(again, 0.5), "s")


def memory(engine: str) -> Iterator[Figure]:
    """Measure engine, chaincodes and gateway of the default consortium after the demo's journey."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        root = Path(folder)
        try:
            stage = environment.start(engine, root)
            with stage.cast() as cast:
                story.play(cast, stage.base, Screen(Console(quiet=True)))
            used = Programs.of(root / "network", root / "gateway").memory()
        finally:
            environment.stop(root)
    for name, mebibytes in sorted(used.items()):
        yield Figure(f"memory {engine} {name}", mebibytes, "MiB")
    yield Figure(f"memory {engine}", sum(used.values()), "MiB", "at most 150" if engine == "embedded" else "")
