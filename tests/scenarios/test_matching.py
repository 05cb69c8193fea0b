"""Matching over HTTP: offers by consent, a plan by two, its carriers' answers, and why a rival was not taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

PRICES = {"origin": "412000987", "forwarder": "377000654", "last_mile": "95000321"}


def service(name: str, stages: list[str], price: str) -> dict[str, Any]:
    """Return a capability with all that matching needs."""
    return {
        "service_id": name,
        "valid.from": "2026-01-01",
        "valid.to": "2030-12-31",
        "stages": stages,
        "operating_type": "direct",
        "coverage.regions": ["CN-GD", "VN-HP", "VN-HN"],
        "coverage.locodes": ["CNSZX", "CNYTN", "VNHPH", "VNHAN"],
        "capacity.parcels_per_day_h87": 4_000,
        "time.transit_p90_hur": 48,
        "time.cutoff": "17:00",
        "time.time_zone": "Asia/Ho_Chi_Minh",
        "time.dwell_p90_hur": 6,
        "quality.on_time_bps": 9_500,
        "quality.loss_ppm": 150,
        "quality.damage_ppm": 200,
        "price.base_minor": price,
        "price.currency": "USD",
        "integration.languages": ["en", "vi"],
        "integration.interface": "epcis",
    }


@pytest.fixture(scope="module")
def offers(cast, played) -> dict[str, str]:
    """Return the grants by which three carriers offer; two of them compete for the sea."""
    made = {}
    for actor, stages in (("origin", ["S11", "S15"]), ("forwarder", ["S15"]), ("last_mile", ["S19"])):
        carrier = getattr(cast, actor)
        values = service(f"{actor}-service", stages, PRICES[actor])
        claim = carrier.post("/v1/capabilities", {"values": values})["claim_id"]
        consent = {
            "claim_id": claim,
            "recipient": "PlatformMSP",
            "attributes": sorted(values),
            "purpose": "matching",
            "expires_at": "2030-01-01T00:00:00Z",
        }
        made[actor] = carrier.post("/v1/disclosures", consent)["grant_id"]
        cast.platform.post("/v1/matching/offers", {"grant_id": made[actor]})
    return made


def demand() -> dict[str, Any]:
    ready = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "steps": [
            {"stage": "S11", "regions": ["CN-GD", "CN-GD"], "locodes": ["CNSZX", "CNYTN"]},
            {"stage": "S15", "regions": ["CN-GD", "VN-HP"], "locodes": ["CNYTN", "VNHPH"]},
            {"stage": "S19", "regions": ["VN-HP", "VN-HN"], "locodes": ["VNHPH", "VNHAN"]},
        ],
        "ready_at": ready,
        "deadline_hours": 1_000,
        "answer_hours": 24,
        "parcels": 3,
        "weight_grm": 2_000,
        "heaviest_grm": 900,
        "dimensions_mmt": [300, 200, 100],
        "currency": "USD",
        "goods_value": "12340",
        "late": "100",
        "hour": "1",
    }


@pytest.fixture(scope="module")
def plan(cast, offers) -> str:
    made = cast.platform.post("/v1/matching/plans", {"journey_id": "journey-to-come", "demand": demand()})["plan_id"]
    cast.platform.post(f"/v1/matching/plans/{made}/publication")
    return made


def test_the_plan_is_proved_by_both_and_its_prices_are_seen_by_both_alone(cast, plan):
    for caller in (cast.platform, cast.auditor):
        assert caller.get(f"/v1/matching/plans/{plan}/verification")["verified"] is True
        legs = caller.get(f"/v1/matching/plans/{plan}/content")["legs"]
        assert {leg["carrier"] for leg in legs} <= {"OriginCarrierMSP", "ForwarderMSP", "LastMileMSP"}
        assert caller.get(f"/v1/matching/plans/{plan}/certificate")
        assert caller.get(f"/v1/matching/plans/{plan}/alternatives")
    for caller in (cast.merchant, cast.origin, cast.customs):
        told = str(caller.get(f"/v1/matching/plans/{plan}"))
        assert all(price not in told for price in PRICES.values())
        for part in ("content", "certificate", "verification", "alternatives"):
            assert caller.refusal("GET", f"/v1/matching/plans/{plan}/{part}")["code"] == "NOT_TENDER"
    assert cast.forwarder.refusal("GET", "/v1/matching/offers")["code"] == "NOT_TENDER"


def test_each_carrier_reads_its_own_leg_and_answers(cast, plan):
    legs = cast.platform.get(f"/v1/matching/plans/{plan}/content")["legs"]
    by_msp = {caller.msp_id: caller for caller in cast.everyone()}
    assert cast.platform.refusal("POST", f"/v1/matching/plans/{plan}/conclusion")["code"] == "NOT_ALL_ACCEPTED"
    for leg in legs:
        path = f"/v1/matching/plans/{plan}/legs/{leg['number']}"
        cast.platform.post(f"{path}/delivery")
        assert by_msp[leg["carrier"]].get(path)["price"] == leg["price"]
        assert cast.customs.refusal("GET", path)["code"] == "NOT_FOUND"
        by_msp[leg["carrier"]].post(f"{path}/answer", {"accept": True})
        again = by_msp[leg["carrier"]].refusal("POST", f"{path}/answer", {"accept": True})
        assert again["code"] == "ALREADY_ANSWERED"
    cast.merchant.post(f"/v1/matching/plans/{plan}/conclusion")
    agreed = cast.customs.get("/v1/matching/journeys/journey-to-come")
    assert agreed["carriers"] == [leg["carrier"] for leg in legs]


def test_a_rival_learns_why_it_was_not_taken(cast, plan, offers):
    """It asks in the open, both compute the answer, and it alone reads it."""
    taken = cast.platform.get(f"/v1/matching/plans/{plan}/certificate")["chain"]
    loser = "origin" if taken[1] == offers["forwarder"] else "forwarder"
    question = {"grant_id": offers[loser], "step": 1}
    path = f"/v1/matching/plans/{plan}"
    assert cast.auditor.refusal("POST", f"{path}/answers", question)["status"] == 404
    getattr(cast, loser).post(f"{path}/questions", question)
    cast.auditor.post(f"{path}/answers", question)
    told = getattr(cast, loser).send("GET", f"{path}/why-not-me", params=question)
    assert told.status_code == 200
    assert told.json()
    assert cast.last_mile.send("GET", f"{path}/why-not-me", params=question).json()["code"] == "NOT_FOUND"


def test_a_plan_that_is_refused_is_replaced(cast, offers):
    made = cast.auditor.post("/v1/matching/plans", {"journey_id": "journey-refused", "demand": demand()})["plan_id"]
    cast.auditor.post(f"/v1/matching/plans/{made}/publication")
    legs = cast.auditor.get(f"/v1/matching/plans/{made}/content")["legs"]
    sea = next(leg for leg in legs if "S15" in leg["stages"])
    caller = next(c for c in cast.everyone() if c.msp_id == sea["carrier"])
    cast.auditor.post(f"/v1/matching/plans/{made}/legs/{sea['number']}/delivery")
    caller.post(f"/v1/matching/plans/{made}/legs/{sea['number']}/answer", {"accept": False, "reason": "full"})
    answer = cast.auditor.send("POST", f"/v1/matching/plans/{made}/replacement", json={})
    if answer.status_code == 201:
        new = answer.json()["plan_id"]
        cast.auditor.post(f"/v1/matching/plans/{new}/publication")
        assert cast.customs.get(f"/v1/matching/plans/{made}")["state"] == "replaced"
        carriers = [leg["carrier"] for leg in cast.auditor.get(f"/v1/matching/plans/{new}/content")["legs"]]
        assert carriers != [leg["carrier"] for leg in legs]
    else:
        # The one that refused was the only one for another of its stages.
        assert answer.json()["code"] == "NO_CHAIN"
        cast.auditor.post(f"/v1/matching/plans/{made}/cancellation")
        assert cast.customs.get(f"/v1/matching/plans/{made}")["state"] == "cancelled"
        cast.auditor.post(f"/v1/matching/plans/{made}/release")
    assert cast.auditor.refusal("POST", f"/v1/matching/plans/{made}/release")["code"] == "ALREADY_RELEASED"


def test_experience_is_counted_from_the_journeys(cast, plan):
    counted = cast.customs.post("/v1/performance/count", {})
    assert (counted["cursor"], bool(counted["counting"]["result"])) == ("", True)
    cast.auditor.post("/v1/matching/experience")
    pairs = cast.customs.get("/v1/matching/experience")
    assert {"OriginCarrierMSP", "ForwarderMSP"} <= set(str(pairs).replace("'", " ").split())


def test_many_are_solved_together_and_checked_by_the_contract(cast, offers):
    """The solver proposes, both endorsers check; a worse choice than agreed is refused."""
    pytest.importorskip("ortools", reason="the extra `solver` is not installed")
    demands = {f"journey-together-{number}": demand() for number in range(3)}
    assert cast.merchant.refusal("POST", "/v1/matching/solutions", {"demands": demands})["code"] == "NOT_TENDER"
    solved = cast.platform.post("/v1/matching/solutions", {"demands": demands})
    assert set(solved["chains"]) == set(demands)
    plans = [
        {"journey_id": name, "demand": demands[name], "chain": chain}
        for name, chain in sorted(solved["chains"].items())
    ]
    made = cast.platform.post("/v1/matching/batches", {"plans": plans, "most_gap_bps": solved["gap_bps"]})["result"]
    assert len(made) == 3
    for plan_id in made:
        assert cast.auditor.get(f"/v1/matching/plans/{plan_id}/content")["journey_id"] in demands
    wrong = [{**plans[0], "chain": list(reversed(plans[0]["chain"]))}]
    refused = cast.platform.refusal("POST", "/v1/matching/batches", {"plans": wrong, "most_gap_bps": 0})
    assert refused["code"] == "CHAIN_NOT_ALLOWED"
