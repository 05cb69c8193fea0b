"""The front on real sockets: whoever does not send, read or leave costs no thread, and holds up nobody."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import pytest
from hypothesis import strategies as st

from gateway.store.database import Store
from gateway.store.tokens import Tokens
from hlf import waiting
from tests.unit.gateway.fakes import FakeLedgers
from tests.unit.gateway.front.conftest import CALL, EVALUATE, SUBMIT, ServedGateway, everything, head


@contextlib.contextmanager
def connections(served, sent: list[bytes]) -> Iterator[list]:
    """Yield a connection for each of these beginnings."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(served.connect(each)) for each in sent]


def test_half_sent_idle_and_waiting_requests_leave_room_for_a_fresh_one(serve, ledgers, gate):
    """300 connections that send nothing or not all, and more submits at a block than there are threads."""
    served = serve(submits=8, waits=4)
    ledgers.before_commit = gate
    ledgers.before_answer = lambda call: gate() if call.after else None
    caller = served.token()
    half = [b"", b"GET /v1/sta", head("GET", "/v1/stages")[:-2], head("POST", SUBMIT, 100) + b'{"function"']
    submits = [head("POST", SUBMIT, len(CALL), **caller) + CALL] * 20
    waits = [head("GET", "/v1/stages", **caller, **{"Selat-After": "trade=99"})] * 10
    anonymous = [head("GET", "/track/t", **{"Selat-After": "trade=99"})] * 10
    with connections(served, half * 75 + submits + waits + anonymous):
        # A thread of each lane but those below is taken: 8 submits, 4 waits, 1 shopper that waits.
        gate.wait_arrived(13)
        assert served.ask("GET", "/healthz") == (200, {"status": "ok"})
        assert served.ask("GET", "/v1/stages", **served.token())[0] == 200
        assert served.ask("POST", EVALUATE, CALL, **caller)[0] == 200
        ledgers.answers |= {"Journeys:track": b"{}", "Returns:track": b"[]"}
        assert served.ask("GET", "/track/t")[0] == 200
        assert served.ask("GET", "/docs/errors")[0] == 200
        gate.open()


def test_a_request_of_a_client_that_has_gone_is_not_carried_out(serve, ledgers, gate):
    """What waits for its turn when its client goes is dropped: 256 of them would keep others waiting for nothing."""
    served = serve(submits=1)
    ledgers.before_commit = gate
    caller = served.token()

    def sent(name: str) -> bytes:
        body = json.dumps({"function": name}).encode()
        return head("POST", SUBMIT, len(body), **caller) + body

    first = served.connect(sent("first"))
    gate.wait_arrived(1)
    lane = served.service._lanes["submit"]
    with served.connect(sent("second")), served.connect(sent("third")):
        reached(lambda: lane.waiting == 2)
    reached(lambda: lane.waiting == 0)
    last = served.connect(sent("last"))
    reached(lambda: lane.waiting == 1)
    gate.open()
    for connection in (first, last):
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        connection.close()
    assert [call.function for _, _, call in ledgers.asked] == ["first", "last"]


def reached(condition: Callable[[], bool]) -> None:
    """Return once *condition* holds."""
    assert waiting.until(condition, 30)


def test_one_caller_with_many_requests_delays_another_by_one(serve, ledgers, gate):
    """Callers take turns, so the second caller's only submit is not behind fifty of the first."""
    served = serve(submits=1)
    ledgers.before_commit = gate
    many = head("POST", SUBMIT, len(CALL), **served.token()) + CALL
    other = json.dumps({"function": "other"}).encode()
    lane = served.service._lanes["submit"]
    with connections(served, [many] * 51):
        gate.wait_arrived(1)
        reached(lambda: lane.waiting == 50)
        with served.connect(head("POST", SUBMIT, len(other), **served.token("ForwarderMSP")) + other) as waiting:
            reached(lambda: lane.waiting == 51)
            gate.open()
            assert waiting.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
            order = [call.function for _, _, call in list(ledgers.asked)]
            assert order.index("other") <= 2


