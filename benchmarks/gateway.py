"""The gateway as it is installed: evaluates and submits over HTTP, beside the same calls through `hlf` alone."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import turns
from benchmarks.figures import Figure, Line
from benchmarks.throughput import HERE
from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.tokens import Tokens
from hlf.network import admin, processes
from hlf.network.state import Folder

#: What is measured with how many callers.
MODES = {"evaluate": (1, 64), "submit": (1, 64, 256)}
ROUNDS = 3


def gateway(engine: str) -> Iterator[Line]:
    """Measure callers over HTTP in closed loops, each on a connection that it keeps, with default settings."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state, home = Path(folder) / "network", Folder(Path(folder) / "gateway")
        admin.up(engine, state, HERE / "consortium.yaml")
        try:
            base, token = _serve(state, home)
            environment = {**os.environ, "SELAT_BASE": base, "SELAT_TOKEN": token}
            for mode, numbers in MODES.items():
                for callers in numbers:
                    told = turns.by_turns(
                        {
                            client: partial(
                                turns.run,
                                [sys.executable, "-m", f"benchmarks.callers.with_{client}"],
                                environment,
                                state,
                                mode,
                                callers,
                                home.root,
                            )
                            for client in ("http", "hlf")
                        },
                        ROUNDS,
                    )
                    name = f"gateway {mode} {engine} {callers} callers"
                    yield from told["http"].figures(name, ours=True, profile=callers > 1)
                    yield turns.ratio(f"{name}, HTTP to hlf alone", told["http"], told["hlf"])
                    added = told["http"].time(0.5) - told["hlf"].time(0.5)
                    yield Figure(f"{name}, added p50", added, "ms")
        finally:
            processes.stop(home)
            admin.down(state)


def _serve(state: Path, home: Folder) -> tuple[str, str]:
    """Start a gateway; return its address and a token of the callers' user."""
    ready = home.run / "gateway.ready"
    settings = Settings(
        wallet=state.absolute(), data=home.root / "data", listen="127.0.0.1:0", ready_file=str(ready.absolute())
    )
    program = processes.Program(
        "gateway", [sys.executable, "-m", "gateway"], environment=settings.to_environment(), ready_file=ready
    )
    processes.wait_ready([(program, processes.start(home, program))], 30.0)
    token = Tokens(Store(settings.data)).create("Org1MSP", "User1", ["read", "write"], 24 * 3600)
    return json.loads(ready.read_text())["address"], token
