"""The table of long runs, as the runs themselves write it."""

from __future__ import annotations

import dataclasses

import pytest

from tests import reliability
from tests.reliability import RULE, Row

PAGE = f"# Page\n\nWords by hand.\n\n| what |\n{RULE}\n"
ROW = Row("fuzz of blocks", "20000 inputs", 12.3, "no fault", "abc1234", "2026-01-02")


def test_a_run_gets_a_row_under_the_words():
    """What was written by hand stays as it is, and rows stand in the order of their words."""
    page = reliability.with_row(reliability.with_row(PAGE, ROW), dataclasses.replace(ROW, what="a soak"))
    assert page == PAGE + (
        "| a soak | 20000 inputs | 12 s | no fault | abc1234 | 2026-01-02 |\n"
        "| fuzz of blocks | 20000 inputs | 12 s | no fault | abc1234 | 2026-01-02 |\n"
    )


def test_a_later_run_of_the_same_takes_the_place_of_the_earlier():
    """A run to another amount has a row of its own: a short run hides no long one."""
    more = dataclasses.replace(ROW, amount="1000000 inputs")
    later = dataclasses.replace(ROW, outcome="FAULT", commit="def5678")
    page = PAGE
    for each in (ROW, more, later):
        page = reliability.with_row(page, each)
    assert [line for line in page.splitlines() if line.startswith("| fuzz")] == [str(more), str(later)]


def test_nothing_of_an_outcome_breaks_the_table():
    """A bar or a new line within a cell would be the end of the cell or of the row."""
    assert str(dataclasses.replace(ROW, outcome="a | b\nc")).split(" | ")[3] == "a / b c"


@pytest.mark.parametrize(("seconds", "told"), [(9.6, "10 s"), (180, "3 min"), (28_800, "8.0 h")])
def test_times_are_told_as_a_person_tells_them(seconds, told):
    """Seconds up to a minute and a half, then minutes, then hours."""
    assert reliability.duration(seconds) == told


@pytest.mark.parametrize(("ends", "told"), [("exit 0", "no fault"), ("exit 3", "FAILED"), ("kill -SEGV $$", "FAILED")])
def test_a_run_is_told_by_its_end(tmp_path, ends, told):
    """A crash is a fault as well."""
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    reliability.main("a run", "1", "sh", "-c", ends, page=page)
    assert f" | {told} | " in page.read_text()


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_a_run_that_somebody_ended_gets_no_row(tmp_path, name):
    """It was not to its end, so it tells neither that there is a fault nor that there is none."""
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert reliability.main("a run", "1", "sh", "-c", f"kill -{name} $$", page=page) < 0
    assert page.read_text() == PAGE


def test_a_page_without_a_table_is_refused():
    """Better than a row that no page shows as one."""
    with pytest.raises(ValueError, match="no table"):
        reliability.with_row("# Page\n", ROW)


def test_the_page_has_its_table():
    """The commands find the place for their rows."""
    assert str(ROW) in reliability.with_row(reliability.PAGE.read_text(), ROW)
