"""The modules that ship, and what each imports, names and says."""

from __future__ import annotations

import ast
import functools
import inspect
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("hlf", "chaincode", "network", "gateway", "selat")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Signature:
    """A function of a module: its lines, its decorators without their arguments, and the first line it says."""

    name: str
    line: int
    length: int
    decorators: frozenset[str]
    first_line: str


@dataclass(frozen=True)
class Contents:
    """What the rules of the house ask of a module: its imports, classes, functions and docstrings."""

    imported: frozenset[tuple[str, tuple[str, ...]]]
    classes: tuple[str, ...]
    functions: tuple[Signature, ...]
    docstrings: tuple[str, ...]


@functools.cache
def modules(rooms: tuple[str, ...] = ROOMS) -> dict[str, Path]:
    """Return the file of every module in these rooms, by default of all that ship, by its name."""
    found = {}
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@functools.cache
def contents(path: Path) -> Contents:
    """Return the contents of a file. Each is parsed once for all rules; all trees together would fill the memory."""
    tree = ast.parse(path.read_text())
    imported: set[tuple[str, tuple[str, ...]]] = set()
    functions = []
    docstrings = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add((node.module, tuple(alias.name for alias in node.names)))
        elif isinstance(node, Function):
            first_line = (ast.get_docstring(node) or "").partition("\n")[0]
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            functions.append(Signature(node.name, node.lineno, length, _decorators(node), first_line))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            # A text by itself is a docstring: of a module, a class, a function, or of the name above it.
            docstrings.append(inspect.cleandoc(node.value.value))
    classes = tuple(node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_")
    return Contents(frozenset(imported), classes, tuple(functions), tuple(docstrings))


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Return which of *known* a file imports: at its head, inside functions, and for the type checker alone."""
    found = set()
    for module, names in contents(path).imported:
        inner = {f"{module}.{name}" for name in names}
        found |= (inner & known.keys()) or {module}
    return found & known.keys()


def _decorators(function: Function) -> frozenset[str]:
    return frozenset(ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in function.decorator_list)
