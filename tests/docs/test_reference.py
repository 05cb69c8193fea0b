"""The reference of the library has a page for whatever a reader is told to use."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator

import hlf
import hlf.admin
from tests.support.sources import ROOT

DOCUMENTED = {
    name
    for page in (ROOT / "docs/reference").glob("*.md")
    for name in re.findall(r"^\.\. auto(?:module|class):: (\S+)", page.read_text(), re.MULTILINE)
}
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.py"), ROOT / "hlf/README.md"]
IMPORT = re.compile(r"^\s*from (hlf[\w.]*) import (\w+(?:, \w+)*)", re.MULTILINE)


def taught() -> Iterator[str]:
    """Yield the modules that code on pages and in examples imports from the library."""
    for page in PAGES:
        for package, names in IMPORT.findall(page.read_text()):
            for name in names.split(", "):
                module = f"{package}.{name}"
                yield module if importlib.util.find_spec(module) else package


def is_documented(module: str) -> bool:
    """Return whether a page documents the module, or modules in it."""
    return any(name == module or name.startswith(f"{module}.") for name in DOCUMENTED)


def test_what_examples_import_is_in_the_reference():
    """Whoever copies an example can look up each name in it."""
    modules = set(taught())
    assert "hlf.codec.records" in modules
    assert [module for module in sorted(modules) if not is_documented(module)] == []


def test_what_the_library_lists_is_in_the_reference():
    """The tables at the head of `hlf` and of `hlf.admin` name no module without a page."""
    listed = re.findall(r"^``(hlf\.\w+)", hlf.__doc__ or "", re.MULTILINE)
    steps = re.findall(r"^``(\w+)``", hlf.admin.__doc__ or "", re.MULTILINE)
    modules = [name for name in (*listed, *(f"hlf.admin.{step}" for step in steps)) if importlib.util.find_spec(name)]
    assert len(modules) > 15
    assert [module for module in modules if not is_documented(module)] == []


def test_the_index_leads_to_each_page_of_the_reference():
    """A page that no list of contents names is found by nobody."""
    index = (ROOT / "docs/index.md").read_text()
    assert sorted(re.findall(r"^reference/(\w+)$", index, re.MULTILINE)) == sorted(
        page.stem for page in (ROOT / "docs/reference").glob("*.md")
    )
