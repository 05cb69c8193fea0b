"""Budgets: one time for all the stages of a call."""

from __future__ import annotations

import time


class Budget:
    """The seconds that a call may take over all its stages; None for as long as the stages themselves may."""

    def __init__(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> float | None:
        """The seconds that are left, never less than none; None without a limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def within(self, seconds: float) -> float:
        """Return *seconds*, or what is left if that is less."""
        left = self.remaining
        return seconds if left is None else min(seconds, left)
