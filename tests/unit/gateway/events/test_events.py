"""Event streams: their text, their end, and what they leave behind."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.events import cloudevents, listeners
from gateway.events.feeds import EventSource
from gateway.events.slots import ListenerSlots
from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor
from hlf.steps.checkpoints import Position
from tests.unit.gateway.events.chains import Crowd, Event, Peer, event, everything, ids_of, until


def text_of(events: list[Event], **wanted) -> tuple[str, list[EventCursor]]:
    """Return the text from the first block on, and what counted as delivered."""
    delivered: list[EventCursor] = []
    given = {"idle_seconds": 0.2, "delivered": delivered.append} | wanted

    async def read() -> bytes:
        crowd = Crowd(Peer(events))
        text = await everything(crowd.listener(Position(0), **given).pieces())
        await until(lambda: crowd.peer.open == 0)
        return text

    return asyncio.run(read()).decode(), delivered


def test_an_event_is_a_cloud_event_under_its_cursor():
    text, _ = text_of([event(7)])
    lines = text.split("\n\n")[1].splitlines()
    assert lines[0] == f"id: {ids_of(event(7))[0]}"
    assert lines[1] == "event: Happened"
    assert json.loads(lines[2].removeprefix("data: ")) == {
        "specversion": "1.0",
        "id": ids_of(event(7))[0],
        "source": "/v1/channels/trade/chaincodes/trade",
        "type": "selat.trade.Happened",
        "data": {"a": 1},
        "datacontenttype": "application/json",
    }


def test_a_payload_that_is_no_json_comes_as_base64():
    assert cloudevents.cloud_event(event(1, payload=b"\xff"), "trade")["data_base64"] == "/w=="


def test_an_event_counts_as_delivered_when_it_was_written():
    """Nothing is skipped after a break: the last ones may come twice."""
    delivered: list[EventCursor] = []

    async def read() -> None:
        crowd = Crowd(Peer([event(1), event(2)]))
        pieces = crowd.listener(Position(0), delivered=delivered.append).pieces()
        await anext(pieces)
        await anext(pieces)
        await pieces.aclose()

    asyncio.run(read())
    assert delivered == []
    _, delivered = text_of([event(1), event(2), event(3)], limit=2)
    assert delivered[-1].block_number == 2


def test_a_reader_that_leaves_gives_everything_back():
    released: list[bool] = []

    async def read() -> None:
        crowd = Crowd(Peer([event(1)]))
        pieces = crowd.listener(release=lambda: released.append(True)).pieces()
        await anext(pieces)
        await until(lambda: crowd.peer.open == 1)
        await pieces.aclose()
        await until(lambda: crowd.peer.open == 0)
        assert not crowd.feeds._feeds

    asyncio.run(read())
    assert released


def test_a_stream_that_stays_open_has_a_heartbeat(monkeypatch):
    """A reader that is gone shows only when something is written to it."""
    monkeypatch.setattr(listeners, "HEARTBEAT_SECONDS", 0.02)

    async def read() -> list[bytes]:
        pieces = Crowd(Peer()).listener().pieces()
        found = [await anext(pieces), await anext(pieces)]
        await pieces.aclose()
        return found

    assert asyncio.run(read()) == [b": stream opened\n\n", b": still here\n\n"]


def test_only_events_of_the_wanted_names_are_told():
    """Those that are passed over still move the reader's position, or it would see them all again after a break."""
    names = ["Other", "Happened", "Other", "Ended", "Happened"]
    given = [event(number, name=name) for number, name in enumerate(names, start=1)]
    text, delivered = text_of(given, names=frozenset({"Happened", "Ended"}), limit=2)
    assert [line for line in text.splitlines() if line.startswith("event: ")] == ["event: Happened", "event: Ended"]
    assert delivered[-1].block_number == 4


def test_events_that_are_passed_over_are_no_sign_of_life(monkeypatch):
    """A reader that waits for a rare event gets its heartbeat, however busy the chaincode is."""
    monkeypatch.setattr(listeners, "HEARTBEAT_SECONDS", 0.01)

    async def read() -> bytes:
        peer = Peer()
        pieces = Crowd(peer).listener(names=frozenset({"Happened"})).pieces()
        await anext(pieces)
        reading = asyncio.create_task(anext(pieces))
        number = 0
        while not reading.done():
            number += 1
            peer.add(event(number, name="Other"))
            await asyncio.sleep(0)
        await pieces.aclose()
        return reading.result()

    assert asyncio.run(asyncio.wait_for(read(), 30)) == b": still here\n\n"


@pytest.mark.parametrize("names", ["", "a b", "a,,b", "a,"])
def test_names_have_one_form(client, bearer, names):
    answer = client.get("/v1/events/trade/trade", query_string={"names": names}, headers=bearer("events"))
    assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID")


def source(msp_id: str, chaincode: str = "trade") -> EventSource:
    return EventSource(msp_id, "User1", "trade", chaincode)


def test_slots_are_given_back_and_half_of_them_is_for_one_reader():
    """Whoever follows everything must not be the only one who follows anything."""
    slots = ListenerSlots(4)
    assert [slots.take(source("AMSP")) for _ in range(3)] == [True, True, False]
    assert [slots.take(source(msp_id)) for msp_id in ("BMSP", "CMSP", "DMSP")] == [True, True, False]
    slots.release(source("AMSP"))
    assert slots.take(source("DMSP"))


def test_sources_are_bounded_too():
    """Each takes a stream of a peer, which serves only so many."""
    slots = ListenerSlots(100, sources=2)
    assert [slots.take(source("AMSP", each)) for each in ("a", "b", "c", "a")] == [True, True, False, True]
    slots.release(source("AMSP", "b"))
    assert slots.take(source("AMSP", "c"))


@pytest.mark.parametrize("text", ["", "7", "7:xyz", "-1:" + "0" * 64, "7:" + "0" * 63, "9" * 19 + ":" + "0" * 64])
def test_a_cursor_has_one_form(text):
    with pytest.raises(ValueError, match="a cursor is"):
        EventCursor.parse(text)


def test_checkpoints_are_kept_for_each_reader(services):
    checkpoints = Checkpoints(services.store)
    mine = CheckpointReader("AMSP", "User1", "trade", "trade", "copy")
    other = CheckpointReader("BMSP", "User1", "trade", "trade", "copy")
    assert checkpoints.get(mine) is None
    checkpoints.set(mine, EventCursor(3, "a" * 64))
    checkpoints.set(mine, EventCursor(5, "b" * 64))
    assert checkpoints.get(mine) == EventCursor(5, "b" * 64)
    assert checkpoints.get(other) is None
