"""The worked examples of CONTRIBUTING.md: an address and an engine rule, with the code of the page itself."""

from __future__ import annotations

import os
import re
import subprocess  # noqa: S404  (the page's code runs in interpreters that do not have this tree's modules loaded)
import sys
from pathlib import Path

from tests.docs import nestedpytest

ROOT = Path(__file__).parents[2]
ORDERING = "hlf/network/engines/embedded/order/ordering.py"


def blocks(title: str) -> list[str]:
    """Return the blocks of Python of a section."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    section = page.split(f"## {title}\n", 1)[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def copied(folder: Path, room: str, file: str, old: str, new: str) -> None:
    """Copy a room into *folder* with one place of one file changed."""
    nestedpytest.copied(ROOT / room, folder / room)
    text = (folder / file).read_text()
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new))


def ran(folder: Path, test: str, *plugins: str) -> tuple[int, str]:
    """Run a file of tests on the room in *folder*; return pytest's exit code and what it printed."""
    file = folder / "test_example.py"
    file.write_text(test)
    environment = nestedpytest.environment(PYTHONPATH=os.pathsep.join([str(folder), str(ROOT)]))
    words = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, *plugins, str(file)]
    done = subprocess.run(  # noqa: S603  (this interpreter, and the page's own code)
        [sys.executable, "-P", "-m", "pytest", *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_address_of_the_page_answers(tmp_path):
    """The view goes where the page says, and the page's test passes on it."""
    view, test = blocks("Add an address")
    file = "gateway/trade/carriage/carriage.py"
    after = '@agreements.route("", methods=["POST"])'
    copied(tmp_path, "gateway", file, after, f"{view}\n\n{after}")
    imported = "from gateway.http.inputs import Blueprint\n"
    text = (tmp_path / file).read_text()
    (tmp_path / file).write_text(text.replace(imported, f"{imported}from gateway.http.problems import Problem\n"))
    code, printed = ran(tmp_path, test, "-p", "tests.unit.gateway.conftest")
    assert code == 0, printed


def test_the_engine_rule_of_the_page_is_the_engines(tmp_path):
    """Code and test of the page stand in the repository, and the test fails on an engine without the rule."""
    _, rule, test = blocks("Add an engine rule")
    tests = (ROOT / "tests/unit/hlf/network/embedded/order/test_ordering.py").read_text()
    assert rule in (ROOT / ORDERING).read_text()
    assert test in tests
    copied(tmp_path, "hlf", ORDERING, rule, "")
    (name,) = re.findall(r"def (test_\w+)", test)
    code, printed = ran(tmp_path, tests, "-k", name)
    assert code == 1, printed
    assert "DID NOT RAISE" in printed
