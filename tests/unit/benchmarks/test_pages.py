"""The benchmark of pages: every page answers with few journeys, and the lists show what was put into the model."""

from __future__ import annotations

from benchmarks.pages import loading


def test_each_page_has_a_time_and_a_weight():
    """A page that does not answer is an error and no figure."""
    figures = {each.name: each for each in loading.measured(400, 2)}
    assert len(figures) == 2 * len(loading.PAGES)
    assert all(each.value > 0 for each in figures.values())
    assert all(each.bound for each in figures.values())
    assert figures["page, journeys, first load"].value > figures["page, search for nothing, first load"].value
