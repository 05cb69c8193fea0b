"""Every boundary takes any bytes, or refuses them with the error that `docs/design.md` names for it."""

from __future__ import annotations

import pkgutil
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import target, targets
from tests.fuzz.target import Target

DESIGN = Path(__file__).parents[2] / "docs" / "design.md"
_ROW = re.compile(r"\| (?P<boundary>[^|]+) \| `(?P<function>[^`|]+)` \| (?P<errors>[^|]+) \| `(?P<target>[^`|]+)` \|")
# Whatever these refuse is the caller's own matter: the error is Python's, or a test's own word for an answer.
_OWN = {"ValueError", "RefusedError"}


@pytest.mark.parametrize("found", targets.ALL.values(), ids=targets.ALL)
def test_the_corpus(found: Target):
    """Each input is taken or refused in the boundary's own words; some are taken, where it refuses any at all."""
    taken = [found.meet(data) for data in found.corpus]
    assert any(taken)
    assert not found.errors or not all(taken)


@pytest.mark.parametrize("found", targets.ALL.values(), ids=targets.ALL)
@settings(max_examples=15)
@given(data=st.binary(max_size=120) | st.integers(0, 1 << 32))
def test_any_bytes(found: Target, data: bytes | int):
    """At random, and what the corpus becomes when it is changed."""
    found.meet(data if isinstance(data, bytes) else found.changed(random.Random(data)))  # noqa: S311


def test_the_design_names_every_boundary_with_its_target():
    """Function, error and target stand there as they are in the code."""
    text = DESIGN.read_text()
    rows = {row["target"]: row for row in _ROW.finditer(text)}
    assert rows.keys() == targets.ALL.keys()
    assert len(_ROW.findall(text)) == len(rows)
    for name, found in targets.ALL.items():
        assert rows[name]["function"] == found.function
        assert pkgutil.resolve_name(found.function)
        named = {error.__name__ for error in found.errors} - _OWN
        assert named == set(re.findall(r"`(\w+)`", rows[name]["errors"])) - _OWN


def test_each_corpus_has_a_target():
    """And is small: these are inputs to begin with, not a collection."""
    folders = {folder.name: sum(file.stat().st_size for file in folder.iterdir()) for folder in target.CORPUS.iterdir()}
    assert folders.keys() == targets.ALL.keys()
    assert max(folders.values()) < 100_000
