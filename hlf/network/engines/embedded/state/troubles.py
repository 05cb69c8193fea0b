"""
The reason why a channel cannot commit: the cause, the cure, and whether it can pass by itself.

Every submit, query and `hlf network status` gets it while it lasts. It never
quotes a caller's data.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

# Faults of the machine: a full disk, a file that cannot be written, no memory.
PASSING = (sqlite3.OperationalError, OSError, MemoryError)


@dataclass(frozen=True)
class Trouble:
    """If it *passes*, the failed step is tried again until it succeeds; otherwise only a restart tries again."""

    problem: str
    cure: str
    passes: bool

    def __str__(self) -> str:
        return f"{self.problem}. {self.cure}"


class TroubleError(Exception):
    """The channel cannot answer while it is in *trouble*."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


def of(error: Exception, channel_id: str, number: int, ledger: Path) -> Trouble:
    """Return the trouble for an *error* while block *number* is made, validated and written."""
    block = f"block {number} of channel {channel_id} cannot be written"
    if isinstance(error, PASSING):
        said = str(error) or type(error).__name__
        return Trouble(
            f"{block}: {said}", f"Make room for {ledger}, or let it be written; it is tried again every second.", True
        )
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
        return Trouble(f"{block}: {error}", f"Restore {ledger} from a copy, or start with an empty network.", False)
    # The text of an unexpected exception may quote private values.
    return Trouble(
        f"{block}: {type(error).__name__}, a defect of the engine",
        "`hlf network down` and `up` go on without the messages of that block. Please report it with the places "
        "in the code that the log of the engine names.",
        False,
    )
