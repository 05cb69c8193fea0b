"""The laboratory's network, started once a session on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from network import admin
from tests.conformance.lab import Lab

CONSORTIUM = Path(__file__).parent / "consortium.yaml"


@pytest.fixture(scope="session")
def embedded_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The laboratory on the embedded engine."""
    yield from running("embedded", tmp_path_factory.mktemp("embedded-laboratory"))


@pytest.fixture(scope="session")
def native_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The laboratory on the peer and orderer of this machine."""
    yield from running("native", tmp_path_factory.mktemp("native-laboratory"))


def running(engine: str, state: Path) -> Iterator[Lab]:
    """The laboratory on *engine*, its state in *state*; everything is taken down at the end."""
    try:
        admin.up(engine, state, CONSORTIUM)
        lab = Lab(state)
        yield lab
        lab.close()
    finally:
        admin.down(state)
