"""What the pages name is there: files, modules and what they hold, make targets, links."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOPS = "hlf|chaincode|network|gateway|selat|tests|benchmarks|docs"
# Stands for a name of the reader's own.
MADE = re.compile(r"[<>{}*…]|\.\.\.")
# Dotted names that are no modules: a service of Fabric, and two kinds of evidence in JSON.
OTHERS = {"gateway.Gateway", "selat.receipt", "selat.checkpoint"}
each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def quoted(page: Path) -> list[str]:
    """Return what stands between single backticks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(words.split()) for words in re.findall(r"`([^`]+)`", text)]


def found(name: str) -> bool:
    """Whether a dotted name is a module, or something that a module or a class holds."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            if importlib.util.find_spec(".".join(parts[:end])) is None:
                continue
        except ModuleNotFoundError:
            continue
        held = importlib.import_module(".".join(parts[:end]))
        for part in parts[end:]:
            if not hasattr(held, part) and part not in getattr(held, "__annotations__", {}):
                return False
            held = getattr(held, part, None)
        return True
    return False


@each_page
def test_each_path_that_a_page_names_is_there(page):
    """A path begins at the root with a room, as in `hlf/errors.py`; modules may be named without `.py`."""
    named = {words for words in quoted(page) if re.fullmatch(rf"(?:{TOPS})/[\w./-]*", words) and not MADE.search(words)}
    assert {path for path in named if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()} == set()


@each_page
def test_each_address_that_a_page_names_is_there(page):
    """With its method, as in `POST /v1/orders/<id>/dues`; docs/api.md lists all, which another test compares."""
    listed = (ROOT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| ((?:GET|POST) \| `[^`]+)`", listed, flags=re.MULTILINE)
    known = [re.sub(r"\{\w+\}", "[^/]+", row.replace(" | `", " ")) for row in rows]
    named = {words.split("?")[0] for words in quoted(page) if re.match(r"(GET|POST) /(v1|track)/\S+$", words)}
    wrong = {each for each in named if "..." not in each and not any(re.fullmatch(row, each) for row in known)}
    assert wrong == set()


@each_page
def test_each_module_that_a_page_names_is_there(page):
    """And the function, class or field in it, as in `hlf.wire.blocks.decode`."""
    rooms = "hlf|chaincode|network|gateway|selat"
    named = {words for words in quoted(page) if re.fullmatch(rf"(?:{rooms})(?:\.\w+)+", words)}
    assert {name for name in named - OTHERS if not found(name)} == set()


@each_page
def test_each_target_that_a_page_names_is_in_the_makefile(page):
    """In the text as `make up`, and in blocks of commands."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text()
    named = set(re.findall(r"`make ([a-z][a-z-]*)", text)) | set(
        re.findall(r"^make ([a-z][a-z-]*)", text, re.MULTILINE)
    )
    assert named - targets == set()


@each_page
def test_each_link_to_a_file_leads_somewhere(page):
    """From the folder of the page."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert {link for link in links if not (page.parent / link).exists()} == set()
