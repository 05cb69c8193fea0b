"""
Leave out what needs real Fabric where there is none, and say so once, with the cure; share the tests among processes.

Tests of one file stay in one process, and so do those of several files that a network is started once for.
"""

from __future__ import annotations

import functools
import gc
import os
from pathlib import PurePosixPath
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from hlf.network import errors, ports
from hlf.network.engines.native import binaries
from hlf.testing import plugin

# Limits of time for examples would make tests fail on a machine that is busy with something else. The examples of a
# commit are always the same, so that a red run means a fault of that commit; `make properties` looks for others. So a
# commit needs no more of them than it takes to notice a change.
_EXAMPLES = os.environ.get("SELAT_EXAMPLES")
_UNTIMED: dict[str, Any] = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("each commit", derandomize=True, database=None, max_examples=15, **_UNTIMED)
hypothesis.settings.register_profile("properties", max_examples=int(_EXAMPLES or 100), **_UNTIMED)
hypothesis.settings.load_profile("properties" if _EXAMPLES else "each commit")

_LEFT_OUT = pytest.StashKey[int]()
# The files of such a folder share a network that is started once. Of these each has its own: one that it starts itself,
# or, where its tests take a minute, the same once more.
_SHARED_NETWORKS = ("scenarios", "conformance", "interop", "hostile")
_OWN_NETWORKS = (
    "test_demo.py",
    "test_faults.py",
    "test_hostile_members.py",
    "test_platforms.py",
    "test_scale.py",
    "test_stories.py",
)
# These take longest, so they begin first; the many short files behind them keep every process busy to the end.
_FIRST = ("browser", *_SHARED_NETWORKS, "examples", "packaging", "faults", "docs")
_LONG_UNITS = ("test_changes.py", "test_lifetime.py", "test_plugin.py")
# These read every module that ships, which one process does once.
_READERS = ("tests/unit/test_house.py", "tests/unit/test_names.py", "tests/unit/test_words.py")


# Almost nothing that collecting the tests makes is garbage, so looking for it takes a tenth of the time in vain.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, but not among what the tests are made of."""
    gc.freeze()
    gc.enable()


# The processes that share the tests start networks side by side.
if ports.CHOSEN not in os.environ:
    plugin.take_own_ports()


def pytest_report_header() -> str | None:
    """Return what the tests marked `native` run on."""
    version, _ = _fabric()
    return f"native engine: Fabric {version}" if version else None


def pytest_xdist_auto_num_workers() -> int:
    """Return three times the number of cores: tests that start networks wait for them most of the time."""
    return 3 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first, and deselect the tests marked `native` unless a Fabric release is found."""
    items.sort(key=lambda item: _turn(item.nodeid))
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


def _place(nodeid: str) -> tuple[str, str]:
    """Return the folder of a test below ``tests/``, and its file."""
    file = PurePosixPath(nodeid.split("::", 1)[0])
    return file.parts[1], file.name


def _turn(nodeid: str) -> tuple[int, bool]:
    """Return which turn a test has."""
    folder, file = _place(nodeid)
    if folder in _FIRST:
        return _FIRST.index(folder), file in _OWN_NETWORKS
    return len(_FIRST), file not in _LONG_UNITS


class Shares(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types for its users.
    """What each process gets: whole files, or all tests for which one network is started."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_READERS):
            return "modules"
        folder, file = _place(nodeid)
        if folder not in _SHARED_NETWORKS or file in _OWN_NETWORKS:
            return nodeid.split("::", 1)[0]
        return f"{folder} {_laboratory(nodeid)}" if folder == "conformance" else folder


def _laboratory(nodeid: str) -> str:
    """Return the laboratory that a test of conformance needs; each has a network of its own."""
    # Only the process that hands out the tests needs this, and one that runs a single file should start fast.
    from tests.conformance import cases, laboratories

    _, _, name = nodeid.removesuffix("]").partition("[")
    question = cases.load().get(name)
    return question.laboratory if question else laboratories.MAIN


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
    """Return the version of real Fabric on this machine, or "" and why none can be run here, with the cure."""
    try:
        return binaries.find().version_text, ""
    except errors.EngineError as error:
        return "", str(error)
