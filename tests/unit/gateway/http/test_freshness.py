"""Answers build on what their caller knows to be written."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fabric_protos.common import ledger_pb2

from gateway.http import freshness
from gateway.http.freshness import Heights
from tests.unit.gateway.fakes import ORDER


class Peers:
    """Peers whose heights grow by one each time they are asked."""

    def __init__(self, **heights: int) -> None:
        self.heights = heights
        self.asked: list[str] = []

    def __call__(self, channel: str, msp_id: str) -> bytes:
        self.asked.append(msp_id)
        height = self.heights[msp_id]
        self.heights[msp_id] += 1
        return ledger_pb2.BlockchainInfo(height=height).SerializeToString()


def test_a_peer_that_has_the_block_is_asked_once():
    peers = Peers(AMSP=8)
    heights = Heights()
    heights.wait("trade", ["AMSP"], 7, peers)
    heights.wait("trade", ["AMSP"], 5, peers)
    assert peers.asked == ["AMSP"]


def test_a_peer_that_is_behind_is_waited_for():
    """Block 7 is there when the height is 8."""
    peers = Peers(AMSP=8, BMSP=6)
    Heights().wait("trade", ["AMSP", "BMSP"], 7, peers)
    assert peers.asked == ["AMSP", "BMSP", "BMSP", "BMSP"]


def stuck(channel: str, msp_id: str) -> bytes:
    return ledger_pb2.BlockchainInfo(height=1).SerializeToString()


def test_a_peer_that_stays_behind_is_told_and_not_waited_for_for_ever():
    """An answer from an older state would look like one that builds on the block."""
    with pytest.raises(freshness.NotReachedError, match="peer of AMSP has block 0 of trade; the request needs block 7"):
        Heights(seconds=0.05).wait("trade", ["AMSP"], 7, stuck)


def test_nobody_waits_for_whoever_has_gone():
    """A client that hangs up frees what waits for it."""
    Heights(seconds=60).wait("trade", ["AMSP"], 7, stuck, lambda: True)


def test_a_peer_is_asked_by_one_at_a_time():
    """A hundred that wait for one block must not each ask the peer for its height."""
    heights, asking, answer = Heights(seconds=60), threading.Event(), threading.Event()
    asked = []

    def slow(channel: str, msp_id: str) -> bytes:
        asked.append(msp_id)
        asking.set()
        assert answer.wait(30)
        return ledger_pb2.BlockchainInfo(height=8).SerializeToString()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(heights.wait, "trade", ["AMSP"], 7, slow)
        assert asking.wait(30)
        for _ in range(3):
            heights.wait("trade", ["AMSP"], 7, slow, gone=lambda: True)
        answer.set()
        first.result()
    assert asked == ["AMSP"]


def test_a_request_whose_block_has_not_come_is_refused(client, bearer, ledgers):
    """It says which peer is how far, and when to come back."""
    ledgers.answers["Participants:list"] = freshness.NotReachedError("trade", 42, "PlatformMSP", 7)
    answer = client.get("/v1/participants", headers=bearer("read"))
    assert (answer.status_code, answer.json["code"]) == (412, "BLOCK_NOT_REACHED")
    assert (answer.json["block_number"], answer.json["height"]) == (42, 7)
    assert answer.headers["Retry-After"]


def test_channels_are_told_apart():
    peers = Peers(AMSP=8)
    heights = Heights()
    heights.wait("trade", ["AMSP"], 7, peers)
    heights.wait("ecommerce", ["AMSP"], 7, peers)
    assert peers.asked == ["AMSP", "AMSP"]


def test_the_header_says_a_block_for_each_channel():
    assert freshness.parse("") == {}
    assert freshness.parse("trade=42, ecommerce=7,trade=40") == {"trade": 42, "ecommerce": 7}
    assert freshness.text({"trade": 42, "ecommerce": 7}) == "ecommerce=7, trade=42"
    for wrong in ("trade", "trade=x", "trade=1;b=2", "Trade=1", "trade=" + "9" * 19):
        with pytest.raises(ValueError, match="Selat-After must be"):
            freshness.parse(wrong)


def test_a_call_builds_on_what_its_caller_knows(client, bearer, ledgers):
    headers = bearer("read") | {"Selat-After": "trade=42, ecommerce=7"}
    client.get("/v1/stages", headers=headers)
    client.get("/v1/orders", headers=headers)
    client.get("/v1/stages", headers=bearer("read"))
    assert [call.after for _, _, call in ledgers.asked] == [42, 7, None]


def test_an_answer_says_what_was_written(client, bearer, ledgers):
    ledgers.answers["Stages:install"] = b"{}"
    answer = client.post("/v1/stages/installation", headers=bearer("write"))
    assert answer.headers["Selat-Block"] == "trade=7"
    assert "Selat-Block" not in client.get("/v1/stages", headers=bearer("read")).headers


def test_the_second_transaction_of_a_request_builds_on_the_first(client, bearer, ledgers):
    ledgers.answers |= {
        "Claims:read": b'{"document":"{}","disclosures":[]}',
        "Disclosures:show": b'{"terms":{"claim_id":"c","revision":1,"attributes":[],"recipient":"BMSP"}}',
        "Terms:read": b'{"terms":{}}',
        "Orders:place": b'{"order_hash":"h"}',
        "Orders:open": b"{}",
    }
    assert client.post("/v1/orders", json=ORDER, headers=bearer("write")).status_code == 201
    sent = [(call.function, call.after) for _, _, call in ledgers.asked if call.function.startswith("Orders:")]
    assert sent == [("Orders:place", None), ("Orders:open", 7)]


def test_a_header_that_cannot_be_read_is_refused(client, bearer, ledgers):
    answer = client.get("/v1/stages", headers=bearer("read") | {"Selat-After": "yesterday"})
    assert (answer.status_code, answer.json["code"]) == (400, "REQUEST_MALFORMED")
    assert ledgers.asked == []
