"""
``python -m tests.reliability WHAT AMOUNT COMMAND...``: run a long test, write its row in docs/reliability.md.

The page says what ran, how long, on which commit and how it ended. A later run of the same thing to the same amount
takes the place of the earlier one, so that the page stays as long as there are things to run.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.support.sources import ROOT

PAGE = ROOT / "docs" / "reliability.md"
#: The line under which the rows are; everything above it is written by hand.
RULE = "|---|---|---|---|---|---|"
_ENDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Row:
    """One run: *what* ran with how much of it, how many seconds it took, and how it ended."""

    what: str
    amount: str
    seconds: float
    outcome: str
    commit: str
    date: str

    def __str__(self) -> str:
        cells = (self.what, self.amount, duration(self.seconds), self.outcome, self.commit, self.date)
        return f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |"


def with_row(page: str, row: Row) -> str:
    """Return the page with *row* in the place of an earlier run of the same thing, or at its place in the alphabet."""
    above, rule, below = page.partition(RULE)
    if not rule:
        raise ValueError(f"the page has no table: a line {RULE} is missing")
    first = f"| {row.what} | {row.amount} |"
    rows = [line for line in below.splitlines() if line.startswith("|") and not line.startswith(first)]
    after = [line for line in below.splitlines() if line and not line.startswith("|")]
    told = "\n".join(sorted([*rows, str(row)]))
    return f"{above}{rule}\n{told}\n" + "".join(f"\n{line}\n" for line in after)


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def record(what: str, amount: str, seconds: float, outcome: str, begun_on: str, page: Path = PAGE) -> None:
    """Write the row of a run that has just ended; *begun_on* is the commit at its start."""
    row = Row(what, amount, seconds, outcome, begun_on, f"{datetime.now(UTC):%Y-%m-%d}")
    page.write_text(with_row(page.read_text(), row))


def commit() -> str:
    """Return the present commit, and whether files differ from it; the page itself does not count."""
    told = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{PAGE.relative_to(ROOT)}")
    return (told or "no commit") + (" and changes" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()


def main(what: str, amount: str, *command: str, page: Path = PAGE) -> int:
    """Run a command, write its row, and return its status. A run that somebody ended says nothing: it gets no row."""
    begun, begun_on = time.monotonic(), commit()
    status = subprocess.run(command, check=False).returncode  # noqa: S603 - what the Makefile names.
    if -status not in _ENDED:
        record(what, amount, time.monotonic() - begun, "FAILED" if status else "no fault", begun_on, page)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
