"""Disclosures: who is shown what, for what, until when; and everything a hostile member may try."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chaincode.domain.disclosure import disclosures
from hlf.codec import canonical
from hlf.shim import testing
from tests.unit.contracts.trading import (
    AUDITOR,
    CAPABILITY,
    FORECAST,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    MERCHANT,
    PLATFORM,
    START,
    Claim,
    Desk,
    as_bytes,
    asked,
    hash_on_channel,
    plant,
    salt,
    terms,
    trade_channel,
    user,
)

NAMES = ("demand.units_p50_h87", "product.hs6")
COUNTER = ("time.transit_p95_hur", "price.base_minor", "price.currency")
GRANTED = {name: FORECAST[name] for name in NAMES}


def refused(call, *args, **named) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


@pytest.fixture
def desk():
    """Return a channel on which merchant and forwarder have committed to a claim each."""
    found = Desk(trade_channel())
    found.forecast = Claim("forecast", MERCHANT, "c1", FORECAST)
    found.capability = Claim("capability", FORWARDER, "c2", CAPABILITY)
    found.forecast.commit(found.ledger)
    found.capability.commit(found.ledger)
    return found


def opened(desk, grant_id="g1", recipient=FORWARDER, names=NAMES, **changes):
    """Give and deliver a grant of the merchant's."""
    desk.grant(grant_id, desk.forecast, terms(desk.forecast, recipient, *names, **changes))
    desk.deliver(grant_id, desk.forecast, recipient, *names)


# What an honest disclosure is


def test_the_recipient_reads_exactly_what_was_granted(desk):
    """And can prove it: document and disclosures come along, and verify anywhere on the channel."""
    opened(desk)
    shown = desk.read("g1", FORWARDER)
    assert shown["values"] == GRANTED
    proof = {"document": shown["document"].encode(), "disclosures": as_bytes(shown["disclosures"])}
    call = ("Claims:verify", MERCHANT, "c1", 1)
    assert desk.ledger.evaluate(*call, client=user(LAST_MILE), transient=proof).json() == {"values": GRANTED}


def test_nobody_else_reads_it(desk):
    """Every organisation at every peer: only the recipient at its own gets anything."""
    opened(desk)
    for caller in MEMBERS:
        for peer in MEMBERS:
            if caller != FORWARDER or peer != FORWARDER:
                with pytest.raises((testing.Refused, testing.CallFailed)) as found:
                    desk.read("g1", caller, peer=peer)
                assert "4200" not in str(found.value)
    assert refused(desk.ledger.evaluate, "Disclosures:read", "g1", client=user(FORWARDER, "peer")) == "WRONG_ROLE"


def test_lists_show_who_saw_what_for_what_until_when(desk):
    """The owner its own, the recipient what it got, the auditor all of it; names of attributes and no values."""
    opened(desk)
    desk.grant("g2", desk.capability, terms(desk.capability, MERCHANT, *COUNTER))
    given = desk.ledger.evaluate("Disclosures:given", client=user(MERCHANT), at=START).json()["grants"]
    assert [(one["grant"]["grant_id"], one["state"], one["delivered"]) for one in given] == [("g1", "open", True)]
    wanted = {"recipient": FORWARDER, "purpose": "capacity planning", "expires_at": "2027-01-01T00:00:00Z"}
    assert given[0]["grant"]["terms"].items() >= wanted.items()
    got = desk.ledger.evaluate("Disclosures:received", client=user(MERCHANT), at=START).json()["grants"]
    assert [(one["grant"]["grant_id"], one["delivered"]) for one in got] == [("g2", False)]
    audited = desk.ledger.evaluate("Disclosures:audit", client=user(AUDITOR), at=START)
    assert {one["grant"]["grant_id"] for one in audited.json()["grants"]} == {"g1", "g2"}
    assert b"4200" not in audited.payload
    for stranger in (LAST_MILE, PLATFORM):
        assert desk.ledger.evaluate("Disclosures:given", client=user(stranger), at=START).json()["grants"] == []
        assert refused(desk.ledger.evaluate, "Disclosures:audit", client=user(stranger), peer=AUDITOR) == "NOT_AUDITOR"


def test_a_grant_is_written_to_three_collections_and_tells_the_channel_its_id(desk):
    """No public write; answer and event hold the id alone; the three copies are one."""
    result = desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    assert not result.writes
    assert result.json() == json.loads(result.event.payload) == {"grant_id": "g1"}
    copies = {place[0]: value for place, value in result.private_writes.items() if "grant" in place[1]}
    assert set(copies) == {f"_implicit_org_{one}" for one in (MERCHANT, FORWARDER, AUDITOR)}
    assert len(set(copies.values())) == 1


