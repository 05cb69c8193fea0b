"""Claims: every field of the specification is known, judged, and refused by name when it is wrong."""

from __future__ import annotations

import pytest

from chaincode.domain.disclosure import claims, disclosures
from chaincode.domain.disclosure.disclosures import SLOTS
from chaincode.domain.vocabulary import attributes
from hlf.codec.refusals import Refused

NOW = 1_795_330_800

FORECAST = {
    "horizon.start": "2026-11-30",
    "horizon.end": "2026-12-27",
    "horizon.bucket": "P1W",
    "product.gtin14": "09506000134352",
    "product.sku_ref": "c2FsdGVkLXJlZmVyZW5jZQ",
    "product.hs6": "851712",
    "product.ahtn8": "85171210",
    "product.category": "phones",
    "product.dg_un": "UN3481",
    "product.temperature_min_cel": -10,
    "product.temperature_max_cel": 40,
    "region.subdivisions": ["VN-HN", "VN-SG"],
    "region.locode": "VNHAN",
    "demand.units_p10_h87": 2_000,
    "demand.units_p50_h87": 4_200,
    "demand.units_p90_h87": 7_000,
    "demand.unit_weight_grm": 450,
    "demand.unit_volume_cmq": 900,
    "demand.peak_date": "2026-12-12",
    "demand.peak_units_h87": 800,
    "demand.hot_rank": 3,
    "demand.growth_bps": -250,
    "demand.return_rate_bps": 400,
    "money.gmv_minor": "90000000000000000",
    "money.currency": "VND",
    "audience.age_band": "25-34",
    "audience.sales_channel": "live_stream",
    "audience.language": "vi",
    "audience.cohort_size": 1_200,
    "audience.potential_users": 90_000,
    "confidence_bps": 8_000,
    "method": "seasonal naive",
}

CAPABILITY = {
    "service_id": "line-haul",
    "valid.from": "2026-11-01",
    "valid.to": "2027-01-31",
    "stages": ["S19", "S20"],
    "modes_rec19": ["3"],
    "operating_type": "direct",
    "coverage.regions": ["VN-HN"],
    "coverage.locodes": ["VNHAN"],
    "coverage.postal_prefixes": ["100", "101"],
    "coverage.lanes": ["CNSZX-VNHAN"],
    "capacity.parcels_per_day_h87": 900,
    "capacity.mass_per_day_kgm": 4_000,
    "capacity.storage_mtq": 300,
    "capacity.utilisation_bps": 6_000,
    "limits.weight_grm": 30_000,
    "limits.dimensions_mmt": [600, 400, 400],
    "limits.dangerous_goods_un": [],
    "limits.temperature_min_cel": 0,
    "limits.temperature_max_cel": 30,
    "limits.cash_on_delivery": True,
    "time.transit_p50_hur": 40,
    "time.transit_p90_hur": 60,
    "time.transit_p95_hur": 72,
    "time.cutoff": "17:30",
    "time.time_zone": "Asia/Ho_Chi_Minh",
    "time.dwell_p90_hur": 6,
    "quality.on_time_bps": 9_500,
    "quality.loss_ppm": 120,
    "quality.damage_ppm": 300,
    "quality.claim_days": 14,
    "price.base_minor": "1500",
    "price.per_kg_minor": "300",
    "price.fuel_bps": 1_200,
    "price.currency": "SGD",
    "integration.languages": ["vi", "zh-Hant-TW"],
    "integration.interface": "epcis",
    "integration.customs_licence": "VN-123",
    "lpi.edition": "2023",
    "lpi.country": "VN",
    "lpi.component": "overall",
    "lpi.score_x100": 330,
}

WHOLE = {"forecast": FORECAST, "capability": CAPABILITY}


def refused(call, *args) -> Refused:
    with pytest.raises(Refused) as found:
        call(*args)
    return found.value


@pytest.mark.parametrize("kind", claims.KINDS.values(), ids=claims.KINDS)
def test_the_examples_have_every_attribute(kind):
    """So that each rule below is tried against a claim that is right in all else."""
    assert set(WHOLE[kind.name]) == set(kind.slots)
    assert len(kind.slots) == len(set(kind.slots)) <= SLOTS
    kind.check(WHOLE[kind.name])
    kind.check_part(WHOLE[kind.name])


