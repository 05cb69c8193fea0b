"""Copy a channel's files, and restore them, while connections have them open."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Replace the content of the database *target* by that of *source*, in one step for its readers."""
    with (
        contextlib.closing(sqlite3.connect(source, timeout=30)) as read,
        contextlib.closing(sqlite3.connect(target, timeout=30)) as written,
    ):
        # As in the ledger itself, written data survive the end of this process.
        written.execute("PRAGMA synchronous = OFF")
        read.backup(written)
