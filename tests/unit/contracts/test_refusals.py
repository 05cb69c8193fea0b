"""The trade's refusals stand in one table: nothing else can be raised, and nothing stands there in vain."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import chaincode
from chaincode.domain.refusals import Refusal
from chaincode.domain.returns.terms import Rejection
from hlf.codec.refusals import RuntimeRefusal

ROOT = Path(__file__).parents[3]
SOURCES = {path: ast.parse(path.read_text()) for path in sorted(Path(chaincode.__path__[0]).rglob("*.py"))}
RELAY = "contracts/orders/otherchannel.py"
"""Passes on what another chaincode refused, whatever that one's table is."""


def _named(table: str) -> set[str]:
    """Return the members of *table* that the code of the trade uses."""
    return {
        node.attr
        for tree in SOURCES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == table
    }


def _documented(tree: ast.Module) -> set[str]:
    """Return the codes that docstrings promise under "Refused:", up to the next exception or the end of the list."""
    docstrings = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    lists = (text for docstring in docstrings if docstring for text in re.findall(r"Refused: ((?:.+\n?)+)", docstring))
    return {code for text in lists for code in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)}


def test_trade_code_refuses_with_members_of_the_table_only():
    """A code written where it is raised would have neither meaning nor cure nor status."""
    direct = [
        f"{path.name}:{node.lineno}"
        for path, tree in SOURCES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Refused"
        if not path.as_posix().endswith(RELAY)
    ]
    assert direct == []


def test_every_member_is_refused_with_somewhere():
    """A line that no contract and no rule uses tells callers of a case that cannot happen."""
    assert {refusal.code for refusal in Refusal} - _named("Refusal") == set()


def test_docstrings_promise_only_what_the_tables_have():
    """A docstring names the refusals of its function; one that nothing can raise misleads whoever reads it."""
    known = {refusal.code for refusal in (*Refusal, *RuntimeRefusal)}
    for path, tree in SOURCES.items():
        assert _documented(tree) - known == set(), path


def test_no_code_stands_in_both_tables():
    """The runtime's codes mean the same whatever contract it runs."""
    assert {refusal.code for refusal in Refusal} & {refusal.code for refusal in RuntimeRefusal} == set()


@pytest.mark.parametrize("code", Rejection)
def test_every_rejection_is_explained(code):
    """A rejected return is a result with facts, not a refusal; the page says which there are."""
    assert f"`{code}`" in (ROOT / "docs/contracts.md").read_text().split("## Refusals")[1]
