"""What the type checker is told: all that ships, and the messages that are installed."""

from __future__ import annotations

import ast
import configparser
import importlib
from pathlib import Path

import fabric_protos

from tests.support import sources

ROOT = Path(__file__).parents[2]
STUBS = ROOT / "stubs" / "fabric_protos"


def _described(messages, prefix=""):
    """Each message below, by its name within its file, with its fields."""
    for message in messages:
        if not message.GetOptions().map_entry:
            yield f"{prefix}{message.name}", {field.name for field in message.fields}
        yield from _described(message.nested_types, f"{prefix}{message.name}.")


def _stubbed(body, prefix=""):
    for node in body:
        if isinstance(node, ast.ClassDef):
            names = [each.target.id for each in node.body if isinstance(each, ast.AnnAssign)]
            names += [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
            yield f"{prefix}{node.name}", set(names)
            yield from _stubbed(node.body, f"{prefix}{node.name}.")


def test_all_that_ships_is_checked_strictly():
    """A package that is added to the wheel is on the list of mypy too, and so is what tests and benchmarks stand on."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    shipped = {"hlf", *(name.removesuffix("*") for name in settings["options.packages.find"]["include"].split())}
    assert {name.strip() for name in settings["mypy"]["files"].split(",")} == {*shipped, "tests", "benchmarks"}
    assert [name for name, options in settings.items() if options.get("ignore_errors")] == []
    checked = sources.modules((*sources.ROOMS, "tests", "benchmarks"))
    left_out = [name for name, path in checked.items() if "# mypy: ignore-errors\n" in path.read_text()]
    assert left_out == ["tests.unit.contracts.returns.stories"], "mend its 24 findings, then leave none out"
    assert settings["mypy"]["strict"] == "true"


def test_the_stubs_are_those_of_the_installed_messages():
    """Every field of every message that the package defines; else run `python stubs/generate.py`."""
    installed = Path(fabric_protos.__file__).parent
    for module in sorted(installed.rglob("*_pb2.py")):
        inside = module.relative_to(installed).with_suffix("")
        file = importlib.import_module(".".join((fabric_protos.__name__, *inside.parts))).DESCRIPTOR
        known = dict(_stubbed(ast.parse((STUBS / inside).with_suffix(".pyi").read_text()).body))
        for name, fields in _described(file.message_types_by_name.values()):
            assert fields <= known[name], f"{inside}: {name}"
