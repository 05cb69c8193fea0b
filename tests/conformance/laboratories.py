"""
The networks that questions are asked on, by name; each is started when its first question comes.

Most questions go to ``main``. Those that stop nodes, or need nodes with
settings of their own, or another runtime's chaincodes, have a network apart,
so that no question finds what another left behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from hlf.network import admin
from tests.conformance.lab import Lab
from tests.interop import runtimes

CONSORTIA = Path(__file__).parent / "consortia"
MAIN = "main"
NODE = "node"
OUTAGES = "outages"
SETTINGS = "settings"
GENESIS = "genesis"
PLANNING = "planning"
GUARDED = "guarded"


def _nothing() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Laboratory:
    """What is started for a set of questions: a consortium, and the environment its chaincodes want."""

    consortium: str
    environment: Callable[[], Mapping[str, str]] = _nothing


LABORATORIES = {
    MAIN: Laboratory("main.yaml"),
    NODE: Laboratory("node.yaml", runtimes.node),
    OUTAGES: Laboratory("outages.yaml"),
    SETTINGS: Laboratory("settings.yaml"),
    GENESIS: Laboratory("genesis.yaml"),
    PLANNING: Laboratory("planning.yaml"),
    GUARDED: Laboratory("guarded.yaml"),
}


class Laboratories:
    """Every laboratory on every engine that was asked for, until ``close``."""

    def __init__(self, folder: Path) -> None:
        """Their state goes under *folder*."""
        self._folder = folder
        self._open: dict[tuple[str, str], Lab | BaseException] = {}
        self._closing = ExitStack()

    def on(self, engine: str, name: str = MAIN) -> Lab:
        """Return the laboratory *name* on *engine*; start it unless it runs. One that cannot start is tried once."""
        known = self._open.get((engine, name))
        if known is None:
            try:
                known = self._start(engine, name)
            except BaseException as failure:  # noqa: BLE001 - a skipped test is one, where another's runtime is missing.
                known = failure
            self._open[engine, name] = known
        if isinstance(known, BaseException):
            raise known
        return known

    def close(self) -> None:
        """Take all of them down."""
        self._closing.close()

    def _start(self, engine: str, name: str) -> Lab:
        wanted = LABORATORIES[name]
        state = self._folder / f"{engine}-{name}"
        self._closing.callback(_down, state)
        with mock.patch.dict(os.environ, wanted.environment()):
            admin.up(engine, state, CONSORTIA / wanted.consortium)
        lab = Lab(state)
        self._closing.callback(lab.close)
        return lab


def _down(state: Path) -> None:
    if (state / "state.json").exists():
        admin.down(state)
