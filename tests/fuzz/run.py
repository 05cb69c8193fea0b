"""
``python -m tests.fuzz.run [NAME ...] [--inputs N] [--seed S] [--record]``: give boundaries more than a test run does.

With atheris (``pip install atheris``, where there is a wheel) each target runs in a process of its own, led by what
code its inputs reach. Without it, the corpus is changed at random. What goes wrong is kept in ``build/fuzz/NAME``; it
goes into ``tests/fuzz/corpus/NAME`` with the mend.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import logging
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path

import click

from tests import reliability
from tests.fuzz import target, targets

KEPT = Path("build") / "fuzz"


def main(arguments: list[str]) -> int:
    """Run the targets; how many failed."""
    # Some boundaries say in their log what they were sent.
    logging.disable()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets; all by default")
    parser.add_argument("--inputs", type=int, default=100_000, help="how many inputs each target is given")
    parser.add_argument("--seed", type=int, default=0, help="for others than the usual ones")
    parser.add_argument("--record", action="store_true", help="write a row for each target in docs/reliability.md")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - targets.ALL.keys())
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(targets.ALL)}")
    led = importlib.util.find_spec("atheris") is not None
    failed = 0
    for name in chosen.names or targets.ALL:
        begun, begun_on = time.monotonic(), reliability.commit()
        fine = (_guided if led else changed)(name, chosen.inputs, chosen.seed)
        failed += not fine
        seconds = time.monotonic() - begun
        outcome = "no fault" if fine else "FAULT"
        click.echo(f"{name}: {outcome} in {chosen.inputs} inputs, {seconds:.0f} s")
        if chosen.record:
            reliability.record(f"`make fuzz ONLY={name}`", f"{chosen.inputs} inputs", seconds, outcome, begun_on)
    return failed


def changed(name: str, inputs: int, seed: int) -> bool:
    """Give a target changes of its corpus; keep the first that goes wrong. Whether none did."""
    found = targets.ALL[name]
    chance = random.Random(f"{found.name} {seed}")  # noqa: S311
    for _ in range(inputs):
        data = found.changed(chance)
        try:
            found.meet(data)
        except Exception:  # noqa: BLE001 - that is what is looked for.
            traceback.print_exc()
            click.echo(f"kept as {_keep(found.name, data)}")
            return False
    return True


def _keep(name: str, data: bytes) -> Path:
    file = KEPT / name / hashlib.sha256(data).hexdigest()[:16]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def _guided(name: str, inputs: int, seed: int) -> bool:
    """atheris counts what is imported after itself, and ends its process: so each target has one."""
    kept = KEPT / name
    kept.mkdir(parents=True, exist_ok=True)
    # New inputs go to the first folder; the corpus itself is only read.
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(kept), str(target.CORPUS / name)]
    command += [f"-runs={inputs}", f"-seed={seed + 1}", f"-artifact_prefix={kept}/", "-verbosity=0"]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - this program's own.


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
