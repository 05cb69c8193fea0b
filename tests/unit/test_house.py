"""The house itself: no circles among its modules, and no hall so long that nobody finds a door."""

from __future__ import annotations

import configparser
import graphlib
import re
from pathlib import Path

import pytest

from tests.support import sources
from tests.support.sources import ROOMS, ROOT

# A module or something in it, as docstrings name it; contracts and rules are named from `chaincode` on.
REFERENCE = re.compile(
    r"(?<![\w./])(?:(?:hlf|gateway|chaincode)|(?<=`)(?:domain|contracts))(?:\.(?!json)[A-Za-z_]\w+)+"
)
EVERYTHING = (*ROOMS, "tests", "benchmarks")
LONGEST_FOLDER = 20
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def test_no_module_imports_itself_in_a_circle():
    """A reader can begin at the bottom; lazy imports and those for types alone count as any other, also in tests."""
    modules = sources.modules(EVERYTHING)
    graph = {name: sources.imports(path, modules) - {name} for name, path in modules.items()}
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


def test_no_folder_is_a_hall():
    """More than twenty modules in one folder want packages."""
    folders: dict[Path, int] = {}
    for top in EVERYTHING:
        for path in (ROOT / top).rglob("*.py"):
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert {str(folder.relative_to(ROOT)): n for folder, n in folders.items() if n > LONGEST_FOLDER} == {}


def test_no_module_is_too_long_to_read():
    """A module of more than four hundred lines holds several matters, which want modules of their own."""
    lines = {name: len(path.read_text().splitlines()) for name, path in sources.modules().items()}
    assert {name: n for name, n in lines.items() if n > LONGEST_MODULE} == {}


def test_every_function_fits_a_screen():
    """A reader sees all of it at once; decorators, as the options of a command, do not count."""
    assert [
        f"{name}.{function.name} has {function.length} lines"
        for name, path in sources.modules().items()
        for function in sources.contents(path).functions
        if function.length > LONGEST_FUNCTION
    ] == []


def _exists(reference: str, modules: dict[str, Path]) -> bool:
    """Return whether there is such a module, or a module that has the rest of the name."""
    name = f"chaincode.{reference}" if reference.startswith(("domain.", "contracts.")) else reference
    rest: list[str] = []
    while name and name not in modules:
        name, _, last = name.rpartition(".")
        rest.append(last)
    return bool(name) and all(last in modules[name].read_text() for last in rest)


def test_docstrings_name_what_exists():
    """A reader who follows the name of a module or a function finds it, also after the next move."""
    modules = sources.modules()
    named = {
        (module, reference.group())
        for module, path in modules.items()
        for docstring in sources.contents(path).docstrings
        for reference in REFERENCE.finditer(docstring)
        # The library does not know the room `gateway`: there it is Fabric's service, or a variable.
        if not (module.startswith("hlf") and reference.group().startswith("gateway."))
    }
    assert sorted(each for each in named if not _exists(each[1], modules)) == []


def test_each_package_of_hlf_is_in_its_metadata():
    """A folder of modules that `hlf/setup.cfg` does not list would be missing in the wheel."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "hlf/setup.cfg")
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "hlf").rglob("*.py")}
    assert metadata["options"]["packages"].split() == sorted(folders)


def test_contracts_read_one_clock():
    """Every contract asks `chaincode.contracts.clock` for the present, in one of its two forms."""
    readers = [path.name for path in (ROOT / "chaincode").rglob("*.py") if "ctx.timestamp" in path.read_text()]
    assert readers == ["clock.py"]


def test_trade_draws_randomness_from_the_request():
    """Under an idempotency key each attempt gets the same bytes, so no view of the trade draws its own."""
    drawing = re.compile(r"^(?:import|from) (?:secrets|random|uuid)\b", re.MULTILINE)
    drawn = [path.name for path in (ROOT / "gateway/trade").rglob("*.py") if drawing.search(path.read_text())]
    assert drawn == []


@pytest.mark.parametrize("name", ["_lifecycle", "_implicit_org_", "VALIDATION_PARAMETER"])
def test_names_that_fabric_reserves_are_written_once(name):
    """Every module takes them from `hlf.wire.keys`."""
    modules = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    assert [path.name for path in modules if re.search(rf'"{name}["{{]', path.read_text())] == ["keys.py"]


@pytest.mark.parametrize(
    ("written", "places"),
    [
        (r"(?:urandom|token_bytes)\((?:24|\w*NONCE\w*)\)", ["envelopes.py"]),
        (r"\"ProposalResponsePayloads do not match\"$", ["proposals.py"]),
        (r"\"/Channel/Application/Endorsement\"", ["channelconfig.py"]),
        (r"^\w*(?:REFUSED|THRESHOLD) = 400", ["proposals.py"]),
        (r"def \w*until\(condition", ["waiting.py"]),
        (r"chaincode response \\d", ["errors.py"]),
        (r"\b15 \* (?:60|MINUTE)\b|minutes=15\b", ["moments.py"]),
        (r"\b10_?001\b", ["engine.py", "fields.py"]),
        (r"(?:1 << 64|2 ?\*\* ?64)\)? - 1", ["envelopes.py"]),
        (r"ANSWER_SECONDS = 5", ["nodes.py"]),
        (r"rstrip\(b\"=\"\)", ["base64url.py"]),
    ],
)
def test_facts_of_the_library_are_written_once(written, places):
    """Nonces, Fabric's error texts and limits, and the wait for a condition each have one place."""
    modules = (path for path in (ROOT / "hlf").rglob("*.py"))
    assert [path.name for path in modules if re.search(written, path.read_text(), re.MULTILINE)] == places


@pytest.mark.parametrize(
    ("written", "places"),
    [
        (r"// 2 \+ 1", ["majority.py"]),
        (r"Refusal\.(?:EVENT_IN_FUTURE|TOO_LATE)\(", ["timeliness.py"]),
        (r"\+ duty\)", ["customs.py"]),
        (r"SIDE_OF\b", ["participants.py"]),
        (r"\"capacity-gap-meter\"", ["gapmeter.py"]),
        (r"minutes=15\b|(?:CLOCK_TOLERANCE|LIFE) = 15", []),
        (r"2 ?\*\* ?53", []),
        (r"\b365 \* 24 \* 3600", ["assets.py"]),
        (r"msg_\{hashlib", ["messages.py"]),
        (r"rstrip\(b\"=\"\)", []),
        (r"\[a-z\]\[a-z0-9\.-\]", []),
    ],
)
def test_facts_of_the_trade_are_written_once(written, places):
    """Rules have one place each, such as the channel's majority, and so have limits that several parts keep to."""
    modules = (path for room in ("chaincode", "gateway", "selat") for path in (ROOT / room).rglob("*.py"))
    assert [path.name for path in modules if re.search(written, path.read_text())] == places
