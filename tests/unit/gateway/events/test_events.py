"""Event streams: their text, their end, and what they leave behind."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest

from gateway.events import cloudevents
from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor
from hlf import errors


@dataclass(frozen=True)
class Event:
    """As ``hlf`` gives chaincode events."""

    block_number: int
    transaction_id: str
    chaincode: str
    name: str
    payload: bytes


class Stream:
    """Gives events, then fails, ends, or waits until it is closed."""

    def __init__(self, given: list[Event], after: Exception | str = "end") -> None:
        self._given = given
        self._after = after
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Event]:
        yield from self._given
        if isinstance(self._after, Exception):
            raise self._after
        if self._after == "wait":
            self.closed.wait(30)

    def close(self) -> None:
        self.closed.set()


def event(number: int, payload: bytes = b'{"a":1}') -> Event:
    return Event(number, f"{number:064x}", "trade", "Happened", payload)


def text_of(stream: Stream, **given) -> tuple[str, list[EventCursor]]:
    delivered: list[EventCursor] = []
    options = {"limit": None, "idle_seconds": None, "delivered": delivered.append} | given
    return "".join(cloudevents.lines(stream, "trade", **options)), delivered


def test_an_event_is_a_cloud_event_under_its_cursor():
    text, _ = text_of(Stream([event(7)]))
    lines = text.split("\n\n")[1].splitlines()
    assert lines[0] == f"id: 7:{7:064x}"
    assert lines[1] == "event: Happened"
    assert json.loads(lines[2].removeprefix("data: ")) == {
        "specversion": "1.0",
        "id": f"7:{7:064x}",
        "source": "/v1/channels/trade/chaincodes/trade",
        "type": "selat.trade.Happened",
        "data": {"a": 1},
        "datacontenttype": "application/json",
    }


def test_a_payload_that_is_no_json_comes_as_base64():
    assert cloudevents.cloud_event(event(1, b"\xff"), "trade")["data_base64"] == "/w=="


def test_an_event_counts_as_delivered_when_the_next_is_asked_for():
    """Nothing is skipped after a break: the last one may come twice."""
    _, delivered = text_of(Stream([event(1), event(2), event(3)]), limit=2)
    assert [cursor.block_number for cursor in delivered] == [1, 2]
    generator = cloudevents.lines(
        Stream([event(1)], "wait"), "trade", limit=None, idle_seconds=None, delivered=delivered.append
    )
    next(generator)
    next(generator)
    generator.close()
    assert len(delivered) == 2


def test_a_reader_that_goes_away_closes_the_stream():
    stream = Stream([event(1)], "wait")
    generator = cloudevents.lines(stream, "trade", limit=None, idle_seconds=None, delivered=lambda cursor: None)
    next(generator)
    generator.close()
    assert stream.closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "events"]


def test_a_broken_stream_says_why_before_it_ends():
    broken = errors.EventsError("Failed evaluating policy", status=grpc.StatusCode.PERMISSION_DENIED)
    text, _ = text_of(Stream([event(1)], broken))
    assert "event: problem" in text
    assert "IDENTITY_REFUSED" in text


def test_an_idle_stream_ends_where_that_is_asked():
    stream = Stream([event(1)], "wait")
    text, _ = text_of(stream, idle_seconds=0.05)
    assert text.count("event: Happened") == 1
    assert stream.closed.is_set()


def test_a_stream_that_stays_open_has_a_heartbeat(monkeypatch):
    """A reader that is gone shows only when something is written to it."""
    monkeypatch.setattr(cloudevents, "_HEARTBEAT_SECONDS", 0.02)
    given = {"limit": None, "idle_seconds": None, "delivered": lambda cursor: None}
    generator = cloudevents.lines(Stream([], "wait"), "trade", **given)
    assert [next(generator), next(generator)] == [": stream opened\n\n", ": still here\n\n"]
    generator.close()


def named(number: int, name: str) -> Event:
    return Event(number, f"{number:064x}", "trade", name, b"{}")


def test_only_events_of_the_wanted_names_are_told():
    """Those that are passed over still move the reader's position, or it would see them all again after a break."""
    given = [named(1, "Other"), named(2, "Happened"), named(3, "Other"), named(4, "Ended"), named(5, "Happened")]
    text, delivered = text_of(Stream(given), names=frozenset({"Happened", "Ended"}), limit=2)
    assert [line for line in text.splitlines() if line.startswith("event: ")] == ["event: Happened", "event: Ended"]
    assert [cursor.block_number for cursor in delivered] == [1, 2, 3, 4]


def test_events_that_are_passed_over_are_no_sign_of_life(monkeypatch):
    """A reader that waits for a rare event gets its heartbeat, however busy the chaincode is."""
    clock = iter(range(100))
    monkeypatch.setattr(cloudevents.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(cloudevents, "_HEARTBEAT_SECONDS", 2.5)
    text, _ = text_of(Stream([named(number, "Other") for number in range(1, 9)]), names=frozenset({"Happened"}))
    assert text.count(": still here") >= 2


@pytest.mark.parametrize("names", ["", "a b", "a,,b", "a,"])
def test_names_have_one_form(client, bearer, names):
    answer = client.get("/v1/events/trade/trade", query_string={"names": names}, headers=bearer("events"))
    assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID")


def test_places_are_given_back_and_a_quarter_is_for_one_reader():
    """Whoever follows everything must not be the only one who follows anything."""
    places = cloudevents.Places(4)
    assert places.take(("AMSP", "User1"))
    assert not places.take(("AMSP", "User1"))
    assert [places.take((msp_id, "User1")) for msp_id in ("BMSP", "CMSP", "DMSP", "EMSP")] == [True] * 3 + [False]
    places.release(("AMSP", "User1"))
    assert places.take(("EMSP", "User1"))


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
