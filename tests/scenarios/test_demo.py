"""``selat demo`` as a user runs it: it ends by itself and leaves nothing running, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hlf import waiting
from network import CONSORTIUM

PROGRAM = [sys.executable, "-c", "from selat.cli import main; main()", "demo"]


def started_from(folder: Path) -> list[int]:
    """Pids of living processes whose command line or environment names *folder*."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """
    Start the demo with *tmp_path* as its temporary and its working folder.

    The limit of time is the suite's. A demo that runs on after its test is ended, with what it started.
    """
    if not Path("/proc/self/environ").exists():
        pytest.skip("what is left running is found through /proc, which this system does not have")

    def start(*arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A suite in a shell's background was told to ignore Ctrl-C, and what it starts would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        begun.append(process)
        return process

    begun: list[subprocess.Popen[str]] = []
    yield start
    for process in begun:
        if process.poll() is None:
            process.terminate()
            process.communicate()


def test_it_plays_to_its_end_and_leaves_nothing(demo, tmp_path):
    process = demo()
    told, complaint = process.communicate()
    assert process.returncode == 0, complaint
    assert "Played to the end" in told
    assert started_from(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing(demo, tmp_path, number):
    """Once the second chapter is on the screen, network, chaincodes and gateway are all up."""
    process = demo()
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("2. "):
            break
    assert len(started_from(tmp_path)) > 3
    process.send_signal(number)
    _, complaint = process.communicate()
    assert process.returncode == 1
    assert "everything that was started has been stopped" in complaint
    assert waiting.until(lambda: started_from(tmp_path) == [], 60)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_stops_everything_and_keeps_the_logs(demo, tmp_path):
    """A chaincode program that does not run: the error names its log, and the log is there."""
    consortium = CONSORTIUM.read_text()
    broken = tmp_path / "broken.yaml"
    broken.write_text(consortium.replace("chaincode.main", "chaincode.nothing"))
    process = demo("--consortium", str(broken))
    _, complaint = process.communicate()
    assert process.returncode == 1
    assert "No module named chaincode.nothing" in complaint
    (log,) = [Path(word) for word in complaint.split() if word.endswith(".log")]
    assert log.exists()
    assert started_from(tmp_path) == []


def test_a_kept_demo_is_up_until_it_is_stopped(demo, tmp_path):
    process = demo("--keep")
    told, complaint = process.communicate()
    assert process.returncode == 0, complaint
    try:
        assert "documentation at http://127.0.0.1:" in told
        assert "selat_" in told
        again = demo("--keep")
        assert "a demo is running" in again.communicate()[1]
    finally:
        stopped = demo("--stop").communicate()[0]
    assert "gateway" in stopped
    assert started_from(tmp_path) == []
