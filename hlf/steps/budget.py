"""Budgets: the time for all stages of a call together."""

from __future__ import annotations

import time


class Budget:
    """The seconds for all stages of a call together; None if only the stages' own limits apply."""

    def __init__(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> float | None:
        """The seconds that are left, at least 0; None without a limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def within(self, seconds: float) -> float:
        """Return *seconds*, or what is left if that is less."""
        left = self.remaining
        return seconds if left is None else min(seconds, left)
