"""A hundred bookings at once on one carrier: none double, none lost, few sent again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenarios import test_matching

BOOKINGS, CALLERS = 100, 32
# Committed behind another that took the same unit; or endorsed before and after another's block.
AGAIN = {"MVCC_READ_CONFLICT", "ENDORSERS_DISAGREE"}


@pytest.fixture(scope="module")
def carrier(cast, played) -> str:
    """Return the one carrier that offers its stage: room for four hundred parcels a day."""
    values = {
        **test_matching.service("night-line", ["S16"], "4200"),
        "capacity.parcels_per_day_h87": 400,
    }
    claim = cast.last_mile.post("/v1/capabilities", {"values": values})["claim_id"]
    consent = {
        "claim_id": claim,
        "recipient": "AuditorMSP",
        "attributes": sorted(values),
        "purpose": "matching",
        "expires_at": "2030-01-01T00:00:00Z",
    }
    grant_id = cast.last_mile.post("/v1/disclosures", consent)["grant_id"]
    cast.auditor.post("/v1/matching/offers", {"grant_id": grant_id})
    return grant_id


def test_a_hundred_bookings_at_once_on_one_carrier(cast, carrier):
    """Each takes units of its own; a conflict is sent again and finds another unit."""
    one = {"stage": "S16", "regions": ["VN-HP"], "locodes": ["VNHPH"]}
    demand = {**test_matching.demand(), "steps": [one], "parcels": 1, "weight_grm": 800}

    def book(number: int) -> tuple[str, int]:
        for attempt in range(1, 20):
            body = {"journey_id": f"journey-{number}", "demand": demand}
            answer = cast.platform.send("POST", "/v1/matching/plans", json=body)
            if answer.status_code == 201:
                return answer.json()["plan_id"], attempt
            assert answer.json()["code"] in AGAIN, answer.json()
        raise AssertionError("never got through")

    with ThreadPoolExecutor(CALLERS) as pool:
        booked = list(pool.map(book, range(BOOKINGS)))
    contents = [cast.auditor.get(f"/v1/matching/plans/{plan_id}/content") for plan_id, _ in booked]
    units = [unit for content in contents for unit in content["units"]]
    assert len(units) == len(set(units)) == BOOKINGS
    assert {content["legs"][0]["offers"][0] for content in contents} == {carrier}
    assert sum(attempts - 1 for _, attempts in booked) <= BOOKINGS // 4
