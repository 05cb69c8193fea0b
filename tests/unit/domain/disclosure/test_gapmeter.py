"""The capacity-gap meter: sums that are right, and that give nobody away."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.disclosure import gapmeter
from chaincode.domain.disclosure.gapmeter import Contribution, PublishedCell, Summand, WithholdingRule
from hlf.codec.refusals import Refused

WEEK, NEXT = "2026-W49", "2026-W50"
FORECAST = {
    "horizon.start": "2026-11-30",
    "horizon.end": "2026-12-13",
    "region.subdivisions": ["VN-SG", "VN-HN"],
    "demand.units_p50_h87": 101,
}
CAPABILITY = {
    "valid.from": "2026-11-30",
    "valid.to": "2026-12-06",
    "coverage.regions": ["VN-HN"],
    "capacity.parcels_per_day_h87": 10,
    "capacity.utilisation_bps": 2_500,
}


def code(call, *args) -> str:
    with pytest.raises(Refused) as refused:
        call(*args)
    return refused.value.code


def gives(party: str, kind: str, units: int, *listed: str, region: str = "VN-HN") -> Contribution:
    by_week = dict.fromkeys(listed or (WEEK,), units)
    return Contribution(f"{party}/{kind}", party, kind, {region: by_week}, 0, "", "", dict.fromkeys(by_week, 7))


def rules(*args) -> list[WithholdingRule]:
    """Return the rules that withhold cells."""
    return [one.rule for one in gapmeter.publishable(*args, FROZEN)[1]]


FROZEN = gapmeter.frozen_at("2026-W49")
DEMAND = [gives(party, "forecast", units) for party, units in (("A", 100), ("B", 200), ("C", 300))]
SUPPLY = [gives(party, "capability", units) for party, units in (("X", 50), ("Y", 60), ("Z", 70))]


def test_a_forecast_is_spread_over_days_and_regions():
    """No parcel is lost, and the order of regions in the claim does not matter."""
    spread = gapmeter.spread("forecast", FORECAST)
    assert spread == {"VN-HN": {WEEK: 26, NEXT: 25}, "VN-SG": {WEEK: 25, NEXT: 25}}
    turned = {**FORECAST, "region.subdivisions": ["VN-HN", "VN-SG"]}
    assert gapmeter.spread("forecast", turned) == spread


def test_a_capacity_counts_what_is_free():
    """Seven days of ten parcels, a quarter in use; without a utilisation all of it is free."""
    assert gapmeter.spread("capability", CAPABILITY) == {"VN-HN": {WEEK: 52}}
    free = {name: value for name, value in CAPABILITY.items() if name != "capacity.utilisation_bps"}
    assert gapmeter.spread("capability", free) == {"VN-HN": {WEEK: 70}}


@given(st.integers(0, 10**9), st.integers(0, 300), st.sets(st.sampled_from(["VN-HN", "VN-SG", "TH-10"]), min_size=1))
def test_spreading_loses_nothing(units, days, regions):
    """The cells of one claim add up to the claim."""
    values = {**FORECAST, "demand.units_p50_h87": units, "region.subdivisions": sorted(regions)}
    values["horizon.end"] = f"{2026 + (330 + days) // 366}-12-31"
    spread = gapmeter.spread("forecast", values)
    assert sum(sum(by_week.values()) for by_week in spread.values()) == units


def test_a_horizon_without_end_is_refused():
    """A contract's work is bounded."""
    assert code(gapmeter.spread, "forecast", {**FORECAST, "horizon.end": "2032-01-01"}) == "INVALID_ARGUMENT"


def test_a_cell_sums_both_sides():
    """Demand less capacity; positive means that parcels will not be carried."""
    cells, withheld, told = gapmeter.publishable([*DEMAND, *SUPPLY], "VN-HN", [WEEK, NEXT], [], FROZEN)
    assert [dataclasses.astuple(cell) for cell in cells] == [("VN-HN", WEEK, 600, 180, 420, 3, 3, FROZEN)]
    demand, capacity = (
        tuple(Summand(f"{party}/{kind}", party, 7) for party in parties)
        for kind, parties in (("forecast", "ABC"), ("capability", "XYZ"))
    )
    assert told == (PublishedCell("VN-HN", WEEK, demand, capacity),)
    assert [(one.week, one.rule) for one in withheld] == [(NEXT, WithholdingRule.TOO_FEW_PARTIES)]


