"""A network in trouble says so: to `selat network status`, and to whoever submits."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from hlf import errors as hlf_errors
from hlf import identity, waiting
from hlf.client import gateway
from hlf.network import admin, processes, state
from hlf.profile import Profile
from selat import cli

# While a trouble may pass, clients ask again until their time is up.
TIMEOUTS = gateway.Timeouts(commit_status=1.0)
CONSORTIUM = """\
name: troubles
organisations:
  - {msp_id: AMSP, domain: a.test}
channels:
  - {name: full, members: [AMSP], batch: {timeout: 20ms}}
  - {name: empty, members: [AMSP], batch: {timeout: 20ms}}
servers:
  - name: lab
    command: ["{python}", -m, chaincode.main]
    each: [--serve, "tests.support.lab:Lab={package_id}@{address}"]
chaincodes:
  - {name: lab, channel: full, server: lab}
  - {name: lab, channel: empty, server: lab}
"""


@pytest.fixture
def root(tmp_path: Path):
    """Yield the state folder of a running network."""
    (tmp_path / "consortium.yaml").write_text(CONSORTIUM)
    admin.up("embedded", tmp_path / "state", tmp_path / "consortium.yaml")
    yield tmp_path / "state"
    admin.down(tmp_path / "state")


def engine(root: Path) -> int:
    """Return the pid of the engine's process."""
    (found,) = [each for each in processes.find(state.Folder(root)) if each.name == "embedded"]
    return found.pid


def submit(root: Path, channel: str, value: str) -> bytes:
    own = state.Folder(root)
    user = identity.load_user(own.user("AMSP", "User1"), "AMSP")
    with gateway.connect(Profile.load(own.profile("AMSP")), *user, timeouts=TIMEOUTS) as fabric:
        return fabric.network(channel).contract("lab").submit("put", "key", value)


def status(root: Path):
    return CliRunner().invoke(cli.main, ["network", "status", "--state", str(root)])


def test_a_full_disk_is_told_and_passes(root):
    """`status` exits with 1 and has cause and cure; the other channel goes on, and this one when there is room."""
    assert status(root).exit_code == 0
    # Files may grow no further than the largest is now, as on a disk that is full for one of them.
    submit(root, "full", "x" * 400_000)
    ledger = root / "embedded" / "channels" / "full.ledger"
    resource.prlimit(engine(root), resource.RLIMIT_FSIZE, (ledger.with_name("full.ledger-wal").stat().st_size, -1))
    with pytest.raises(hlf_errors.CommitStatusError, match="block 4 of channel full cannot be written: disk I/O error"):
        submit(root, "full", "y" * 400_000)
    told = status(root)
    assert told.exit_code == 1
    assert "running  embedded\n" in told.output
    assert (
        "TROUBLE  channel full failed at orderer0.orderer.selat.test: block 4 of channel full cannot be written: "
        f"disk I/O error. Make room for {ledger.absolute()}, or let it be written; it is tried again every second.\n"
    ) in told.output
    with pytest.raises(hlf_errors.SubmitError) as refused:
        submit(root, "full", "z")
    assert "Make room" in str(refused.value)
    assert submit(root, "empty", "e") == b"e"
    resource.prlimit(engine(root), resource.RLIMIT_FSIZE, (-1, -1))
    assert waiting.until(lambda: status(root).exit_code == 0, 60)
    assert submit(root, "full", "z") == b"z"


def test_an_engine_that_does_not_answer_is_not_called_running(root, monkeypatch):
    """A process that lives and serves nobody is told by the orderer it does not answer for."""
    monkeypatch.setattr("hlf.network.admin.troubles._ASK_SECONDS", 0.5)
    os.kill(engine(root), signal.SIGSTOP)
    try:
        told = status(root)
    finally:
        os.kill(engine(root), signal.SIGCONT)
    assert told.exit_code == 1
    assert "TROUBLE  orderer0.orderer.selat.test: " in told.output
    assert "is it running?" in told.output
