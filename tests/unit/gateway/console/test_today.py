"""What the first page says of the goods that an organisation carries: chosen legs to answer, and what went wrong."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from gateway.readmodel import changes
from hlf import errors
from tests.unit.gateway.console.market.test_markets import LEG, NOTICE, PUBLIC, tell
from tests.unit.gateway.console.test_dealings import FIRST_PAGE
from tests.unit.gateway.readmodel.chain import Wrote, chain

OWN, OTHER = "PlatformMSP", "ForwarderMSP"
NOW = datetime.now(UTC)
ONE_DAY = "2199-01-01T00:00:00Z"
JOURNEY = {"journey_id": "J1", "origin": "CNSZX", "destination": "VNHAN"}


@pytest.fixture
def first(client, log_in, bearer, ledgers, services):
    """Return what opens the first page of a carrier, with records and events in its gateway's copy."""
    ledgers.answers |= FIRST_PAGE
    tell(ledgers, Participants__list=[{"msp_id": OWN, "name": "Red River Parcels", "roles": ["last_mile"]}])
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))

    def opened(records, *events, at: datetime = NOW) -> str:
        (block,) = [changes.of(each) for each in chain([Wrote(records)])]
        told = tuple(
            changes.Event(number, "trade", name, f"{number:064}", int(at.timestamp() * 1000), json.dumps(payload))
            for number, (name, payload) in enumerate(events)
        )
        services.model.apply(OWN, "trade", [dataclasses.replace(block, events=told)])
        return client.get("/console/").get_data(as_text=True)

    return opened


def custody(minutes: int, taker: str = OWN, giver: str = OTHER, days: int = 0) -> dict[str, object]:
    """Return a custody that *taker* began so many minutes after *giver* had ended its own, so many days ago."""
    taken = NOW - timedelta(days=days)
    times = {"since": taken, "released_at": taken - timedelta(minutes=minutes)}
    later = {name: int(at.timestamp() * 1000) for name, at in times.items()}
    begun = {"custodian": giver, "since": 1_790_000_000_000, "place": "CNSZX", "giver": ""}
    begun |= {"released_at": None, "event_id": "", "bound_for": ""}
    then = {**begun, **later, "custodian": taker, "place": "VNHAN", "giver": giver}
    return {"journey_id": "J1", "state": "held", "parcel": "", "offer": None, "periods": [begun, then]}


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (custody(60), "For a time nobody had the goods"),
        (custody(-60), "For a time two companies had the goods"),
        (custody(1), ""),
        (custody(60, days=30), ""),
        (custody(60, taker="LastMileMSP"), ""),
    ],
    ids=["gap", "overlap", "within the tolerance", "long ago", "between others"],
)
def test_custody_that_does_not_fit_is_told_to_both_sides(first, held, words):
    """A gap or an overlap of the last week, in which the organisation's own statement is one of the two."""
    page = first({("journey", "J1"): JOURNEY | {"parties": [{"msp_id": OWN}]}, ("custody", "J1"): held})
    assert ("What went wrong" in page) == bool(words)
    assert words in page
    assert ("Shenzhen to Hanoi ·" in page) == bool(words)


@pytest.mark.parametrize(
    ("kind", "party", "days", "told"),
    [("held", OWN, 0, True), ("found", OWN, 0, False), ("held", OTHER, 0, False), ("held", OWN, 30, False)],
)
def test_reported_trouble_is_told_to_the_parties_of_the_journey(first, kind, party, days, told):
    """For a week; goods that were found again are none."""
    records = {("journey", "J1"): JOURNEY | {"parties": [{"msp_id": party}]}}
    report = ("IncidentReported", {"journey_id": "J1", "stage_id": "S17", "kind": kind})
    page = first(records, report, at=NOW - timedelta(days=days))
    assert ("Held by an authority" in page) == told
    assert ("/console/journeys/J1" in page) == told


def test_the_list_of_plans_has_those_of_matching_alone(first, client, services):
    """It names the way of the goods; a carrier's plan of departures, on its own channel, has an event of that name."""
    plan = ("PlanPublished", {"plan_id": "P1", "journey_id": "J1"})
    first({("journey", "J1"): JOURNEY}, plan)
    (block,) = [changes.of(each) for each in chain([Wrote({})])]
    other = changes.Event(0, "carriage", "PlanPublished", "0" * 64, 0, json.dumps({"plan_id": "D1"}))
    services.model.apply(OWN, "logistics", [dataclasses.replace(block, events=(other,))])
    answer = client.get("/console/plans")
    assert answer.status_code == 200
    assert re.findall(r'href="/console/plans/(\w+)">([\w ]+)<', answer.get_data(as_text=True)) == [
        ("P1", "Shenzhen to Hanoi")
    ]


WAITS = "You are chosen to carry goods"


@pytest.mark.parametrize(
    ("state", "until", "answered", "carrier", "after", "waits"),
    [
        ("published", ONE_DAY, [], OWN, "", True),
        ("published", ONE_DAY, [0], OWN, "", False),
        ("published", "2020-01-01T00:00:00Z", [], OWN, "", False),
        ("refused", ONE_DAY, [], OWN, "", False),
        ("published", ONE_DAY, [], "", "", False),
        ("published", ONE_DAY, [], OWN, "PlanCancelled", False),
        ("published", ONE_DAY, [], OWN, "PlanAgreed", False),
    ],
    ids=["waits", "answered", "too late", "ended", "of others", "cancelled", "agreed"],
)
def test_a_chosen_carrier_is_asked_for_its_answer(first, ledgers, state, until, answered, carrier, after, waits):
    """As long as it may still give one; of a plan that ended, the ledger is not asked."""
    answers = [{"number": each, "state": "accepted"} for each in answered]
    tell(ledgers, Matching__read=PUBLIC | {"state": state, "notice": NOTICE | {"answer_by": until}, "answers": answers})
    tell(ledgers, Matching__leg=LEG)
    if not carrier:
        ledgers.answers["Matching:leg"] = errors.EvaluateError("refused/NOT_FOUND: no")
    page = first({}, ("LegDelivered", {"plan_id": "P1"}), *([(after, {"plan_id": "P1"})] if after else []))
    assert (WAITS in page) == waits
    assert bool(re.search(r'href="/console/plans/P1"', page)) == waits
    assert ("Matching:read" in [call.function for *_, call in ledgers.asked]) == (not after)
