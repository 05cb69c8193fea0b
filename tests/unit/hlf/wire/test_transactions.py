"""Transactions taken apart: the first defect is the one that Fabric's validation meets, under its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2

from hlf.wire import fields
from hlf.wire.transactions import Action, BlockTransaction, check_transaction, decode_transaction
from tests.support.members import Consortium, put

CODES = transaction_pb2.TxValidationCode
WHO = Consortium(("AMSP", "BMSP"))


class Layers:
    """A good transaction, each layer of which can be bent before it is put together."""

    def __init__(self) -> None:
        self.envelope = WHO.transaction(put(k=b"v"), ["AMSP"], event=b"e").envelope()
        self.payload = common_pb2.Payload.FromString(self.envelope.payload)
        self.channel = common_pb2.ChannelHeader.FromString(self.payload.header.channel_header)
        self.signer = common_pb2.SignatureHeader.FromString(self.payload.header.signature_header)
        self.transaction = transaction_pb2.Transaction.FromString(self.payload.data)
        self.action = transaction_pb2.ChaincodeActionPayload.FromString(self.transaction.actions[0].payload)
        self.response = proposal_response_pb2.ProposalResponsePayload.FromString(
            self.action.action.proposal_response_payload
        )
        self.result = proposal_pb2.ChaincodeAction.FromString(self.response.extension)
        # What stands in a layer's place, if not the layer itself.
        self.raw: dict[str, bytes] = {}

    def read(self) -> BlockTransaction:
        self.response.extension = self._bytes("result")
        self.action.action.proposal_response_payload = self._bytes("response")
        if self.transaction.actions:
            self.transaction.actions[0].payload = self._bytes("action")
        self.payload.data = self._bytes("transaction")
        if self.payload.HasField("header"):
            self.payload.header.channel_header = self._bytes("channel")
            self.payload.header.signature_header = self._bytes("signer")
        self.envelope.payload = self._bytes("payload")
        return decode_transaction(self._bytes("envelope"))

    def _bytes(self, layer: str) -> bytes:
        return self.raw.get(layer, getattr(self, layer).SerializeToString())


def _raw(layer: str, content: bytes = b"\xff") -> Callable[[Layers], None]:
    return lambda layers: layers.raw.__setitem__(layer, content)


def _twice(layers: Layers) -> None:
    layers.transaction.actions.add().CopyFrom(layers.transaction.actions[0])


def _namespaces(layers: Layers) -> None:
    layers.result.results += layers.result.results


BENT: list[tuple[Callable[[Layers], Any], str]] = [
    (_raw("envelope"), "INVALID_OTHER_REASON"),
    (_raw("payload"), "BAD_PAYLOAD"),
    (lambda layers: layers.payload.ClearField("header"), "BAD_COMMON_HEADER"),
    (_raw("channel"), "BAD_COMMON_HEADER"),
    (_raw("signer"), "BAD_COMMON_HEADER"),
    (lambda layers: setattr(layers.channel, "type", 0), "BAD_COMMON_HEADER"),
    (lambda layers: setattr(layers.channel, "type", 99), "BAD_COMMON_HEADER"),
    (lambda layers: setattr(layers.channel, "type", 2), "UNSUPPORTED_TX_PAYLOAD"),
    (lambda layers: setattr(layers.channel, "epoch", 1), "BAD_COMMON_HEADER"),
    (lambda layers: layers.signer.ClearField("nonce"), "BAD_COMMON_HEADER"),
    (lambda layers: layers.signer.ClearField("creator"), "BAD_COMMON_HEADER"),
    (_raw("transaction"), "INVALID_ENDORSER_TRANSACTION"),
    (lambda layers: layers.transaction.ClearField("actions"), "INVALID_ENDORSER_TRANSACTION"),
    (_twice, "INVALID_ENDORSER_TRANSACTION"),
    (lambda layers: setattr(layers.transaction.actions[0], "header", b"\xff"), "INVALID_ENDORSER_TRANSACTION"),
    (lambda layers: layers.transaction.actions[0].ClearField("header"), "INVALID_ENDORSER_TRANSACTION"),
    (_raw("action"), "INVALID_ENDORSER_TRANSACTION"),
    (lambda layers: layers.action.ClearField("chaincode_proposal_payload"), "INVALID_ENDORSER_TRANSACTION"),
    (_raw("response"), "INVALID_ENDORSER_TRANSACTION"),
    (lambda layers: setattr(layers.channel, "extension", b"\xff"), "BAD_HEADER_EXTENSION"),
    (_raw("response", b"\x0a\x01h"), "BAD_RESPONSE_PAYLOAD"),
    (_raw("response", b"\x0a\x01h\x12\x00"), "BAD_RESPONSE_PAYLOAD"),
    (_raw("response", b"\x0a\x01h\x10\x41"), "BAD_RESPONSE_PAYLOAD"),
    (_raw("result"), "BAD_RESPONSE_PAYLOAD"),
    (lambda layers: setattr(layers.result, "results", b"\xff"), "BAD_RWSET"),
    (lambda layers: setattr(layers.result, "results", b"\x12\x03\x12\x01\xff"), "BAD_RWSET"),
    (lambda layers: layers.channel.ClearField("extension"), "INVALID_OTHER_REASON"),
    (lambda layers: layers.result.ClearField("chaincode_id"), "INVALID_OTHER_REASON"),
    (lambda layers: setattr(layers.result.chaincode_id, "name", "dd"), "INVALID_CHAINCODE"),
    (lambda layers: setattr(layers.result.chaincode_id, "version", ""), "INVALID_CHAINCODE"),
    (lambda layers: setattr(layers.result, "events", b"\xff"), "INVALID_OTHER_REASON"),
    (lambda layers: setattr(layers.result, "events", b"\x0a\x02dd"), "INVALID_OTHER_REASON"),
    (_namespaces, "ILLEGAL_WRITESET"),
]


@pytest.mark.parametrize(("bend", "code"), BENT)
def test_the_first_defect_has_fabrics_code(bend, code):
    """Layer by layer, in the order of validation."""
    layers = Layers()
    bend(layers)
    transaction = layers.read()
    assert transaction.defect
    assert CODES.Name(transaction.defect_code) == code
    assert check_transaction(transaction) == [transaction.defect]


def test_an_event_that_is_there_and_empty_is_none():
    """As at peers: seen on Fabric 3.1.5, for which a field of no bytes is one that is not there."""
    layers = Layers()
    layers.result.ClearField("events")
    layers.raw["result"] = layers.result.SerializeToString() + b"\x12\x00"
    assert layers.read().defect is None


@pytest.mark.parametrize(
    "bend",
    [
        lambda layers: None,
        lambda layers: layers.result.ClearField("results"),
        lambda layers: setattr(layers.action, "chaincode_proposal_payload", b"\xff"),
        lambda layers: layers.raw.__setitem__("action", b"\x0a\x00" + layers._bytes("action")),
        lambda layers: setattr(layers.channel.timestamp, "seconds", 1 << 60),
        lambda layers: setattr(layers.envelope, "signature", b""),
    ],
)
def test_what_validation_does_not_look_at_is_no_defect(bend):
    """Arguments that nobody can read make no transaction invalid, nor does a time outside of the calendar."""
    layers = Layers()
    bend(layers)
    assert layers.read().defect is None


def test_arguments_and_times_that_nobody_can_read():
    """They are empty, and nothing is raised."""
    layers = Layers()
    (good,) = layers.read().actions
    assert (good.args, good.is_init) == ((b"f",), False)
    layers.action.chaincode_proposal_payload = b"\xff"
    layers.channel.timestamp.seconds = 1 << 60
    transaction = layers.read()
    assert [action.args for action in transaction.actions] == [()]
    assert transaction.timestamp is None
    assert decode_transaction(b"\xff").timestamp is None
    assert Action(b"", b"", (), b"", b"").args == ()


def test_values_are_measured_without_being_read():
    """Numbers of up to 64 bits, and the places behind values of each kind."""
    with pytest.raises(ValueError, match="no kind 7"):
        fields.skip(b"", 0, 7)
    with pytest.raises(ValueError, match="more than 64 bits"):
        fields.varint(b"\xff" * 9 + b"\x02", 0)
    assert fields.varint(b"\xff" * 9 + b"\x01", 0) == ((1 << 64) - 1, 10)
    assert [fields.varint_size(n) for n in (0, 127, 128, (1 << 64) - 1)] == [1, 1, 2, 10]
    for number in (0, 127, 128, 16_383, 16_384, (1 << 64) - 1):
        assert fields.varint(fields.to_varint(number), 0) == (number, fields.varint_size(number))
