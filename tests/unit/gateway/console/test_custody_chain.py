"""Custody on a journey's page: a chain of periods, as both sides of each hand-over signed it."""

from __future__ import annotations

import json

import pytest

GIVER, TAKER = "PlatformMSP", "ForwarderMSP"
TOOK = "2026-11-29T09:00:00.000Z"


def answers(code: str) -> dict[str, bytes]:
    """Return what the ledger says of a journey with one hand-over, and an alarm of this code about it."""
    first = {
        "custodian": GIVER,
        "since": "2026-11-28T01:00:00.000Z",
        "place": "VNHAN",
        "giver": "",
        "released_at": None,
    }
    then = {**first, "custodian": TAKER, "since": TOOK, "giver": GIVER, "released_at": "2026-11-29T06:30:00.000Z"}
    held = {"state": "held", "periods": [first, then], "offer": None, "ended_at": None, "ended_place": ""}
    alarm = {"code": code, "at": TOOK, "parties": [GIVER, TAKER], "text": "of the ledger"}
    state = {
        "journey": {"journey_id": "J1", "origin": "CNSZX", "destination": "VNHAN", "parties": []},
        "incidents": [],
        "custody": held,
        "status": "in_transit",
        "parcels": [],
        "delivered": 0,
        "alarms": [alarm] if code else [],
    }
    told = {"Journeys:read": state, "Journeys:events": {"epcisBody": {"eventList": []}}, "Journeys:progress": []}
    return {name: json.dumps(value).encode() for name, value in told.items()} | {"Participants:list": b"[]"}


@pytest.mark.parametrize(
    ("code", "words"),
    [("", ""), ("CUSTODY_GAP", "Gap: nobody had it"), ("CUSTODY_OVERLAP", "Overlap: both had it")],
)
def test_custody_is_shown_as_both_sides_signed_it(client, log_in, bearer, ledgers, code, words):
    """The giver's time ends one period, the taker's begins the next, and what differs too much is marked."""
    ledgers.answers |= answers(code)
    log_in(bearer("read")["Authorization"].removeprefix("Bearer "))
    page = client.get("/console/journeys/J1").get_data(as_text=True)
    for part in ("29 Nov 2026 16:00", "until 29 Nov 2026 13:30", "PlatformMSP gave it away: 29 Nov 2026 13:30"):
        assert part in page
    assert words in page
    assert ("nobody had it" in page, "both had it" in page) == (code == "CUSTODY_GAP", code == "CUSTODY_OVERLAP")


STAGE = {"stage_id": "S16", "recorders": [TAKER], "events": 1, "first_at": TOOK, "missing": ["S15"], "early": []}
LATE = {"stage_id": "S20", "recorders": [TAKER], "events": 0, "planned_at": TOOK, "last_at": None, "missing": []}


@pytest.mark.parametrize(
    ("code", "parties", "words"),
    [
        ("CUSTODY_GAP", [GIVER, TAKER], "有一段时间货物无人持有"),
        ("STAGE_MISSING", [TAKER], "卸货 · ForwarderMSP"),
        ("OVERDUE", [TAKER], "派送 · ForwarderMSP"),
        ("NEW_ONE", [], "new one"),
    ],
)
def test_an_alarm_is_told_in_the_readers_language(client, log_in, bearer, ledgers, code, parties, words):
    """With the stage that it is about; the ledger's own English does not stand on the page."""
    told = answers(code)
    state = json.loads(told["Journeys:read"])
    state["alarms"][0]["parties"] = parties
    progress = [STAGE | {"planned_at": None, "last_at": TOOK}, LATE | {"first_at": None, "early": []}]
    ledgers.answers |= told | {
        "Journeys:read": json.dumps(state).encode(),
        "Journeys:progress": json.dumps(progress).encode(),
    }
    log_in(bearer("read")["Authorization"].removeprefix("Bearer "))
    page = client.get("/console/journeys/J1", headers={"Accept-Language": "zh"}).get_data(as_text=True)
    assert words in page
    assert "of the ledger" not in page
