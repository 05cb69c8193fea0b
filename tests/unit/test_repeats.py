"""A rule stands once: no function of the house has the body of another one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.support import sources

LONG = 60
"""Characters from which a body is a rule rather than a turn of phrase."""


def statements(function: sources.Function) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body


def functions() -> Iterator[tuple[str, sources.Function]]:
    """
    Yield every function by module and name.

    `hlf.aio` sends otherwise than `hlf.client` and is its like in the rest; the verifier has its own rules to judge by.
    """
    for module, path in sources.modules().items():
        if not module.startswith(("hlf.aio", "hlf.audit")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, sources.Function) and node.name != "__init__":
                    yield f"{module}.{node.name}", node


def shape(function: sources.Function) -> tuple[object, ...]:
    """Return what functions of one body have in common, and is quickly found."""
    return tuple(type(node) for each in statements(function) for node in ast.walk(each))


def text(function: sources.Function) -> str:
    """Return what a function does, whatever its arguments and variables are called."""
    names = {each.arg: f"_{place}" for place, each in enumerate((*function.args.args, *function.args.kwonlyargs))}
    used = [node for each in statements(function) for node in ast.walk(each) if isinstance(node, ast.Name)]
    for node in used:
        if isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, f"_{len(names)}")
    for node in used:
        node.id = names.get(node.id, node.id)
    return "\n".join(map(ast.unparse, statements(function)))


def test_no_body_stands_twice():
    """Whoever mends one of two finds the other only by luck."""
    alike = defaultdict(list)
    for name, function in functions():
        alike[shape(function)].append((name, function))
    found = defaultdict(list)
    for group in alike.values():
        for name, function in group if len(group) > 1 else ():
            found[text(function)].append(name)
    assert [names for body, names in found.items() if len(names) > 1 and len(body) >= LONG] == []
