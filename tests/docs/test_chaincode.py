"""The page for contract authors: its code runs, and its tables name what there is."""

from __future__ import annotations

import re
import subprocess  # noqa: S404  (the page's test runs as its reader runs it)
import sys
from pathlib import Path

import pytest

from hlf.shim import api, command, testing
from hlf.shim.serving import loading
from hlf.shim.stub import Stub
from tests.docs import nestedpytest

PAGE = (Path(__file__).parents[2] / "docs" / "chaincode.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def written(tmp_path):
    """Return the page's first contract and the page's test of it, in a folder of their own."""
    (tmp_path / "assets.py").write_text(BLOCKS[0])
    (tmp_path / "test_assets.py").write_text(BLOCKS[1])
    return tmp_path


def test_the_contract_and_its_test_run(written):
    """As a reader saves them, who has the library and pytest."""
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_assets.py"]
    ran = subprocess.run(
        program, cwd=written, env=nestedpytest.environment(), capture_output=True, text=True, check=False
    )  # noqa: S603
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_contract_is_served_from_its_file(written):
    """The file alone is enough."""
    assert list(loading.load(str(written / "assets.py")).contracts) == ["Assets"]


def test_the_other_contracts_do_what_is_said_of_them():
    """Hooks with a context of one's own, and the list of a key's policy."""
    scope = {"api": api, "__name__": __name__}
    for block in BLOCKS[2:]:
        exec(block, scope)  # noqa: S102  (the page's own code)
    ledger = testing.Ledger(api.Chaincode("desks", [scope["Desks"], scope["Locks"]]), members=["AMSP"])
    clerk = testing.client("AMSP", attributes={"role": "clerk", "desk": "7"})
    assert ledger.invoke("stamp", client=clerk).writes == {"last": b"stamp"}
    assert ledger.invoke("mark", client=clerk).text == "mark has a new name"
    with pytest.raises(testing.Refused, match="ATTRIBUTE_REQUIRED"):
        ledger.invoke("stamp", client=testing.client("AMSP"))
    assert ledger.invoke("Locks:lock", "k", "AMSP", client=clerk).json() == ["AMSP"]


def test_every_call_of_the_page_is_one_of_the_stub():
    """Names that the table shortens are looked up by their ends."""
    table = PAGE.split("| Go | Python |", 1)[1].split("\n\n", 1)[0]
    there = {name for name in dir(Stub) if not name.startswith("_")} | {"args", "tx_id", "channel_id"}
    there |= {"signed_proposal", "decorations"}
    for row in table.splitlines()[2:]:
        for name in re.findall(r"`([a-z_.]+)[`(]", row.split("|")[2]):
            ends = name.lstrip(".")
            assert any(known == name or (known.endswith(ends) or known.startswith(ends)) for known in there), name


def test_every_option_of_the_page_is_one_of_the_command():
    """So that a line of the page can be typed."""
    known = set(command.parser()._option_string_actions) | {"--peer-chaincodedev"}
    assert set(re.findall(r"(?<![\w-])(--?[a-z][a-z.-]+)", PAGE.split("## Run it")[1])) <= known
