"""Calls a second and their times, by client and by number of callers, on one network in one run."""

from __future__ import annotations

import json
import os
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

HERE = Path(__file__).parent
CALLERS = (1, 16, 64)
SECONDS = 5.0
MODES = ("evaluate", "submit", "submit2", "private")
#: What the design asks of `hlf` on the embedded engine at 64 callers, in calls a second.
ASKED = {"evaluate": "at least 600", "private": "at least 150"}


def throughput(engine: str) -> Iterator[Figure]:
    """
    `hlf` beside bare gRPC stubs and the official Node client.

    ``submit`` has one endorsement, ``submit2`` two, ``private`` writes private
    data from transient fields; all three wait until the transaction is valid.
    """
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state = Path(folder) / "network"
        admin.up(engine, state, HERE / "consortium.yaml")
        try:
            programs = {
                "hlf": [sys.executable, "-m", "benchmarks.callers.with_hlf"],
                "stubs": [sys.executable, "-m", "benchmarks.callers.with_stubs"],
                "node": ["node", str(HERE / "callers" / "with_node.js")],
            }
            environment = {**os.environ, **runtimes.node()}
            for mode in MODES:
                for callers in CALLERS:
                    yield from _compared(engine, state, programs, environment, mode, callers)
        finally:
            admin.down(state)


def _compared(
    engine: str, state: Path, programs: dict[str, list[str]], environment: dict[str, str], mode: str, callers: int
) -> Iterator[Figure]:
    rates = {}
    for client, command in programs.items():
        before = Programs.of(state).processor_seconds()
        told = _run(command, environment, state, mode, callers)
        used = difference(before, Programs.of(state).processor_seconds())
        rates[client] = told["calls"] / told["seconds"]
        name = f"{mode} {engine} {client} {callers} callers"
        asked = ASKED.get(mode, "") if (engine, client, callers) == ("embedded", "hlf", 64) else ""
        yield Figure(name, rates[client], "/s", asked)
        yield Figure(f"{name} p50", told["p50"], "ms")
        yield Figure(f"{name} p95", told["p95"], "ms")
        # Where the time goes: processor time by program. What the warm-up used is in the network's share.
        calls = max(told["calls"], 1)
        yield Figure(f"{name} processor, client", told["processor"] / calls * 1000, "ms a call")
        for program, seconds in sorted(used.items()):
            if seconds / calls > 1e-5:
                yield Figure(f"{name} processor, {program}", seconds / calls * 1000, "ms a call")
        if told["failed"]:
            yield Figure(f"{name} failed", told["failed"], "calls", "none")
    bound = {("evaluate", 64): "at least 2.0", ("submit", 64): "at least 1.7"}.get((mode, callers), "")
    yield Figure(f"{mode} {engine} {callers} callers, hlf to node", rates["hlf"] / rates["node"], "times", bound)
    bound = "at least 0.9" if callers == CALLERS[-1] else ""
    yield Figure(f"{mode} {engine} {callers} callers, hlf to stubs", rates["hlf"] / rates["stubs"], "times", bound)


def _run(command: list[str], environment: dict[str, str], state: Path, mode: str, callers: int) -> dict[str, Any]:
    user = state / "organisations" / "Org1MSP" / "users" / "User1"
    arguments = [str(state / "profiles" / "Org1MSP.json"), str(user), "Org1MSP", mode, str(callers), str(SECONDS)]
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