def test_an_auditor_may_be_the_recipient_itself(desk):
    """Two parties then, the same rules."""
    opened(desk, recipient=AUDITOR)
    assert desk.read("g1", AUDITOR)["values"] == GRANTED


def test_a_delivery_by_the_recipient_counts_too(desk):
    """It may have got document and disclosures another way; the proof is the same."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    deliver = ("Disclosures:deliver", "g1", FORWARDER)
    desk.ledger.invoke(*deliver, client=user(FORWARDER), transient=desk.forecast.transient(*NAMES), at=START)
    assert desk.read("g1", FORWARDER)["values"] == GRANTED


# Ends


def test_after_its_expiry_nothing_is_delivered_or_read(desk):
    """To the transaction's time."""
    opened(desk, expires_at="2026-11-22T08:00:00Z")
    desk.grant("g2", desk.forecast, terms(desk.forecast, LAST_MILE, *NAMES, expires_at="2026-11-22T08:00:00Z"))
    late = START + timedelta(hours=1)
    assert refused(desk.read, "g1", FORWARDER, at=late) == "EXPIRED"
    assert refused(desk.deliver, "g2", desk.forecast, LAST_MILE, *NAMES, at=late) == "EXPIRED"
    assert (
        desk.ledger.evaluate("Disclosures:given", client=user(MERCHANT), at=late).json()["grants"][0]["state"]
        == "expired"
    )
    past = terms(desk.forecast, FORWARDER, *NAMES, expires_at="2026-11-22T07:00:00Z")
    assert refused(desk.grant, "g3", desk.forecast, past) == "EXPIRED"


def test_a_revocation_purges_the_copy_and_leaves_a_receipt(desk):
    """The recipient's values are gone, value and hash; all three keep that they were."""
    opened(desk)
    copy = hash_on_channel(desk.ledger, FORWARDER, "received", "g1")
    assert copy
    result = desk.revoke("g1", MERCHANT, FORWARDER)
    assert result.json() == {"grant_id": "g1"}
    assert hash_on_channel(desk.ledger, FORWARDER, "received", "g1") == ""
    assert refused(desk.read, "g1", FORWARDER) == "REVOKED"
    for party in (MERCHANT, FORWARDER, AUDITOR):
        receipt = desk.ledger.evaluate("Disclosures:receipt", "g1", client=user(party)).json()
        assert receipt["purged_hash"] == copy
    assert refused(desk.ledger.evaluate, "Disclosures:receipt", "g1", client=user(LAST_MILE)) == "NOT_FOUND"
    assert refused(desk.deliver, "g1", desk.forecast, FORWARDER, *NAMES) == "REVOKED"


