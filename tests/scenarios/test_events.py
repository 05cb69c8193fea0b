"""Events over HTTP: replayed, gone on with behind a cursor, remembered under a name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from selat.demo.callers import DemoCaller

PATH = "/v1/events/trade/trade"


def read(caller: DemoCaller, headers: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
    """Return the CloudEvents of a stream that ends by itself."""
    response = caller.send("GET", PATH, params={"idle_seconds": 1, **query}, headers=headers)
    assert response.headers["Content-Type"].startswith("text/event-stream")
    lines = response.text.splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


@pytest.fixture(scope="module")
def everything(cast, played) -> list[dict[str, Any]]:
    return read(cast.auditor, start_block=0)


def test_events_are_cloud_events_in_the_order_of_the_ledger(everything):
    assert len(everything) > 30
    for event in everything:
        assert event["specversion"] == "1.0"
        assert event["source"] == "/v1/channels/trade/chaincodes/trade"
    cursors = [int(event["id"].split(":")[0]) for event in everything]
    assert cursors == sorted(cursors)
    assert len({event["id"] for event in everything}) == len(everything)
    assert {"selat.trade.JourneyOpened", "selat.trade.CustodyPassed", "selat.trade.DisclosureGranted"} <= {
        event["type"] for event in everything
    }


def test_a_reader_goes_on_behind_its_cursor(cast, everything):
    """As a browser's EventSource does by itself: with the id of the last event it saw."""
    seen = everything[9]["id"]
    assert read(cast.auditor, {"Last-Event-ID": seen}, limit=3) == everything[10:13]
    assert read(cast.auditor, after=seen, limit=3) == everything[10:13]


def test_a_named_reader_is_remembered(cast, everything):
    first = read(cast.auditor, start_block=0, limit=5, checkpoint="ledger-copy")
    second = read(cast.auditor, limit=5, checkpoint="ledger-copy")
    # The last event handed over is confirmed by asking for the next, so it may come twice, and none is missed.
    assert first == everything[:5]
    assert second[0]["id"] in {first[-1]["id"], everything[5]["id"]}
    assert {event["id"] for event in first + second} >= {event["id"] for event in everything[:9]}


def test_names_belong_to_their_readers(cast, everything):
    read(cast.auditor, start_block=0, limit=5, checkpoint="mine")
    assert read(cast.customs, start_block=0, limit=1, checkpoint="mine") == everything[:1]


def test_a_limit_ends_the_stream(cast, everything):
    assert read(cast.auditor, start_block=0, limit=2) == everything[:2]


def test_a_cursor_that_is_none(cast):
    problem = cast.auditor.refusal("GET", f"{PATH}?after=yesterday")
    assert (problem["status"], problem["code"]) == (422, "REQUEST_INVALID")
    assert "cursor" in problem["detail"]


def test_a_cursor_of_another_stream_is_refused(cast, everything, played):
    """Going on behind an event that this stream never had would leave some out without a word."""
    opening = played.order["opening"]
    elsewhere = f"{opening['block_number']}:{opening['transaction_id']}"
    for cursor in (elsewhere, everything[3]["id"].split(":")[0] + ":" + "0" * 64):
        problem = cast.auditor.refusal("GET", f"{PATH}?after={cursor}")
        assert (problem["status"], problem["code"]) == (422, "CURSOR_UNKNOWN")
    ahead = cast.auditor.refusal("GET", f"{PATH}?after=99999:{'0' * 64}")
    assert (ahead["status"], ahead["code"]) == (412, "BLOCK_NOT_REACHED")


def test_streams_leave_room_for_requests(cast):
    """However many listen, and whatever they have seen: others are followed, and requests pass."""
    opened = []
    try:
        for number in range(200):
            query = {"start_block": 0} if number % 4 == 0 else {}
            response = cast.auditor.send("GET", PATH, params=query, stream=True)
            assert response.status_code == 200
            pieces = response.iter_content(16)
            next(pieces)
            # An iterator that is dropped closes its connection, and so gives its place back.
            opened.append((response, pieces))
        assert len(read(cast.customs, start_block=0, limit=1)) == 1
        assert cast.platform.get("/v1/participants")
    finally:
        for response, _ in opened:
            response.close()
