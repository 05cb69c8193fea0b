"""Pytest in a process of its own, in a project of somebody who has none of the plugins of this repository's tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# They come with libraries under test, and take a second to import.
ADDOPTS = "-p no:anyio -p no:docker -p no:hypothesispytest -p no:schemathesis"


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment for such a pytest, with *more*."""
    return {**os.environ, "PYTEST_ADDOPTS": ADDOPTS, **more}


def copied(source: Path, target: Path) -> None:
    """Copy a package for it to change, with what Python has compiled of it, as this takes seconds for a large one."""
    # A name that ends in a number is a file that another process is writing.
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc.*"))
