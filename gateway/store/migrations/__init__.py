"""Alembic's steps from each release's tables to the next; a step is never changed once it has been released."""

from __future__ import annotations

HEAD = "0013"
"""The last step; a database that has it needs nothing."""
