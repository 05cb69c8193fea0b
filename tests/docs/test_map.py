"""The map of the house in CONTRIBUTING.md is what the modules import."""

from __future__ import annotations

import ast
import builtins
import functools
import graphlib
import re

import pytest

from tests.support.sources import ROOT, imports, modules

# Two names for one room: both clients share their steps, and the library's own modules go with the messages.
SAME = {"hlf": "hlf.wire", "hlf.aio": "hlf.client", "hlf.steps": "hlf.client", "chaincode": "chaincode.contracts"}
# What imports for others: the index of the library's public names, and the name of Selat's consortium file.
INDEXES = {"hlf", "network"}
# Modules of the library that stand above its rooms.
DOORS = {"hlf.cli": "hlf.cli", "hlf.__main__": "hlf.cli"}
# Errors of other libraries: of protobuf and marshmallow.
FOREIGN = {"DecodeError", "ValidationError"}
# The names at the head of each line below ``Raises:``.
HEADS = re.compile(r"^    ([A-Z]\w+(?:, [A-Z]\w+)*)(?::|$)", re.MULTILINE)
Graph = dict[str, set[str]]


def room(module: str) -> str:
    """Return the room that a module is in: the library and the chaincodes have several."""
    if module in DOORS:
        return DOORS[module]
    parts = module.split(".")
    inner = parts[0] in {"hlf", "chaincode"} and (ROOT / parts[0] / "/".join(parts[1:2])).is_dir()
    name = ".".join(parts[: 2 if inner else 1])
    return SAME.get(name, name)


@functools.cache
def imported() -> Graph:
    """Return which rooms each room imports, lazily and for types included."""
    found = {name: path for name, path in modules().items() if name not in INDEXES}
    graph: Graph = {room(name): set() for name in found}
    for name, path in found.items():
        graph[room(name)] |= {room(other) for other in imports(path, found)} - {room(name)}
    return graph


def reachable(graph: Graph, start: str) -> set[str]:
    """Return all rooms below a room."""
    return graph[start].union(*(reachable(graph, below) for below in graph[start]))


def test_the_map_shows_what_rooms_import():
    """Each arrow is an import, and each import is an arrow or follows from others."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    drawn = set(re.findall(r"^    (\S+) --> (\S+)$", page, re.MULTILINE))
    graph = imported()
    tuple(graphlib.TopologicalSorter(graph).static_order())
    needed = {
        (above, below)
        for above, belows in graph.items()
        for below in belows
        if not any(below in reachable(graph, other) for other in belows - {below})
    }
    assert drawn == needed


def test_each_room_of_the_map_is_described():
    """The table beside the picture has a row for every box."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    table = page.split("| room | what it holds |", 1)[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z.]+)` \|", table, re.MULTILINE)) == set(imported())


@pytest.mark.parametrize("room", ["gateway", "hlf/network"])
def test_each_package_of_the_large_rooms_is_described(room):
    """The row of the room names each of its folders and no other."""
    row = re.search(rf"^\| `{room.replace('/', '.')}` \|.*$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    packages = {f"{room}/{path.parent.name}" for path in (ROOT / room).glob("*/__init__.py")}
    assert row is not None
    assert set(re.findall(rf"`({room}/[a-z]+)`", row[0])) == packages


def raised(tree: ast.Module) -> set[str]:
    """Return the exceptions that docstrings of functions and classes list under ``Raises:``."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = (ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds))
    sections = [text.partition("Raises:\n")[2] for text in docstrings]
    heads = (head for text in sections for head in HEADS.findall(text))
    return {name for head in heads for name in head.split(", ")}


def test_docstrings_raise_what_their_room_can_know():
    """After a class was renamed, its old name may be that of another in a room that is not even imported."""
    graph = imported()
    trees = {name: ast.parse(path.read_text()) for name, path in modules().items() if name not in INDEXES}
    defined: Graph = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                defined.setdefault(node.name, set()).add(room(name))
    assert [
        f"{name}: {error}"
        for name, tree in trees.items()
        for error in sorted(raised(tree) - FOREIGN)
        if not hasattr(builtins, error) and not defined.get(error, set()) & {room(name), *reachable(graph, room(name))}
    ] == []
