"""What is recorded at each interval of a soak, and what is judged of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from benchmarks.figures import percentile
from benchmarks.processes import Programs
from benchmarks.soak.callers import CALLERS, Tally
from benchmarks.soak.flatness import Flatness, judge, slope
from benchmarks.soak.service import SoakedService
from selat.demo.market.people import ACTORS

#: What is recorded of each program, with its unit and how far it may grow over the second half: by a share, or by what
#: callers' connections and threads of a pool that is not full yet may add in a short run.
OF_PROGRAMS = {"memory": ("MiB", 0.10, 0), "descriptors": ("", 0.10, CALLERS * len(ACTORS)), "threads": ("", 0.10, 16)}
#: How far the p95 of requests may grow over the second half.
P95_BOUND = 0.25
#: The embedded engine keeps the state of every order in memory, at thirteen peers: what each adds is bounded instead.
KIB_AN_ORDER = 512.0

# Seconds and value, in order.
Points = list[tuple[float, float]]


class Recording:
    """Records from ``with`` to its end, in a thread of its own."""

    def __init__(self, service: SoakedService, tally: Tally, seconds: float) -> None:
        self._service, self._tally, self._seconds = service, tally, seconds
        self._over = threading.Event()
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=self._record)
        self.of_programs: dict[str, dict[str, Points]] = {name: {} for name in OF_PROGRAMS}
        self.files: dict[str, Points] = {}
        self.of_requests: dict[str, Points] = {"p50": [], "p95": []}
        self.orders: Points = []
        self.errors: Points = []

    @staticmethod
    def interval(seconds: float) -> float:
        """Return how often is recorded in a run of so many seconds."""
        return max(5.0, min(60.0, seconds / 40))

    def __enter__(self) -> Self:
        self._tally.take_times()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _record(self) -> None:
        while not self._over.wait(self.interval(self._seconds)):
            now = time.monotonic() - self._begun
            # Afterwards the last orders end, and connections close.
            if now > self._seconds:
                return
            times = self._tally.take_times()
            for name, share in (("p50", 0.5), ("p95", 0.95)):
                self.of_requests[name].append((now, percentile(times, share)))
            self.orders.append((now, self._tally.orders))
            self.errors.append((now, len(self._tally.errors)))
            for name, size in sizes(*self._service.folders).items():
                self.files.setdefault(name, []).append((now, size / (1 << 20)))
            # While a gateway is killed and started again, its processes come and go: the next interval has it.
            try:
                programs = Programs.of(*self._service.folders)
                told = {name: getattr(programs, name)() for name in OF_PROGRAMS}
            except (psutil.NoSuchProcess, FileNotFoundError):
                continue
            for name, by_program in told.items():
                for program, value in by_program.items():
                    self.of_programs[name].setdefault(program, []).append((now, value))

    def judgements(self) -> Iterator[Flatness]:
        """
        Yield whether each recorded quantity of our own programs was flat.

        Raises:
            ValueError: too little was recorded.
        """
        for name, (_, bound, slack) in OF_PROGRAMS.items():
            for program, points in self._own(name).items():
                if name != "memory" or program.startswith("gateway"):
                    yield judge(f"{name} of {program}", points, bound, slack)

    def p95(self) -> Flatness:
        """
        Return whether the p95 of requests was flat, which it only is where nobody else makes the machine busy.

        Raises:
            ValueError: too little was recorded.
        """
        return judge("p95", self.of_requests["p95"], P95_BOUND)

    def growth_an_order(self) -> dict[str, float]:
        """Return the KiB of memory that each order added in the second half to the programs that keep the state."""
        return {
            program: _an_order(points, self.orders)
            for program, points in self._own("memory").items()
            if not program.startswith("gateway")
        }

    def _own(self, name: str) -> dict[str, Points]:
        """Return what was recorded of the programs that are not Fabric's."""
        return {
            program: points for program, points in self.of_programs[name].items() if program not in self._service.fabric
        }

    def document(self) -> dict[str, object]:
        """Return what was recorded as JSON values."""
        return {
            "programs": self.of_programs,
            "files_mib": self.files,
            "requests_ms": self.of_requests,
            "orders": self.orders,
            "errors": self.errors,
        }


def sizes(*folders: Path) -> dict[str, float]:
    """Return the bytes in each folder within *folders*, by its name beneath them."""
    found: dict[str, float] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                size = path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:
                continue
            name = f"{folder.name}/{path.relative_to(folder).parts[0]}"
            found[name] = found.get(name, 0.0) + size
    return found


def _an_order(points: Points, orders: Points) -> float:
    """Return the KiB that each order added in the second half of the points."""
    done = dict(orders)
    return slope([(done[moment], value * 1024) for moment, value in points[len(points) // 2 :] if moment in done])
