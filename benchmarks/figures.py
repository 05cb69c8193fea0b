"""Figures, and the machine they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured quantity; *bound* is what the design asks for, as a person reads it (``at most 3``)."""

    name: str
    value: float
    unit: str
    bound: str = ""

    def __str__(self) -> str:
        asked = f"  (asked: {self.bound})" if self.bound else ""
        return (
            f"{self.name}: {self.value:.3g} {self.unit}{asked}"
            if self.value < 100
            else (f"{self.name}: {self.value:.0f} {self.unit}{asked}")
        )


def machine() -> str:
    """The machine in one line: processors, memory, Python."""
    model = platform.processor() or platform.machine()
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    kilobytes = next((line.split()[1] for line in _lines(Path("/proc/meminfo")) if line.startswith("MemTotal")), "0")
    memory = int(kilobytes) / (1 << 20)
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that *share* (0 to 1) of *values* do not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
