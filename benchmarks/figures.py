"""Figures, and the machine they were measured on."""

from __future__ import annotations

import operator
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_WIDTH = 40
_BROKEN_BY = {"at least": operator.lt, "at most": operator.gt}


@dataclass(frozen=True)
class Figure:
    """
    One measured quantity.

    *bound* is what the design asks for, as a person reads it: ``at least 2``
    or ``at most 3``. *spread* is what a median leaves out.
    """

    name: str
    value: float
    unit: str
    bound: str = ""
    spread: tuple[float, float] | None = None

    @property
    def missed(self) -> bool:
        """Whether the value is not what is asked for."""
        words, _, number = self.bound.rpartition(" ")
        return bool(self.bound) and _BROKEN_BY[words](self.value, float(number))

    def __str__(self) -> str:
        remarks = [f"rounds: {_number(self.spread[0])} to {_number(self.spread[1])}"] if self.spread else []
        if self.bound:
            remarks.append(f"asked: {self.bound}{', MISSED' if self.missed else ''}")
        remark = f"  ({'; '.join(remarks)})" if remarks else ""
        return f"{self.name}: {_number(self.value)} {self.unit}{remark}"


@dataclass(frozen=True)
class Note:
    """A line that is no figure: what could not be measured, and the cure."""

    text: str

    def __str__(self) -> str:
        return f"# {self.text}"


@dataclass(frozen=True)
class Series:
    """
    How one figure grows: its value at each size, as ``(size, value)`` with the sizes in order.

    *bound* is for the largest size. ``make bench DRAW=folder`` draws the series of each size as a picture.
    """

    name: str
    size: str
    unit: str
    points: tuple[tuple[int, float], ...]
    bound: str = ""

    def figures(self) -> list[Figure]:
        """Return a figure for each point; its bar shows the value beside those at other sizes."""
        most = max(value for _, value in self.points) or 1.0
        drawn = [(number, value, "#" * max(1, round(_WIDTH * value / most))) for number, value in self.points]
        last = self.points[-1][0]
        return [
            Figure(f"{self.name:<24} {number:>7} {self.size} {bar:<{_WIDTH}}", value, self.unit,
                   self.bound if number == last else "")
            for number, value, bar in drawn
        ]  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(map(str, self.figures()))


Line = Figure | Note | Series


def machine() -> str:
    """Return the machine in one line: processors, memory, Python, and how busy it has been with other things."""
    model = platform.processor() or platform.machine()
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    kilobytes = next((line.split()[1] for line in _lines(Path("/proc/meminfo")) if line.startswith("MemTotal")), "0")
    memory = int(kilobytes) / (1 << 20)
    return (
        f"{os.cpu_count()} x {model}, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that *share* (0 to 1) of *values* do not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
