"""Says which real Fabric there is; leaves out what needs one where there is none, and says so once, with the cure."""

from __future__ import annotations

import functools

import hypothesis
import pytest

from network import errors
from network.engines.native import binaries

# A deadline for each example would make tests fail on a machine that is busy with something else.
hypothesis.settings.register_profile("selat", deadline=None)
hypothesis.settings.load_profile("selat")

_LEFT_OUT = pytest.StashKey[int]()


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


@functools.cache
def _fabric() -> tuple[str, str]:
    """The version of real Fabric on this machine, or "" and why none can be run here, with the cure."""
    try:
        return binaries.find().version_text, ""
    except errors.EngineError as error:
        return "", str(error)
