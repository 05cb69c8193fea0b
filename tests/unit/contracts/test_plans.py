"""Carriers' own plans and agreements on `logistics`: private to their owners, and never booked twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaincode import carriage
from hlf.shim import testing
from tests.unit.contracts import shipping, trading
from tests.unit.contracts.trading import AUDITOR, CUSTOMS, FORWARDER, LAST_MILE, ORIGIN, PLATFORM, salt, user

LOGISTICS = (ORIGIN, FORWARDER, LAST_MILE, CUSTOMS, AUDITOR)

PLAN = {
    "origin": "CNNNG",
    "destination": "VNHAN",
    "mode": "3",
    "slots": [
        {"slot_id": f"D{day}", "departs_at": shipping.text(24 * day), "arrives_at": shipping.text(24 * day + 12),
         "cut_off_at": shipping.text(24 * day - 4), "parcels": 100, "grams": 60_000}
        for day in (1, 2)
    ],
    "salt": salt("plan"),
}  # fmt: skip


@pytest.fixture
def ledger() -> testing.Ledger:
    """Channel `logistics`, its participants founded and one plan of the forwarder published."""
    return opened()


def opened() -> testing.Ledger:
    """Return the same, for scenarios that are no tests."""
    made = testing.Ledger(carriage.chaincode, LOGISTICS, endorsement=trading.majority(LOGISTICS))
    participants = json.dumps(trading.PARTICIPANTS)
    made.invoke("Participants:found", participants, client=user(AUDITOR, "admin"))
    publish(made)
    return made


def publish(ledger: testing.Ledger, by: str = FORWARDER, **changes: Any) -> testing.Result:
    """Publish the plan P1, or one like it."""
    transient = {"plan": json.dumps(PLAN).encode(), "salts": json.dumps([salt("D1"), salt("D2")]).encode()}
    transient |= {name: json.dumps(value).encode() for name, value in changes.items() if name != "plan_id"}
    plan_id = changes.get("plan_id", "P1")
    return ledger.invoke("Plans:publish", plan_id, client=user(by), transient=transient, at=shipping.at(0))


def wanted(booking_id: str, parcels: int = 60, **changes: Any) -> dict[str, bytes]:
    """Return what a booking carries."""
    made = {"shipper": PLATFORM, "parcels": parcels, "grams": 500 * parcels, "salt": salt(booking_id)} | changes
    return {"booking": json.dumps(made).encode()}


def book(ledger: testing.Ledger, booking_id: str, hour: float = 1, by: str = FORWARDER, **changes: Any) -> Any:
    """Book on departure D1."""
    transient = wanted(booking_id, **changes)
    place = ("Plans:book", "P1", "D1", booking_id)
    return ledger.invoke(*place, client=user(by), transient=transient, at=shipping.at(hour))


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def test_a_plan_is_seen_by_its_carrier_alone(ledger):
    """The carrier reads it on its own peer; nobody else has it, and nothing of it is public."""
    assert ledger.evaluate("Plans:read", "P1", client=user(FORWARDER)).json()["draft"] == PLAN
    assert len(ledger.evaluate("Plans:list", client=user(FORWARDER)).json()["plans"]) == 1
    for stranger in (ORIGIN, AUDITOR):
        with refused("NOT_FOUND"):
            ledger.evaluate("Plans:read", "P1", client=user(stranger))
        with refused("NOT_FOUND"):
            ledger.evaluate("Plans:read", "P1", client=user(stranger), peer=FORWARDER)
    result = publish(ledger, plan_id="P2", plan={**PLAN, "salt": salt("p2")}, salts=[salt("a"), salt("b")])
    assert result.writes == {}
    assert {collection for collection, _ in result.private_writes} == {f"_implicit_org_{FORWARDER}"}
    assert b"CNNNG" not in result.rwset + result.payload + result.event.payload


def test_a_departure_is_never_booked_beyond_its_room(ledger):
    """Sixty of a hundred leave forty; what is given back can be taken again; the refusal does not say how many."""
    book(ledger, "B1")
    with refused("CAPACITY_EXCEEDED") as full:
        book(ledger, "B2")
    assert "40" not in str(full.value)
    book(ledger, "B3", parcels=40)
    release = ("Plans:release", "P1", "D1", "B1")
    ledger.invoke(*release, client=user(FORWARDER), transient={"salt": salt("free").encode()}, at=shipping.at(2))
    book(ledger, "B2")
    first, second = ledger.evaluate("Plans:departures", "P1", client=user(FORWARDER)).json()
    assert [booking["booking_id"] for booking in first["bookings"]] == ["B3", "B2"]
    assert second["bookings"] == []


def test_two_bookings_of_the_last_room_do_not_both_pass(ledger):
    """Endorsed at once, the second is invalid at commit; on another departure it would not be."""
    asked = {
        slot: ledger.endorse(
            "Plans:book", "P1", slot[:2], slot, client=user(FORWARDER), transient=wanted(slot), at=shipping.at(1)
        )
        for slot in ("D1a", "D1b", "D2a")
    }
    ledger.commit(asked["D1a"])
    ledger.commit(asked["D2a"])
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        ledger.commit(asked["D1b"])


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("CUT_OFF_PASSED", {"hour": 21}),
        ("SALT_REUSED", {"salt": salt("D1")}),
        ("SALT_TOO_SHORT", {"salt": "AAAA"}),
        ("NOT_A_PARTICIPANT", {"shipper": "NobodyMSP"}),
        ("INVALID_ARGUMENT", {"parcels": 0}),
        ("NOT_A_CARRIER", {"by": CUSTOMS}),
        ("NOT_FOUND", {"by": ORIGIN}),
    ],
)
def test_bookings_are_refused_with_their_code(ledger, code, changes):
    """Too late, without a salt of its own, for nobody, of nothing, by somebody else."""
    with refused(code):
        book(ledger, "B1", **changes)


def test_bookings_and_plans_are_named_once(ledger):
    """An id that is taken is refused, and so is a booking that was never made."""
    book(ledger, "B1", parcels=10)
    with refused("ALREADY_BOOKED"):
        book(ledger, "B1", parcels=10, salt=salt("other"))
    with refused("ALREADY_EXISTS"):
        publish(ledger)
    with refused("BOOKING_UNKNOWN"):
        ledger.invoke("Plans:release", "P1", "D1", "B9", client=user(FORWARDER), transient={"salt": salt("x").encode()})
    with refused("SALT_REUSED"):
        publish(ledger, plan_id="P2", salts=[salt("a"), salt("a")])


DRAFT = {
    "taker": LAST_MILE, "consignments": ["J1"], "place": "VNHPH", "opens_at": shipping.text(20),
    "closes_at": shipping.text(24), "seals": ["A17"], "conditions": "below 25 CEL", "salt": salt("draft"),
}  # fmt: skip
BOTH = (FORWARDER, LAST_MILE)


def propose(ledger: testing.Ledger, **changes: Any) -> testing.Result:
    """Propose agreement A1 from the forwarder to the last mile."""
    transient = {"draft": json.dumps(DRAFT | changes).encode()}
    return ledger.invoke("Agreements:propose", "A1", client=user(FORWARDER), transient=transient)


def change(
    ledger: testing.Ledger,
    function: str,
    *args: str,
    by: str,
    new_salt: str,
    endorsed_by: tuple[str, ...] | None = None,
) -> testing.Result:
    """One step of agreement A1, carrying it as it stands."""
    held = ledger.evaluate("Agreements:read", "A1", client=user(FORWARDER)).payload
    transient = {"agreement": held, "salt": salt(new_salt).encode()}
    return ledger.invoke(
        f"Agreements:{function}", "A1", *args, client=user(by), transient=transient, endorsed_by=endorsed_by
    )


def test_an_agreement_is_between_two(ledger):
    """Both keep the same, both must endorse each change, and nobody else sees a word of it."""
    made = propose(ledger)
    assert {collection for collection, _ in made.private_writes} == {f"_implicit_org_{party}" for party in BOTH}
    assert b"VNHPH" not in made.rwset + made.payload + made.event.payload
    with refused("NOT_THE_TAKER"):
        change(ledger, "answer", "true", by=FORWARDER, new_salt="s1")
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        change(ledger, "answer", "true", by=LAST_MILE, new_salt="s1", endorsed_by=(LAST_MILE,))
    change(ledger, "answer", "true", by=LAST_MILE, new_salt="s1")
    for party in BOTH:
        assert ledger.evaluate("Agreements:read", "A1", client=user(party)).json()["state"] == "agreed"
        assert len(ledger.evaluate("Agreements:list", client=user(party)).json()["agreements"]) == 1
    with refused("NOT_FOUND"):
        ledger.evaluate("Agreements:read", "A1", client=user(ORIGIN), peer=FORWARDER)


def test_an_agreement_changes_as_it_stands_or_not_at_all(ledger):
    """An older version, a used salt, a stranger, a second answer: each refused with its code."""
    propose(ledger)
    old = ledger.evaluate("Agreements:read", "A1", client=user(FORWARDER)).payload
    with refused("SALT_REUSED"):
        change(ledger, "answer", "true", by=LAST_MILE, new_salt="draft")
    change(ledger, "answer", "false", by=LAST_MILE, new_salt="s1")
    replay = {"agreement": old, "salt": salt("s2").encode()}
    with refused("NOT_AS_STORED"):
        ledger.invoke("Agreements:answer", "A1", "true", client=user(LAST_MILE), transient=replay)
    with refused("NOT_AS_STORED"):
        ledger.invoke("Agreements:cancel", "A2", client=user(LAST_MILE), transient=replay)
    with refused("WRONG_STATE"):
        change(ledger, "answer", "true", by=LAST_MILE, new_salt="s3")
    with refused("NOT_A_PARTY"):
        change(ledger, "cancel", by=ORIGIN, new_salt="s4")
    with refused("ALREADY_EXISTS"):
        propose(ledger, salt=salt("again"))


def test_either_side_calls_an_agreement_off(ledger):
    """As long as it stands."""
    propose(ledger)
    change(ledger, "cancel", by=FORWARDER, new_salt="s1")
    with refused("WRONG_STATE"):
        change(ledger, "cancel", by=LAST_MILE, new_salt="s2")


@pytest.mark.parametrize(
    "changes",
    [{"consignments": []}, {"place": "Haiphong"}, {"closes_at": shipping.text(19)}, {"conditions": "x" * 201},
     {"opens_at": "soon"}],
)  # fmt: skip
def test_an_agreement_says_what_it_must(ledger, changes):
    """Consignments, a place, a window, and no novel."""
    with refused("INVALID_ARGUMENT"):
        propose(ledger, **changes)


def test_a_carrier_needs_no_agreement_with_itself(ledger):
    """Goods that stay are not handed over."""
    with refused("SAME_PARTY"):
        propose(ledger, taker=FORWARDER)


def scenario() -> testing.Ledger:
    """Bookings and an agreement, for two interpreters to play."""
    made = opened()
    book(made, "B1")
    propose(made)
    change(made, "answer", "true", by=LAST_MILE, new_salt="s1")
    return made


def test_two_hash_seeds_give_the_same_bytes():
    """Every endorser writes and answers the same, whatever its interpreter's hash seed is."""
    first, second = testing.transcripts("tests.unit.contracts.test_plans:scenario")
    assert first == second
