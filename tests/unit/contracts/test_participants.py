"""Participants: founded once, amended by more than half, the old value left visible."""

from __future__ import annotations

import json

import pytest

from hlf.shim import testing
from tests.unit.contracts.trading import (
    AUDITOR,
    CHAINCODE,
    CUSTOMS,
    FORWARDER,
    LAST_MILE,
    MEMBERS,
    MERCHANT,
    ORIGIN,
    PARTICIPANTS,
    PAYMENTS,
    PLATFORM,
    trade_channel,
    user,
)

MAJORITY = MEMBERS[:5]
CHANGED = {**PARTICIPANTS[5], "stages": ["S19", "S20", "S22"]}


def refused(call, *args, **named) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


def propose(ledger, amendment_id, change=CHANGED, by=LAST_MILE):
    return ledger.invoke("Participants:propose", amendment_id, json.dumps(change), client=user(by))


def approve(ledger, amendment_id, by):
    return ledger.invoke("Participants:approve", amendment_id, client=user(by))


def test_the_first_participants_are_named_once_and_by_an_administrator():
    """Nobody names them again; a change is an amendment."""
    ledger = trade_channel()
    listed = ledger.evaluate("Participants:list", client=user(CUSTOMS)).json()
    assert [one["msp_id"] for one in listed] == sorted(MEMBERS)
    assert ledger.evaluate("Participants:read", LAST_MILE, client=user(CUSTOMS)).json() == PARTICIPANTS[5]
    again = ("Participants:found", json.dumps(PARTICIPANTS))
    assert refused(ledger.invoke, *again, client=user(PLATFORM, "admin")) == "ALREADY_FOUNDED"
    assert refused(ledger.invoke, *again, client=user(PLATFORM)) == "WRONG_ROLE"
    assert refused(ledger.evaluate, "Participants:read", "NobodyMSP", client=user(CUSTOMS)) == "NOT_A_PARTICIPANT"
    assert refused(ledger.evaluate, "Participants:read", "a\x00b", client=user(CUSTOMS)) == "INVALID_ARGUMENT"


def test_founding_takes_the_majority_of_peers():
    """One organisation's endorsement is not enough for public state."""
    ledger = trade_channel()
    with pytest.raises(testing.TransactionInvalid) as invalid:
        ledger.invoke("Participants:propose", "a1", json.dumps(CHANGED), client=user(LAST_MILE), peer=LAST_MILE)
    assert invalid.value.code == "ENDORSEMENT_POLICY_FAILURE"


def test_an_amendment_is_carried_by_more_than_half():
    """Five of eight; the fifth approval changes the record, and its history shows both values."""
    ledger = trade_channel()
    assert propose(ledger, "a1").json()["state"] == "open"
    for voter in (PLATFORM, MERCHANT, CUSTOMS):
        assert approve(ledger, "a1", voter).event.name == "AmendmentOpen"
        assert ledger.evaluate("Participants:read", LAST_MILE, client=user(AUDITOR)).json() == PARTICIPANTS[5]
    assert approve(ledger, "a1", AUDITOR).event.name == "AmendmentAdopted"
    assert ledger.evaluate("Participants:read", LAST_MILE, client=user(AUDITOR)).json() == CHANGED
    past = ledger.evaluate("Participants:history", LAST_MILE, client=user(AUDITOR)).json()
    assert [entry["value"]["stages"] for entry in past] == [["S19", "S20", "S22"], ["S19", "S20"]]
    assert refused(approve, ledger, "a1", ORIGIN) == "ALREADY_ADOPTED"
    told = ledger.evaluate("Participants:amendment", "a1", client=user(ORIGIN)).json()
    assert told["approvals"] == [LAST_MILE, PLATFORM, MERCHANT, CUSTOMS, AUDITOR]


def test_nobody_approves_twice_or_from_outside_or_what_was_overtaken():
    """Each vote counts once, and only for the record it was cast on."""
    ledger = trade_channel()
    propose(ledger, "a1")
    propose(ledger, "a2", {**CHANGED, "stages": ["S20"]}, by=MERCHANT)
    assert refused(propose, ledger, "a1") == "ALREADY_EXISTS"
    assert refused(approve, ledger, "a1", LAST_MILE) == "ALREADY_APPROVED"
    assert refused(approve, ledger, "a9", LAST_MILE) == "NOT_FOUND"
    for voter in (PLATFORM, MERCHANT, CUSTOMS, AUDITOR):
        approve(ledger, "a1", voter)
    assert refused(approve, ledger, "a2", PAYMENTS) == "OVERTAKEN"


def test_a_newcomer_is_admitted_and_then_votes():
    """An organisation that is no participant has no vote."""
    ledger = trade_channel()
    newcomer = {**PARTICIPANTS[4], "msp_id": "NewMSP"}
    propose(ledger, "a1", newcomer, by=FORWARDER)
    assert refused(approve, ledger, "a1", "NewMSP") == "NOT_A_VOTER"
    for voter in (PLATFORM, MERCHANT, CUSTOMS, AUDITOR):
        approve(ledger, "a1", voter)
    assert "NewMSP" in propose(ledger, "a2", by=FORWARDER).json()["voters"]


def test_nobody_votes_on_another_auditor_in_place_of_the_first():
    """Grants rest on what it pinned; a second one beside it is welcome."""
    ledger = trade_channel()
    first = next(one for one in PARTICIPANTS if one["msp_id"] == AUDITOR)
    assert refused(propose, ledger, "a1", {**first, "roles": ["customs"]}) == "INVALID_ARGUMENT"
    assert propose(ledger, "a1", {**first, "msp_id": "AaaMSP"}).json()["state"] == "open"


def test_a_machine_does_not_vote():
    """A peer's certificate serves; it does not approve."""
    ledger = trade_channel()
    propose(ledger, "a1")
    approving = ("Participants:approve", "a1")
    assert refused(ledger.invoke, *approving, client=user(PLATFORM, "peer")) == "WRONG_ROLE"


@pytest.mark.parametrize("text", ["", "[]", "{}", '[{"msp_id":"A"}]', "[1]", "nonsense"])
def test_hostile_lists_are_refused(text):
    """The field is named."""
    ledger = testing.Ledger(CHAINCODE, MEMBERS)
    client = user(PLATFORM, "admin")
    assert refused(ledger.invoke, "Participants:found", text, client=client) == "INVALID_ARGUMENT"
    assert refused(ledger.evaluate, "Participants:history", "", client=client) == "INVALID_ARGUMENT"


def test_nothing_works_before_the_participants_are_named():
    """Who is the auditor must be known before anything is granted."""
    ledger = testing.Ledger(CHAINCODE, MEMBERS)
    assert refused(propose, ledger, "a1") == "NOT_FOUNDED"
