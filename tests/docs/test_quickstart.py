"""The gateway's first hour: every command and program of the page do what it says."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal

import pytest

from hlf.network import admin
from tests.docs import pages
from tests.interop import runtimes
from tests.support import embedded
from tests.support.sources import ROOT

PAGE = ROOT / "docs/quickstart.md"
MODULES = ROOT / "tests/docs/typescript/package.json"
TYPESCRIPT = re.compile(r"^## The same in TypeScript\n.*?(?=^## )", re.DOTALL | re.MULTILINE)
ADDRESS, RECEIVER = "127.0.0.1:8080", "8090"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands need curl")
def test_the_quickstart_does_what_it_says(tmp_path):
    """From an empty folder to an order that was delivered; only the ports are others, since the page's may be taken."""
    page, state = tmp_path / "page.md", tmp_path / "build/network"
    text, written = PAGE.read_text(), ["receiver.py", "order.py", "order.sh", "order.ts"]
    try:
        (tmp_path / "node_modules").symlink_to(runtimes.node_modules("quickstart", MODULES))
    except pytest.skip.Exception:
        # The other languages are tried all the same.
        text, written = TYPESCRIPT.sub("", text), written[:-1]
    address, port = embedded.free_address(), embedded.free_address().rpartition(":")[2]
    page.write_text(
        text.replace(ADDRESS, address)
        .replace("gateway serve", f"gateway serve --listen {address}")
        .replace(RECEIVER, port)
    )
    try:
        assert pages.done(page, tmp_path) == written
    finally:
        # After a failure the page's last commands have not run.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / "gateway.pid").read_text()), signal.SIGTERM)
        if (state / "state.json").exists():
            admin.down(state)