@pytest.mark.parametrize("sent", [b"", b"GET /v1/st", head("GET", "/v1/stages")[:-2]], ids=["none", "line", "head"])
def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(serve, sent):
    """The connection is closed after the read time-out; a byte now and then does not keep it open."""
    served = serve(read_seconds=1)
    with served.connect(sent) as slow:
        assert slow.recv(1) == b""
    reached(lambda: served.service.connections.number == 0)


def test_a_second_request_on_a_connection_has_the_same_time(serve):
    """Between requests a connection may rest for longer; from its first byte on the clock runs."""
    served = serve(read_seconds=1)
    with served.connect(head("GET", "/healthz")) as slow:
        assert b'{"status":"ok"}' in slow.recv(1 << 16)
        slow.sendall(b"GET /v1/st")
        assert slow.recv(1) == b""


def test_a_body_that_does_not_come_to_its_end_is_told_so(serve, ledgers):
    """408 as a problem, and the connection ends: what would come later is no request."""
    served = serve(read_seconds=1)
    answer = everything(served.connect(head("POST", SUBMIT, 100, **served.token()) + b"{"))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b'"code":"REQUEST_TIMEOUT"' in answer
    assert b"1 bytes came" in answer
    assert ledgers.asked == []


def test_too_many_connections_cost_those_that_have_waited_longest(serve):
    """A thousand connections that send nothing keep nobody out."""
    served = serve(connections=20)
    with connections(served, [b"GET"] * 20) as idle:
        reached(lambda: served.service.connections.number == 20)
        assert served.ask("GET", "/healthz")[0] == 200
        assert idle[0].recv(1) == b""
        assert served.ask("GET", "/v1/stages", **served.token())[0] == 200


def test_when_every_connection_is_being_served_a_further_one_is_told_to_come_back(serve, ledgers, gate):
    """What is being worked on is not given up; the answer says what to do."""
    served = serve(connections=3)
    ledgers.before_commit = gate
    with connections(served, [head("POST", SUBMIT, len(CALL), **served.token()) + CALL] * 3):
        gate.wait_arrived(3)
        answer = everything(served.connect())
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1" in answer
        assert b'"code":"GATEWAY_BUSY"' in answer
        gate.open()


def test_a_client_that_does_not_read_holds_no_thread(serve, ledgers):
    """Answers of megabytes to clients that never read, more of them than threads: others are answered."""
    served = serve(threads=2)
    ledgers.answers["big"] = json.dumps("x" * 3_000_000).encode()
    body = b'{"function":"big"}'
    caller = served.token()
    with connections(served, [head("POST", EVALUATE, len(body), **caller) + body] * 6):
        reached(lambda: len(ledgers.asked) == 6)
        assert served.ask("POST", EVALUATE, CALL, **caller)[0] == 200
        assert served.ask("GET", "/v1/stages", **caller)[0] == 200


class Stream:
    """Events of a peer that has none so far."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> object:
        assert self.closed.wait(60)
        raise StopIteration

    def close(self) -> None:
        self.closed.set()


FOLLOW = "/v1/events/trade/trade"


def test_a_reader_that_goes_gives_its_place_back_at_once(serve, ledgers):
    """And more readers than threads leave room for requests."""
    served = serve(threads=2, streams=6)
    ledgers.stream = Stream()
    caller = served.token()
    with connections(served, [head("GET", FOLLOW, **caller)] * 3) as readers:
        for reader in readers:
            assert b": stream opened" in until(reader, b"opened")
        assert served.ask("GET", FOLLOW, **caller)[1]["code"] == "STREAMS_EXHAUSTED"
        assert served.ask("GET", "/v1/stages", **caller)[0] == 200
    reached(lambda: served.services.listener_slots._free == 6)
    reached(ledgers.stream.closed.is_set)


def until(connection, wanted: bytes) -> bytes:
    """Return what came, once it has *wanted* in it."""
    came = b""
    while wanted not in came:
        piece = connection.recv(1 << 16)
        assert piece, came
        came += piece
    return came


def test_one_reader_does_not_take_all_places(serve, ledgers):
    """Half of them is one user's at most."""
    served = serve(streams=2)
    ledgers.stream = Stream()
    mine, others = served.token(), served.token("ForwarderMSP")
    with served.connect(head("GET", FOLLOW, **mine)) as first:
        until(first, b"opened")
        assert served.ask("GET", FOLLOW, **mine)[1]["code"] == "STREAMS_EXHAUSTED"
        with served.connect(head("GET", FOLLOW, **others)) as second:
            assert b": stream opened" in until(second, b"opened")


