"""docs/conformance.md counts the questions that the suite asks."""

from __future__ import annotations

import collections
import re

from tests.conformance import cases
from tests.support.sources import ROOT

PAGE = (ROOT / "docs/conformance.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| ((?:`\w+`(?:, )?)+) \| (\d+) \|$", re.MULTILINE)


def test_each_theme_has_as_many_questions_as_its_modules():
    """Every module of cases stands in one row, whose number is the number of its cases."""
    asked = collections.Counter(question.ask.__module__.rpartition(".")[2] for question in cases.load().values())
    rows = [(re.findall(r"\w+", modules), int(number)) for modules, number in ROW.findall(PAGE)]
    assert sorted(module for modules, _ in rows for module in modules) == sorted(asked)
    assert [modules for modules, number in rows if sum(asked[module] for module in modules) != number] == []


def test_the_page_says_how_many_questions_there_are():
    """The sum stands in the text above the table."""
    assert re.findall(r"asks (\d+) questions", PAGE) == [str(len(cases.load()))]
