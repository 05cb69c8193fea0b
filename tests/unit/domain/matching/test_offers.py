"""What is read from a capability, who is out for which reason, and what a change of hands costs."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.disclosure import claims
from chaincode.domain.matching import exclusions, friction, offers
from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.exclusions import CarrierFacts, Reason
from chaincode.domain.matching.friction import Pair, Weights
from chaincode.domain.matching.offers import Limits, Offer, Price
from chaincode.domain.matching.solver import risk
from hlf.codec import records
from hlf.codec.refusals import Refused
from tests.unit.domain.matching.matching_problems import demand, offer, seeded

CAPABILITY = {
    "service_id": "line-haul",
    "valid.from": "2026-11-01",
    "valid.to": "2027-01-31",
    "stages": ["S15", "S11"],
    "operating_type": "direct",
    "coverage.regions": ["VN-HP", "CN-GD"],
    "coverage.lanes": ["CNSZX-VNHPH"],
    "capacity.parcels_per_day_h87": 1_000,
    "capacity.mass_per_day_kgm": 2_000,
    "capacity.utilisation_bps": 6_000,
    "limits.dimensions_mmt": [1_200, 800, 1_000],
    "time.transit_p90_hur": 60,
    "time.cutoff": "17:30",
    "time.time_zone": "Asia/Ho_Chi_Minh",
    "time.dwell_p90_hur": 9,
    "quality.on_time_bps": 9_400,
    "quality.loss_ppm": 200,
    "quality.damage_ppm": 300,
    "price.base_minor": "1500",
    "price.per_kg_minor": "60",
    "price.fuel_bps": 1_250,
    "price.currency": "USD",
    "integration.languages": ["zh", "en"],
    "integration.interface": "epcis",
}


def code(call, *args, **named) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


def test_an_offer_is_read_from_a_capability():
    """Capacity is what is free; the cut-off is in the UTC day; everything is sorted; it survives its bytes."""
    claims.CAPABILITY.check(CAPABILITY)
    found = offers.read("g1", "ForwarderMSP", CAPABILITY)
    assert (found.parcels, found.mass_kgm) == (400, 800)
    assert found.cutoff_minute == 10 * 60 + 30
    assert found.ready_minute == (10 * 60 + 30 + 60 * 60) % 1_440
    assert found.stages == ("S11", "S15")
    assert found.limits == Limits(dimensions_mmt=(800, 1_000, 1_200))
    assert found.places == {"CNSZX", "VNHPH"}
    assert not found.licensed
    assert records.loads(Offer, records.dumps(found)) == found


@pytest.mark.parametrize("name", offers.NEEDED)
def test_what_must_be_compared_must_be_shown(name):
    """Silence is no advantage."""
    left = {other: value for other, value in CAPABILITY.items() if other != name}
    assert code(offers.read, "g1", "ForwarderMSP", left) == "ATTRIBUTE_MISSING"


def test_nobody_shows_more_than_is_compared():
    """Nor is a clock compared that no table here knows."""
    assert code(offers.read, "g1", "A", {**CAPABILITY, "capacity.storage_mtq": 5}) == "ATTRIBUTE_NOT_NEEDED"
    assert code(offers.read, "g1", "A", {**CAPABILITY, "time.time_zone": "Europe/Paris"}) == "INVALID_ARGUMENT"


def test_the_attributes_are_those_of_a_capability():
    """Whatever matching takes, a carrier can claim."""
    assert set(offers.NEEDED) | set(offers.ALSO_TAKEN) <= set(claims.CAPABILITY.slots)


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10_000), st.integers(1, 500), st.integers(1, 10**6))
def test_a_price_is_rounded_up_to_a_minor_unit(base, per_kg, fuel, parcels, grams):
    """Never less than the exact one, and less than one unit more."""
    price = Price(base, per_kg, fuel, "USD").of(parcels, grams)
    exact = (base * parcels * 1_000 + per_kg * grams) * (10_000 + fuel)
    assert 0 <= price * 10**7 - exact < 10**7


def test_risk_is_what_is_lost_on_average():
    """500 parts in a million of 1,000.00, and 6 per cent of 20.00, each rounded up."""
    one = offer("g", "A", ["S02"], loss_ppm=200, damage_ppm=300, on_time_bps=9_400)
    assert risk(demand(["S02"], goods_value=100_000, late=2_000), one) == 50 + 120
    assert risk(demand(["S02"], goods_value=1, late=1), one) == 1 + 1


NARROW: dict[Reason, tuple[dict, dict]] = {
    Reason.STAGE_NOT_OFFERED: ({"stages": ("S03",)}, {}),
    Reason.NOT_VALID_THEN: ({"valid_to": "2026-11-22"}, {"deadline_hours": 48}),
    Reason.CURRENCY_DIFFERS: ({"price": Price(1, 0, 0, "SGD")}, {}),
    Reason.OPERATING_TYPE: ({"operating_type": "agent"}, {"operating_types": ("direct", "franchise")}),
    Reason.CAPACITY_SHORT: ({"parcels": 2}, {}),
    Reason.WEIGHT_EXCEEDED: ({"limits": Limits(weight_grm=899)}, {}),
    Reason.DIMENSIONS_EXCEEDED: ({"limits": Limits(dimensions_mmt=(100, 199, 300))}, {}),
    Reason.DANGEROUS_GOODS: ({"limits": Limits(dangerous_goods_un=("UN3480",))}, {"dangerous_goods_un": "UN3481"}),
    Reason.TEMPERATURE: (
        {"limits": Limits(temperature_min_cel=1, temperature_max_cel=8)},
        {"temperature_min_cel": 2, "temperature_max_cel": 8},
    ),
    Reason.NO_CASH_ON_DELIVERY: ({}, {"cash_on_delivery": True}),
    Reason.REGION_NOT_COVERED: ({"regions": ("VN-HP",)}, {}),
    Reason.PLACE_NOT_COVERED: ({"locodes": ("VNHPH",)}, {}),
    Reason.DEADLINE_MISSED: ({"transit_hours": 49}, {"deadline_hours": 48}),
}
"""For each reason an offer and a demand that just do not fit."""

FITTING: dict[Reason, tuple[dict, dict]] = {
    Reason.NOT_VALID_THEN: ({"valid_from": "2026-11-22", "valid_to": "2026-11-24"}, {"deadline_hours": 48}),
    Reason.CAPACITY_SHORT: ({"parcels": 3, "mass_kgm": 3}, {}),
    Reason.WEIGHT_EXCEEDED: ({"limits": Limits(weight_grm=900)}, {}),
    Reason.DIMENSIONS_EXCEEDED: ({"limits": Limits(dimensions_mmt=(100, 200, 300))}, {}),
    Reason.DANGEROUS_GOODS: ({"limits": Limits(dangerous_goods_un=("UN3480",))}, {"dangerous_goods_un": "UN3480"}),
    Reason.TEMPERATURE: (
        {"limits": Limits(temperature_min_cel=3, temperature_max_cel=8)},
        {"temperature_min_cel": 2, "temperature_max_cel": 8},
    ),
    Reason.NO_CASH_ON_DELIVERY: ({"limits": Limits(cash_on_delivery=True)}, {"cash_on_delivery": True}),
    Reason.PLACE_NOT_COVERED: ({"locodes": (), "lanes": ("CNSZX-VNHAN",)}, {}),
    Reason.DEADLINE_MISSED: ({"transit_hours": 48}, {"deadline_hours": 48}),
}
"""The same, by one unit wider: these fit."""


def judged(of_offer: dict, of_demand: dict, standing: CarrierFacts = exclusions.NOTHING_KNOWN):
    """Return the reason against one offer beside one that does everything."""
    asked = demand(["S02"], **of_demand)
    one = offer("g1", "OneMSP", ["S02"], **of_offer) if "stages" not in of_offer else dataclasses.replace(
        offer("g1", "OneMSP", []), **of_offer
    )  # fmt: skip
    every = Limits(None, (), ("UN3481", "UN3480"), 3, 4, True)
    other = offer("g2", "TwoMSP", ["S02"], limits=every, transit_hours=0)
    found = exclusions.filtered(asked, (one, other), standing)
    assert 1 in found.candidates[0]
    if 0 in found.candidates[0]:
        return None
    return found.reasons[0].get(0, Reason.STAGE_NOT_OFFERED)


@pytest.mark.parametrize("reason", NARROW)
def test_whoever_cannot_is_out_with_a_reason(reason):
    """Each reason alone, at its edge."""
    assert judged(*NARROW[reason]) is reason


@pytest.mark.parametrize("reason", FITTING)
def test_whoever_just_can_is_not(reason):
    """One unit wider."""
    assert judged(*FITTING[reason]) is None


def test_what_is_known_of_carriers_counts_too():
    """Refusals, what the register allows, what is fixed and what is booked out."""
    cases = {
        Reason.REFUSED_BEFORE: CarrierFacts(refused=frozenset({"OneMSP"})),
        Reason.STAGE_NOT_ENTITLED: CarrierFacts(entitled={"OneMSP": ("S03",), "TwoMSP": ("S02",)}),
        Reason.STAGE_PINNED: CarrierFacts(pinned={0: "g2"}),
        Reason.CAPACITY_TAKEN: CarrierFacts(taken=frozenset({("g1", 0)})),
    }
    for reason, standing in cases.items():
        assert judged({}, {}, standing) is reason
    assert judged({"parcels": 1}, {}, CarrierFacts(entitled={"OneMSP": ("S02",), "TwoMSP": ("S02",)})) is not None


@pytest.mark.parametrize("stage", sorted(exclusions.CUSTOMS_STAGES))
def test_customs_are_declared_by_licence_holders(stage):
    """At both borders."""
    asked = demand([stage])
    found = exclusions.filtered(asked, (offer("g1", "A", [stage], licensed=False), offer("g2", "B", [stage])))
    assert found.reasons[0] == {0: Reason.NO_CUSTOMS_LICENCE}


@pytest.mark.parametrize("seed", range(8))
def test_each_offer_is_judged_as_if_it_were_alone(seed):
    """However many others are like it: offers that differ in nothing that decides are judged together."""
    source = seeded(seed)
    steps = tuple(
        Step(stage, regions, locodes)
        for stage in ("S02", "S14", "S15")
        for regions, locodes in ((("VN-HN",), ("VNHAN",)), (("VN-HN", "CN-GD"), ("VNHAN", "CNSZX")))
    )
    asked = dataclasses.replace(demand(["S02"]), steps=steps)
    many = [
        offer(
            f"g{number}",
            source.choice(["AMSP", "BMSP", "CMSP"]),
            source.sample(["S02", "S03", "S14", "S15"], 3),
            regions=source.choice([("VN-HN",), ("CN-GD", "VN-HN")]),
            locodes=source.choice([(), ("VNHAN",), ("CNSZX", "VNHAN")]),
            lanes=source.choice([(), ("VNHAN-CNSZX",)]),
            licensed=source.random() < 0.7,
            parcels=source.choice([1, 500, 500, 500]),
        )
        for number in range(60)
    ]
    for standing in (
        exclusions.NOTHING_KNOWN,
        CarrierFacts(entitled={"AMSP": ("S02", "S14"), "BMSP": ("S15",)}),
        CarrierFacts(refused=frozenset({"AMSP"}), taken=frozenset({("g1", 0), ("g2", 5), ("g3", 1)})),
        CarrierFacts(pinned={1: "g4"}),
    ):
        together = exclusions.filtered(asked, many, standing)
        for position, one in enumerate(many):
            alone = exclusions.filtered(asked, [one], standing)
            for number in range(len(steps)):
                assert (position in together.candidates[number]) == (0 in alone.candidates[number])
                assert together.reasons[number].get(position) == alone.reasons[number].get(0)
        for remaining in together.candidates:
            assert list(remaining) == sorted(set(remaining))


def test_every_reason_says_what_would_have_to_change():
    """In words of a capability where it is about one."""
    assert set(exclusions.NEEDS) == set(Reason)
    for reason, words in exclusions.NEEDS.items():
        named = words.split(":")[0].split(", ")
        if "." in named[0]:
            assert set(named) <= set(claims.CAPABILITY.slots), reason


def test_a_lane_covers_its_two_ends_in_its_direction():
    """Two LOCODEs served apart cover the way between them, a lane only its own direction."""
    way = Step("S15", ("CN-GD", "VN-HN"), ("CNSZX", "VNHAN"))
    asked = dataclasses.replace(demand(["S15"]), steps=(way,))
    for changes, covered in (
        ({"locodes": (), "lanes": ("CNSZX-VNHAN",)}, True),
        ({"locodes": (), "lanes": ("VNHAN-CNSZX",)}, False),
        ({"locodes": ("CNSZX", "VNHAN")}, True),
        ({"locodes": ("CNSZX",)}, False),
        ({"locodes": ()}, True),
    ):
        one = offer("g1", "A", ["S15"], regions=("CN-GD", "VN-HN"), **changes)
        assert exclusions.filtered(asked, (one,)).candidates[0] == ((0,) if covered else ()), changes


GIVER = offer("a", "AMSP", ["S02"], languages=("vi",), interface="edi", locodes=("VNHPH",), cutoff_minute=0)
TAKER = offer("b", "BMSP", ["S03"], languages=("en",), interface="rest", locodes=("VNHAN",), dwell_hours=5)
NONE = Weights(0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("weight", "pairs", "hours"),
    [
        ("dwell", (), 5),
        ("language", (), 1),
        ("interface", (), 1),
        # Ready at noon (midnight and 12 hours), cut-off at 10: 22 hours to the next one.
        ("cutoff", (), 22),
        ("location", (), 1),
        ("exceptions", (Pair("AMSP", "BMSP", 4, 1),), 0.25),
        ("running_in", (), 1),
        ("running_in", (Pair("AMSP", "BMSP", 20, 0),), 0.5),
        ("running_in", (Pair("AMSP", "BMSP", 60, 0),), 0.25),
        ("running_in", (Pair("BMSP", "AMSP", 60, 0),), 1),
    ],
)
def test_each_trouble_counts_by_its_weight(weight, pairs, hours):
    """One at a time: 7 hours for each unit of it, an hour at 100."""
    weights = dataclasses.replace(NONE, **{weight: 7})
    assert friction.between(GIVER, TAKER, 100, friction.experience(pairs), weights) == 700 * hours
    assert friction.between(GIVER, dataclasses.replace(TAKER, carrier="AMSP"), 100, {}, weights) == 0


def test_what_two_have_in_common_costs_nothing():
    """A language, an interface, a place: one is enough."""
    same = dataclasses.replace(GIVER, carrier="BMSP", languages=("th", "vi"), locodes=("VNHPH", "VNSGN"))
    for weight in ("language", "interface", "location"):
        assert friction.between(GIVER, same, 100, {}, dataclasses.replace(NONE, **{weight: 7})) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": ()},
        {"parcels": 0},
        {"weight_grm": 10**10},
        {"goods_value": -1},
        {"hour": 10**16},
        {"deadline_hours": 0},
        {"answer_hours": 0},
        {"dimensions_mmt": (1, 2)},
        {"dimensions_mmt": (0, 2, 3)},
        {"temperature_min_cel": 3},
        {"operating_types": ()},
        {"operating_types": ("rented",)},
        {"dangerous_goods_un": "3480"},
        {"currency": "XXY"},
        {"ready_at": "tomorrow"},
    ],
)
def test_a_demand_that_cannot_be_is_refused(changes):
    """Before anything is computed with it."""
    assert code(demand, ["S02"], **changes) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "parts",
    [("S00", ("VN-HN",), ("VNHAN",)), ("S02", (), ()), ("S02", ("VN-HN",), ("VNHAN", "VNHPH")),
     ("S02", ("Hanoi",), ("VNHAN",)), ("S02", ("VN-HN",), ("Hanoi",))],
)  # fmt: skip
def test_a_step_is_at_one_place_or_between_two(parts):
    """Each with its region."""
    assert code(Step, *parts) == "INVALID_ARGUMENT"


def test_a_demand_survives_its_bytes():
    """As it is kept."""
    asked = demand(["S02", "S03"])
    assert records.loads(Demand, records.dumps(asked)) == asked
    assert (asked.day_after(0, "VNHAN"), asked.day_after(17, "VNHAN")) == ("2026-11-22", "2026-11-23")
