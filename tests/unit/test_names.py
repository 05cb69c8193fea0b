"""Names of classes: in one room a name means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.support import house

PARTS = ("hlf.aio", "hlf.client", "hlf.shim", "hlf.audit", "hlf.network.engines.embedded", "hlf.network")
"""Rooms of the library that readers know apart: the two clients have one set of names, engines and nodes are alike."""

TWINS = {
    ("hlf", "Identity"): "a user's own, `hlf.Identity`, and a member's as a node sees it, `msp.Identity`",
    ("hlf", "PublicKey"): "of `sealing`, and of a certificate",
    ("hlf.shim", "Chaincode"): "what the server runs, a protocol, and the one that is made of contracts",
}
"""Names that stand twice and may: two modules, always said with the name."""


def room(module: str) -> str:
    """Return the room of a module."""
    return next((part for part in PARTS if f"{module}.".startswith(f"{part}.")), module.split(".")[0])


def test_no_two_classes_of_a_room_have_one_name():
    """Whoever reads a name should not have to ask which of two is meant; a new one takes a fuller name."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, path in house.modules().items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[room(module), node.name].append(module)
    twins = {place: modules for place, modules in found.items() if len(modules) > 1}
    assert {place: modules for place, modules in twins.items() if place not in TWINS} == {}
    assert twins.keys() == TWINS.keys(), "an exception is needed no more"
