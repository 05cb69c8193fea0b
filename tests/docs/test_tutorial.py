"""The tutorial: its files and commands do what it says."""

from __future__ import annotations

import pytest

from hlf.network import admin
from tests.docs import pages
from tests.support.sources import ROOT

PAGE = ROOT / "docs/tutorial.md"


@pytest.mark.parametrize("engine", ["embedded", pytest.param("native", marks=pytest.mark.native)])
def test_the_tutorial_does_what_it_says(engine, tmp_path):
    """From the first file to the program's output, in an empty folder."""
    state = tmp_path / "build/network"
    try:
        files = pages.done(PAGE, tmp_path, engine)
    finally:
        # A page that failed before its network was there has said why; that there is none would hide it.
        if (state / "state.json").exists():
            admin.down(state)
    assert set(files) == {"cars.py", "pytest.ini", "test_cars.py", "test_price.py", "consortium.yaml", "client.py"}


def test_the_second_contract_is_the_first_and_more():
    """The page shows the file twice; what both have is the same, so that a reader may add the new functions alone."""
    first, second = (text for _, text in pages.BLOCK.findall(PAGE.read_text()) if text.startswith("# cars.py"))
    assert set(first.splitlines()) - set(second.splitlines()) == {'    """Cars, each with a colour and an owner."""'}
