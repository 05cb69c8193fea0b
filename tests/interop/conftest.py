"""The networks that other people's programs meet, started once a session on each engine that this machine has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hlf.network import admin
from hlf.network.engines.native import binaries

HERE = Path(__file__).parent
Peer = Callable[..., subprocess.CompletedProcess[str]]

# The least that the command reads before it looks at its environment.
CORE = """
peer: {BCCSP: {Default: SW, SW: {Hash: SHA2, Security: 256, FileKeyStore: {KeyStore: }}}}
"""

ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]


@dataclass(frozen=True)
class Place:
    """A running network, by its state folder."""

    state: Path

    def profile(self, msp_id: str = "Org1MSP") -> Path:
        """Return the organisation's connection profile."""
        return self.state / "profiles" / f"{msp_id}.json"

    def user(self, name: str = "User1", msp_id: str = "Org1MSP") -> Path:
        """Return the folder of a user's certificate and key."""
        return self.state / "organisations" / msp_id / "users" / name


@pytest.fixture(scope="session", params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Yield a network of two organisations and one chaincode."""
    yield from running(request.param, tmp_path_factory.mktemp(f"interop-{request.param}"), HERE / "consortium.yaml")


@pytest.fixture
def peer(place: Place, tmp_path: Path) -> Peer:
    """Run ``peer`` with the given words as the organisation's admin, against the organisation's own peer."""
    program = binaries.find().peer
    (tmp_path / "core.yaml").write_text(CORE)
    profile = json.loads(place.profile().read_text())
    node = profile["peers"][profile["organizations"]["Org1MSP"]["peers"][0]]
    environment = {
        "FABRIC_CFG_PATH": str(tmp_path),
        "FABRIC_LOGGING_SPEC": "error",
        "CORE_PEER_LOCALMSPID": "Org1MSP",
        "CORE_PEER_MSPCONFIGPATH": str(place.user("Admin") / "msp"),
        "CORE_PEER_ADDRESS": node["url"].removeprefix("grpcs://"),
        "CORE_PEER_TLS_ENABLED": "true",
        "CORE_PEER_TLS_ROOTCERT_FILE": node["tlsCACerts"]["path"],
        # One name for all peers, because the command knows one override only; their certificates have this one, too.
        "CORE_PEER_TLS_SERVERHOSTOVERRIDE": "localhost",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def running(engine: str, state: Path, consortium: Path) -> Iterator[Place]:
    """*consortium* on *engine*."""
    try:
        admin.up(engine, state, consortium)
        yield Place(state)
    finally:
        admin.down(state)
