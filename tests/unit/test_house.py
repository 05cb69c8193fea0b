"""The house itself: no circles among its modules, and no hall so long that nobody finds a door."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("hlf", "chaincode", "network", "gateway", "selat")
LONGEST_FOLDER = 20


def _modules() -> dict[str, Path]:
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def _imports(path: Path, modules: dict[str, Path]) -> set[str]:
    """Every module of the house that a file imports: at its head, inside functions, and for the type checker alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules.keys()) or {node.module}
    return found & modules.keys()


def test_no_module_imports_itself_in_a_circle():
    """A reader can begin at the bottom; lazy imports and those for types alone count as any other."""
    modules = _modules()
    graph = {name: _imports(path, modules) - {name} for name, path in modules.items()}
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


def test_no_folder_is_a_hall():
    """More than twenty modules in one folder want packages."""
    folders: dict[Path, int] = {}
    for top in (*ROOMS, "tests", "benchmarks"):
        for path in (ROOT / top).rglob("*.py"):
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert {str(folder.relative_to(ROOT)): n for folder, n in folders.items() if n > LONGEST_FOLDER} == {}