def test_a_revocation_before_delivery_leaves_a_receipt_of_nothing(desk):
    """And closes the grant."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    desk.revoke("g1", MERCHANT, FORWARDER)
    assert desk.ledger.evaluate("Disclosures:receipt", "g1", client=user(AUDITOR)).json()["purged_hash"] == ""
    assert refused(desk.deliver, "g1", desk.forecast, FORWARDER, *NAMES) == "REVOKED"


def test_who_may_revoke_and_how(desk):
    """The owner, once, with the grant as it is kept and a salt that was not used."""
    opened(desk)
    kept = desk.show("g1", MERCHANT)
    call = ("Disclosures:revoke", "g1")
    fresh = salt("fresh").encode()

    def revoke(who=MERCHANT, grant=kept, new=fresh):
        transient = {"grant": grant, "salt": new}
        return desk.ledger.invoke(*call, client=user(who), transient=transient, at=START)

    assert refused(revoke, who=FORWARDER) == "NOT_OWNER"
    assert refused(revoke, who=AUDITOR) == "NOT_OWNER"
    assert refused(revoke, grant=kept.replace(b"capacity", b"whatever")) == "NOT_AS_STORED"
    assert refused(revoke, grant=b"{}") == "INVALID_ARGUMENT"
    assert refused(revoke, new=json.loads(kept)["terms"]["salt"].encode()) == "SALT_REUSED"
    assert refused(revoke, new=b"short") == "SALT_TOO_SHORT"
    assert refused(revoke, new=b"\xff") == "INVALID_ARGUMENT"
    revoke()
    assert refused(revoke) == "NOT_AS_STORED"  # Replayed: what is kept has changed.
    assert refused(revoke, grant=desk.show("g1", MERCHANT), new=salt("other").encode()) == "REVOKED"


# Requests and reciprocal grants


def reciprocal(desk, request_id="r1", grant_id="g1", counter_id="g2", **changes):
    kept = desk.ledger.evaluate("Disclosures:show_request", request_id, client=user(MERCHANT)).payload
    grant = terms(desk.forecast, FORWARDER, *NAMES, request_id=request_id, **changes)
    return desk.ledger.invoke(
        "Disclosures:grant_reciprocal",
        request_id,
        grant_id,
        counter_id,
        client=user(MERCHANT),
        transient={"request": kept, "grant": as_bytes(grant), "counter_salt": salt("counter", grant_id).encode()},
        at=START,
    )


def requested(desk, **changes):
    offer = {"claim_id": "c2", "revision": 1, "attributes": list(COUNTER)}
    request = asked(desk.forecast, *NAMES, **{"offer": offer, **changes})
    return desk.request("r1", FORWARDER, request)


def test_reciprocal_grants_open_together(desk):
    """One transaction writes both; neither side reads before both have delivered."""
    requested(desk)
    result = reciprocal(desk)
    assert result.json() == {"grant_id": "g1", "counter_grant_id": "g2"}
    desk.deliver("g1", desk.forecast, FORWARDER, *NAMES)
    assert refused(desk.read, "g1", FORWARDER) == "NOT_YET_TOGETHER"
    assert refused(desk.read, "g2", MERCHANT) == "NOT_DELIVERED"
    desk.deliver("g2", desk.capability, MERCHANT, *COUNTER)
    assert desk.read("g1", FORWARDER)["values"] == GRANTED
    assert desk.read("g2", MERCHANT)["values"] == {name: CAPABILITY[name] for name in COUNTER}


def test_reciprocal_grants_close_together(desk):
    """Who takes its half back loses the other."""
    requested(desk)
    reciprocal(desk)
    desk.deliver("g1", desk.forecast, FORWARDER, *NAMES)
    desk.deliver("g2", desk.capability, MERCHANT, *COUNTER)
    desk.revoke("g2", FORWARDER, MERCHANT)
    assert refused(desk.read, "g1", FORWARDER) == "NOT_YET_TOGETHER"
    assert refused(desk.read, "g2", MERCHANT) == "REVOKED"


def test_one_half_alone_is_not_possible(desk):
    """If either half cannot be granted, the transaction writes nothing at all."""
    requested(desk, offer={"claim_id": "c2", "revision": 1, "attributes": list(COUNTER)})
    desk.grant("g2", desk.capability, terms(desk.capability, LAST_MILE, *COUNTER))
    assert refused(reciprocal, desk) == "ALREADY_EXISTS"  # The counter grant's id is taken.
    assert refused(desk.ledger.evaluate, "Disclosures:show", "g1", client=user(MERCHANT)) == "NOT_FOUND"


def test_an_offer_is_taken_once_and_as_it_was_made(desk):
    """Not twice, not for something else, not after it was withdrawn, not by anybody else."""
    requested(desk)
    assert refused(reciprocal, desk, purpose="resale") == "NOT_AS_REQUESTED"
    assert refused(reciprocal, desk, counter_id="g1") == "SALT_REUSED"
    kept = desk.ledger.evaluate("Disclosures:show_request", "r1", client=user(MERCHANT)).payload
    transient = {
        "request": kept,
        "grant": as_bytes(terms(desk.forecast, FORWARDER, *NAMES, request_id="r1")),
        "counter_salt": salt("counter").encode(),
    }
    call = ("Disclosures:grant_reciprocal", "r1", "g1", "g2")

    def answer(who=MERCHANT, **changes):
        return desk.ledger.invoke(*call, client=user(who), transient={**transient, **changes}, at=START)

    assert refused(answer, who=FORWARDER) == "NOT_OWNER"
    assert refused(answer, request=kept.replace(b"capacity", b"whatever")) == "NOT_AS_STORED"
    assert refused(answer, counter_salt=b"short") == "SALT_TOO_SHORT"
    reciprocal(desk)
    assert refused(reciprocal, desk, grant_id="g3", counter_id="g4") == "ALREADY_ANSWERED"


def test_a_request_is_withdrawn_by_its_requester(desk):
    """And is not answered then."""
    requested(desk)
    kept = desk.ledger.evaluate("Disclosures:show_request", "r1", client=user(FORWARDER)).payload
    call = ("Disclosures:withdraw", "r1")
    named = {"transient": {"request": kept}}
    assert refused(desk.ledger.invoke, *call, client=user(MERCHANT), **named) == "NOT_REQUESTER"
    assert desk.ledger.invoke(*call, client=user(FORWARDER), **named).json() == {"request_id": "r1"}
    assert refused(desk.ledger.invoke, *call, client=user(FORWARDER), **named) == "ALREADY_ANSWERED"
    assert refused(reciprocal, desk) == "ALREADY_ANSWERED"


def test_requests_are_seen_by_their_parties(desk):
    """Requester, owner, auditor; open or answered."""
    requested(desk)
    for party, count in ((FORWARDER, 1), (MERCHANT, 1), (AUDITOR, 1), (LAST_MILE, 0)):
        listed = desk.ledger.evaluate("Disclosures:requests", client=user(party)).json()["requests"]
        assert [one["answered"] for one in listed] == [False] * count
    assert refused(desk.ledger.evaluate, "Disclosures:show_request", "r1", client=user(LAST_MILE)) == "NOT_FOUND"
    reciprocal(desk)
    assert desk.ledger.evaluate("Disclosures:requests", client=user(AUDITOR)).json()["requests"][0]["answered"] is True


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"owner": FORWARDER}, "OWN_CLAIM"),
        ({"owner": "NobodyMSP"}, "NOT_A_PARTICIPANT"),
        ({"expires_at": "2026-11-22T06:59:59Z"}, "EXPIRED"),
        ({"offer": {"claim_id": "c9", "revision": 1, "attributes": ["stages"]}}, "NOT_COMMITTED"),
        ({"offer": {"claim_id": "c2", "revision": 1, "attributes": []}}, "INVALID_ARGUMENT"),
        ({"salt": "short"}, "SALT_TOO_SHORT"),
        ({"value": 4_200}, "INVALID_ARGUMENT"),
    ],
)
def test_requests_that_cannot_be(desk, changes, code):
    """Each with its code."""
    request = {**asked(desk.forecast, *NAMES), **changes}
    transient = {"request": as_bytes(request)}
    assert refused(
        desk.ledger.invoke, "Disclosures:request", "r1", client=user(FORWARDER), transient=transient, at=START
    ) == code  # fmt: skip


def test_a_plain_request_offers_nothing_and_is_made_once(desk):
    """It is answered by a plain grant; there is nothing to open in return."""
    desk.request("r1", FORWARDER, asked(desk.forecast, *NAMES))
    assert refused(desk.request, "r1", FORWARDER, asked(desk.forecast, *NAMES)) == "ALREADY_EXISTS"
    assert refused(reciprocal, desk) == "NOT_RECIPROCAL"


# Hostile members


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient": MERCHANT}, "OWN_CLAIM"),
        ({"recipient": "NobodyMSP"}, "NOT_A_PARTICIPANT"),
        ({"claim_id": "c9"}, "NOT_COMMITTED"),
        ({"claim_id": "c2"}, "NOT_COMMITTED"),  # The forwarder's claim, not the caller's.
        ({"revision": 2}, "NOT_COMMITTED"),
        ({"attributes": ["audience.age_band"]}, "COHORT_TOO_SMALL"),
        ({"attributes": ["shoe.size"]}, "INVALID_ARGUMENT"),
        ({"purpose": ""}, "INVALID_ARGUMENT"),
        ({"salt": ""}, "SALT_TOO_SHORT"),
    ],
)
def test_grants_that_cannot_be(desk, changes, code):
    """Each with its code; nobody grants what is not its own."""
    grant = {**terms(desk.forecast, FORWARDER, *NAMES), **changes}
    call, transient = ("Disclosures:grant", "g1"), {"grant": as_bytes(grant)}
    assert refused(desk.ledger.invoke, *call, client=user(MERCHANT), transient=transient, at=START) == code


def test_a_grant_is_given_once(desk):
    """A replayed or overwritten grant is refused."""
    grant = terms(desk.forecast, FORWARDER, *NAMES)
    desk.grant("g1", desk.forecast, grant)
    assert refused(desk.grant, "g1", desk.forecast, grant) == "ALREADY_EXISTS"


def test_a_grant_without_the_auditor_or_the_recipient_is_invalid(desk):
    """Each of the three collections takes its owner's endorsement."""
    transient = {"grant": as_bytes(terms(desk.forecast, FORWARDER, *NAMES))}
    for endorsers in ((MERCHANT,), (MERCHANT, FORWARDER), (MERCHANT, AUDITOR)):
        with pytest.raises(testing.TransactionInvalid) as invalid:
            desk.ledger.invoke(
                "Disclosures:grant", "g1", client=user(MERCHANT), transient=transient, endorsed_by=endorsers, at=START
            )
        assert invalid.value.code == "ENDORSEMENT_POLICY_FAILURE"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((*NAMES, "money.gmv_minor"), "ATTRIBUTE_NOT_GRANTED"),
        (NAMES[:1], "ATTRIBUTE_MISSING"),
    ],
)
def test_exactly_the_granted_attributes_are_delivered(desk, names, code):
    """Neither more nor fewer."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    assert refused(desk.deliver, "g1", desk.forecast, FORWARDER, *names) == code


def test_a_value_that_is_not_in_the_claim_is_not_delivered(desk):
    """Another value, the right value under another salt, or one attribute twice."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    document = desk.forecast.document.to_bytes()
    true = {one.name: one.encoded for one in desk.forecast.disclosures}
    call = ("Disclosures:deliver", "g1", FORWARDER)

    def deliver(*encoded):
        transient = {"document": document, "disclosures": as_bytes(encoded)}
        return desk.ledger.invoke(*call, client=user(MERCHANT), transient=transient, at=START)

    for value in (9_999, 4_200):
        lie = disclosures.disclose(b"\x09" * 16, NAMES[0], value).encoded
        assert refused(deliver, lie, true[NAMES[1]]) == "NOT_IN_CLAIM"
    assert refused(deliver, true[NAMES[0]], true[NAMES[0]]) == "ATTRIBUTE_TWICE"
    unknown = disclosures.disclose(b"\x09" * 16, "shoe.size", 42).encoded
    assert refused(deliver, unknown) == "UNKNOWN_ATTRIBUTE"


