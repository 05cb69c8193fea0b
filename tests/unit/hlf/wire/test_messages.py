"""Messages with more in them than anybody knows, as deep as Go reads it."""

from __future__ import annotations

import copy

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_response_pb2, transaction_pb2
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from hlf import audit
from hlf.wire import fields, messages
from tests.support.members import Consortium, Definition, Person, put
from tests.unit.hlf.chain import Chain

DEEP = b"\x7b" * 300 + b"\x7c" * 300
HEADER = common_pb2.Header(channel_header=b"c", signature_header=b"s")
PAYLOAD = common_pb2.Payload(header=HEADER, data=b"d")


def test_groups_that_are_too_deep_are_taken_out():
    """At any place, within messages that are known too; what is known stays as it is."""
    header = HEADER.SerializeToString() + DEEP
    inner = b"\x0a" + fields.to_varint(len(header)) + header
    for serialized in (
        PAYLOAD.SerializeToString() + DEEP,
        DEEP + PAYLOAD.SerializeToString(),
        inner + b"\x12\x01d",
        DEEP + inner + DEEP + b"\x12\x01d" + DEEP,
    ):
        with pytest.raises(DecodeError):
            common_pb2.Payload.FromString(serialized)
        assert messages.read(common_pb2.Payload, serialized) == PAYLOAD
    assert messages.read(common_pb2.Payload, PAYLOAD.SerializeToString() + b"\x7b\x7c").header == HEADER


@pytest.mark.parametrize(
    "groups",
    [
        b"\x7b" * 10_002 + b"\x7c" * 10_002,
        b"\x7b" * 300 + b"\x7c" * 299,
        b"\x7b" * 300 + b"\x7c" * 299 + b"\x84\x01",
        b"\x7b" * 300 + b"\x00\x00" + b"\x7c" * 300,
        b"\x7b" * 300 + b"\x7f" + b"\x7c" * 300,
        b"\x7b" * 300 + b"\x7a\x7f" + b"\x7c" * 300,
        DEEP + b"\x7c",
        DEEP + b"\x0a\x05\xff",
        b"\xff" * 11,
    ],
)
def test_what_go_does_not_read_is_an_error(groups):
    """Deeper than it reads, not closed, closed by another, with a field that is none."""
    with pytest.raises(DecodeError):
        messages.read(common_pb2.Payload, PAYLOAD.SerializeToString() + groups)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_message_or_an_error(garbage):
    """Behind what is too deep as well."""
    for serialized in (garbage, DEEP + garbage):
        try:
            messages.read(common_pb2.Payload, serialized)
        except DecodeError:
            continue


def _deepened(transaction, layer: str) -> bytes:
    """Return a good transaction with groups that nobody knows in one of its layers, endorsed and signed over them."""
    more = {layer: DEEP}
    action = transaction.action.SerializeToString() + more.get("result", b"")
    response = proposal_response_pb2.ProposalResponsePayload(proposal_hash=transaction.digest, extension=action)
    signed = response.SerializeToString() + more.get("response", b"")
    envelope = transaction.envelope()
    payload = common_pb2.Payload.FromString(envelope.payload)
    whole = transaction_pb2.Transaction.FromString(payload.data)
    part = transaction_pb2.ChaincodeActionPayload.FromString(whole.actions[0].payload)
    part.action.proposal_response_payload = signed
    for endorsement, person in zip(part.action.endorsements, transaction.endorsers, strict=True):
        endorsement.endorser = person.serialized + more.get("endorser", b"")
        endorsement.signature = person.sign(signed + endorsement.endorser)
    whole.actions[0].payload = part.SerializeToString() + more.get("action", b"")
    payload.data = whole.SerializeToString() + more.get("transaction", b"")
    encoded = payload.SerializeToString() + more.get("payload", b"")
    signature = transaction.creator.sign(encoded)
    envelope = common_pb2.Envelope(payload=encoded, signature=signature).SerializeToString()
    return bytes(envelope) + more.get("envelope", b"")


@pytest.fixture(scope="module")
def chain() -> Chain:
    made = Chain(Consortium(("AMSP", "BMSP", "CMSP")))
    made.add(made.consortium.define(Definition("cc")))
    return made


LAYERS = ("none", "envelope", "payload", "transaction", "action", "response", "result", "endorser")


@pytest.mark.parametrize("layer", LAYERS)
def test_no_member_makes_a_valid_transaction_unreadable(chain, layer):
    """Peers take it, and so the verification must, in whichever layer it is."""
    forked = copy.deepcopy(chain)
    forked.add(_deepened(forked.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"]), layer))
    outcome = audit.verify(forked.serialized)
    assert outcome.ok, outcome.findings
    assert outcome.codes == {"VALID": 3}


def test_a_creator_that_says_more_than_anybody_knows(chain):
    """Its identity is read as peers read it, in a transaction whose id goes over all of its bytes."""
    client = chain.consortium["AMSP"].client

    class Talkative(Person):
        serialized = client.serialized + DEEP

    forked = copy.deepcopy(chain)
    creator = Talkative(client.msp_id, client.issued)
    forked.add(forked.consortium.transaction(put(k=b"v"), ["AMSP", "BMSP"], creator=creator))
    outcome = audit.verify(forked.serialized)
    assert outcome.ok, outcome.findings
