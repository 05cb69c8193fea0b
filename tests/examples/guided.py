"""
The code of `docs/guides`, run page by page in a session of the pytest plugin, beside the examples' own tests.

The file's name keeps it out of this repository's own session, which has no such network.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import hlf

GUIDES = Path(__file__).parents[2] / "docs/guides"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = [page for page in sorted(GUIDES.glob("*.md")) if page.name != "index.md"]


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_guide_does_what_it_says(
    page: Path, hlf_ledger: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks run one after the other, with the names that the guides' index presupposes."""
    monkeypatch.chdir(tmp_path)
    identity, signer = hlf.load_user(hlf_ledger.root / "organisations/Org1MSP/users/User1", "Org1MSP")
    scope = {
        "state": hlf_ledger.root,
        "profile": hlf_ledger.profile("Org1MSP"),
        "identity": identity,
        "signer": signer,
        "__name__": page.stem,
    }
    blocks = BLOCK.findall(page.read_text())
    assert blocks
    for block in blocks:
        exec(compile(block, page.name, "exec"), scope)  # noqa: S102  (the page's own code)
