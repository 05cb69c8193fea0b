"""The gateway's first hour: every command and the program of the page do what it says."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal

import pytest

from hlf.network import admin
from tests.docs import pages
from tests.support import embedded
from tests.support.house import ROOT

PAGE = ROOT / "docs/quickstart.md"
ADDRESS = "127.0.0.1:8080"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands need curl")
def test_the_quickstart_does_what_it_says(tmp_path):
    """From an empty folder to an order that was delivered; only the port is another, since the page's may be taken."""
    page, state = tmp_path / "page.md", tmp_path / "build/network"
    address = embedded.free_address()
    page.write_text(
        PAGE.read_text().replace(ADDRESS, address).replace("gateway serve", f"gateway serve --listen {address}")
    )
    try:
        assert pages.done(page, tmp_path) == ["order.py"]
    finally:
        # After a failure the page's last commands have not run.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / "gateway.pid").read_text()), signal.SIGTERM)
        if (state / "state.json").exists():
            admin.down(state)
