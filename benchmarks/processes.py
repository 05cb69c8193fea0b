"""What the programs of a network use: processor time and memory, by their part in it."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

import psutil

from hlf.network import processes
from hlf.network.state import Folder


@dataclass(frozen=True)
class Programs:
    """The programs started from some state folders, with the processes they started themselves."""

    by_name: dict[str, list[psutil.Process]]

    @classmethod
    def of(cls, *folders: Path) -> Programs:
        """Return what runs from *folders* now."""
        found = {}
        for folder in folders:
            for running in processes.find(Folder(folder)):
                if running.alive:
                    first = psutil.Process(running.pid)
                    found[running.name] = [first, *first.children(recursive=True)]
        return cls(found)

    def memory(self) -> dict[str, float]:
        """Return the memory of each program in MiB: shared pages are divided among those that share them (PSS)."""
        return {
            name: sum(each.memory_full_info().pss for each in of_program) / (1 << 20)
            for name, of_program in self.by_name.items()
        }

    def processor_seconds(self) -> dict[str, float]:
        """Return the processor time that each program has used so far."""
        return {
            name: sum(sum(each.cpu_times()[:2]) for each in of_program) for name, of_program in self.by_name.items()
        }

    def descriptors(self) -> dict[str, float]:
        """Return how many files and sockets each program has open."""
        return {name: sum(each.num_fds() for each in of_program) for name, of_program in self.by_name.items()}

    def threads(self) -> dict[str, float]:
        """Return how many threads each program has."""
        return {name: sum(each.num_threads() for each in of_program) for name, of_program in self.by_name.items()}


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return what was added since, by program."""
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def peak() -> int:
    """Return the most bytes this program has had in memory; what its parent had before it began does not count."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