def test_nothing_is_delivered_to_who_takes_no_part(desk):
    """The recipient is an argument, and one without a collection is refused before that is asked."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    transient = desk.forecast.transient(*NAMES)
    call = ("Disclosures:deliver", "g1", "StrangerMSP")
    assert refused(desk.ledger.evaluate, *call, client=user(MERCHANT), transient=transient) == "NOT_A_PARTICIPANT"


def test_another_document_is_not_delivered(desk):
    """One that was never committed, or another claim's."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    other = Claim("forecast", MERCHANT, "c1", {**FORECAST, "demand.units_p50_h87": 4_300})
    assert refused(desk.deliver, "g1", other, FORWARDER, *NAMES) == "NOT_COMMITTED"


def test_nobody_delivers_for_others(desk):
    """Neither a stranger, nor the owner to somebody who was not granted, nor under a grant that is not."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    transient = desk.forecast.transient(*NAMES)

    def deliver(who, recipient, grant_id="g1"):
        return desk.ledger.invoke(
            "Disclosures:deliver", grant_id, recipient,
            client=user(who), transient=transient, at=START,
        )  # fmt: skip

    assert refused(deliver, LAST_MILE, FORWARDER) == "NOT_A_PARTY"
    assert refused(deliver, MERCHANT, AUDITOR) == "NOT_A_PARTY"
    assert refused(deliver, FORWARDER, MERCHANT) == "NOT_A_PARTY"
    assert refused(deliver, MERCHANT, LAST_MILE) == "NOT_FOUND"
    assert refused(deliver, MERCHANT, FORWARDER, "g9") == "NOT_FOUND"
    deliver(MERCHANT, FORWARDER)
    assert refused(deliver, MERCHANT, FORWARDER) == "ALREADY_EXISTS"  # Replayed.


def test_a_recipient_cannot_grant_itself_anything(desk):
    """A grant that only the recipient keeps, written with a chaincode of its own, delivers nothing."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    forged = json.loads(desk.show("g1", FORWARDER))
    forged["terms"]["attributes"] = ["money.gmv_minor", "money.currency"]
    plant(desk.ledger, FORWARDER, "grant", ["g1"], canonical.dumps(forged))
    names = ("money.gmv_minor", "money.currency")
    assert refused(desk.deliver, "g1", desk.forecast, FORWARDER, *names) == "NOT_AS_STORED"


