"""Every code that stages, journeys, terms, returns and carriage refuse with is explained, and reached by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaincode.domain.returns.returns import State
from chaincode.domain.returns.terms import Reason, Rejection

ROOT = Path(__file__).parents[3]
DOMAIN = "accounts agreements custody epcis floors handling journeys pages plans returns review stages terms tracking"
CONTRACTS = (
    "accounts agreements elsewhere handling handovers journeys journeystate performance plans returns returnstate"
    " stages terms"
)
ROOMS = {"chaincode/domain": DOMAIN.split(), "hlf/codec": DOMAIN.split(), "chaincode/contracts": CONTRACTS.split()}
SOURCES = [
    path
    for room, names in ROOMS.items()
    for path in (ROOT / room).rglob("*.py")
    if path.stem in names and path.parent.name != "matching"
]
ALARMS = {"CUSTODY_GAP", "CUSTODY_OVERLAP", "CUSTODY_UNREADABLE", "PAGE_DOUBTED"}
_CODE = re.compile(r'"([A-Z]+(?:_[A-Z]+)+)"')


def _codes() -> list[str]:
    found = {code for source in SOURCES for code in _CODE.findall(source.read_text())}
    return sorted(found - {*Reason, *Rejection, *State, *ALARMS})


@pytest.mark.parametrize("code", _codes())
def test_every_code_is_explained_and_reached(code):
    """In docs/contracts.md with what to do about it, and in a test that provokes it."""
    assert f"`{code}`" in (ROOT / "docs/contracts.md").read_text().split("## Refusal codes of stages")[1]
    tests = [path for path in (ROOT / "tests/unit").rglob("test_*.py") if path != Path(__file__)]
    assert any(re.search(rf"\b{code}\b", path.read_text()) for path in tests)


@pytest.mark.parametrize("code", Rejection)
def test_every_rejection_is_explained(code):
    """A rejection is a result with facts; the table says what it stands for."""
    assert f"`{code}`" in (ROOT / "docs/contracts.md").read_text().split("## Refusal codes of stages")[1]