def test_slots_never_move():
    """A committed claim is opened by the place of a name; these places are part of what is on ledgers."""
    assert claims.FORECAST.slots.index("demand.units_p50_h87") == 14
    assert claims.FORECAST.slots[-1] == "method"
    assert claims.CAPABILITY.slots.index("price.base_minor") == 30
    assert claims.CAPABILITY.slots[-1] == "lpi.score_x100"


@pytest.mark.parametrize("kind", claims.KINDS.values(), ids=claims.KINDS)
@pytest.mark.parametrize("wrong", [None, {}, [], -1.0, "", "x" * 5_000, -(10**15), [None], [[]]])
def test_no_attribute_takes_just_anything(kind, wrong):
    """Each attribute refuses nonsense by its own name and without quoting it."""
    for name, right in WHOLE[kind.name].items():
        if wrong == [] and name == "limits.dangerous_goods_un":
            continue  # No dangerous goods at all is a statement.
        found = refused(kind.check, {**WHOLE[kind.name], name: wrong})
        assert found.code in ("INVALID_ARGUMENT", "COHORT_TOO_SMALL")
        assert found.text.startswith((name, "an audience"))
        assert right != wrong


@pytest.mark.parametrize("kind", claims.KINDS.values(), ids=claims.KINDS)
def test_what_is_required_and_what_is_unknown(kind):
    """Required attributes are missed by name, unknown ones found."""
    required = [attribute.name for attribute in kind.attributes if attribute.required]
    kind.check({name: WHOLE[kind.name][name] for name in required})
    for name in required:
        rest = {other: value for other, value in WHOLE[kind.name].items() if other != name}
        assert refused(kind.check, rest).text == f"{name}: is missing; a {kind.name} needs it"
    assert refused(kind.check, {**WHOLE[kind.name], "shoe.size": 1}).text.startswith("shoe.size: ")


@pytest.mark.parametrize(
    ("kind", "changes", "code", "field"),
    [
        ("forecast", {"horizon.end": "2026-11-29"}, "INVALID_ARGUMENT", "horizon.end"),
        ("forecast", {"horizon.start": "2026-02-30"}, "INVALID_ARGUMENT", "horizon.start"),
        ("forecast", {"demand.units_p90_h87": 4_199}, "INVALID_ARGUMENT", "demand.units_p90_h87"),
        ("forecast", {"demand.units_p10_h87": 4_201}, "INVALID_ARGUMENT", "demand.units_p50_h87"),
        ("forecast", {"product.temperature_min_cel": 41}, "INVALID_ARGUMENT", "product.temperature_max_cel"),
        ("forecast", {"demand.peak_date": "2026-11-29"}, "INVALID_ARGUMENT", "demand.peak_date"),
        ("forecast", {"demand.peak_date": "2026-12-28"}, "INVALID_ARGUMENT", "horizon.end"),
        ("forecast", {"demand.peak_date": ...}, "INVALID_ARGUMENT", "demand.peak_date"),
        ("forecast", {"money.currency": ...}, "INVALID_ARGUMENT", "money.currency"),
        ("forecast", {"product.ahtn8": "85171310"}, "INVALID_ARGUMENT", "product.ahtn8"),
        ("forecast", {"product.gtin14": "09506000134353"}, "INVALID_ARGUMENT", "product.gtin14"),
        ("forecast", {"region.subdivisions": ["VN-HN", "VN-HN"]}, "INVALID_ARGUMENT", "region.subdivisions"),
        ("forecast", {"audience.cohort_size": 49}, "COHORT_TOO_SMALL", ""),
        ("forecast", {"audience.cohort_size": ...}, "COHORT_TOO_SMALL", ""),
        ("forecast", {"audience.potential_users": 1_199}, "INVALID_ARGUMENT", "audience.potential_users"),
        ("capability", {"valid.to": "2026-10-31"}, "INVALID_ARGUMENT", "valid.to"),
        ("capability", {"time.transit_p95_hur": 59}, "INVALID_ARGUMENT", "time.transit_p95_hur"),
        ("capability", {"limits.temperature_max_cel": -1}, "INVALID_ARGUMENT", "limits.temperature_max_cel"),
        ("capability", {"limits.dimensions_mmt": [600, 400]}, "INVALID_ARGUMENT", "limits.dimensions_mmt"),
        ("capability", {"time.time_zone": ...}, "INVALID_ARGUMENT", "time.time_zone"),
        ("capability", {"time.cutoff": "24:00"}, "INVALID_ARGUMENT", "time.cutoff"),
        ("capability", {"price.currency": ...}, "INVALID_ARGUMENT", "price.currency"),
        ("capability", {"lpi.edition": ...}, "INVALID_ARGUMENT", "lpi.edition"),
        ("capability", {"lpi.score_x100": 501}, "INVALID_ARGUMENT", "lpi.score_x100"),
        ("capability", {"lpi.score_x100": 99}, "INVALID_ARGUMENT", "lpi.score_x100"),
        ("capability", {"stages": ["S0"]}, "INVALID_ARGUMENT", "stages[0]"),
        ("capability", {"coverage.lanes": ["VNHAN"]}, "INVALID_ARGUMENT", "coverage.lanes[0]"),
    ],
)
def test_attributes_must_agree(kind, changes, code, field):
    """Rules between attributes: order, pairs, floors, scales. ``...`` leaves the attribute out."""
    values = {name: value for name, value in {**WHOLE[kind], **changes}.items() if value is not ...}
    found = refused(claims.KINDS[kind].check, values)
    assert found.code == code
    assert found.text.startswith(field)


