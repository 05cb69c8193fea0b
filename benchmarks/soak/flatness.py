"""Whether a quantity stayed flat: a straight line through the second half of what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Flatness:
    """
    What a recorded quantity did in the second half of a run.

    *growth* is how far the straight line that fits best rises over that half, as a share of the half's mean. It may be
    *bound*, or what makes *slack* in the quantity's own unit.
    """

    name: str
    mean: float
    growth: float
    bound: float
    slack: float = 0

    @property
    def flat(self) -> bool:
        """Whether it grew by no more than it may; what falls is flat."""
        return self.growth <= self.bound or self.growth * self.mean <= self.slack

    def __str__(self) -> str:
        verdict = (f" or {self.slack:g}" if self.slack else "") + ("" if self.flat else ", NOT FLAT")
        return (
            f"{self.name}: mean {self.mean:.4g}, grew by {self.growth:+.1%} over the second half "
            f"(asked: at most {self.bound:.0%}{verdict})"
        )


def judge(name: str, points: Sequence[tuple[float, float]], bound: float, slack: float = 0) -> Flatness:
    """
    Return the judgement on ``(seconds, value)`` points in order of time; the first half of the time does not count.

    Raises:
        ValueError: fewer than three points are in the second half, so that no line says anything.
    """
    middle = (points[0][0] + points[-1][0]) / 2 if points else 0.0
    half = [(moment, value) for moment, value in points if moment >= middle]
    if len(half) < 3:
        raise ValueError(f"{name}: {len(half)} points in the second half; record more often, or for longer")
    mean = sum(value for _, value in half) / len(half)
    return Flatness(name, mean, slope(half) * (half[-1][0] - half[0][0]) / mean if mean else 0.0, bound, slack)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line with the least squares of distances to *points*."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
