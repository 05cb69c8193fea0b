"""Tallies: sums by quarter that any order of counting leaves the same."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import tallies
from chaincode.domain.journeys.performance import JourneyLeg
from hlf.codec import moments

NOW = moments.parse("2026-11-22T00:00:00Z").at
YEAR = 365 * moments.DAY


@st.composite
def legs(draw: st.DrawFn) -> JourneyLeg:
    """Return a leg that ended in the last two years."""
    ended = NOW - draw(st.integers(0, 2 * YEAR))
    began = ended - draw(st.integers(0, 60 * moments.DAY))
    planned = draw(st.none() | st.integers(began, NOW))
    lost, damaged = draw(st.booleans()), draw(st.booleans())
    return JourneyLeg("A", "CNSZX", "VNHAN", began, ended, planned, draw(st.integers(0, 3)), lost, damaged)


def tally(*counted: tuple[JourneyLeg, int]) -> tallies.LaneTally:
    """Return the tally after these legs were added and taken off."""
    made = tallies.LaneTally("A", "CNSZX", "VNHAN")
    for leg, number in counted:
        made = made.counting(leg, number, NOW)
    return made


@given(st.lists(legs(), max_size=30), st.lists(legs(), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_counting_does_not_matter(kept, taken_off, random):
    """And a leg that is taken off again leaves the sums as they were; only the window may be wider."""
    shuffled = [*kept]
    random.shuffle(shuffled)
    straight = tally(*((leg, 1) for leg in kept)).observed(NOW)
    detour = tally(
        *((leg, 1) for leg in taken_off), *((leg, 1) for leg in shuffled), *((leg, -1) for leg in taken_off)
    ).observed(NOW)
    if straight is None:
        assert detour is None
        return
    sums = [each for each in vars(straight) if each not in ("since", "until")]
    assert [getattr(straight, name) for name in sums] == [getattr(detour, name) for name in sums]
    assert detour.since <= straight.since <= straight.until <= detour.until


@given(st.lists(legs(), max_size=30))
def test_only_the_last_four_quarters_count(counted):
    """A leg counts by the quarter in which it ended, as a reader of the calendar would say."""
    recent = [leg for leg in counted if leg.ended >= moments.parse("2026-01-01T00:00:00Z").at]
    seen = tally(*((leg, 1) for leg in counted)).observed(NOW)
    assert (seen.n if seen else 0) == len(recent)
    if seen:
        assert seen.loss_ppm == sum(leg.lost for leg in recent) * 1_000_000 // len(recent)


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=200), st.integers(1, 100))
def test_a_percentile_is_a_value_that_occurred_to_three_digits(values, share):
    """The smallest that at least that share of the values do not exceed (nearest rank), at most 1 percent longer."""
    counted: tallies.Durations = {}
    for value in values:
        counted = tallies.counted(counted, value, 1)
    exact = sorted(values)[math.ceil(share * len(values) / 100) - 1]
    assert tallies.percentile(counted, share) == tallies.kept_minutes(exact)
    assert exact <= tallies.kept_minutes(exact) <= exact * 1.01


def test_too_few_say_nothing():
    """Two shipments are two shipments, not a performance."""
    assert tallies.percentile({"1": 1, "2": 1}, 50) is None
    assert tallies.percentile({}, 50) is None


def test_old_quarters_leave_the_tally():
    """So a lane of many years is no larger than one of a year."""
    old = tally((JourneyLeg("A", "CNSZX", "VNHAN", 0, NOW, None, 0), 1))
    later = old.counting(JourneyLeg("A", "CNSZX", "VNHAN", 0, NOW + 2 * YEAR, None, 0), 1, NOW + 2 * YEAR)
    assert list(later.quarters) == ["2028-Q4"]
    took = tallies.StageTally().counting(NOW, 10, 1, NOW)
    assert (took.took(NOW), took.took(NOW + 2 * YEAR)) == ({"10": 1}, {})
    assert took.counting(NOW + 2 * YEAR, 7, 1, NOW + 2 * YEAR).quarters == {"2028-Q4": {"7": 1}}


def test_the_figures_of_a_carrier_follow_its_lanes():
    """Each lane as it is counted; a lane without legs is left out, and one that is old does not count."""
    leg = JourneyLeg("A", "CNSZX", "VNHAN", NOW - moments.DAY, NOW, NOW, 0, damaged=True)
    known = tallies.CarrierFigures().with_lane(tally((leg, 1), (leg, 1)), NOW)
    found = known.on("CNSZX", "VNHAN", NOW)
    assert (found.n, found.on_time_bps, found.damage_ppm) == (2, None, 1_000_000)
    assert known.on("CNSZX", "VNHPH", NOW) is None
    assert known.on("CNSZX", "VNHAN", NOW + 2 * YEAR) is None
    assert known.with_lane(tally((leg, 1), (leg, -1)), NOW).lanes == {}
