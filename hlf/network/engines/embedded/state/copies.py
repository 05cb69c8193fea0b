"""Copies of a channel's files, taken from and brought back under the connections that have them open."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Make the database *target* what *source* is at this moment, in one step: its readers see the old or the new."""
    with (
        contextlib.closing(sqlite3.connect(source, timeout=30)) as read,
        contextlib.closing(sqlite3.connect(target, timeout=30)) as written,
    ):
        # As for the ledger itself: what is written survives the death of this process.
        written.execute("PRAGMA synchronous = OFF")
        read.backup(written)