def test_a_reader_that_has_gone_while_its_stream_was_opened_keeps_no_place(serve, ledgers, gate, monkeypatch):
    """Nobody is left to follow the stream that the application hands over, so none is opened."""
    served = serve()
    ledgers.stream = Stream()
    take = served.services.listener_slots.take
    monkeypatch.setattr(served.services.listener_slots, "take", lambda reader: (gate(), take(reader))[1])
    with served.connect(head("GET", FOLLOW, **served.token())):
        gate.wait_arrived(1)
    reached(lambda: served.service.connections.number == 0)
    gate.open()
    reached(lambda: served.services.listener_slots._free == served.services.settings.streams)
    assert not served.service._feeds._feeds


def test_a_revoked_token_ends_what_it_listens_to(serve, ledgers):
    """By whichever process it is revoked; what other tokens of the same user opened goes on."""
    served = serve()
    ledgers.stream = Stream()
    mine, others = served.token(), served.token()
    with connections(served, [head("GET", FOLLOW, **mine), head("GET", FOLLOW, **others)]) as (ended, going):
        until(ended, b"opened")
        until(going, b"opened")
        identifier = mine["Authorization"].split("_")[1]
        assert Tokens(Store(served.services.settings.data)).revoke(identifier)
        text = until(ended, b"0\r\n\r\n")
        assert b"event: problem" in text
        assert b"TOKEN_REVOKED" in text
        # The reader has the last byte a moment before the gateway forgets it.
        reached(lambda: len(served.service._listeners._listeners) == 1)
        assert not ledgers.stream.closed.is_set()


def test_a_listener_that_vanishes_without_a_word_is_noticed(serve, ledgers):
    """A machine without power sends no end; the system asks it for signs of life, and gives up after ten seconds."""
    served = serve()
    ledgers.stream = Stream()
    with served.connect(head("GET", FOLLOW, **served.token())) as reader:
        until(reader, b"opened")
        [connection] = served.service.connections._open
        there = connection.transport.get_extra_info("socket")
        assert there.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        found = [there.getsockopt(socket.IPPROTO_TCP, each) for each in (socket.TCP_KEEPIDLE, socket.TCP_USER_TIMEOUT)]
        assert found == [4, 10_000]


def test_the_head_of_a_stream_takes_no_place(serve, ledgers):
    """An answer to HEAD has no body, so it ends at once."""
    served = serve()
    assert served.ask("HEAD", FOLLOW, **served.token())[0] == 200
    reached(lambda: served.services.listener_slots._free == served.services.settings.streams)


def test_a_stop_ends_streams_and_answers_what_was_begun(tmp_path, serve, ledgers, gate):
    """A restart cuts off no submit, and waits for no reader."""
    served = serve()
    ledgers.before_commit, ledgers.stream = gate, Stream()
    reader = served.connect(head("GET", FOLLOW, **served.token()))
    until(reader, b"opened")
    with ThreadPoolExecutor(2) as pool:
        submitted = pool.submit(served.ask, "POST", SUBMIT, CALL, **served.token())
        gate.wait_arrived(1)
        stopped = pool.submit(served.do, served.service.stop(30))
        assert everything(reader).endswith(b"0\r\n\r\n")
        assert not stopped.done()
        gate.open()
        assert submitted.result()[0] == 200
        stopped.result()


