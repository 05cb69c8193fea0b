"""One network and one gateway for all scenarios, on which the demo's story has been played."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from selat.demo import environment
from selat.demo.callers import Cast
from selat.demo.environment import RunningDemo
from selat.demo.screen import Screen
from selat.demo.story import Played, play


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where network and gateway keep everything they write."""
    return tmp_path_factory.mktemp("scenarios")


@pytest.fixture(scope="session")
def stage(folder: Path) -> Iterator[RunningDemo]:
    """Yield the default consortium on the embedded engine, and a gateway."""
    try:
        yield environment.start("embedded", folder)
    finally:
        environment.stop(folder)


@pytest.fixture(scope="session")
def cast(stage: RunningDemo) -> Iterator[Cast]:
    """Yield a caller of each organisation."""
    with stage.cast() as callers:
        yield callers


@pytest.fixture(scope="session")
def shown() -> io.StringIO:
    """Return what the story has shown on its screen."""
    return io.StringIO()


@pytest.fixture(scope="session")
def played(stage: RunningDemo, cast: Cast, shown: io.StringIO) -> Played:
    """Return the story, played to its end: it checks itself what it shows."""
    return play(cast, stage.base, Screen(Console(file=shown)))