def test_lists_bear_the_order_they_were_given_in():
    """Dimensions may repeat; a cube has three equal sides."""
    claims.CAPABILITY.check({**CAPABILITY, "limits.dimensions_mmt": [400, 400, 400]})


def test_a_part_keeps_the_floor():
    """What a recipient is shown of an audience comes with a size of 50 at least, honest owner or not."""
    assert refused(claims.FORECAST.check_part, {"audience.age_band": "25-34"}).code == "COHORT_TOO_SMALL"
    assert refused(
        claims.FORECAST.check_part, {"audience.age_band": "25-34", "audience.cohort_size": 49}
    ).code == "COHORT_TOO_SMALL"  # fmt: skip
    claims.FORECAST.check_part({"audience.age_band": "25-34", "audience.cohort_size": 50})
    assert refused(claims.FORECAST.check_part, {"demand.units_p50_h87": "many"}).code == "INVALID_ARGUMENT"


def committed(**changes):
    parts = {"kind": "forecast", "issuer": "AMSP", "claim_id": "c1", "revision": 1, "issued_at": NOW, **changes}
    counter = iter(range(10**6))
    slots = claims.FORECAST.slots
    return disclosures.commit(
        *parts.values(), FORECAST, slots, lambda size: next(counter).to_bytes(4, "big") * (size // 4)
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "wish"}, "UNKNOWN_KIND"),
        ({"issuer": "BMSP"}, "NOT_OWNER"),
        ({"claim_id": "c2"}, "WRONG_CLAIM"),
        ({"revision": 2}, "WRONG_CLAIM"),
        ({"issued_at": NOW - 901}, "PRE_DATED"),
        ({"issued_at": NOW + 901}, "PRE_DATED"),
    ],
)
def test_a_claim_is_its_issuers_own_and_of_today(changes, code):
    """Nobody commits for somebody else, to another claim, or for another day."""
    document, opened = committed(**changes)
    assert refused(claims.checked, document, opened, "AMSP", "c1", 1, NOW).code == code


def test_an_honest_claim_is_read_whole():
    """The values come back as they were given, to the second of tolerance."""
    document, opened = committed()
    for now in (NOW - 900, NOW, NOW + 900):
        assert claims.checked(document, opened, "AMSP", "c1", 1, now) == FORECAST


def test_every_rule_takes_the_right_thing():
    """Rules that no attribute above could show alone."""
    attributes.text(3)("field", "abc")
    attributes.clock("field", "00:00")
    attributes.language("field", "zh-Hant-TW")
    attributes.amount("field", "0")
    for rule, wrong in [
        (attributes.text(3), "abcd"),
        (attributes.language, "Vietnamese"),
        (attributes.amount, "-1"),
        (attributes.amount, "01"),
        (attributes.whole(0, 1), True),
        (attributes.flag, 1),
        (attributes.day, "2026-1-1"),
        (attributes.exactly(attributes.flag, 2), [True]),
    ]:
        assert refused(rule, "field", wrong).text.startswith("field: ")
