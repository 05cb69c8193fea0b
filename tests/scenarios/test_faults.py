"""What the gateway says while parts of the network are away, and that it recovers by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from hlf import waiting
from hlf.network import processes
from hlf.network.admin import lifetime
from hlf.network.state import Folder
from selat.demo import environment
from selat.demo.callers import Cast, DemoCaller
from selat.demo.environment import RunningDemo
from selat.demo.goods import PARTICIPANTS

SECONDS = 30


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def shaky(home: Path) -> Iterator[RunningDemo]:
    """Yield a network and a gateway of their own, for parts of them are going to be killed."""
    try:
        yield environment.start("embedded", home)
    finally:
        environment.stop(home)


@pytest.fixture(scope="module")
def actors(shaky: RunningDemo) -> Iterator[Cast]:
    fields = ("msp_id", "name", "species", "roles", "countries", "stages")
    with shaky.cast() as cast:
        founders = [dict(zip(fields, row, strict=True)) for row in PARTICIPANTS]
        cast.admin.post("/v1/participants/founding", {"participants": founders})
        yield cast


def kill(home: Path, name: str) -> None:
    """End a program of the network as a crash would."""
    network = Folder(home / "network")
    (running,) = [each for each in processes.find(network) if each.name == name]
    os.kill(running.pid, signal.SIGKILL)
    assert waiting.until(lambda: not any(e.alive and e.name == name for e in processes.find(network)), SECONDS)


def answers(caller: DemoCaller) -> bool:
    return caller.send("GET", "/v1/participants").status_code == 200


def test_a_chaincode_that_does_not_run_is_named_as_the_cause(shaky, actors, home):
    """Peers and gateway are well; the problem says what to look at, and goes when it is back."""
    kill(home, "chaincode-selat")
    for method, path in (("GET", "/v1/participants"), ("POST", "/v1/stages/installation")):
        problem = actors.admin.refusal(method, path)
        assert (problem["status"], problem["code"]) == (503, "CHAINCODE_UNAVAILABLE"), problem
        assert "chaincode server" in problem["cure"]
        assert problem["fabric"]["details"]
    lifetime.up("embedded", home / "network")
    assert waiting.until(lambda: answers(actors.platform), SECONDS)
    assert len(actors.platform.get("/v1/participants")) == len(PARTICIPANTS)


def test_a_network_that_is_down_is_named_as_the_cause(shaky, actors, home):
    """The gateway stays up, says it is not ready, and connects again without a restart."""
    kill(home, "embedded")
    problem = actors.platform.refusal("GET", "/v1/participants")
    assert (problem["status"], problem["code"]) == (503, "FABRIC_UNAVAILABLE"), problem
    problem = actors.admin.refusal("POST", "/v1/stages/installation")
    assert (problem["status"], problem["code"]) == (503, "FABRIC_UNAVAILABLE"), problem
    assert requests.get(f"{shaky.base}/healthz", timeout=60).status_code == 200
    ready = requests.get(f"{shaky.base}/readyz", timeout=60)
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    lifetime.up("embedded", home / "network")
    assert waiting.until(lambda: answers(actors.platform), SECONDS)
    assert requests.get(f"{shaky.base}/readyz", timeout=60).json()["ready"] is True
    actors.admin.post("/v1/stages/installation")
