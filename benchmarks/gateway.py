"""
The gateway as it is installed, over HTTP, beside Express on the official Node client and the same calls through `hlf`.

Gateway and Express run with one process and with two, and all take turns on one network.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from benchmarks import turns
from benchmarks.figures import Figure, Line, Note
from benchmarks.throughput import HERE, network
from benchmarks.turns import Round, Rounds
from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.tokens import Tokens
from hlf.network import processes
from hlf.network.state import Folder
from tests.interop import runtimes

MOST, CROWD = 64, 1_000
#: What is measured with how many callers.
MODES = {"evaluate": (1, 16, MOST, 256), "submit": (1, 16, MOST, 256)}
PROCESSES = (1, 2)
ROUNDS = 3
#: Beside Express with as many processes: the rate at 64 callers, and p95 at 256.
ASKED = {"evaluate": "at least 1.5", "submit": "at least 1.3"}
ASKED_P95 = {"submit": "at most 1"}
#: Milliseconds that the gateway adds to the p50 of one caller of `hlf`.
ASKED_ADDED = {"evaluate": "at most 1.5", "submit": "at most 3"}


def gateway(engine: str) -> Iterator[Line]:
    """Measure callers over HTTP in closed loops, each on a connection that it keeps, with default settings."""
    with network(engine) as state:
        home = Folder(state.parent / "servers")
        try:
            callers = {"hlf": _caller("hlf", {})}
            for number in PROCESSES:
                callers[_named("gateway", number)] = _over_http(*_serve(state, home, number))
            try:
                found = runtimes.node_modules("express", HERE / "express" / "package.json", "--ignore-scripts")
                for number in PROCESSES:
                    callers[_named("Express", number)] = _over_http(*_serve_express(state, home, number, found))
            except pytest.skip.Exception as missing:
                yield Note(f"without Express: {missing.msg}")
            for mode, numbers in MODES.items():
                for number in numbers:
                    each = {name: partial(call, state, mode, number, home.root) for name, call in callers.items()}
                    yield from _compared(f"{mode} {engine}", mode, number, turns.by_turns(each, ROUNDS))
            crowd = {"gateway": partial(callers[_named("gateway", 1)], state, "submit", CROWD, home.root)}
            told = turns.by_turns(crowd, 1)["gateway"]
            yield from told.figures(f"submit {engine} gateway {CROWD} callers", ours=True)
        finally:
            processes.stop(home)


def _compared(name: str, mode: str, callers: int, told: Mapping[str, Rounds]) -> Iterator[Figure]:
    for program, rounds in told.items():
        is_ours = not program.startswith("Express")
        yield from rounds.figures(f"{name} {program} {callers} callers", ours=is_ours, profile=callers == MOST)
    for number in PROCESSES:
        ours = told[_named("gateway", number)]
        title = f"{name} {callers} callers, {_named('gateway', number)} to"
        yield turns.ratio(f"{title} hlf", ours, told["hlf"])
        if (theirs := told.get(_named("Express", number))) is not None:
            yield turns.ratio(f"{title} Express", ours, theirs, ASKED[mode] if callers == MOST else "")
            p95 = ours.time(0.95) / theirs.time(0.95)
            yield Figure(f"{title} Express, p95", p95, "times", ASKED_P95.get(mode, "") if callers > MOST else "")
    added = told[_named("gateway", 1)].time(0.5) - told["hlf"].time(0.5)
    yield Figure(f"{name} {callers} callers, added p50", added, "ms", ASKED_ADDED[mode] if callers == 1 else "")


def _named(program: str, number: int) -> str:
    return f"{program} x{number}"


def _caller(client: str, environment: Mapping[str, str]) -> Callable[[Path, str, int, Path], Round]:
    """Return a function that lets a program of `benchmarks.callers` call for one round."""
    command = [sys.executable, "-m", f"benchmarks.callers.with_{client}"]

    def call(state: Path, mode: str, callers: int, home: Path) -> Round:
        return turns.run(command, {**os.environ, **environment}, state, mode, callers, home)

    return call


def _over_http(address: str, token: str) -> Callable[[Path, str, int, Path], Round]:
    return _caller("http", {"SELAT_BASE": address, "SELAT_TOKEN": token})


def _serve(state: Path, home: Folder, number: int) -> tuple[str, str]:
    """Start a gateway; return its address and a token of the callers' user."""
    name = f"gateway-x{number}"
    ready = home.run / f"{name}.ready"
    settings = Settings(
        wallet=state.absolute(),
        data=home.root / name,
        listen="127.0.0.1:0",
        workers=number,
        ready_file=str(ready.absolute()),
    )
    _start(home, name, [sys.executable, "-m", "gateway"], settings.to_environment(), ready)
    token = Tokens(Store(settings.data)).create("Org1MSP", "User1", ["read", "write"], 24 * 3600)
    return json.loads(ready.read_text())["address"], token


def _serve_express(state: Path, home: Folder, number: int, modules: Path) -> tuple[str, str]:
    """Start Express with that many processes; return its address and the token that it takes."""
    name, token = f"express-x{number}", secrets.token_urlsafe(32)
    ready = home.run / f"{name}.ready"
    profile, user = state / "profiles" / "Org1MSP.json", state / "organisations" / "Org1MSP" / "users" / "User1"
    server = [
        "node",
        str(HERE / "express" / "server.js"),
        str(profile),
        str(user),
        "Org1MSP",
        str(number),
        str(ready.absolute()),
    ]
    _start(home, name, server, {"NODE_PATH": str(modules), "NODE_ENV": "production", "SELAT_TOKEN": token}, ready)
    return json.loads(ready.read_text())["address"], token


def _start(home: Folder, name: str, command: list[str], environment: Mapping[str, str], ready: Path) -> None:
    program = processes.Program(name, command, environment=environment, ready_file=ready)
    processes.wait_ready([(program, processes.start(home, program))], 30.0)
