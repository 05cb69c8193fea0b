"""Claims against carriers: filed, answered and decided in time, paid; sums for the parties alone."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from hlf.codec import canonical
from hlf.shim import testing
from tests.support.leaks import stands
from tests.unit.contracts import shipping
from tests.unit.contracts.journeys.test_parcels import IDS, LINES, packed
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MERCHANT,
    PLATFORM,
    salt,
    user,
)

HASH = "a" * 64
DAY = 24
LIABILITY = {"version": 1, "effective_from": shipping.text(3), "arbiter": AUDITOR, "claim_days": 14}


@pytest.fixture
def channel() -> shipping.Channel:
    """Return the same, for the tests."""
    return lost()


def lost() -> shipping.Channel:
    """Return a journey of which the last carrier has reported a loss, at hour 6."""
    made = shipping.Channel()
    made.hour = 2
    made.majority("CarrierClaims:publish_terms", LIABILITY, by=LAST_MILE)
    made.open(custodian=LAST_MILE)
    made.hour = 6
    made.submit("Journeys:report", "J1", "lost", "S19", shipping.text(6), HASH, by=LAST_MILE)
    return made


def refused(code: str):
    """Return the block must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def sum_of(step: str, amount: int = 41_500, claim_id: str = "C1") -> bytes:
    """Return a sum, as it is hashed."""
    told = {"claim_id": claim_id, "step": step, "amount": str(amount), "currency": "USD", "salt": salt(step, claim_id)}
    return canonical.dumps(told)


def digest(data: bytes) -> str:
    """Return what stands for it on the channel."""
    return hashlib.sha256(data).hexdigest()


def file(channel: shipping.Channel, by: str = MERCHANT, **changes: str) -> dict[str, Any]:
    """File claim C1 for the loss."""
    filing = {
        "claim_id": "C1", "journey_id": "J1", "kind": "lost", "carrier": LAST_MILE, "evidence_hash": HASH,
        "sum_hash": digest(sum_of("claimed")),
    }  # fmt: skip
    return channel.majority("CarrierClaims:file", filing | changes, by=by)


def act(channel: shipping.Channel, function: str, *args: str, by: str) -> dict[str, Any]:
    """One step of claim C1, endorsed by two of its parties."""
    return channel.submit(f"CarrierClaims:{function}", "C1", *args, by=by, endorsed_by=(MERCHANT, LAST_MILE))


def owed(channel: shipping.Channel) -> tuple[str, str]:
    """Return the state of the claim, and the sum that the carrier owes."""
    found = channel.query("CarrierClaims:read", "C1")
    return found["state"], found["owed"]


def test_an_accepted_claim_is_paid(channel):
    """Two of three parties endorse; one alone changes nothing."""
    assert file(channel)["due"]
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        channel.submit("CarrierClaims:accept", "C1", by=LAST_MILE, endorsed_by=(LAST_MILE,))
    with refused("NOT_THE_CARRIER"):
        act(channel, "accept", by=MERCHANT)
    act(channel, "accept", by=LAST_MILE)
    assert owed(channel) == ("ACCEPTED", "claimed")
    with refused("NOT_THE_CLAIMANT"):
        act(channel, "confirm_payment", HASH, by=LAST_MILE)
    act(channel, "confirm_payment", HASH, by=MERCHANT)
    assert owed(channel) == ("PAID", "claimed")
    assert channel.query("CarrierClaims:of_journey", "J1") == ["C1"]
    states = [each["value"]["state"] for each in channel.query("CarrierClaims:history", "C1")]
    assert states == ["PAID", "ACCEPTED", "FILED"]
    with refused("ALREADY_EXISTS"):
        file(channel, claim_id="C2")


def test_sums_are_for_the_parties_alone(channel):
    """The channel has their hashes; each party gets them by its own endorsement, and they cannot be others."""
    file(channel)
    for recipient in (MERCHANT, LAST_MILE, AUDITOR):
        made = channel.ledger.endorse(
            "CarrierClaims:disclose", "C1", recipient, client=user(MERCHANT), at=shipping.at(channel.hour),
            transient={"sum": sum_of("claimed")},
        )  # fmt: skip
        assert made.endorsers == {recipient}
        channel.ledger.commit(made)
        assert not any(
            stands(41_500, each.decode(errors="replace")) for each in (made.result.payload, made.result.rwset)
        )
        assert channel.query("CarrierClaims:sum", "C1", "claimed", by=recipient)["amount"] == "41500"
    for caller, peer in ((PLATFORM, ""), (FORWARDER, LAST_MILE)):
        with pytest.raises((testing.Refused, testing.CallFailed)):
            channel.ledger.evaluate(
                "CarrierClaims:sum", "C1", "claimed", client=user(caller), peer=peer, at=shipping.at(channel.hour)
            )
    for by, recipient, told, code in (
        (MERCHANT, LAST_MILE, sum_of("claimed", 99_900), "NOT_AS_STORED"),
        (MERCHANT, LAST_MILE, sum_of("offered"), "NOT_AS_STORED"),
        (PLATFORM, LAST_MILE, sum_of("claimed"), "NOT_A_PARTY"),
        (MERCHANT, PLATFORM, sum_of("claimed"), "NOT_A_PARTY"),
    ):
        with refused(code):
            channel.ledger.invoke(
                "CarrierClaims:disclose", "C1", recipient, client=user(by), at=shipping.at(channel.hour),
                transient={"sum": told},
            )  # fmt: skip


