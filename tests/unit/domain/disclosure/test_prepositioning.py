"""Advice for overseas warehouses: every parcel placed or said to have no room, near by and in time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.disclosure import prepositioning
from chaincode.domain.disclosure.prepositioning import Advice, Warehouse, WeeklyDemand
from chaincode.domain.vocabulary import weeks
from hlf.codec.refusals import Refused

WEEK = "2026-W49"
HANOI = Warehouse("VNHAN", {"VN-HN": 8, "VN-SG": 40}, 100, 150)
SAIGON = Warehouse("VNSGN", {"VN-SG": 6}, 120, 1_000)
FORECAST = {
    "horizon.start": "2026-11-30",
    "horizon.end": "2026-12-06",
    "region.subdivisions": ["VN-HN"],
    "demand.units_p50_h87": 100,
    "demand.units_p90_h87": 180,
}


def test_demand_adds_up_disclosed_forecasts():
    """Medians with medians, high ones with high ones; a forecast without p90 counts its median."""
    plain = {name: value for name, value in FORECAST.items() if not name.endswith("p90_h87")}
    assert prepositioning.demand([FORECAST, plain]) == (WeeklyDemand("VN-HN", WEEK, 200, 280),)


def test_what_was_not_disclosed_is_asked_for():
    """The refusal names the attribute that a grant lacks."""
    with pytest.raises(Refused) as refused:
        prepositioning.demand([{"horizon.start": "2026-11-30"}])
    assert "horizon.end" in refused.value.text


def test_goods_go_where_they_are_near_until_it_is_full():
    """The larger demand chooses first; the rest goes farther, and what fits nowhere is told."""
    wanted = [WeeklyDemand("VN-HN", WEEK, 120, 120), WeeklyDemand("VN-SG", WEEK, 1_100, 1_100)]
    assert prepositioning.advise(wanted, [SAIGON, HANOI], 0) == (
        Advice("VN-SG", WEEK, "VNSGN", 1_000, "2026-11-25"),
        Advice("VN-SG", WEEK, "VNHAN", 100, "2026-11-25"),
        Advice("VN-HN", WEEK, "VNHAN", 50, "2026-11-25"),
        Advice("VN-HN", WEEK, "", 70, ""),
    )


def test_safety_adds_a_part_of_the_spread():
    """0 is the median, 10000 the 90th percentile."""
    for safety, units in ((0, 100), (5_000, 140), (10_000, 180)):
        assert prepositioning.advise([WeeklyDemand("VN-SG", WEEK, 100, 180)], [SAIGON], safety)[0].units == units


DEMANDS = st.lists(
    st.builds(
        lambda region, week, median, more: WeeklyDemand(region, week, median, median + more),
        st.sampled_from(["VN-HN", "VN-SG"]), st.sampled_from([WEEK, "2026-W50"]),
        st.integers(0, 2_000), st.integers(0, 500),
    ),
    max_size=6,
    unique_by=lambda one: (one.region, one.week),
)  # fmt: skip


@given(DEMANDS, st.integers(0, 10_000))
def test_nothing_is_lost_and_nothing_overfilled(wanted, safety):
    """All that is wanted is placed or told; no warehouse takes more than its room in a week; all arrives in time."""
    advice = prepositioning.advise(wanted, [HANOI, SAIGON], safety)
    assert sum(one.units for one in advice) == sum(
        one.median + (one.high - one.median) * safety // 10_000 for one in wanted
    )
    for house in (HANOI, SAIGON):
        for week in (WEEK, "2026-W50"):
            assert sum(one.units for one in advice if (one.locode, one.week) == (house.locode, week)) <= house.room_h87
    for one in advice:
        house = {"VNHAN": HANOI, "VNSGN": SAIGON}.get(one.locode)
        if house:
            days = (weeks.monday("week", one.week) - date.fromisoformat(one.ship_by)).days
            assert days * 24 >= house.inbound_p95_hur
    assert advice == prepositioning.advise(list(reversed(wanted)), [SAIGON, HANOI], safety)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Warehouse("Hanoi", {}, 1, 1),
        lambda: Warehouse("VNHAN", {"Hanoi": 1}, 1, 1),
        lambda: Warehouse("VNHAN", {"VN-HN": -1}, 1, 1),
        lambda: Warehouse("VNHAN", {}, -1, 1),
        lambda: Warehouse("VNHAN", {}, 1, -1),
        lambda: prepositioning.advise([], [HANOI, HANOI], 0),
        lambda: prepositioning.advise([], [], 10_001),
    ],
)
def test_impossible_warehouses_are_refused(call):
    """Codes, hours, room, one warehouse twice, more than the whole spread."""
    with pytest.raises(Refused) as refused:
        call()
    assert refused.value.code == "INVALID_ARGUMENT"