def test_two_recipients_are_never_told_different_values(desk):
    """
    The owner rewrites its document between two grants, as only its own chaincode would.

    The auditor pinned the first document, so neither a further grant nor a
    delivery of the other document is possible.
    """
    opened(desk)
    desk.grant("g2", desk.forecast, terms(desk.forecast, LAST_MILE, *NAMES))
    second = Claim("forecast", MERCHANT, "c1", {**FORECAST, "demand.units_p50_h87": 4_300})
    plant(desk.ledger, MERCHANT, "claim.document", ["c1", "000001"], second.document.to_bytes())
    assert refused(desk.deliver, "g2", second, LAST_MILE, *NAMES) == "COMMITMENT_CHANGED"
    third = terms(desk.forecast, PLATFORM, *NAMES)
    assert refused(desk.grant, "g3", second, third) == "COMMITMENT_CHANGED"


def test_a_first_grant_of_a_document_that_then_changed_delivers_neither(desk):
    """Also before anything was delivered."""
    desk.grant("g1", desk.forecast, terms(desk.forecast, FORWARDER, *NAMES))
    other = Claim("forecast", MERCHANT, "c1", {**FORECAST, "demand.units_p50_h87": 4_300})
    plant(desk.ledger, MERCHANT, "claim.document", ["c1", "000001"], other.document.to_bytes())
    assert refused(desk.deliver, "g1", other, FORWARDER, *NAMES) == "COMMITMENT_CHANGED"
    assert refused(desk.deliver, "g1", desk.forecast, FORWARDER, *NAMES) == "NOT_COMMITTED"