@pytest.mark.parametrize("left_out", range(6))
def test_two_parties_on_a_side_are_too_few(left_out):
    """Each of two would learn the other's figure."""
    listed = [*DEMAND, *SUPPLY]
    assert rules(listed[:left_out] + listed[left_out + 1 :], "VN-HN", [WEEK], []) == [WithholdingRule.TOO_FEW_PARTIES]


def test_two_claims_of_one_party_are_one_party():
    """A party does not hide behind itself."""
    doubled = [DEMAND[0], dataclasses.replace(DEMAND[1], party="A"), DEMAND[2], *SUPPLY]
    assert rules(doubled, "VN-HN", [WEEK], []) == [WithholdingRule.TOO_FEW_PARTIES]


@pytest.mark.parametrize(("units", "told"), [(599, True), (600, False), (10**6, False)])
def test_nobody_has_two_thirds_of_a_side(units, told):
    """Else the sum is nearly that party's figure; below it the sum is told."""
    listed = [gives("A", "forecast", units), *DEMAND[1:2], gives("C", "forecast", 100), *SUPPLY]
    assert rules(listed, "VN-HN", [WEEK], []) == ([] if told else [WithholdingRule.DOMINATED])


def test_a_sum_of_nothing_tells_everything():
    """If nobody has anything, each is known."""
    nothing = [gives(party, "forecast", 0) for party in "ABC"]
    assert rules([*nothing, *SUPPLY], "VN-HN", [WEEK], []) == [WithholdingRule.DOMINATED]


def test_three_overlapping_cells_do_not_give_a_party_away():
    """Each pair of them differs by four parties, and the sum of two less the third is twice the figure of A."""
    weeks = ["2026-W49", "2026-W50", "2026-W51"]
    sides = ["ABCDE", "AFGHI", "BCDEFGHI"]
    listed = [
        gives(party, "forecast", 100, *(week for week, side in zip(weeks, sides, strict=True) if party in side))
        for party in "ABCDEFGHI"
    ] + [gives(party, "capability", 50, *weeks) for party in "XYZ"]
    cells, withheld, _ = gapmeter.publishable(listed, "VN-HN", weeks, [], FROZEN)
    assert [cell.week for cell in cells] == weeks[:2]
    assert [(one.week, one.rule) for one in withheld] == [(weeks[2], WithholdingRule.ISOLATES)]


def test_two_grants_of_one_claim_do_not_hide_others():
    """A's figure is the same under both: the difference of the two weeks is that of D and E."""
    first = [*DEMAND, gives("D", "forecast", 150)]
    second = [*DEMAND, gives("E", "forecast", 160)]
    listed = [*(dataclasses.replace(one, claim_id="c", grant_id=f"{one.party}1") for one in first)]
    listed += [
        dataclasses.replace(one, claim_id="c", grant_id=f"{one.party}2", units={"VN-SG": one.units["VN-HN"]})
        for one in second
    ]
    supply = [*SUPPLY, *(dataclasses.replace(one, units={"VN-SG": one.units["VN-HN"]}, grant_id=f"{one.party}2")
                         for one in SUPPLY)]  # fmt: skip
    *_, told = gapmeter.publishable([*listed, *supply], "VN-HN", [WEEK], [], FROZEN)
    assert rules([*listed, *supply], "VN-SG", [WEEK], told) == [WithholdingRule.ISOLATES]


def test_the_same_parties_with_other_weights_are_another_sum():
    """A covers one day of the next week and the others all of it: seven of one less the other is six days of A's."""
    listed = [gives(one.party, one.kind, 70, WEEK, NEXT) for one in [*DEMAND, *SUPPLY]]
    listed[0] = dataclasses.replace(listed[0], days={WEEK: 7, NEXT: 1})
    assert rules(listed, "VN-HN", [WEEK, NEXT], []) == [WithholdingRule.ISOLATES]