def test_an_offer_is_taken_or_goes_to_the_arbiter(channel):
    """What is owed is the sum of the last word on it."""
    file(channel)
    act(channel, "offer", digest(sum_of("offered", 20_000)), by=LAST_MILE)
    with refused("NOT_THE_CLAIMANT"):
        act(channel, "accept", by=LAST_MILE)
    act(channel, "contest", HASH, by=MERCHANT)
    with refused("NOT_THE_ARBITER"):
        act(channel, "arbitrate", HASH, by=LAST_MILE)
    act(channel, "arbitrate", HASH, digest(sum_of("awarded", 30_000)), by=AUDITOR)
    assert owed(channel) == ("AWARDED", "awarded")
    assert sorted(channel.query("CarrierClaims:read", "C1")["sums"]) == ["awarded", "claimed", "offered"]


def test_an_offer_that_the_claimant_accepts_is_owed(channel):
    """No arbiter is needed."""
    file(channel)
    act(channel, "offer", digest(sum_of("offered", 20_000)), by=LAST_MILE)
    act(channel, "accept", by=MERCHANT)
    assert owed(channel) == ("ACCEPTED", "offered")


def test_a_refusal_may_be_contested_and_the_claim_dismissed(channel):
    """Then the carrier owes nothing, and the loss may be claimed again while there is time."""
    file(channel)
    act(channel, "refuse", HASH, by=LAST_MILE)
    with refused("WRONG_STATE"):
        act(channel, "confirm_payment", HASH, by=MERCHANT)
    act(channel, "contest", HASH, by=MERCHANT)
    act(channel, "arbitrate", HASH, by=AUDITOR)
    assert owed(channel) == ("DISMISSED", "")
    with refused("WRONG_STATE"):
        act(channel, "withdraw", by=MERCHANT)
    assert file(channel, claim_id="C2")["state"] == "FILED"
    channel.submit("CarrierClaims:withdraw", "C2", by=MERCHANT, endorsed_by=(MERCHANT, AUDITOR))
    channel.hour += 15 * DAY
    with refused("DEADLINE_PASSED"):
        file(channel, claim_id="C3")


@pytest.mark.parametrize(
    ("steps", "days", "outcome"),
    [
        ((), 31, ("ACCEPTED", "claimed")),
        ((("accept", LAST_MILE),), 31, ("DEFAULTED", "claimed")),
        ((("refuse", LAST_MILE),), 31, ("CLOSED", "")),
        ((("refuse", LAST_MILE), ("contest", MERCHANT)), 61, ("AWARDED", "claimed")),
    ],
)
def test_who_is_silent_has_agreed(channel, steps, days, outcome):
    """After the deadline any party of the journey records it, and the late act is refused."""
    file(channel)
    told = {"transient": {"sum": sum_of("claimed")}, "at": shipping.at(channel.hour)}
    channel.ledger.invoke("CarrierClaims:disclose", "C1", LAST_MILE, client=user(MERCHANT), **told)
    for function, by in steps:
        act(channel, function, *([] if function == "accept" else [HASH]), by=by)
    with refused("NOT_DUE"):
        act(channel, "enforce", by=CUSTOMS)
    channel.hour += days * DAY
    if not steps:
        with refused("DEADLINE_PASSED"):
            act(channel, "refuse", HASH, by=LAST_MILE)
    act(channel, "enforce", by=CUSTOMS)
    assert owed(channel) == outcome
    if outcome[0] == "DEFAULTED":
        with refused("NO_DEADLINE"):
            act(channel, "enforce", by=CUSTOMS)
        act(channel, "confirm_payment", HASH, by=MERCHANT)


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (MERCHANT, {"kind": "damaged"}, "INCIDENT_UNKNOWN"),
        (MERCHANT, {"carrier": FORWARDER}, "NOT_CUSTODIAN"),
        (MERCHANT, {"carrier": CUSTOMS}, "NOT_A_CARRIER"),
        (MERCHANT, {"carrier": "OtherMSP"}, "NOT_A_PARTY"),
        (MERCHANT, {"journey_id": "J9"}, "JOURNEY_UNKNOWN"),
        (MERCHANT, {"sum_hash": "0"}, "INVALID_ARGUMENT"),
        (LAST_MILE, {}, "NOT_A_SELLER"),
    ],
)
def test_a_claim_is_for_what_was_reported_and_against_who_had_it(channel, by, changes, code):
    """Each with its code; nothing is stored."""
    with refused(code):
        file(channel, by=by, **changes)
    with refused("CLAIM_UNKNOWN"):
        channel.query("CarrierClaims:read", "C1")


