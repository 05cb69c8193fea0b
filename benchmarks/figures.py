"""Figures, and the machine they were measured on."""

from __future__ import annotations

import operator
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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


Line = Figure | Note


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
