"""The gateway's first hour: every command and both programs of the page do what it says."""

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
ADDRESS, RECEIVER = "127.0.0.1:8080", "8090"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands need curl")
def test_the_quickstart_does_what_it_says(tmp_path):
    """From an empty folder to an order that was delivered; only the ports are others, since the page's may be taken."""
    page, state = tmp_path / "page.md", tmp_path / "build/network"
    address, port = embedded.free_address(), embedded.free_address().rpartition(":")[2]
    page.write_text(
        PAGE.read_text()
        .replace(ADDRESS, address)
        .replace("gateway serve", f"gateway serve --listen {address}")
        .replace(RECEIVER, port)
    )
    try:
        assert pages.done(page, tmp_path) == ["receiver.py", "order.py"]
    finally:
        # After a failure the page's last commands have not run.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / "gateway.pid").read_text()), signal.SIGTERM)
        if (state / "state.json").exists():
            admin.down(state)