def test_liability_is_published_before_it_applies(channel):
    """By a carrier, version after version; the one in force at the opening of the journey counts."""
    late, next_one = {**LIABILITY, "version": 2}, {**LIABILITY, "version": 2, "effective_from": shipping.text(9)}
    with refused("NOT_IN_ADVANCE"):
        channel.majority("CarrierClaims:publish_terms", late, by=LAST_MILE)
    with refused("VERSION_NOT_NEXT"):
        channel.majority("CarrierClaims:publish_terms", {**next_one, "version": 3}, by=LAST_MILE)
    with refused("NOT_A_CARRIER"):
        channel.majority("CarrierClaims:publish_terms", {**next_one, "version": 1}, by=MERCHANT)
    channel.majority("CarrierClaims:publish_terms", {**next_one, "claim_days": 1}, by=LAST_MILE)
    channel.hour += 5 * DAY
    assert file(channel)["terms"]["version"] == 1
    assert [each["version"] for each in channel.query("CarrierClaims:terms", LAST_MILE)] == [1, 2]


def test_a_carrier_without_terms_is_not_claimed_against_here(channel):
    """It promised no answer and named no arbiter."""
    channel.open("J2", custodian=FORWARDER)
    channel.submit("Journeys:report", "J2", "lost", "S15", shipping.text(6), HASH, by=FORWARDER)
    with refused("LIABILITY_UNKNOWN"):
        file(channel, journey_id="J2", carrier=FORWARDER)


def test_each_lost_parcel_has_a_claim_of_its_own():
    """Of a journey of several parcels; one that is not lost has none, nor has the journey as a whole."""
    channel = shipping.Channel()
    channel.hour = 2
    channel.majority("CarrierClaims:publish_terms", LIABILITY, by=LAST_MILE)
    channel.open(order=channel.order(lines=LINES), epcs=IDS[:1], parcels=packed(), custodian=LAST_MILE)
    channel.hour = 6
    channel.submit("Journeys:report", "J1", "lost", "S19", shipping.text(6), HASH, IDS[:2], by=LAST_MILE)
    for parcel, code in (("", "INVALID_ARGUMENT"), (IDS[2], "INCIDENT_UNKNOWN"), (shipping.SSCC, "PARCEL_UNKNOWN")):
        with refused(code):
            file(channel, parcel=parcel)
    for number, parcel in enumerate(IDS[:2], 1):
        assert file(channel, claim_id=f"C{number}", parcel=parcel)["filing"]["parcel"] == parcel
        with refused("ALREADY_EXISTS"):
            file(channel, claim_id="C9", parcel=parcel)


def test_a_carrier_is_not_bound_by_silence_to_a_sum_that_it_was_not_told(channel):
    """Nor is it told one after the deadline; the claimant may withdraw, and claim again while there is time."""
    file(channel)
    channel.hour += 31 * DAY
    late = {"transient": {"sum": sum_of("claimed")}, "at": shipping.at(channel.hour)}
    with refused("DEADLINE_PASSED"):
        channel.ledger.invoke("CarrierClaims:disclose", "C1", LAST_MILE, client=user(MERCHANT), **late)
    with refused("NOT_FOUND"):
        act(channel, "enforce", by=CUSTOMS)
    act(channel, "withdraw", by=MERCHANT)


def test_a_loss_is_claimed_from_one_carrier(channel):
    """Of two that had the parcel before it was lost; from the other when the first claim came to nothing."""
    channel.hour = 2
    channel.majority("CarrierClaims:publish_terms", LIABILITY, by=FORWARDER)
    channel.open("J2", custodian=FORWARDER)
    channel.hand_over(FORWARDER, LAST_MILE, 6, "VNHPH", journey_id="J2")
    channel.submit("Journeys:report", "J2", "lost", "S19", shipping.text(6), HASH, by=LAST_MILE)
    file(channel, journey_id="J2")
    with refused("ALREADY_EXISTS"):
        file(channel, journey_id="J2", claim_id="C2", carrier=FORWARDER)
    act(channel, "refuse", HASH, by=LAST_MILE)
    act(channel, "withdraw", by=MERCHANT)
    assert file(channel, journey_id="J2", claim_id="C3", carrier=FORWARDER, by=PLATFORM)["state"] == "FILED"


def test_what_was_found_or_delivered_is_not_claimed_for_as_lost(channel):
    """A second loss counts from its own time."""
    channel.hour = 7
    channel.submit("Journeys:report", "J1", "found", "S19", shipping.text(7), HASH, by=LAST_MILE)
    with refused("INCIDENT_UNKNOWN"):
        file(channel)
    channel.hour += 20 * DAY
    channel.submit("Journeys:report", "J1", "lost", "S19", shipping.text(channel.hour), HASH, by=LAST_MILE)
    assert file(channel)["state"] == "FILED"
