"""What the pytest plugin adds to a test: a consortium at its first state."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, percentile
from hlf.testing.sandbox import Sandbox, WantedNetwork

ROUNDS, TESTS = 5, 40


def testing(engine: str) -> Iterator[Figure]:
    """Yield how long a session's first test waits, from nothing and from what was kept, and each further one."""
    if engine != "embedded":
        return
    wanted = WantedNetwork(engine, None, (("basic", "benchmarks.runtimes.ours"),))
    seconds: dict[str, list[float]] = {"first": [], "kept": [], "further": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
            for name in ("first", "kept"):
                begun = time.perf_counter()
                with Sandbox(Path(folder) / "network", wanted) as sandbox:
                    seconds[name].append(time.perf_counter() - begun)
                    seconds["further"] += [_reset(sandbox) for _ in range(TESTS)]
    yield Figure("test session, first start", percentile(seconds["first"], 0.5), "s")
    yield Figure("test session, start of a later run", percentile(seconds["kept"], 0.5), "s")
    yield Figure("test, back to the first state", percentile(seconds["further"], 0.5), "s", "at most 0.3")
    yield Figure(f"test, slowest of {len(seconds['further'])}", max(seconds["further"]), "s")


def _reset(sandbox: Sandbox) -> float:
    """Return how long it takes to go back, and to be able to call the contract."""
    begun = time.perf_counter()
    sandbox.reset()
    sandbox.gateway().network("mychannel").height()
    return time.perf_counter() - begun
