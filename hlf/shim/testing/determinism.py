"""Whether contracts answer and write the same in every process."""

from __future__ import annotations

import os
import subprocess  # noqa: S404  (the two hash seeds need two interpreters)
import sys
from collections.abc import Sequence

from hlf.shim.errors import ShimError


def transcripts(scenario: str, seeds: Sequence[int] = (1, 2)) -> list[str]:
    """
    Return the transcripts of *scenario* (``package.module:function``, giving a Ledger) under each PYTHONHASHSEED.

    A contract that iterates over a set, for example, gives different ones.
    """
    module, _, function = scenario.partition(":")
    code = f"import {module} as scenario; print(scenario.{function}().transcript())"
    found = []
    for seed in seeds:
        ran = subprocess.run(  # noqa: S603  (this interpreter, and the test's own scenario)
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise ShimError(f"{scenario} failed under hash seed {seed}:\n{ran.stderr}")
        found.append(ran.stdout.strip())
    return found
