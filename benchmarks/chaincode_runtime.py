"""The Python chaincode runtime beside npm's and PyPI's, under one peer in one run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.processes import Programs, difference
from network import admin
from tests.interop import runtimes

CONSORTIUM = Path(__file__).parent / "runtimes" / "consortium.yaml"
CALLERS = (16, 64)
SECONDS = 3.0
#: The runtimes take turns this often, and the median counts, because what else the machine does comes and goes.
ROUNDS = 3
RUNTIMES = ("selat", "node", "pypi")
ASKED = {"node": "at least 0.8", "pypi": "at least 2"}


def chaincode_runtime(engine: str) -> Iterator[Figure]:
    """Evaluates a second of a chaincode that reads one key, and the processor time it takes in each runtime."""
    added = {**runtimes.node(), "SELAT_PYPI_PYTHON": runtimes.pypi_shim()}
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
            state = Path(folder) / "network"
            admin.up(engine, state, CONSORTIUM)
            try:
                for callers in CALLERS:
                    yield from _compared(engine, state, callers)
            finally:
                admin.down(state)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _compared(engine: str, state: Path, callers: int) -> Iterator[Figure]:
    told: dict[str, list[dict[str, float]]] = {runtime: [] for runtime in RUNTIMES}
    for _ in range(ROUNDS):
        for runtime in RUNTIMES:
            told[runtime].append(_measured(state, runtime, callers))
    rates = {}
    for runtime, rounds in told.items():
        middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        rates[runtime] = middle["rate"]
        name = f"chaincode {runtime} {engine} {callers} callers"
        yield Figure(name, middle["rate"], "evaluates/s")
        yield Figure(f"{name} p50", middle["p50"], "ms")
        yield Figure(f"{name} p95", middle["p95"], "ms")
        yield Figure(f"{name} processor", middle["processor"], "ms a call")
        if middle["failed"]:
            yield Figure(f"{name} failed", middle["failed"], "calls")
    for runtime, bound in ASKED.items():
        name = f"chaincode {engine} {callers} callers, selat to {runtime}"
        yield Figure(name, rates["selat"] / max(rates[runtime], 0.1), "times", bound)


def _measured(state: Path, runtime: str, callers: int) -> dict[str, float]:
    user = state / "organisations" / "Org1MSP" / "users" / "User1"
    profile = state / "profiles" / "Org1MSP.json"
    words = [str(profile), str(user), "Org1MSP", runtime, str(callers), str(SECONDS)]
    before = Programs.of(state).processor_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.callers.of_runtime", *words],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the callers of {runtime} ended with {done.returncode}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    used = difference(before, Programs.of(state).processor_seconds())
    # The warm-up's calls are in the processor time and not in the count: one second beside those measured.
    counted = told["calls"] * (1 + 1 / told["seconds"])
    spent = sum(seconds for name, seconds in used.items() if runtime in name)
    return {
        "rate": told["calls"] / told["seconds"],
        "p50": told["p50"],
        "p95": told["p95"],
        "failed": told["failed"],
        "processor": spent / max(counted, 1) * 1000,
    }
