"""What a soak calls flat."""

from __future__ import annotations

import pytest

from benchmarks.soak import flatness


def test_the_slope_of_a_line_is_its_own():
    """Points on a line, and points beside it by the same on both sides."""
    assert flatness.slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert flatness.slope([(0, 1), (0, 3), (2, 5), (2, 7)]) == pytest.approx(2)
    assert flatness.slope([(1, 4), (1, 9)]) == 0


def test_what_fills_in_the_first_half_is_flat():
    """Caches fill and connections open at first; only what still grows afterwards is a leak."""
    filled = [(moment, min(moment, 50) + 100.0) for moment in range(101)]
    judged = flatness.judge("memory", filled, 0.05)
    assert judged.flat
    assert judged.growth == pytest.approx(0, abs=0.001)


def test_what_goes_on_growing_is_not_flat():
    """The growth is told as a share of the mean of the second half."""
    judged = flatness.judge("memory", [(moment, 100.0 + moment) for moment in range(101)], 0.05)
    assert not judged.flat
    assert judged.growth == pytest.approx(50 / 175)
    assert "NOT FLAT" in str(judged)


def test_a_few_more_of_what_is_few_are_flat():
    """A pool of 16 threads that gets its last two grows by an eighth; what goes on growing passes any such number."""
    filling = [(moment, 14.0 + moment // 25) for moment in range(100)]
    assert not flatness.judge("threads", filling, 0.05).flat
    judged = flatness.judge("threads", filling, 0.05, slack=4)
    assert judged.flat
    assert "at most 5% or 4)" in str(judged)
    assert not flatness.judge("threads", [(moment, 14.0 + moment) for moment in range(100)], 0.05, slack=4).flat


def test_what_falls_or_is_nothing_is_flat():
    """No bound is asked for downwards, and a count that stays 0 has no mean to divide by."""
    assert flatness.judge("threads", [(moment, 100.0 - moment) for moment in range(100)], 0.05).flat
    assert flatness.judge("errors", [(moment, 0.0) for moment in range(100)], 0.05).flat


def test_too_few_points_are_no_judgement():
    """A line through two points fits whatever they are."""
    with pytest.raises(ValueError, match="2 points"):
        flatness.judge("memory", [(0, 1), (8, 1), (10, 1)], 0.05)
