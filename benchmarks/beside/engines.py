"""
The embedded engine beside real peers and orderers: the same callers, chaincode and consortium, by turns.

What the engine costs is the processor time of its program; what real Fabric costs is that of all its peers and
orderers. Chaincode and callers are the same programs on both sides and are left out. Both networks stay up
throughout; one that is not called takes little.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import partial

from benchmarks import turns
from benchmarks.figures import Figure, Line, Note
from benchmarks.throughput import MOST, OURS, network
from benchmarks.turns import Round
from hlf.network import errors
from hlf.network.engines.native import binaries

MODES = ("evaluate", "submit", "submit2", "private")
#: What a call may cost the engine beside peers and orderers, and how fast it must be beside them.
ASKED_PROCESSOR = {"submit": "at most 0.6"}
ASKED_RATE = {"private": "at least 2.0"}


def engines(_: str) -> Iterator[Line]:
    """Yield the rates of both engines with the most callers, what a call costs each, and the ratios."""
    try:
        binaries.find()
    except errors.EngineError as missing:
        yield Note(f"without real Fabric: {missing}")
        return
    with contextlib.ExitStack() as ending:
        states = {engine: ending.enter_context(network(engine)) for engine in ("embedded", "native")}
        for mode in MODES:
            programs = {
                engine: partial(turns.run, OURS["hlf"], os.environ, state, mode, MOST)
                for engine, state in states.items()
            }
            yield from compared(mode, turns.by_turns(programs))


def compared(mode: str, told: dict[str, turns.Rounds]) -> Iterator[Figure]:
    """Yield what both engines did in *mode*, and how the embedded one compares."""
    for engine, rounds in told.items():
        yield from rounds.figures(f"{mode} {engine} hlf {MOST} callers", ours=True, profile=True)
    name, embedded, native = f"{mode} {MOST} callers, embedded to native", told["embedded"], told["native"]
    yield turns.ratio(name, embedded, native, ASKED_RATE.get(mode, ""))
    bound = ASKED_PROCESSOR.get(mode, "")
    yield turns.ratio(f"{name}, processor a call", embedded, native, bound, of=_of_engine)


def _of_engine(told: Round) -> float:
    """Return the processor milliseconds a call of the round's engine."""
    spent = sum(seconds for name, seconds in told.network.items() if not name.startswith("chaincode-"))
    return max(spent, 1e-6) / max(told.calls, 1) * 1000
