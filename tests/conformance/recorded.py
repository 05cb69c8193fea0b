"""
The recorded answers of real Fabric: one JSON file a version, written by ``python -m tests.conformance.record``.

The file of the reference version holds every answer. That of another holds what
it answers otherwise: it is the list of differences, and a question that came
after it was written is held to the reference's answer until it is written again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "observations"
#: The version whose answers are kept whole, and to which the embedded engine is held.
REFERENCE = "3.1.5"


def file_of(version: str) -> Path:
    """Where the answers of Fabric *version* are kept."""
    return FOLDER / f"fabric-{version}.json"


def versions() -> list[str]:
    """Every version that was asked."""
    return sorted(file.stem.removeprefix("fabric-") for file in FOLDER.glob("fabric-*.json"))


def nearest(version: str) -> str:
    """Return the recorded version for Fabric *version*: the nearest patch of its release line, or "" for none."""
    line, _, patch = version.rpartition(".")
    patches = [int(each.removeprefix(f"{line}.")) for each in versions() if each.startswith(f"{line}.")]
    return f"{line}.{min(patches, key=lambda each: abs(each - int(patch)))}" if patches else ""


def kept(version: str) -> dict[str, Any]:
    """Return what the file of Fabric *version* says itself, by the name of the case; nothing where there is none."""
    file = file_of(version)
    return dict(json.loads(file.read_text(encoding="utf-8"))["answers"]) if file.exists() else {}


def load(version: str) -> dict[str, Any]:
    """Return the answers that Fabric *version*, which was asked, is held to."""
    return kept(REFERENCE) | kept(version)


def save(version: str, answers: dict[str, Any]) -> Path:
    """Keep *answers*; return the file."""
    content: dict[str, Any] = {"version": version, "answers": answers}
    if version != REFERENCE:
        known = kept(REFERENCE)
        unlike = {name: answer for name, answer in answers.items() if known.get(name) != answer}
        content |= {"answers": unlike, "asked": len(answers), "otherwise_as": REFERENCE}
    target = file_of(version)
    target.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return target
