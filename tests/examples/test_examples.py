"""The projects in `examples/` and the code of the guides, on each engine; their types as a user's checker sees them."""

from __future__ import annotations

import collections
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hlf.network import topology
from tests.docs import nestedpytest
from tests.support.sources import ROOT

EXAMPLES = ROOT / "examples"
PROJECTS = sorted(folder.parent for folder in EXAMPLES.glob("*/pytest.ini"))
ON_THEIR_NETWORK = ("guided.py", "with_node.py")
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]


def ran(*words: str | Path, cwd: Path, **environment: str) -> str:
    """Return what a module of this interpreter printed; its words are in the failure."""
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=ENGINES)
def outcomes(request, tmp_path_factory):
    """
    Return what became of each test of the examples, the guides and the Node client, by file: "" if it passed.

    All run in one session on one network, which the examples' `pytest.ini` describes, with warnings for errors.
    """
    results = tmp_path_factory.mktemp("examples") / "results.xml"
    files = [*(project.name for project in PROJECTS), *(Path(__file__).with_name(name) for name in ON_THEIR_NETWORK)]
    options = ("-q", "-c", "pytest.ini", "-W", "error", "-p", "no:cacheprovider", f"--junitxml={results}")
    # The results name no file that is outside of this folder.
    options += ("--rootdir", ROOT)
    words = [sys.executable, "-m", "pytest", *options, "--hlf-engine", request.param, *files]
    environment = nestedpytest.environment()
    done = subprocess.run(
        list(map(str, words)), cwd=EXAMPLES, env=environment, capture_output=True, text=True, check=False
    )
    assert results.exists(), done.stdout + done.stderr
    found = collections.defaultdict(list)
    for case in ElementTree.parse(results).iter("testcase"):  # noqa: S314  (pytest has just written it)
        troubles = [f"{each.tag} {case.get('name')}: {each.get('message')}\n{each.text}" for each in case]
        found[case.get("classname").rpartition(".")[2]].append("\n".join(troubles))
    return found


def test_the_examples_pass_their_own_tests(outcomes):
    """None is left out."""
    for project in PROJECTS:
        for file in project.glob("test_*.py"):
            assert outcomes[file.stem], file
            assert set(outcomes[file.stem]) == {""}, "\n".join(outcomes[file.stem])


def test_the_guides_do_what_they_say(outcomes):
    """A page is a test; SoftHSM has one of its own, where it is installed."""
    troubles = [text for text in outcomes["guided"] if not text.startswith("skipped test_softhsm_signs")]
    assert len(troubles) > 5
    assert set(troubles) == {""}, "\n".join(troubles)


@pytest.mark.interop
def test_the_official_node_client_calls_the_examples(outcomes):
    """It gets the answers, refusals and events that the Python client gets."""
    troubles = "\n".join(outcomes["with_node"])
    if troubles.startswith("skipped"):
        pytest.skip(troubles)
    assert set(outcomes["with_node"]) == {""}, troubles


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
