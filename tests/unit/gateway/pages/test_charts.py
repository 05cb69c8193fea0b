"""Charts: where things stand, and which numbers an axis names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pages import charts
from gateway.pages.charts import DataPoint

_AMOUNTS = st.floats(0, 1e12, allow_nan=False)


@given(st.lists(st.builds(DataPoint, _AMOUNTS, _AMOUNTS, _AMOUNTS, st.just("way")), min_size=1, max_size=8))
def test_everything_stands_inside_the_picture(things):
    """Whatever the measures are: all equal, all zero, or far apart."""
    chart = charts.scatter(things, str, str)
    assert chart is not None
    for mark in chart.marks:
        assert chart.left <= mark.x <= chart.width
        assert 0 <= mark.y <= chart.bottom
        assert 0 < mark.radius < 30
    assert all(chart.left <= tick.at <= chart.width for tick in chart.across)
    assert 2 <= len(chart.up) <= 8


def test_dearer_stands_higher_and_later_to_the_right():
    """And the numbers of the axes are round."""
    chart = charts.scatter([DataPoint(172, 6862, 96, "a", True), DataPoint(166, 7256, 24, "b")], "{:g}".format, str)
    assert chart is not None
    slow, fast = chart.marks
    assert slow.x > fast.x
    assert slow.y > fast.y
    assert slow.radius > fast.radius
    assert [tick.words for tick in chart.across] == ["166", "168", "170", "172"]


def test_nothing_makes_no_chart():
    assert charts.scatter([], str, str) is None


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_one_thing_stands_in_the_middle(value):
    chart = charts.scatter([DataPoint(value, 1, 1, "")], str, str)
    assert chart is not None
    assert chart.left < chart.marks[0].x + 1