def test_a_dishonest_owner_shows_no_small_audience(desk):
    """An owner that committed to a cohort of 10 behind its own contract's back is refused at the recipient."""
    small = Claim("forecast", MERCHANT, "c7", {**FORECAST, "audience.cohort_size": 10})
    plant(desk.ledger, MERCHANT, "claim.document", ["c7", "000001"], small.document.to_bytes())
    subject = {"owner": MERCHANT, "claim_id": "c7", "revision": 1, "cells": ["0" * 32]}
    plant(desk.ledger, MERCHANT, "claim.subject", ["c7", "000001"], canonical.dumps(subject))
    small.show_subject(desk.ledger)
    names = ("audience.age_band", "audience.cohort_size")
    desk.grant("g1", small, terms(small, FORWARDER, *names))
    assert refused(desk.deliver, "g1", small, FORWARDER, *names) == "COHORT_TOO_SMALL"


# Sealed to keys outside the channel


SEALED = {
    "recipient": "Port of Haiphong",
    "key_thumbprint": "0" * 64,
    "suite": "MLKEM768-X25519",
    "ciphertext_sha256": "1" * 64,
    "purpose": "berth plan",
}


def seal(desk, seal_id="s1", who=MERCHANT, **changes):
    parts = terms(desk.forecast, "", *NAMES)
    return desk.ledger.invoke(
        "Disclosures:record_sealed",
        seal_id,
        client=user(who),
        transient={"sealed": as_bytes({**parts, **SEALED, **changes})},
        at=START,
    )


def test_a_seal_is_recorded_with_owner_and_auditor(desk):
    """Its hash is on the channel; who, what and for what is with those two."""
    result = seal(desk)
    assert not result.writes
    assert result.json() == {"seal_id": "s1"}
    for party in (MERCHANT, AUDITOR):
        listed = desk.ledger.evaluate("Disclosures:sealed", client=user(party)).json()["seals"]
        assert [one["sealing"]["recipient"] for one in listed] == ["Port of Haiphong"]
    assert desk.ledger.evaluate("Disclosures:sealed", client=user(FORWARDER)).json()["seals"] == []
    assert refused(seal, desk) == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"claim_id": "c9"}, "NOT_COMMITTED"),
        ({"expires_at": "2026-11-22T06:00:00Z"}, "EXPIRED"),
        ({"suite": "RSA"}, "INVALID_ARGUMENT"),
        ({"attributes": ["audience.age_band"]}, "COHORT_TOO_SMALL"),
    ],
)
def test_seals_that_cannot_be(desk, changes, code):
    """Each with its code; a stranger seals nothing of somebody else's."""
    assert refused(seal, desk, **changes) == code
    assert refused(seal, desk, who=LAST_MILE) == "NOT_COMMITTED"


def test_a_seal_is_bound_to_the_pinned_document(desk):
    """Who is outside is told the same as who is inside."""
    opened(desk)
    other = Claim("forecast", MERCHANT, "c1", {**FORECAST, "demand.units_p50_h87": 4_300})
    plant(desk.ledger, MERCHANT, "claim.document", ["c1", "000001"], other.document.to_bytes())
    assert refused(seal, desk) == "COMMITMENT_CHANGED"
