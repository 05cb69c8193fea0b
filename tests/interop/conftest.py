"""The networks that other people's programs meet, started once a session on each engine that this machine has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hlf.network import admin

HERE = Path(__file__).parent
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]


@dataclass(frozen=True)
class Place:
    """A running network, by its state folder."""

    state: Path

    def profile(self, msp_id: str = "Org1MSP") -> Path:
        """The organisation's connection profile."""
        return self.state / "profiles" / f"{msp_id}.json"

    def user(self, name: str = "User1", msp_id: str = "Org1MSP") -> Path:
        """The folder of a user's certificate and key."""
        return self.state / "organisations" / msp_id / "users" / name


@pytest.fixture(scope="session", params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A network of two organisations and one chaincode."""
    yield from running(request.param, tmp_path_factory.mktemp(f"interop-{request.param}"), HERE / "consortium.yaml")


def running(engine: str, state: Path, consortium: Path) -> Iterator[Place]:
    """*consortium* on *engine*."""
    try:
        admin.up(engine, state, consortium)
        yield Place(state)
    finally:
        admin.down(state)
