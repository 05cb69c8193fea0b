"""
How much of what ships the tests run: reads `build/coverage/all.json`, prints a table and writes it beside it.

Run by `make coverage`; ends with 1 under the floors, which `--part` leaves out.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path("build/coverage")
FLOORS = {"lines": 95.0, "branches": 90.0}
DIVIDED = ("hlf", "chaincode")
"""Folders whose own folders are rooms, as on the map in CONTRIBUTING.md."""
LEAST = 15


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the percentages of lines and of branches that were run; 100 of none."""
    return {
        "lines": 100 * counts["covered_lines"] / counts["num_statements"] if counts["num_statements"] else 100.0,
        "branches": 100 * counts["covered_branches"] / counts["num_branches"] if counts["num_branches"] else 100.0,
    }


def rooms(files: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Return the counts of each room, and of all of them together under `all`."""
    found: dict[str, Counter[str]] = {}
    for name, file in sorted(files.items()):
        for room in (_room(name), "all"):
            found.setdefault(room, Counter()).update(
                {key: file["summary"][key] for key in ("covered_lines", "num_statements")}
                | {key: file["summary"].get(key, 0) for key in ("covered_branches", "num_branches")}
            )
    return {room: found[room] for room in sorted(found, key=lambda room: (room == "all", room))}


def _room(name: str) -> str:
    """Return the room that a module is in, such as ``hlf/network`` or ``gateway``."""
    first, *inner = name.split("/")[:-1]
    return f"{first}/{inner[0]}" if first in DIVIDED and inner else first


def table(files: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the summary: each room, then the modules with the most lines that nothing ran."""
    yield "| room | lines | run | branches | run |"
    yield "|---|---|---|---|---|"
    for room, counts in rooms(files).items():
        share = shares(counts)
        yield (
            f"| {room} | {counts['num_statements']} | {share['lines']:.1f} % "
            f"| {counts['num_branches']} | {share['branches']:.1f} % |"
        )
    yield ""
    yield "| module | lines not run |"
    yield "|---|---|"
    for name in sorted(files, key=lambda name: -len(files[name]["missing_lines"]))[:LEAST]:
        yield f"| {name} | {len(files[name]['missing_lines'])} |"


def main(folder: Path = FOLDER, *, part: bool = False) -> int:
    """Print and write the summary; return 1 if less was run than the floors ask for, unless it is of a *part*."""
    measured = json.loads((folder / "all.json").read_text())["files"]
    # Some tests run a changed copy of a room, which stands elsewhere: its path is absolute.
    files = {name: file for name, file in measured.items() if not Path(name).is_absolute()}
    text = "\n".join(table(files)) + "\n"
    (folder / "summary.md").write_text(text)
    sys.stdout.write(text)
    share = shares(rooms(files)["all"])
    low = [name for name, floor in FLOORS.items() if share[name] < floor and not part]
    for name in low:
        sys.stderr.write(f"{share[name]:.1f} % of {name} were run, and {FLOORS[name]:g} % are wanted\n")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(part="--part" in sys.argv))
