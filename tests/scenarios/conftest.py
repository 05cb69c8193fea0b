"""One network and one gateway for all scenarios, on which the demo's story has been played."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from rich.console import Console

from gateway.pages import forms
from selat.demo import environment
from selat.demo.callers import Cast
from selat.demo.environment import RunningDemo
from selat.demo.screen import Screen
from selat.demo.story import StoryResult, play


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
def played(stage: RunningDemo, cast: Cast, shown: io.StringIO) -> StoryResult:
    """Return the story, played to its end: it checks itself what it shows."""
    return play(cast, stage.base, Screen(Console(file=shown)))


@pytest.fixture
def log_in() -> Iterator[Callable[[RunningDemo, str], requests.Session]]:
    """Return how an actor of a demo logs in to the console with its token."""
    sessions = []

    def entered(demo: RunningDemo, actor: str) -> requests.Session:
        session = requests.Session()
        sessions.append(session)
        session.get(f"{demo.base}/console/login", timeout=60)
        sent = {"token": demo.tokens[actor], forms.FIELD: session.cookies[forms.COOKIE]}
        answer = session.post(f"{demo.base}/console/login", data=sent, timeout=60)
        assert answer.url == f"{demo.base}/console/"
        return session

    yield entered
    for session in sessions:
        session.close()
