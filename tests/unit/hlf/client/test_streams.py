"""Event streams: nothing lost, nothing twice, whatever happens to the connection."""

from __future__ import annotations

import hashlib
import logging
import random
import threading

import grpc
import pytest

from hlf import errors
from hlf.steps import checkpoints, reconnecting
from hlf.steps.checkpoints import Position
from hlf.wire import blocks, rwsets

_ACCIDENTS = sorted(set(grpc.StatusCode) - reconnecting._FINAL - {grpc.StatusCode.OK}, key=lambda code: code.name)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(reconnecting, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(reconnecting, "LONGEST_PAUSE", 0.01)


def _take(stream, count):
    return [next(stream) for _ in range(count)]


def test_events_from_now_on(channel, peer):
    """Without a start, the first event is one committed after the call; its fields are the peer's."""
    peer.add_block("before")
    with channel.chaincode_events("lab") as stream:
        number = peer.add_block("first", "second")
        first, second = _take(stream, 2)
    assert (first.block_number, first.transaction_id, first.chaincode) == (number, f"tx-{number}-0", "lab")
    assert (first.name, first.payload) == ("first", b"first")
    assert second.name == "second"


def test_events_from_the_past(channel, peer):
    """By block, and after a transaction in the middle of a block."""
    number = peer.add_block("a", "b", "c")
    peer.add_block("d")
    with channel.chaincode_events("lab", start_block=0) as stream:
        assert [e.name for e in _take(stream, 4)] == ["a", "b", "c", "d"]
    with channel.chaincode_events("lab", after_transaction_id=f"tx-{number}-1") as stream:
        assert [e.name for e in _take(stream, 2)] == ["c", "d"]


def test_a_consumer_goes_on_from_its_checkpoint(channel, peer, tmp_path):
    """After a restart, the first event is the one after the last that was recorded."""
    peer.add_block("a", "b", "c")
    checkpoint = checkpoints.File(tmp_path / "checkpoint")
    with channel.chaincode_events("lab", start_block=0, checkpoint=checkpoint) as stream:
        for event in _take(stream, 2):
            checkpoint.processed_event(event.block_number, event.transaction_id)
        next(stream)
    again = checkpoints.File(tmp_path / "checkpoint")
    with channel.chaincode_events("lab", start_block=0, checkpoint=again) as stream:
        assert next(stream).name == "c"


class _RecordingCheckpoint:
    """A position that the consumer keeps by itself, and tells when it is asked."""

    position = None


def test_a_start_misses_nothing(channel, peer, tmp_path):
    """Who stopped before the first event gets, when it comes again, what came meanwhile."""
    path = tmp_path / "checkpoint"
    channel.chaincode_events("lab", checkpoint=checkpoints.File(path)).close()
    peer.add_block("meanwhile")
    with channel.chaincode_events("lab", checkpoint=checkpoints.File(path)) as stream:
        assert next(stream).name == "meanwhile"
    with channel.chaincode_events("lab", start_block=0, checkpoint=_RecordingCheckpoint()) as stream:
        assert next(stream).name == "meanwhile"


@pytest.mark.parametrize("seed", range(5))
def test_no_event_is_lost_or_repeated_over_broken_connections(channel, peer, seed):
    """The connection breaks at random blocks, again and again, also before the first event."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible order of accidents.
    expected = []
    with channel.chaincode_events("lab") as stream:
        peer.cut_after.extend([0, *(chance.choice([1, 1, 2, 3, None]) for _ in range(12))])
        for number in range(15):
            names = [f"{number}-{index}" for index in range(chance.randrange(3))]
            expected += names
            peer.add_block(*names)
        assert [e.name for e in _take(stream, len(expected))] == expected


def test_a_restarted_peer_is_found_again(channel, peer, caplog):
    """Its events of the meantime come too, the outage is logged once, and the position is where it was."""
    with channel.chaincode_events("lab", start_block=0) as stream:
        peer.add_block("before")
        assert next(stream).name == "before"
        peer.stop()
        number = peer.add_block("meanwhile", "later")
        found = []
        consumer = threading.Thread(target=lambda: found.extend(_take(stream, 2)))
        with caplog.at_level(logging.WARNING):
            consumer.start()
            while not caplog.records:
                consumer.join(0.01)
            peer.start()
            consumer.join(20)
        assert [e.name for e in found] == ["meanwhile", "later"]
        assert stream.position == Position(number, f"tx-{number}-1")
        assert len(caplog.records) == 1
        assert "connecting again" in caplog.text


def test_a_time_out_loses_nothing(channel, peer):
    """Whoever gave up waiting gets, when it asks again, what came meanwhile, over the same connection."""
    with channel.chaincode_events("lab", start_block=1) as stream:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                stream.next(0.02)
        peer.add_block("a", "b")
        assert stream.next(20).name == "a"
        assert stream.next(0).name == "b"
        peer.add_block("c")
        assert next(stream).name == "c"
    assert len(peer.requests["ChaincodeEvents"]) == 1
    with pytest.raises((StopIteration, StopAsyncIteration)):
        stream.next(20)


def test_a_time_out_holds_while_the_peer_is_away(channel, peer):
    """Waiting for it to come back is waiting too."""
    with channel.chaincode_events("lab", start_block=1) as stream:
        with pytest.raises(TimeoutError):
            stream.next(0.02)
        peer.stop()
        for _ in range(3):
            with pytest.raises(TimeoutError):
                stream.next(0.02)
        peer.add_block("later")
        peer.start()
        assert stream.next(20).name == "later"


def test_breaks_are_told(channel, peer):
    """Each once, with its error, and what is raised there ends the waiting; the stream can be asked again."""
    told = []
    peer.cut_after.extend([1, 0, 0, 1])
    for name in "ab":
        peer.add_block(name)
    with channel.chaincode_events("lab", start_block=1, on_break=told.append) as stream:
        assert [e.name for e in _take(stream, 2)] == ["a", "b"]
    assert [failure.status for failure in told] == [grpc.StatusCode.UNAVAILABLE]

    def give_up(failure):
        raise KeyError(failure.message)

    for method in ("block_events", "serialized_blocks", "filtered_block_events", "block_and_private_data_events"):
        peer.cut_after.append(0)
        with getattr(channel, method)(1, on_break=give_up) as stream:
            with pytest.raises(KeyError, match="broken by the test"):
                next(stream)
            assert next(stream)


@pytest.mark.parametrize("service", ["block", "filtered_block", "block_and_private_data", "serialized"])
def test_blocks_over_broken_connections(channel, peer, service):
    """The four kinds of block streams heal alike, and end at the last block that was asked for."""
    method = channel.serialized_blocks if service == "serialized" else getattr(channel, f"{service}_events")
    for _ in range(6):
        peer.add_block("e")
    peer.cut_after.extend([2, 0, 3, 1])
    items = list(method(1, last_block=6))
    number = {
        "block": lambda item: item.number,
        "filtered_block": lambda item: item.number,
        "block_and_private_data": lambda item: item.block.number,
        "serialized": lambda item: blocks.decode(item).number,
    }[service]
    assert [number(item) for item in items] == [1, 2, 3, 4, 5, 6]


def test_what_the_kinds_of_blocks_hold(channel, peer):
    """Whole blocks as records, filtered ones with codes and names, private data by transaction."""
    number = peer.add_block("e", code=11)
    (block,) = channel.block_events(number, last_block=number)
    assert block.transactions[0].code_name == "MVCC_READ_CONFLICT"
    assert blocks.check(block) == []
    (filtered,) = channel.filtered_block_events(number, last_block=number)
    (transaction,) = filtered.transactions
    assert (filtered.channel_id, filtered.number) == ("trade", number)
    assert (transaction.transaction_id, transaction.code_name) == (f"tx-{number}-0", "MVCC_READ_CONFLICT")
    assert not transaction.valid
    assert transaction.events == (("lab", "e"),)
    (both,) = channel.block_and_private_data_events(number, last_block=number)
    (collection,) = both.private[0].namespaces[0].collections
    assert collection.writes == (rwsets.Write("k", b"v"),)
    assert "hidden" not in repr(both)
    assert b"".join(channel.serialized_blocks(number, last_block=number))


def test_block_checkpoints(channel, peer):
    """A block that is done with is not delivered again."""
    for _ in range(3):
        peer.add_block("e")
    checkpoint = checkpoints.InMemory()
    checkpoint.processed_block(1)
    assert [b.number for b in channel.block_events(0, checkpoint, last_block=3)] == [2, 3]


@pytest.mark.parametrize("end", ["stream", "gateway"])
def test_closing_releases_a_waiting_consumer(fabric, channel, end):
    """Another thread closes the stream, or its gateway, and the loop ends without an error."""
    stream = channel.chaincode_events("lab")
    outcome = []

    def consume() -> None:
        try:
            outcome.append(list(stream))
        except errors.HlfError as wrong:
            outcome.append(wrong)

    consumer = threading.Thread(target=consume)
    consumer.start()
    while stream._call is None:
        consumer.join(0.01)
    (stream if end == "stream" else fabric).close()
    consumer.join(10)
    assert outcome == [[]]
    assert next(stream, "over") == "over"


@pytest.mark.parametrize("code", sorted(reconnecting._FINAL, key=lambda code: code.name))
def test_a_refusal_ends_a_stream(channel, peer, code):
    """Asking again would get the same answer."""
    stream = channel.chaincode_events("lab", start_block=0)
    peer.refuse("ChaincodeEvents", code, "no")
    with pytest.raises(errors.EventsError) as refused:
        next(stream)
    assert refused.value.status is code
    assert refused.value.message == "no"


@pytest.mark.parametrize("code", _ACCIDENTS)
def test_any_other_failure_is_healed(channel, peer, code):
    """Once is an accident."""
    peer.add_block("e")
    peer.refuse("ChaincodeEvents", code)
    with channel.chaincode_events("lab", start_block=0) as stream:
        assert next(stream).name == "e"


def test_a_peer_that_keeps_failing_is_given_up(channel, peer):
    """Five times in a row for a reason of its own; absence is not counted."""
    stream = channel.chaincode_events("lab", start_block=0)
    for _ in range(8):
        peer.refuse("ChaincodeEvents", grpc.StatusCode.UNAVAILABLE)
    for _ in range(5):
        peer.refuse("ChaincodeEvents", grpc.StatusCode.INTERNAL, "broken disk")
    with pytest.raises(errors.EventsError, match="broken disk"):
        next(stream)
    assert len(peer.requests["ChaincodeEvents"]) == 13


def test_deliver_statuses(fabric, channel, peer):
    """A Deliver service answers with numbers; a channel it does not know is NOT_FOUND."""
    with pytest.raises(errors.EventsError, match="NOT_FOUND") as refused:
        fabric.network("nowhere").height()
    assert refused.value.status is grpc.StatusCode.NOT_FOUND
    with pytest.raises(errors.EventsError, match="NOT_FOUND"):
        next(fabric.network("nowhere").block_events(0))
    peer.refuse("DeliverFiltered", grpc.StatusCode.RESOURCE_EXHAUSTED, "too many")
    with pytest.raises(errors.EventsError, match="too many"):
        channel.height()


def test_an_unreachable_peer_is_an_error_at_the_start(channel, peer, monkeypatch):
    """A wrong address is not waited for without end; only a stream that once had its peer waits."""
    monkeypatch.setattr("hlf.steps.events.CONNECT_SECONDS", 0.2)
    peer.stop()
    with pytest.raises(errors.EventsError, match="no connection") as refused:
        channel.chaincode_events("lab")
    assert refused.value.status is grpc.StatusCode.UNAVAILABLE


def test_a_block_that_cannot_be_read(channel, peer):
    """It is an error, not a block to be passed over."""
    number = peer.add_block("e")
    peer._chain[number][0].metadata.metadata[2] = b"too many flags"
    with pytest.raises(errors.EventsError, match="cannot be read"):
        list(channel.block_events(number, last_block=number))


KINDS = ["block_events", "serialized_blocks", "filtered_block_events", "block_and_private_data_events"]


@pytest.fixture
def unsigned(connect, peer, user):
    """Yield a gateway of a caller whose key is elsewhere."""
    with connect(peer.profile, user[0], None) as connected:
        yield connected


def test_event_requests_are_signed_elsewhere(unsigned, peer, user):
    """They leave as bytes, and the stream that is opened with the signature heals without another."""
    number = peer.add_block("a", "b", "c")
    peer.add_block("d")
    peer.cut_after.extend([None, 1, 0, 2])
    network = unsigned.network("trade")
    request = network.chaincode_events_request("lab", 0)
    assert request.digest == hashlib.sha256(request.message).digest()
    carried = unsigned.events_request_from_bytes(request.bytes, user[1].sign(request.message))
    with unsigned.events_request_from_bytes(carried.bytes).open() as stream:
        assert [e.name for e in _take(stream, 2)] == ["a", "b"]
        peer.stop()
        peer.start()
        peer.add_block("e")
        assert [e.name for e in _take(stream, 3)] == ["c", "d", "e"]
    later = network.chaincode_events_request("lab", number, f"tx-{number}-1")
    with later.sign(user[1].sign(later.message)).open() as stream:
        assert next(stream).name == "c"


@pytest.mark.parametrize("kind", KINDS)
def test_block_requests_are_signed_elsewhere(unsigned, peer, user, kind):
    """Every kind of them, with the last block that was asked for."""
    for _ in range(4):
        peer.add_block("e")
    peer.cut_after.extend([2, 0, 3])
    request = unsigned.network("trade").blocks_request(1, last_block=4, kind=kind)
    carried = unsigned.events_request_from_bytes(request.bytes, user[1].sign(request.message), kind=kind)
    assert (carried.kind, carried.start, carried.last_block) == (kind, Position(1), 4)
    assert len(list(carried.open())) == 4


def test_a_request_without_a_signature_is_not_sent(unsigned, fabric, peer):
    """Nor are bytes that are none, or that name no block to begin with."""
    with pytest.raises(errors.IdentityError, match=r"\.sign\(signature\)"):
        unsigned.network("trade").chaincode_events_request("lab", 0).open()
    golden_request = fabric.network("trade").contract("lab").propose("put").bytes
    for kind in ("chaincode_events", "block_events"):
        for garbage in (b"", b"\xff", b"\x0a\x01x", golden_request):
            with pytest.raises(errors.WireError):
                fabric.events_request_from_bytes(garbage, kind=kind)
    assert not peer.requests
