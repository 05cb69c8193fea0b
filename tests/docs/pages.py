"""
What a page tells its reader to do, done in a folder.

A block whose first line is a comment with a file's name is that file, a block
`sh` is commands, and a block `text` after these is what they print. Blocks of
other kinds are only read.
"""

from __future__ import annotations

import os
import re
import subprocess  # noqa: S404  (the commands are the page's own)
import sys
from pathlib import Path

from tests.docs import nestedpytest

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"(?:#|//) ([\w-]+\.\w+)\n")
# Installing needs an index: tests/packaging does it with the wheels, and a test of the page with packages of npm.
INSTALLING = re.compile(r"^(?:mkdir|python3 -m venv|pip install|npm install) .*\n", re.MULTILINE)


def done(page: Path, folder: Path, engine: str = "embedded") -> list[str]:
    """Do what *page* says, in *folder* and on an engine; return the names of the files it had written."""
    files, printed = [], ""
    for kind, text in BLOCK.findall(page.read_text()):
        named = FILE.match(text)
        if named:
            files.append(named[1])
            (folder / named[1]).write_text(text)
        elif kind == "sh":
            printed = ran(INSTALLING.sub("", text), folder, engine)
        elif kind == "text":
            missing = [line for line in text.splitlines() if line not in printed]
            assert not missing, f"{missing} is not in\n{printed}"
    return files


def ran(commands: str, folder: Path, engine: str) -> str:
    """Return what commands print, with this interpreter's programs first; their words are in the failure."""
    there = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    options = f"{nestedpytest.ADDOPTS} --hlf-engine {engine}"
    environment = {**os.environ, "PATH": there, "PYTEST_ADDOPTS": options}
    commands = commands.replace("hlf network up", f"hlf network up --engine {engine}")
    finished = subprocess.run(  # noqa: S603
        ["/bin/sh", "-e", "-c", commands],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, f"{commands}\n{finished.stdout}{finished.stderr}"
    return finished.stdout
