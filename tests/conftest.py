"""
Leave out what needs real Fabric where there is none, and say so once, with the cure; share the tests among processes.

Tests of one file stay in one process, and so do those of a folder whose networks are started once for all of them.
"""

from __future__ import annotations

import functools
import os
from pathlib import PurePosixPath
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from hlf.network import errors, ports
from hlf.network.engines.native import binaries

# A deadline for each example would make tests fail on a machine that is busy with something else. The examples of a
# commit are always the same, so that a red run means a fault of that commit; `make properties` looks for others.
_EXAMPLES = os.environ.get("SELAT_EXAMPLES")
hypothesis.settings.register_profile("each commit", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("properties", deadline=None, max_examples=int(_EXAMPLES or 100))
hypothesis.settings.load_profile("properties" if _EXAMPLES else "each commit")

_LEFT_OUT = pytest.StashKey[int]()
_SHARED_NETWORKS = ("conformance", "hostile", "interop", "scenarios")
_FIRST_PORT, _PORTS = 10_000, 20_000


def _own_ports() -> None:
    """Let the processes that share the tests start networks side by side: each chooses from ports of its own."""
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if worker:
        width = _PORTS // workers
        first = _FIRST_PORT + int(worker.removeprefix("gw")) * width
        os.environ.setdefault(ports.CHOSEN, f"{first}-{first + width - 1}")


_own_ports()


def pytest_report_header() -> str | None:
    """What the tests marked `native` run on."""
    version, _ = _fabric()
    return f"native engine: Fabric {version}" if version else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked `native` unless a Fabric release is found."""
    version, _ = _fabric()
    if version:
        return
    native = [item for item in items if item.get_closest_marker("native")]
    config.stash[_LEFT_OUT] = len(native)
    if native:
        config.hook.pytest_deselected(items=native)
        items[:] = [item for item in items if not item.get_closest_marker("native")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what was left out."""
    left_out = config.stash.get(_LEFT_OUT, 0)
    if left_out:
        terminalreporter.section("no real Fabric on this machine")
        terminalreporter.line(f"{left_out} tests on the native engine were left out: {_fabric()[1]}")


class Shares(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types for its users.
    """What each process gets: whole files, or whole folders where a network is shared; the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        folder = PurePosixPath(file).parts[:2]
        return "/".join(folder) if folder[-1] in _SHARED_NETWORKS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares:
    """Hand the tests out in such shares."""
    return Shares(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the process that prints the summary know what was left out here."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process left out: all of them find the same tests."""
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


@functools.cache
def _fabric() -> tuple[str, str]:
    """The version of real Fabric on this machine, or "" and why none can be run here, with the cure."""
    try:
        return binaries.find().version_text, ""
    except errors.EngineError as error:
        return "", str(error)
