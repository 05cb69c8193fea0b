"""Whose tender a call is about: each platform has one, and the auditor works in all of them."""

from __future__ import annotations

import ast

from chaincode.functions import CHAINCODES
from tests.support import sources

OF_A_TENDER = {
    name
    for chaincode in CHAINCODES.values()
    for name, function in chaincode.functions.items()
    for parameter in function.parameters[-1:]
    if parameter.name == "platform" and not parameter.required
}
"""Functions that take the acting platform's tender if nobody names another."""


def test_every_call_that_is_about_a_tender_names_its_platform():
    """An address or page that leaves it out reaches the acting platform's tender alone."""
    called, silent = set(), []
    for module, path in sources.modules(("gateway",)).items():
        for node in ast.walk(ast.parse(path.read_text())):
            named = {
                each.value
                for each in (node.args if isinstance(node, ast.Call) else ())
                if isinstance(each, ast.Constant) and each.value in OF_A_TENDER
            }
            called |= named
            if named and "platform" not in ast.unparse(node):
                silent.append(f"{module}:{node.lineno}")
    assert silent == []
    assert {"Matching:match", "Matching:plan", "Matching:reply"} <= called
