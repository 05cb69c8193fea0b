"""
The code of `docs/guides`, run page by page in a session of the pytest plugin, beside the examples' own tests.

The file's name keeps it out of this repository's own session, which has no such network.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import hlf

GUIDES = Path(__file__).parents[2] / "docs/guides"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = [page for page in sorted(GUIDES.glob("*.md")) if page.name != "index.md"]


LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")


@pytest.fixture
def scope(hlf_ledger: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the names that the guides' index presupposes, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    identity, signer = hlf.load_user(hlf_ledger.root / "organisations/Org1MSP/users/User1", "Org1MSP")
    return {
        "state": hlf_ledger.root,
        "profile": hlf_ledger.profile("Org1MSP"),
        "identity": identity,
        "signer": signer,
        "__name__": "guide",
    }


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_guide_does_what_it_says(page: Path, scope: dict[str, Any]) -> None:
    """Its blocks run one after the other."""
    blocks = BLOCK.findall(page.read_text())
    assert blocks
    for block in blocks:
        exec(compile(block, page.name, "exec"), scope)  # noqa: S102  (the page's own code)


@pytest.mark.skipif(not (LIBRARY.exists() and shutil.which("softhsm2-util")), reason="SoftHSM is not installed")
def test_softhsm_signs(scope: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's commands make the token, and its code signs with the key in it."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    page = (GUIDES / "security-modules.md").read_text()
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    for name in ("cert.pem", "key.pem"):
        shutil.copy(scope["state"] / "organisations/Org1MSP/users/User1" / name, tmp_path)
    (commands,) = re.findall(r"^```sh\n(softhsm2-util.*?)^```$", page, re.DOTALL | re.MULTILINE)
    subprocess.run(["/bin/sh", "-e", "-c", commands], check=True, capture_output=True)
    (code,) = re.findall(r"^```py\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    exec(compile(code, "security-modules.md", "exec"), scope)  # noqa: S102  (the page's own code)