def test_a_stop_reads_what_is_on_its_way_and_closes_what_rests(serve):
    """A body whose head has been read is still taken; a connection between two requests is closed at once."""
    served = serve()
    resting = served.connect(head("GET", "/healthz"))
    until(resting, b"ok")
    sending = served.connect(head("POST", EVALUATE, len(CALL), Expect="100-continue", **served.token()))
    until(sending, b"100 Continue")
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(served.do, served.service.stop(30))
        assert everything(resting) == b""
        assert not stopped.done()
        sending.sendall(CALL)
        answer = everything(sending)
        stopped.result()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 10_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n1",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /st\xc3\xa4ges HTTP/1.1\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_what_is_no_request_is_refused_as_a_problem(serve, sent, caplog):
    """No page of the server's own, nothing repeated of what was sent, and a log line without it."""
    served = serve()
    with served.connect(sent) as connection:
        answer = connection.recv(1 << 16)
        while b"\r\n\r\n{" not in answer or not answer.endswith(b"}"):
            answer += connection.recv(1 << 16)
    start, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert start.split()[1] in {b"400", b"417"}
    assert b"Content-Type: application/problem+json" in start
    assert problem["request_id"].encode() in start
    assert (problem["status"], problem["code"]) in {(400, "REQUEST_MALFORMED"), (417, "EXPECTATION_FAILED")}
    # Longer than the random digits of a request id, which may be of one kind for a while.
    assert "a" * 33 not in body.decode() + caplog.text
    assert "b" * 33 not in body.decode() + caplog.text


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_and_the_answer_arrives(serve, ledgers, chunked):
    """All of it is sent before the answer is read, as most clients do."""
    served = serve()
    if chunked:
        sent = head("POST", SUBMIT, **{"Transfer-Encoding": "chunked"}, **served.token())
        sent += b"".join(b"1000\r\n" + b"x" * 0x1000 + b"\r\n" for _ in range(64)) + b"0\r\n\r\n"
    else:
        sent = head("POST", SUBMIT, 1 << 18, **served.token()) + b"x" * (1 << 18)
    with served.connect(sent) as connection:
        answer = until(connection, b"BODY_TOO_LARGE")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"at most 4096 bytes" in answer
    assert ledgers.asked == []


def test_bodies_together_have_a_limit(serve, ledgers):
    """Clients that send bodies and no ends cannot use up the memory."""
    served = serve(max_body_bytes=4096)
    sent = head("POST", SUBMIT, 4096, **served.token()) + b"x" * 4000
    with connections(served, [sent] * 66) as half:
        reached(lambda: served.service._held > 60 * 4096)
        answers = [until(each, b"GATEWAY_BUSY") for each in half[-1:]]
        assert answers[0].startswith(b"HTTP/1.1 503 ")
    reached(lambda: served.service._held == 0)
    assert served.ask("POST", SUBMIT, CALL, **served.token())[0] == 200


PHOTOS = "/track/right/return?line=1"


def test_an_address_that_takes_files_takes_large_ones(serve):
    """They are read to their end, and the application answers; all other addresses keep their limit."""
    served = serve(max_body_bytes=4096)
    assert served.ask("POST", PHOTOS, b"x" * (1 << 20))[0] == 415
    assert served.ask("POST", "/v1/orders", b"x" * (1 << 20))[0] == 413
    assert served.ask("POST", PHOTOS, b"x" * (17 << 20))[0] == 413