def test_a_cell_is_told_once():
    """Told again after somebody joined, it would give that party away."""
    *_, told = gapmeter.publishable([*DEMAND, *SUPPLY], "VN-HN", [WEEK], [], FROZEN)
    joined = [*DEMAND, gives("D", "forecast", 7), *SUPPLY]
    assert rules(joined, "VN-HN", [WEEK], told) == [WithholdingRule.PUBLISHED_BEFORE]
    assert gapmeter.publishable(joined, "VN-HN", [WEEK], told, FROZEN)[2] == told


def test_cells_that_differ_by_one_party_are_not_told_beside_each_other():
    """Claims are spread evenly: the difference of two such weeks or regions would be that party's figure."""
    listed = [
        *(gives(one.party, one.kind, 10, WEEK, NEXT) for one in [*DEMAND, *SUPPLY]),
        gives("D", "forecast", 7, NEXT),
    ]
    cells, _, told = gapmeter.publishable(listed, "VN-HN", [WEEK, NEXT], [], FROZEN)
    assert [cell.week for cell in cells] == [WEEK]
    elsewhere = [dataclasses.replace(one, units={"VN-SG": one.units["VN-HN"]}) for one in listed]
    assert [cell.week for cell in gapmeter.publishable(elsewhere, "VN-SG", [WEEK, NEXT], told, FROZEN)[0]] == [WEEK]


def test_three_parties_more_hide_each_other():
    """The same parties again, or three others, are no difference that names one."""
    more = [gives(party, "forecast", 5, NEXT) for party in "DEF"]
    listed = [*(gives(one.party, one.kind, 10, WEEK, NEXT) for one in [*DEMAND, *SUPPLY]), *more]
    cells, *_ = gapmeter.publishable(listed, "VN-HN", [WEEK, NEXT], [], FROZEN)
    assert [(cell.week, cell.demand_parties) for cell in cells] == [(WEEK, 3), (NEXT, 6)]


PARTIES = st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from(["forecast", "capability"]),
                             st.lists(st.sampled_from([WEEK, NEXT, "2026-W51"]), min_size=1, max_size=3, unique=True)),
                   max_size=25)  # fmt: skip


@given(PARTIES)
def test_no_combination_of_told_cells_gives_a_party_away(listed):
    """Whatever consented: each told cell has three parties a side, and so has whatever is left of any combination."""
    contributions = [
        dataclasses.replace(gives(party, kind, 10, *weeks), grant_id=f"{party}{number}")
        for number, (party, kind, weeks) in enumerate(listed)
    ]
    cells, _, told = gapmeter.publishable(contributions, "VN-HN", [WEEK, NEXT, "2026-W51"], [], FROZEN)
    assert [(cell.region, cell.week) for cell in cells] == [(one.region, one.week) for one in told]
    for side, factors in itertools.product(("demand", "capacity"), itertools.product(range(-2, 3), repeat=len(told))):
        left: dict[str, int] = {}
        for factor, cell in zip(factors, told, strict=True):
            for one in getattr(cell, side):
                left[one.grant_id] = left.get(one.grant_id, 0) + factor * one.weight
        assert len({name[0] for name, weight in left.items() if weight}) not in (1, 2)


def test_the_meter_takes_what_it_needs():
    """No more, no less; a utilisation is welcome."""
    gapmeter.check_attributes("forecast", FORECAST)
    gapmeter.check_attributes("capability", CAPABILITY)
    assert code(gapmeter.check_attributes, "forecast", list(FORECAST)[1:]) == "ATTRIBUTE_MISSING"
    assert code(gapmeter.check_attributes, "forecast", [*FORECAST, "money.gmv_minor"]) == "ATTRIBUTE_NOT_NEEDED"


def test_weeks_and_regions_are_bounded():
    """One computation covers a year at most, and a known region."""
    assert gapmeter.WEEKS.check("weeks", 53) == 53
    for count in (0, 54, -1):
        assert code(gapmeter.WEEKS.check, "weeks", count) == "INVALID_ARGUMENT"
    assert code(gapmeter.publishable, [], "Hanoi", [WEEK], [], FROZEN) == "INVALID_ARGUMENT"
