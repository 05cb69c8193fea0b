"""
Events over a path that is cut again and again, while consumers and peers are killed.

``SELAT_CUTS=500`` runs the full number: as many cuts for each client, and a kill of consumer and peer for 25 of them.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from hlf import waiting
from hlf.network import admin
from hlf.profile import Profile
from hlf.wire import blocks
from tests.faults.killing import kill
from tests.faults.load import CHAINCODE, CHANNEL, Load
from tests.support.cuttablepath import CuttablePath

CONSORTIUM = Path(__file__).parent / "consortium.yaml"
CUTS = int(os.environ.get("SELAT_CUTS", "10"))
KILLS = max(1, CUTS // 25)
PATIENCE = 120.0
# A handshake takes four thousand bytes, so some connections break before the first event.
CARRIES = (1_000, 25_000)
VICTIMS = {"embedded": "embedded", "native": "peer0.org1.faults.test"}


class Listener:
    """A consumer in a process of its own, behind a path that breaks."""

    def __init__(self, client: str, state: Path, folder: Path, chance: random.Random) -> None:
        profile = state / "profiles" / "Org1MSP.json"
        self._notes = folder / "notes"
        self._log = folder / "log"
        port = int(Profile.load(profile).gateway.address.rpartition(":")[2])
        self.path = CuttablePath(port, lambda: chance.randint(*CARRIES))
        user = state / "organisations" / "Org1MSP" / "users" / "User1"
        self._command = [sys.executable, "-m", "tests.faults.listener", client, str(profile)]
        self._command += [f"127.0.0.1:{self.path.port}", str(user), "Org1MSP", CHANNEL, CHAINCODE, str(folder)]

    def noted(self) -> list[str]:
        """Return what it has taken, in order."""
        return self._notes.read_text().splitlines() if self._notes.exists() else []

    def said(self) -> str:
        """Return the end of what the process has logged."""
        return self._log.read_text()[-2000:]

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        """End the process as a crash would; it must not have ended by itself."""
        assert self._process.poll() is None, self.said()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self.path.close()


@pytest.fixture(params=["embedded", pytest.param("native", marks=pytest.mark.native)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the name of the engine; what runs of it in the test's folder is stopped at the end."""
    yield request.param
    admin.down(tmp_path / "network")


def committed(load: Load) -> list[str]:
    """Return the events of valid transactions, out of the blocks themselves."""
    network = load.gateway.network(CHANNEL)
    return [
        f"{number} {transaction.transaction_id} {action.event.name}"
        for number in range(network.height())
        for transaction in blocks.decode(network.block(number)).transactions
        for action in transaction.actions
        if transaction.valid and action.event is not None
    ]


@pytest.mark.timeout(max(300, CUTS * 10))
def test_no_event_is_lost_or_repeated(engine: str, tmp_path: Path) -> None:
    """Each client's consumer notes what the blocks hold, in their order, once."""
    state = tmp_path / "network"
    admin.up(engine, state, CONSORTIUM)
    chance = random.Random(7)  # noqa: S311 - places to cut, not secrets.
    with contextlib.ExitStack() as entered, Load(state, function="event") as load:
        listeners = []
        for client in ("client", "aio"):
            folder = tmp_path / client
            folder.mkdir()
            listeners.append(entered.enter_context(Listener(client, state, folder, chance)))
        for number in range(1, KILLS + 1):
            wanted = number * CUTS // KILLS
            for listener in listeners:
                assert waiting.until(lambda: listener.path.cuts >= wanted, PATIENCE), listener.said()  # noqa: B023
                listener.kill()
            kill(state, VICTIMS[engine])
            for listener in listeners:
                listener.start()
            admin.up(engine, state, CONSORTIUM)
        load.wait_for(20)
        load.stop()
        expected = committed(load)
        for listener in listeners:
            listener.path.mend()
            assert waiting.until(lambda: listener.noted()[-1:] == expected[-1:], PATIENCE), listener.said()  # noqa: B023
            assert listener.noted() == expected
            assert listener.path.cuts >= CUTS
