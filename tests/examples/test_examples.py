"""The projects in `examples/` and the code of the guides, on each engine; their types as a user's checker sees them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hlf.network import topology
from tests.support.house import ROOT

EXAMPLES = ROOT / "examples"
PROJECTS = sorted(folder.parent for folder in EXAMPLES.glob("*/pytest.ini"))
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]


def ran(*words: str | Path, cwd: Path, **environment: str) -> str:
    """Return what a module of this interpreter printed; its words are in the failure."""
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("engine", ENGINES)
def test_the_examples_and_the_guides_do_what_they_say(engine):
    """All on one network, which the examples' `pytest.ini` describes, with warnings for errors."""
    files = [*(project.name for project in PROJECTS), Path(__file__).with_name("guided.py")]
    options = ("-q", "-c", "pytest.ini", "-W", "error", "-p", "no:cacheprovider", "--hlf-engine", engine)
    printed = ran("pytest", *options, *files, cwd=EXAMPLES)
    assert " skipped" not in printed
    assert " passed" in printed


def test_the_guides_consortium_can_be_started(tmp_path):
    """The file of the page on several organisations is one that `hlf network up` takes."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/guides/organisations.md").read_text(), re.DOTALL)
    (tmp_path / "consortium.yaml").write_text(text)
    (asset,) = topology.load(tmp_path / "consortium.yaml").chaincodes
    assert asset.endorsement == "AND('Org1MSP.peer', 'Org2MSP.peer')"


def test_each_example_stands_alone():
    """It says what to install and how to run it, and its contract is one of those that run together here."""
    together = (EXAMPLES / "pytest.ini").read_text()
    listed = (EXAMPLES / "README.md").read_text()
    for project in PROJECTS:
        assert "hlf[testing]" in (project / "requirements.txt").read_text()
        assert "pytest" in (project / "README.md").read_text()
        assert f"[{project.name}]({project.name})" in listed
        _, _, contract = (project / "pytest.ini").read_text().strip().partition("hlf_contract = ")
        assert f"= {(project / contract).resolve().relative_to(EXAMPLES)}\n" in together


def test_the_examples_are_strictly_typed(tmp_path):
    """`mypy --strict` has nothing to say in a project of a user, which has none of this repository's settings."""
    options = ("--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={ROOT / 'build/mypy'}")
    assert "no issues" in ran("mypy", *options, *PROJECTS, cwd=tmp_path, MYPYPATH=str(ROOT))
