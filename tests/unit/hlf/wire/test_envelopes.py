"""Envelopes for orderers and Deliver services."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import WireError
from hlf.wire import envelopes, proposals
from tests.unit.hlf import golden

SIGNED = proposal_pb2.SignedProposal.FromString(golden.read("tx-signed-proposal.pb"))
RESPONSES = [
    proposal_response_pb2.ProposalResponse.FromString(golden.read(f"tx-proposal-response-org{n}.pb")) for n in (1, 2)
]


def test_a_transaction_is_put_together_as_the_gateway_does_it():
    """A committed transaction, taken apart into proposal and endorsements, is put together to the same bytes."""
    envelope = golden.read("tx-gateway-prepared-envelope.pb")
    parsed = envelopes.parse(envelope)
    (action,) = transaction_pb2.Transaction.FromString(parsed.data).actions
    content = transaction_pb2.ChaincodeActionPayload.FromString(action.payload)
    header = common_pb2.Payload.FromString(parsed.payload).header
    proposal = proposal_pb2.Proposal(
        header=header.SerializeToString(), payload=content.chaincode_proposal_payload
    ).SerializeToString()
    responses = [
        proposal_response_pb2.ProposalResponse(payload=content.action.proposal_response_payload, endorsement=e)
        for e in content.action.endorsements
    ]
    assert envelopes.transaction_envelope(proposal, responses).SerializeToString() == envelope


def test_transient_data_never_reach_the_orderer():
    """They are dropped when the transaction is put together."""
    envelope = envelopes.transaction_envelope(SIGNED.proposal_bytes, RESPONSES)
    assert b"gv" in SIGNED.proposal_bytes
    assert b"gv" not in envelope.SerializeToString()


def test_endorsers_must_agree():
    """Different results cannot be one transaction."""
    other = proposal_response_pb2.ProposalResponse.FromString(golden.read("tx-proposal-response-org2.pb"))
    other.payload += b"x"
    with pytest.raises(WireError, match="differ"):
        envelopes.transaction_envelope(SIGNED.proposal_bytes, [RESPONSES[0], other])
    with pytest.raises(WireError, match="at least one"):
        envelopes.transaction_envelope(SIGNED.proposal_bytes, [])


def test_a_seek_request_is_the_one_that_was_sent():
    """Deliver requests are those a real peer answered, byte for byte."""
    sent = common_pb2.Envelope.FromString(golden.read("deliver-seek-envelope-0-1.pb"))
    parsed = envelopes.parse(sent.SerializeToString())
    stamp = parsed.channel_header.timestamp
    made = envelopes.seek_envelope(
        "mychannel",
        parsed.signature_header.creator,
        start=0,
        stop=1,
        nonce=parsed.signature_header.nonce,
        timestamp=datetime.fromtimestamp(stamp.seconds, UTC),
    )
    again = envelopes.parse(made.SerializeToString())
    assert again.data == parsed.data
    assert again.signature_header_bytes == parsed.signature_header_bytes
    header = again.channel_header
    header.timestamp.nanos = stamp.nanos
    assert header.SerializeToString() == parsed.channel_header_bytes


@pytest.mark.parametrize(("start", "kind"), [("oldest", "oldest"), ("newest", "newest"), ("next", "next_commit")])
def test_named_positions(start, kind):
    """Positions that are not numbers."""
    made = envelopes.seek_envelope("c", b"me", start=start, nonce=b"n", wait=False, content="headers")
    seek = ab_pb2.SeekInfo.FromString(envelopes.parse(made.SerializeToString()).data)
    assert seek.start.WhichOneof("Type") == kind
    assert seek.stop.specified.number == 2**64 - 1
    assert seek.behavior == ab_pb2.SeekInfo.FAIL_IF_NOT_READY
    assert seek.content_type == ab_pb2.SeekInfo.HEADER_WITH_SIG


def test_a_moment_is_kept():
    """Aware moments go out as they are; none means now."""
    moment = datetime(2026, 11, 22, 12, 30, 15, 250_000, UTC)
    assert envelopes.timestamp(moment).ToJsonString() == "2026-11-22T12:30:15.250Z"
    before = datetime.now(UTC)
    assert before.timestamp() <= envelopes.timestamp().ToNanoseconds() / 1e9 <= datetime.now(UTC).timestamp() + 1


def test_a_proposal_that_is_none_is_refused():
    """Garbage does not become a transaction."""
    with pytest.raises(WireError, match="not a proposal"):
        envelopes.transaction_envelope(b"\xff", RESPONSES)


@given(st.data())
def test_hostile_envelopes_give_one_kind_of_error(data):
    """Cut, bent and invented bytes give a WireError or an envelope, nothing else."""
    genuine = golden.read("tx-gateway-prepared-envelope.pb")
    place = data.draw(st.integers(0, len(genuine) - 1))
    bent = bytearray(genuine)
    bent[place] = data.draw(st.integers(0, 255))
    for hostile in (bytes(bent), genuine[:place], data.draw(st.binary(max_size=80))):
        try:
            envelopes.parse(hostile)
        except WireError:
            continue


def test_a_payload_without_a_header_is_refused():
    """An empty message is well-formed protobuf and still no envelope."""
    with pytest.raises(WireError, match="no header"):
        envelopes.parse(b"")


def test_proposal_and_envelope_agree_on_the_transaction():
    """The envelope carries the proposal's own headers."""
    parsed = proposals.parse(SIGNED.proposal_bytes)
    envelope = envelopes.parse(envelopes.transaction_envelope(SIGNED.proposal_bytes, RESPONSES).SerializeToString())
    assert envelope.channel_header_bytes == parsed.channel_header_bytes
    assert envelope.signature_header_bytes == parsed.signature_header_bytes
