"""How a parcel's way ends: attempts, lockers, refusal at the door, back to its sender, lost and found."""

from __future__ import annotations

from typing import Any

import pytest

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.trading import LAST_MILE, MERCHANT, PLATFORM

HASH = "a" * 64


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a channel with one journey: one parcel of two telephones, at the last carrier; the shopper has a link."""
    made = shipping.Channel()
    made.open()
    made.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    made.hand_over(MERCHANT, LAST_MILE, 6)
    return made


def refused(code: str):
    """Return the call must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def at_door(channel: shipping.Channel, step: str, hour: float, **details: str) -> dict[str, Any]:
    """Return the last carrier records a step of S20."""
    return channel.record(LAST_MILE, "S20", step, hour, "VNHAN", details=details)


def seen(channel: shipping.Channel) -> str:
    """Return what the shopper reads."""
    return channel.query("Journeys:track", shipping.TOKEN_HASH)["status"]


def outcome(channel: shipping.Channel) -> str:
    """Return what became of the parcel."""
    return channel.query("Journeys:read", "J1")["parcels"][0]["outcome"]


def report(channel: shipping.Channel, kind: str, hour: float, by: str = LAST_MILE) -> None:
    """Report an incident at the door."""
    channel.hour = max(channel.hour, hour)
    channel.submit("Journeys:report", "J1", kind, "S20", shipping.text(hour), by=by)


def test_an_attempt_says_why_it_failed(channel):
    """With one of the known reasons; three attempts and a delivery with its proof are one history."""
    with refused("INVALID_ARGUMENT"):
        at_door(channel, "selat:delivery_attempted", 8)
    for hour, reason in ((8, "nobody_there"), (9, "no_access"), (10, "refused")):
        at_door(channel, "selat:delivery_attempted", hour, reason=reason)
    assert (seen(channel), outcome(channel)) == ("delivery_failed", "moving")
    for wrong in ({"proof": "signature"}, {"proof_hash": HASH}, {"proof": "word", "proof_hash": HASH}):
        with refused("INVALID_ARGUMENT"):
            at_door(channel, "accepting", 11, **wrong)
    at_door(channel, "accepting", 11, proof="photo", proof_hash=HASH)
    assert (seen(channel), outcome(channel)) == ("delivered", "delivered")
    (last,) = channel.query("Journeys:events", "J1")["epcisBody"]["eventList"][-1:]
    assert (last["selat:proof"], last["selat:proof_hash"]) == ("photo", HASH)


def test_a_locker_keeps_goods_until_they_are_collected_or_expire(channel):
    """Expiry is no matter of opinion: not before the time that was said, nor of what does not wait."""
    with refused("GATE_CLOSED"):
        at_door(channel, "selat:pickup_expired", 8)
    for wrong in ({"point": "locker"}, {"point": "tree", "collect_until": shipping.text(30)},
                  {"point": "locker", "collect_until": shipping.text(7)}):  # fmt: skip
        with refused("INVALID_ARGUMENT"):
            at_door(channel, "selat:ready_for_pickup", 8, **wrong)
    at_door(channel, "selat:ready_for_pickup", 8, point="locker", collect_until=shipping.text(30))
    assert seen(channel) == "ready_for_pickup"
    with refused("NOT_DUE"):
        at_door(channel, "selat:pickup_expired", 29)
    at_door(channel, "selat:pickup_expired", 30)
    assert seen(channel) == "delivery_failed"
    at_door(channel, "selat:ready_for_pickup", 31, point="pickup_point", collect_until=shipping.text(50))
    at_door(channel, "accepting", 32, proof="code", proof_hash=HASH)
    assert seen(channel) == "delivered"


def test_what_goes_back_to_its_sender_may_be_sent_again(channel):
    """Under way it shows so to the buyer; once its sender has it, its units and its number are free."""
    at_door(channel, "selat:delivery_attempted", 8, reason="refused")
    report(channel, "refused_by_buyer", 8)
    report(channel, "returning", 9)
    again = channel.opening("J2", order=channel.order(), epcs=[shipping.SSCC])
    assert (seen(channel), outcome(channel)) == ("return_to_sender", "returning")
    with refused("MORE_THAN_ORDERED"):
        channel.majority("Journeys:open", again, by=PLATFORM)
    channel.hand_over(LAST_MILE, MERCHANT, 12)
    assert (seen(channel), outcome(channel)) == ("return_to_sender", "sent_back")
    (line,) = channel.query("Accounts:read", "O1")
    assert (line["ordered"], line["allotted"], line["delivered"], line["sent_back"]) == (2, 0, 0, 2)
    channel.majority("Journeys:open", again, by=PLATFORM)
    (line,) = channel.query("Accounts:read", "O1")
    assert (line["allotted"], line["sent_back"]) == (2, 2)
    with refused("MORE_THAN_ORDERED"):
        channel.open("J3", order=channel.order())


def test_what_goes_back_is_refunded_or_sent_again_but_not_both(channel):
    """The buyer need not wait for what will not come; a claimed unit is not sent a second time."""
    report(channel, "returning", 9)
    claim = channel.lodge(reason="NOT_RECEIVED", quantity=1)
    assert claim["decision"]["outcome"] == "RETURNLESS_APPROVED"
    channel.hand_over(LAST_MILE, MERCHANT, 12)
    with refused("MORE_THAN_ORDERED"):
        channel.open("J2", order=channel.order())
    channel.open("J2", order=channel.order(), lines=[{"line": "1", "quantity": 1}])


def test_what_is_lost_waits_until_it_is_found(channel):
    """Nothing lost is delivered or handed over; found, it goes on."""
    report(channel, "lost", 8)
    assert (seen(channel), outcome(channel)) == ("unknown", "lost")
    with refused("PARCEL_LOST"):
        at_door(channel, "accepting", 9)
    with refused("PARCEL_LOST"):
        channel.hand_over(LAST_MILE, MERCHANT, 9)
    assert channel.query("Accounts:read", "O1")[0]["lost"] == 2
    report(channel, "found", 10)
    assert (seen(channel), outcome(channel)) == ("in_transit", "moving")
    at_door(channel, "accepting", 11)
    assert channel.query("Accounts:read", "O1")[0]["delivered"] == 2
