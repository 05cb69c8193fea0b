"""Journeys: who may record what and when, and that custody is held by validation."""

from __future__ import annotations

import pytest

from chaincode.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    ORIGIN,
    PAYMENTS,
    PLATFORM,
)  # fmt: skip


@pytest.fixture
def channel() -> shipping.Channel:
    """A channel with one open journey, the merchant holding the goods."""
    made = shipping.Channel()
    made.open()
    return made


def refused(code: str):
    """The block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def test_a_consignment_goes_from_order_to_delivery(channel):
    """Every stage from S01 to S20 is recorded by its organisation, and custody ends with the delivery."""
    channel.deliver()
    state = channel.query("Journeys:read", "J1")
    assert state["recorded"] == [f"S{number:02}" for number in range(1, 21)]
    assert (state["status"], state["custody"]["state"], state["alarms"]) == ("delivered", "delivered", [])
    assert [each["custodian"] for each in state["custody"]["periods"]] == [MERCHANT, ORIGIN, FORWARDER, LAST_MILE]


def test_a_shopper_follows_a_link_and_sees_no_organisation(channel):
    """The view behind a token's hash has status and places, and no MSP id or identifier of the goods."""
    channel.majority("Journeys:link", "J1", shipping.TOKEN_HASH, by=PLATFORM)
    channel.deliver()
    view = channel.query("Journeys:track", shipping.TOKEN_HASH)
    assert view["status"] == "delivered"
    last = {"at": "2026-01-06T00:00:00.000Z", "place": "VNHAN", "stage": "S20", "step": "accepting"}
    assert view["events"][-1] == last
    assert "MSP" not in str(view)
    assert "urn:epc" not in str(view)
    with refused("LINK_UNKNOWN"):
        channel.query("Journeys:track", "f" * 64)


def test_the_same_observation_again_changes_nothing(channel):
    """A client that did not see its answer may repeat itself."""
    first = channel.record(MERCHANT, "S02", "receiving", 5)
    again = channel.record(MERCHANT, "S02", "receiving", 5)
    assert (first["repeated"], again) == (False, {**first, "repeated": True})
    assert len(channel.query("Journeys:events", "J1")["epcisBody"]["eventList"]) == 1


def test_only_entitled_parties_record(channel):
    """A role that the catalogue does not name, and an organisation that takes no part, are refused."""
    with refused("STAGE_NOT_ENTITLED"):
        channel.record(MERCHANT, "S14", "selat:customs_released", 5)
    channel.open("J2", parties=[PLATFORM, MERCHANT])
    with refused("NOT_A_PARTY"):
        channel.record(CUSTOMS, "S14", "selat:customs_released", 5, journey_id="J2")


def test_only_who_held_the_goods_then_says_what_happened_to_them(channel):
    """Custody counts at the event's own time: late entries of a former custodian stand, others are refused."""
    channel.hand_over(MERCHANT, ORIGIN, 10)
    assert channel.record(MERCHANT, "S08", "packing", 9)["repeated"] is False
    with refused("NOT_CUSTODIAN"):
        channel.record(MERCHANT, "S08", "packing", 11)
    with refused("NOT_CUSTODIAN"):
        channel.record(ORIGIN, "S10", "loading", 9.5)


def test_customs_opens_and_closes_the_border(channel):
    """Freight does not depart before export customs released it, nor while customs holds it."""
    channel.hand_over(MERCHANT, FORWARDER, 10)
    with refused("GATE_CLOSED"):
        channel.record(FORWARDER, "S15", "departing", 11)
    channel.record(CUSTOMS, "S14", "selat:customs_released", 12)
    channel.record(CUSTOMS, "S14", "holding", 13)
    with refused("GATE_CLOSED"):
        channel.record(FORWARDER, "S15", "departing", 14)
    channel.record(CUSTOMS, "S14", "selat:customs_released", 15)
    channel.record(FORWARDER, "S15", "departing", 16)


@pytest.mark.parametrize(
    ("hour", "now", "code"),
    [(6, 5, "EVENT_IN_FUTURE"), (2, 5, "PRE_DATED"), (5, 24 * 40, "TOO_LATE")],
)
def test_times_are_kept_honest(channel, hour, now, code):
    """Nothing is recorded before it happened, before the order, or a month later."""
    observation = {"stage_id": "S02", "step": "receiving", "event_time": shipping.text(hour), "place": "CNSZX"}
    channel.hour = now
    with refused(code):
        channel.submit("Journeys:record", "J1", observation, by=MERCHANT)


def test_a_transaction_cannot_be_pre_dated(channel):
    """A client that sets its transaction's clock back, behind what it recorded itself, is found out."""
    channel.record(MERCHANT, "S02", "receiving", 9)
    channel.hour = 6
    observation = {"stage_id": "S03", "step": "storing", "event_time": shipping.text(6), "place": "CNSZX"}
    with refused("CLOCK_WENT_BACK"):
        channel.submit("Journeys:record", "J1", observation, by=MERCHANT)


def test_a_handover_needs_both_signatures(channel):
    """Neither the taker alone nor the taker with strangers can take what the giver's peer did not endorse."""
    channel.hour = 10
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", by=MERCHANT)
    accepted = ("Journeys:accept_custody", "J1", shipping.text(10), "CNSZX")
    for endorsers in ((ORIGIN,), (ORIGIN, CUSTOMS, PAYMENTS, AUDITOR, FORWARDER), (MERCHANT,)):
        with pytest.raises(testing.Invalid, match="ENDORSEMENT_POLICY_FAILURE"):
            channel.submit(*accepted, by=ORIGIN, endorsed_by=endorsers)
    assert channel.submit(*accepted, by=ORIGIN, endorsed_by=(MERCHANT, ORIGIN))["number"] == 1


def test_a_handover_needs_both_people(channel):
    """Endorsement is a machine's consent: only the custodian's client offers, only the named taker's accepts."""
    with refused("NOT_CUSTODIAN"):
        channel.hand_over(CUSTOMS, ORIGIN, 10)
    channel.submit("Journeys:offer_custody", "J1", ORIGIN, shipping.text(10), "CNSZX", by=MERCHANT)
    accepted = ("Journeys:accept_custody", "J1", shipping.text(10), "CNSZX")
    for stranger in (MERCHANT, FORWARDER):
        with refused("NOT_THE_TAKER"):
            channel.submit(*accepted, by=stranger, endorsed_by=(MERCHANT, stranger))
    channel.submit("Journeys:withdraw_custody", "J1", by=MERCHANT)
    with refused("NOT_OFFERED"):
        channel.submit(*accepted, by=ORIGIN, endorsed_by=(MERCHANT, ORIGIN))


def test_the_majority_cannot_write_on_a_partys_page(channel):
    """A page takes its party's endorsement and nobody else's, however many they are."""
    observation = {"stage_id": "S02", "step": "receiving", "event_time": shipping.text(5), "place": "CNSZX"}
    channel.hour = 5
    others = (PLATFORM, PAYMENTS, ORIGIN, FORWARDER, LAST_MILE, CUSTOMS, AUDITOR)
    with pytest.raises(testing.Invalid, match="ENDORSEMENT_POLICY_FAILURE"):
        channel.submit("Journeys:record", "J1", observation, by=MERCHANT, endorsed_by=others)
