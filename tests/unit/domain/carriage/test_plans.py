"""Carriers' plans: what a departure and a plan must be before anything is kept of them."""

from __future__ import annotations

import pytest

from chaincode.domain.carriage import plans
from hlf.codec.refusals import Refused

SALT = "s" * 32
SLOT = {
    "slot_id": "D1",
    "cut_off_at": "2026-03-02T08:00:00Z",
    "departs_at": "2026-03-02T12:00:00Z",
    "arrives_at": "2026-03-03T06:00:00Z",
    "parcels": 100,
    "grams": 60_000,
}


def slot(**changes):
    return plans.Slot(**SLOT | changes)


def draft(**changes):
    made = {"origin": "CNNNG", "destination": "VNHAN", "mode": "3", "slots": (slot(),), "salt": SALT}
    return plans.PlanDraft(**made | changes)


def test_a_plan_of_one_departure_is_taken():
    """Goods may be due at the moment of departure, and arrive at once."""
    at = SLOT["departs_at"]
    assert draft(slots=(slot(cut_off_at=at, arrives_at=at),)).slots[0].departs_at == at


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cut_off_at": "2026-03-02T13:00:00Z"}, "cut-off before its departure"),
        ({"arrives_at": "2026-03-02T11:00:00Z"}, "before its arrival"),
        ({"parcels": 0}, "must be from 1 to 1000000000000"),
        ({"grams": -1}, "must be from 1 to 1000000000000"),
        ({"grams": 10**12 + 1}, "must be from 1 to 1000000000000"),
    ],
)
def test_a_departure_that_cannot_be_is_refused(changes, words):
    """Its moments are in order, and it has room for something."""
    with pytest.raises(Refused, match=words) as refused:
        slot(**changes)
    assert refused.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "33"}, "plan.mode"),
        ({"mode": "road"}, "plan.mode"),
        ({"slots": ()}, "plan.slots"),
        ({"slots": (slot(), slot())}, "plan.slots"),
        ({"slots": tuple(slot(slot_id=f"D{n}") for n in range(201))}, "plan.slots"),
        ({"origin": "Nanning"}, "plan.origin"),
    ],
)
def test_a_plan_that_names_no_lane_mode_or_departures_is_refused(changes, words):
    """The refusal names the field."""
    with pytest.raises(Refused, match=words):
        draft(**changes)


def test_each_departure_has_one_salt():
    """One too few leaves a departure without, and a salt that is used twice gives equal departures equal hashes."""
    plan = plans.CarrierPlan("P1", "ForwarderMSP", "2026-03-01T00:00:00Z", draft(slots=(slot(), slot(slot_id="D2"))))
    with pytest.raises(Refused, match="as many as the plan has slots"):
        plans.departures(plan, ("a" * 32,))
    with pytest.raises(Refused) as refused:
        plans.departures(plan, ("a" * 32, SALT))
    assert refused.value.code == "SALT_REUSED"
    assert len(plans.departures(plan, ("a" * 32, "b" * 32))) == 2
