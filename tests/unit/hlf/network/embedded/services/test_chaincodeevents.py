"""The stream of chaincode events at a peer."""

from __future__ import annotations

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_event_pb2

from hlf.network.engines.embedded.services import chaincodeevents


def test_a_block_is_decoded_once_for_all_who_listen(monkeypatch):
    """However many they are, and though each reads the block for itself."""
    decoded: list[bytes] = []
    found = chaincode_event_pb2.ChaincodeEvent(chaincode_id="trade", event_name="Happened")

    def events_in(block: bytes):
        decoded.append(block)
        yield found

    monkeypatch.setattr(chaincodeevents, "_events_in", events_in)
    chaincodeevents.events_of.cache_clear()
    for number in (7, 8):
        stored = common_pb2.Block(header=common_pb2.BlockHeader(number=number)).SerializeToString()
        for _ in range(1_000):
            assert chaincodeevents.events_of(bytes(bytearray(stored))) == (found,)
    assert len(decoded) == 2
    chaincodeevents.events_of.cache_clear()
