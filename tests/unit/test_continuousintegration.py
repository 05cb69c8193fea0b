"""What `.ci/run` ends with, played with a `make` that does nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hlf import waiting
from tests.support.sources import ROOT

# `soak` leaves a file while it runs; the tests and the soak end as the environment says.
MAKE = """#!/bin/sh
case "$1" in
  test) sleep "${TEST_SECONDS:-0}"; exit "$TESTS" ;;
  soak) trap 'echo ended >ended; exit 143' TERM; echo $$ >soaking
        for i in $(seq "${SOAK_TENTHS:-0}"); do sleep 0.1; done
        echo carried; exit "$SOAK" ;;
esac
"""


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start a copy of the script in a folder where every program it needs does nothing."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    programs = folder / "programs"
    programs.mkdir()
    for name in ("node", "npm", "chromium", "softhsm2-util", "make"):
        (programs / name).write_text(MAKE)
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [folder / ".ci" / "run"],
        env={**os.environ, "PATH": path, "TESTS": "0", "SOAK": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(("tests", "soak", "status"), [("0", "0", 0), ("2", "0", 2), ("0", "1", 1)])
def test_tests_and_soak_must_both_be_fine(tmp_path, tests, soak, status):
    """Neither ends the other: what the soak says is there after tests that failed too."""
    running = start(tmp_path, TESTS=tests, SOAK=soak, SOAK_TENTHS="3")
    told, _ = running.communicate(timeout=60)
    assert running.returncode == status
    assert "carried" in told


def test_the_soak_ends_with_the_script(tmp_path):
    """Who stops continuous integration in the middle leaves no network behind."""
    running = start(tmp_path, TEST_SECONDS="1", SOAK_TENTHS="600")
    assert waiting.until((tmp_path / "soaking").exists, 60)
    running.terminate()
    running.communicate(timeout=60)
    assert (tmp_path / "ended").read_text() == "ended\n"