def test_files_that_never_end_take_no_place_of_others(serve):
    """One address sends some at once, and they do not count where bodies together have their limit."""
    served = serve(max_body_bytes=4096)
    sent = head("POST", PHOTOS, 8 << 20) + b"x" * 9000
    with connections(served, [sent] * 4) as half:
        assert until(half[-1], b"GATEWAY_BUSY").startswith(b"HTTP/1.1 503 ")
        assert served.service._held == 0
        assert served.ask("POST", SUBMIT, CALL, **served.token())[0] == 200
    reached(lambda: not served.service._uploading)
    assert served.ask("POST", PHOTOS, b"x")[0] == 415


def test_a_client_that_asks_whether_its_body_is_welcome_is_told_so(serve):
    """As curl does before it sends a large one."""
    served = serve()
    with served.connect(head("POST", EVALUATE, len(CALL), Expect="100-continue", **served.token())) as connection:
        assert until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(CALL)
        assert until(connection, b"result_base64").startswith(b"HTTP/1.1 200 ")


def test_requests_one_behind_the_other_are_answered_in_order(serve):
    """On one connection, sent at once; HEAD has a length and no body."""
    served = serve()
    sent = head("GET", "/healthz") + head("HEAD", "/docs/errors") + head("GET", "/nowhere", Connection="close")
    answers = everything(served.connect(sent))
    assert re.findall(rb"HTTP/1.1 (\d+) ", answers) == [b"200", b"200", b"404"]
    assert b"<html" not in answers


def test_the_request_the_application_sees_is_the_one_that_was_sent(serve, ledgers):
    """Path and query are decoded once, and a proxy's word is taken for the scheme alone."""
    served = serve()
    ledgers.answers["Participants:read"] = b"{}"
    status, _ = served.ask("GET", "/v1/participants/A%2EMSP?channel=trade", **served.token())
    assert status == 200
    assert ledgers.asked[0][2].arguments == ("A.MSP",)
    more = {"Content-Type": "text/plain", "Content-Length": "1", "Connection": "close"}
    assert everything(served.connect(head("POST", "/console/login", **more) + b"x")).startswith(b"HTTP/1.1 415 ")


BYTES = st.binary(max_size=40)
WORDS = st.sampled_from(
    [
        *(b"GET", b"POST", b" ", b"/healthz", b"/v1/stages", b"?", b"%", b"%00", b"..", b" HTTP/1.1", b" HTTP/1.0"),
        *(b"\r\n", b"\n", b"Host: x", b"Content-Length: ", b"Transfer-Encoding: chunked", b"Expect: 100-continue"),
        *(b"Connection: Upgrade", b"Content-Type: application/json", b"0", b"5", b"{}", b"Authorization: Bearer "),
        *(b"Selat-After: trade=1", b":", b"\0"),
    ]
)


@pytest.fixture(scope="module")
def steady(tmp_path_factory) -> Iterator[ServedGateway]:
    """One front for many bytes."""
    served = ServedGateway(tmp_path_factory.mktemp("steady"), FakeLedgers(), read_seconds=1)
    yield served
    served.close()


LINES = st.lists(WORDS | BYTES, max_size=6).map(b"".join)
REQUESTS = st.builds(
    lambda method, target, lines, body: b"\r\n".join(
        [method + b" /" + target + b" HTTP/1.1", b"Host: x", *lines, b"", body]
    ),
    st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"DELETE", b"CONNECT", b"PRI"]),
    LINES,
    st.lists(LINES, max_size=4),
    LINES,
)
LAST = head("GET", "/healthz", Connection="close")


@hypothesis.given(st.lists(WORDS | BYTES, min_size=1, max_size=30).map(b"".join) | REQUESTS)
def test_no_bytes_make_it_fail(steady, sent):
    """Whatever comes: only answers below 500, an end to the connection, and others are served as ever."""
    came = everything(steady.connect(sent + b"\r\n\r\n" + LAST))
    statuses = re.findall(rb"^HTTP/[\d.]+ (\d{3}) ", came, re.MULTILINE)
    assert statuses
    assert all(int(status) < 500 for status in statuses)
    assert steady.ask("GET", "/healthz") == (200, {"status": "ok"})
