"""Every code that these contracts refuse with is explained to callers, and reached by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOMAIN = (
    "amendments attributes audience claims disclosures duties gapmeter goods grants identifiers incoterms lpi money "
    "orderfacts orders participants payments places prepositioning products records refusals units weeks"
)
CONTRACTS = "access amending catalogue claims disclosures gapmeter granting lpi orders participants private settlement"
ROOMS = {"chaincode/domain": DOMAIN.split(), "hlf/codec": DOMAIN.split(), "chaincode/contracts": CONTRACTS.split()}
SOURCES = [
    path
    for room, names in ROOMS.items()
    for path in (ROOT / room).rglob("*.py")
    if path.stem in names and path.parent.name != "matching"
]
_CODE = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|EXPIRED|REVOKED)"')
_STATES = {"EXPIRED", "REVOKED"}  # Made from a grant's state.
_REASONS = {"BUYER_REQUEST", "OUT_OF_STOCK", "PAYMENT_FAILED", "EXPORT_PROHIBITED", "FRAUD_SUSPECTED"}


def _codes() -> list[str]:
    found = {code for source in SOURCES for code in _CODE.findall(source.read_text())}
    return sorted((found | _STATES) - _REASONS)


@pytest.mark.parametrize("code", _codes())
def test_every_code_is_explained_and_reached(code):
    """In docs/contracts.md with what to do about it, and in a test that provokes it."""
    assert f"`{code}`" in (ROOT / "docs/contracts.md").read_text().split("## Refusal codes")[1]
    tests = [path for path in (ROOT / "tests/unit").rglob("test_*.py") if path != Path(__file__)]
    assert any(f'"{code}"' in path.read_text() for path in tests)
