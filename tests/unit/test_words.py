"""One mood for docstrings: a function's first line says what it does or returns."""

from __future__ import annotations

import ast
import re

from tests.support.house import ROOT, modules

ROOMS = ("hlf", "chaincode", "network", "selat")
# A first line that begins so names a thing; "Return the ..." says that the caller gets it.
NOUN = re.compile(r"(?:The|A|An|Whether|What|Whose|Whom|Why|How|Where|Nothing|As|Each|Every)\b|\*\w+\*")
# What a contract function says stands in the metadata as its description.
DESCRIBED = {"property", "cached_property", "transaction", "query"}


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions that are called; a property is read, and described as the thing it is."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not {ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in node.decorator_list} & DESCRIBED
        and node.name != "__init__"
    ]


def test_functions_say_what_they_return_or_do():
    """Return, Raise, Yield or another verb comes first, never the thing alone."""
    found = []
    for name, path in modules().items():
        if name.partition(".")[0] not in ROOMS:
            continue
        for function in _functions(ast.parse(path.read_text())):
            first = (ast.get_docstring(function) or "").partition("\n")[0]
            if NOUN.match(first):
                found.append(f"{path.relative_to(ROOT)}:{function.lineno} {first}")
    assert found == []
