"""The recorded answers of real Fabric: one JSON file a version, written by ``python -m tests.conformance.record``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "observations"


def file_of(version: str) -> Path:
    """Where the answers of Fabric *version* are kept."""
    return FOLDER / f"fabric-{version}.json"


def load(version: str) -> dict[str, Any]:
    """Return the answers of Fabric *version* by the name of their case; none where it was never asked."""
    file = file_of(version)
    return dict(json.loads(file.read_text(encoding="utf-8"))["answers"]) if file.exists() else {}


def save(version: str, answers: dict[str, Any]) -> Path:
    """Keep *answers*; return the file."""
    target = file_of(version)
    content = {"version": version, "answers": dict(sorted(answers.items()))}
    target.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return target
