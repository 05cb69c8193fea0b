"""
What keeps a channel from going on: the cause, the cure, and whether it may pass by itself.

Everybody who submits, asks or looks (`hlf network status`) gets it,
for as long as it lasts. Nothing in it quotes what a caller sent.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

# What the machine is to blame for: a full disk, a file that cannot be written, no memory left.
PASSING = (sqlite3.OperationalError, OSError, MemoryError)


@dataclass(frozen=True)
class Trouble:
    """*passes*: what failed is tried again until it succeeds; otherwise only a restart tries again."""

    problem: str
    cure: str
    passes: bool

    def __str__(self) -> str:
        return f"{self.problem}. {self.cure}"


class TroubleError(Exception):
    """What was asked for does not come while the channel is in *trouble*."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


def of(error: Exception, channel_id: str, number: int, ledger: Path) -> Trouble:
    """Return the trouble that *error* means when it comes up while block *number* is made, judged and written."""
    block = f"block {number} of channel {channel_id} cannot be written"
    if isinstance(error, PASSING):
        said = str(error) or type(error).__name__
        return Trouble(
            f"{block}: {said}", f"Make room for {ledger}, or let it be written; it is tried again every second.", True
        )
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
        return Trouble(f"{block}: {error}", f"Restore {ledger} from a copy, or start with an empty network.", False)
    # The text of an exception that nobody expected may quote what is private.
    return Trouble(
        f"{block}: {type(error).__name__}, a defect of the engine",
        "`hlf network down` and `up` go on without the messages of that block. Please report it with the places "
        "in the code that the log of the engine names.",
        False,
    )
