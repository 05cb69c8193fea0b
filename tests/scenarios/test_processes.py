"""A gateway of several processes: one that dies is replaced, and a stop answers what was begun."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from gateway import checks
from gateway.http.settings import Settings
from gateway.store.database import Store
from gateway.store.tokens import Tokens
from hlf import waiting
from hlf.network import processes
from hlf.network.state import Folder
from selat.wallet import export_wallet

STATUS = f"/v1/channels/trade/transactions/{'0' * 64}/status"


class Gateway:
    """A gateway that was started from a folder."""

    def __init__(self, home: Folder, settings: Settings, ready: Path) -> None:
        program = processes.Program(
            "gateway", [sys.executable, "-m", "gateway"], environment=settings.to_environment(), ready_file=ready
        )
        started = processes.start(home, program)
        processes.wait_ready([(program, started)], 60)
        self.process = psutil.Process(started.pid)
        self.base = f"http://{json.loads(ready.read_text())['address']}"
        token = Tokens(Store(settings.data)).create("PlatformMSP", "User1", ["read", "write", "metrics"], 600)
        self.settings = settings
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> requests.Response:
        """One answer, on a connection of its own."""
        return requests.get(self.base + path, headers=self.headers, timeout=30)

    def workers(self) -> set[int]:
        return {child.pid for child in self.process.children()}


@pytest.fixture
def gateway(stage, folder, tmp_path) -> Iterator[Gateway]:
    """Two processes on the scenarios' network, with what was handed over to its organisation alone."""
    home = Folder(tmp_path / "home")
    ready = (home.run / "gateway.ready").absolute()
    settings = Settings(
        wallet=export_wallet(tmp_path / "wallet", "PlatformMSP", folder / "network").absolute(),
        data=home.root / "data",
        listen="127.0.0.1:0",
        workers=2,
        ready_file=str(ready),
    )
    try:
        yield Gateway(home, settings, ready)
    finally:
        processes.stop(home)


def test_what_was_handed_over_is_enough(played, gateway):
    """A check finds all well, and a write of the organisation's user is committed, without a key of anybody else."""
    found = [*checks.findings(gateway.settings)]
    assert [finding for finding in found if not finding.good] == []
    assert {finding.what for finding in found if finding.what.startswith("peer of ")} == {"peer of PlatformMSP"}
    present = gateway.get("/v1/participants/PlatformMSP?channel=trade").json()
    wanted = {name: present[name] for name in ("msp_id", "species", "roles", "countries", "stages")}
    answer = requests.post(
        f"{gateway.base}/v1/participants/amendments?channel=trade",
        headers=gateway.headers,
        json={"participant": {**wanted, "name": f"{present['name']} of Singapore"}},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text


def test_a_process_that_dies_is_replaced(gateway):
    """The other one answers meanwhile, and a new one takes the place."""
    assert waiting.until(lambda: len(gateway.workers()) == 2, 30)
    before = gateway.workers()
    os.kill(min(before), signal.SIGKILL)
    assert gateway.get("/v1/participants").status_code == 200
    assert waiting.until(lambda: len(gateway.workers() - {min(before)}) == 2, 30)
    assert all(gateway.get("/healthz").status_code == 200 for _ in range(10))


def test_every_process_tells_the_counts_of_all(gateway):
    """Prometheus meets one of them by chance, and what an ended one has counted stays."""
    assert waiting.until(lambda: len(gateway.workers()) == 2, 30)
    for _ in range(8):
        assert gateway.get("/v1/participants").status_code == 200
    os.kill(min(gateway.workers()), signal.SIGKILL)
    sample = 'selat_requests_total{code="",method="GET",route="/v1/participants",status="200"}'
    for _ in range(4):
        counted = [line for line in gateway.get("/metrics").text.splitlines() if line.startswith(sample)]
        assert [float(line.rpartition(" ")[2]) for line in counted] == [8.0]


def test_a_check_finds_a_network_that_runs_good(stage, folder, tmp_path):
    """Every organisation's peer and certificates, and every channel."""
    found = list(checks.findings(Settings(wallet=folder / "network", data=tmp_path / "data")))
    assert [finding for finding in found if not finding.good] == []
    assert {"channel trade", "peer of PlatformMSP", "PlatformMSP/User1"} <= {finding.what for finding in found}


def test_a_stop_that_comes_at_once_is_heard(gateway):
    """While its processes are still being made, the gateway ends when it is told to."""
    gateway.process.send_signal(signal.SIGTERM)
    assert waiting.until(lambda: gateway.process.status() == psutil.STATUS_ZOMBIE, 25)


def test_a_stop_answers_what_was_begun(gateway):
    """Whoever waits when the gateway is told to end gets an answer, and then it has ended."""
    where = urllib.parse.urlsplit(gateway.base)
    lines = [f"GET {STATUS}?wait_seconds=2 HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in gateway.headers.items())]
    lines += ["Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue", "", ""]
    with socket.create_connection((where.hostname, where.port), timeout=30) as caller:
        caller.sendall("\r\n".join(lines).encode())
        # The request has been begun once its body is asked for.
        assert caller.recv(100).startswith(b"HTTP/1.1 100 ")
        gateway.process.send_signal(signal.SIGTERM)
        caller.sendall(b"{}")
        answer = b"".join(iter(lambda: caller.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b'"code":"OUTCOME_UNKNOWN"' in answer
    assert waiting.until(lambda: gateway.process.status() == psutil.STATUS_ZOMBIE, 25)
    with pytest.raises(requests.ConnectionError):
        gateway.get("/healthz")
