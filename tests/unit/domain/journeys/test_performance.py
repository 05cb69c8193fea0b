"""Observed performance: nearest-rank percentiles, dual-signed legs only, estimates from what was seen."""

from __future__ import annotations

import dataclasses

import pytest

from chaincode.domain.journeys import custody, performance, tallies
from chaincode.domain.journeys.pages import Entry, Incident, IncidentKind, Page, Times
from hlf.codec import moments

MINUTE = moments.MINUTE


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
    """Return what the parties wrote about their own legs."""
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
    seen = seen_of(leg, arrived, arrived, arrived)
    assert (seen.n, seen.loss_ppm, seen.on_time_bps, seen.p50_minutes) == (4, 250_000, 7_500, 25)
    found = performance.legs(held(), written, "VNHAN")[-1]
    assert (found.lost, found.ended) == (False, 100 * MINUTE)


@pytest.mark.parametrize(("bound_for", "lane"), [("VNDAD", "VNDAD"), ("", "VNHAN")])
def test_a_loss_counts_on_the_lane_that_giver_and_taker_signed(bound_for, lane):
    """The goods were to change hands on the way; without a word of that, they were to go to the journey's end."""
    lost = Incident(IncidentKind.LOST, "S19", 95 * MINUTE, 96 * MINUTE)
    given = held(ended=False)
    last = dataclasses.replace(given.periods[-1], bound_for=bound_for)
    given = dataclasses.replace(given, periods=(*given.periods[:-1], last))
    written = {**pages(), "B": Page("J1", "B", incidents=(lost,))}
    assert performance.legs(given, written, "VNHAN")[-1].destination == lane
    arrived = dataclasses.replace(given, state="delivered", ended_at=100 * MINUTE, ended_place="VNHUI")
    assert performance.legs(arrived, written, "VNHAN")[-1].destination == "VNHUI"


def test_damage_counts_and_ends_a_leg_that_goes_no_further():
    """Damaged goods that are passed on end it with the handover."""
    damaged = Incident(IncidentKind.DAMAGED, "S19", 95 * MINUTE, 96 * MINUTE)
    written = {**pages(), "B": Page("J1", "B", (), (), (damaged,))}
    for ended, at in ((True, 100), (False, 95)):
        leg = performance.legs(held(ended=ended), written, "VNHAN")[-1]
        assert (leg.ended, leg.damaged, leg.lost) == (at * MINUTE, True, False)
    assert seen_of(leg).damage_ppm == 1_000_000


def test_a_few_legs_are_counted():
    """Three legs of a lane give percentiles and a share on time; one gives neither."""
    legs = [
        performance.JourneyLeg("A", "X", "Y", 0, minutes * MINUTE, 25 * MINUTE, minutes == 30)
        for minutes in (10, 20, 30)
    ]
    there, back = seen_of(*legs), seen_of(legs[0])
    assert (there.n, there.p50_minutes, there.p90_minutes, there.on_time_bps) == (3, 20, 30, 6_666)
    assert there.incidents_ppm == 333_333
    assert (back.n, back.p50_minutes, back.on_time_bps) == (1, None, None)
    beside = performance.calibrated(there, performance.DeclaredPerformance(1, 1, 10_000))
    assert (beside.p50_bps, beside.p90_bps, beside.on_time_bps) == (3_333, 5_000, 6_666)


def seen_of(*legs: performance.JourneyLeg) -> performance.ObservedPerformance:
    """Return what is observed if just these legs of one carrier and lane are counted."""
    tally = tallies.LaneTally(legs[0].carrier, legs[0].origin, legs[0].destination)
    for leg in legs:
        tally = tally.counting(leg, 1, leg.ended)
    return tally.observed(legs[0].ended)


def entry(stage_id: str, step: str, minute: int) -> Entry:
    """Return an event at that minute."""
    return Entry(stage_id, step, minute * MINUTE, minute * MINUTE, "", "", {})


def test_an_estimate_adds_what_others_took_to_the_last_event():
    """From the stage the goods are at, half and nine in ten of the others took no longer."""
    found = performance.estimate([entry("S15", "departing", 100)], 3, 20, 30)
    assert (found.n, found.p50_at, found.p90_at) == (3, 120 * MINUTE, 130 * MINUTE)


def test_a_delivered_journey_tells_how_long_it_took_from_each_step():
    """The last time of a step counts; what was recorded after the delivery does not, and nothing before it."""
    way = [entry("S15", "departing", 0), entry("S15", "departing", 5), entry("S20", "accepting", 20)]
    later = entry("S21", "repairing", 30)
    took = performance.passed([*way, later])
    assert [(each.stage_id, each.minutes) for each in took] == [("S15", 15), ("S20", 0)]
    assert performance.passed(way[:2]) == ()


@pytest.mark.parametrize(
    "timeline",
    [[], [entry("S15", "departing", 1), entry("S20", "accepting", 2)]],
)
def test_there_is_not_always_an_estimate(timeline):
    """Not before the first event, and not after delivery."""
    assert performance.estimate(timeline, 3, 20, 30) is None


def test_too_few_give_no_estimate():
    """With fewer than three earlier journeys there is no percentile."""
    assert performance.estimate([entry("S11", "departing", 1)], 2, None, None) is None
