"""Observed performance: nearest-rank percentiles, dual-signed legs only, estimates from what was seen."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.journeys import custody, performance
from chaincode.domain.journeys.pages import Entry, Incident, IncidentKind, Page, Times
from hlf.codec import moments

MINUTE = moments.MINUTE


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=200), st.integers(1, 100))
def test_a_percentile_is_a_value_that_occurred(values, share):
    """The smallest value that at least that share of the values do not exceed (nearest rank)."""
    found = performance.percentile(values, share)
    assert found in values
    reached = [value for value in sorted(values) if sum(each <= value for each in values) * 100 >= share * len(values)]
    assert found == reached[0] == sorted(values)[math.ceil(share * len(values) / 100) - 1]


def test_too_few_say_nothing():
    """Two shipments are two shipments, not a performance."""
    assert performance.percentile([1, 2], 50) is None
    assert performance.percentile([], 50) is None


def held(*, ended: bool = True) -> custody.Custody:
    """Merchant, then two carriers, delivered or not."""
    periods = (
        custody.Period("Merchant", 0, "CNSZX"),
        custody.Period("A", 10 * MINUTE, "CNSZX", "Merchant", 10 * MINUTE, "e1"),
        custody.Period("B", 70 * MINUTE, "VNHPH", "A", 70 * MINUTE, "e2"),
    )
    made = custody.Custody("J1", 2, "held", periods)
    return made.ended("B", 100 * MINUTE, "VNHAN") if ended else made


def pages() -> dict[str, Page]:
    """What the parties wrote about their own legs."""
    plan = (Times("S20", 90 * MINUTE, 99 * MINUTE, 75 * MINUTE, 60 * MINUTE),)
    late = (Incident(IncidentKind.DELAYED, "S19", 80 * MINUTE, 80 * MINUTE),)
    return {"Merchant": Page("J1", "Merchant"), "A": Page("J1", "A"), "B": Page("J1", "B", (), plan, late)}


def test_legs_are_what_two_parties_signed():
    """The first period was agreed at the opening and is nobody's performance; an open one has no end yet."""
    first, second = performance.legs(held(), pages(), "VNHAN")
    assert (first.carrier, first.minutes, first.planned_at, first.incidents) == ("A", 60, None, 0)
    assert (second.carrier, second.origin, second.destination, second.minutes) == ("B", "VNHPH", "VNHAN", 30)
    assert (second.planned_at, second.incidents) == (90 * MINUTE, 1)
    assert [leg.carrier for leg in performance.legs(held(ended=False), pages(), "VNHAN")] == ["A"]


@pytest.mark.parametrize(("first", "counts"), [(70, True), (71, False), (200, False)])
def test_a_plan_counts_if_it_was_stated_before_the_leg_began(first, counts):
    """Said when the goods are in hand, or after the fact, it would be 100 % on time."""
    plan = Times("S20", 90 * MINUTE, 90 * MINUTE, 200 * MINUTE, first * MINUTE)
    written = {**pages(), "B": Page("J1", "B", (), (plan,))}
    assert performance.legs(held(), written, "VNHAN")[1].planned_at == (90 * MINUTE if counts else None)


@pytest.mark.parametrize("reporter", ["B", "A"])
def test_a_loss_ends_the_leg_and_counts(reporter):
    """As the carrier says, or whoever gave it the goods; on time it was not, and it took no time at all."""
    plan = (Times("S20", 500 * MINUTE, 500 * MINUTE, 0, 0),)
    lost = Incident(IncidentKind.LOST, "S19", 95 * MINUTE, 96 * MINUTE)
    written = {**pages(), "B": Page("J1", "B", (), plan)}
    written[reporter] = dataclasses.replace(written[reporter], incidents=(lost,))
    *_, leg = performance.legs(held(ended=False), written, "VNHAN")
    assert (leg.carrier, leg.destination, leg.ended, leg.lost) == ("B", "VNHAN", 95 * MINUTE, True)
    arrived = dataclasses.replace(leg, lost=False)
    (seen,) = performance.observed([leg, arrived, arrived, arrived])
    assert (seen.n, seen.loss_ppm, seen.on_time_bps, seen.p50_minutes) == (4, 250_000, 7_500, 25)
    found = performance.legs(held(), written, "VNHAN")[-1]
    assert (found.lost, found.ended) == (False, 100 * MINUTE)


def test_damage_counts_and_ends_a_leg_that_goes_no_further():
    """Damaged goods that are passed on end it with the handover."""
    damaged = Incident(IncidentKind.DAMAGED, "S19", 95 * MINUTE, 96 * MINUTE)
    written = {**pages(), "B": Page("J1", "B", (), (), (damaged,))}
    for ended, at in ((True, 100), (False, 95)):
        leg = performance.legs(held(ended=ended), written, "VNHAN")[-1]
        assert (leg.ended, leg.damaged, leg.lost) == (at * MINUTE, True, False)
    assert performance.observed([leg])[0].damage_ppm == 1_000_000


def test_lanes_are_kept_apart_and_counted():
    """Three legs of a lane give percentiles and a share on time; one of another lane does not."""
    legs = [
        performance.JourneyLeg("A", "X", "Y", 0, minutes * MINUTE, 25 * MINUTE, minutes == 30)
        for minutes in (10, 20, 30)
    ]
    legs.append(performance.JourneyLeg("A", "Y", "X", 0, 5 * MINUTE, None, 0))
    there, back = performance.observed(legs)
    assert (there.n, there.p50_minutes, there.p90_minutes, there.on_time_bps) == (3, 20, 30, 6_666)
    assert there.incidents_ppm == 333_333
    assert (back.n, back.p50_minutes, back.on_time_bps) == (1, None, None)
    beside = performance.calibrated(there, performance.Declared(1, 1, 10_000))
    assert (beside.p50_bps, beside.p90_bps, beside.on_time_bps) == (3_333, 5_000, 6_666)


def entry(stage_id: str, step: str, minute: int) -> Entry:
    """An event at that minute."""
    return Entry(stage_id, step, minute * MINUTE, minute * MINUTE, "", "", {})


def test_an_estimate_learns_from_journeys_that_were_delivered():
    """From the stage the goods are at, half and nine in ten of the others took no longer."""
    others = [[entry("S15", "departing", 0), entry("S20", "accepting", took)] for took in (10, 20, 30)]
    others.append([entry("S15", "departing", 0)])
    found = performance.estimate([entry("S15", "departing", 100)], others)
    assert (found.n, found.p50_at, found.p90_at) == (3, 120 * MINUTE, 130 * MINUTE)


@pytest.mark.parametrize(
    "timeline",
    [[], [entry("S15", "departing", 1), entry("S20", "accepting", 2)], [entry("S11", "departing", 1)]],
)
def test_there_is_not_always_an_estimate(timeline):
    """Not before the first event, not after delivery, not where nobody has been."""
    others = [[entry("S15", "departing", 0), entry("S20", "accepting", took)] for took in (10, 20, 30)]
    assert performance.estimate(timeline, others) is None
