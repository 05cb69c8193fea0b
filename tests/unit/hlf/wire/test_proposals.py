"""Proposals, and what endorsers sign."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import (
    chaincode_pb2,
    proposal_pb2,
    proposal_response_pb2,
)
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import WireError
from hlf.wire import envelopes, keys, proposals
from tests.unit.hlf import golden

SIGNED = proposal_pb2.SignedProposal.FromString(golden.read("tx-signed-proposal.pb"))
RESPONSES = [
    proposal_response_pb2.ProposalResponse.FromString(golden.read(f"tx-proposal-response-org{n}.pb")) for n in (1, 2)
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_the_official_clients_proposal_is_read_in_full():
    """Every part of a private write, as the official client sent it."""
    parsed = proposals.parse(SIGNED.proposal_bytes)
    assert parsed.chaincode == "lab"
    assert parsed.args == (b"putpvt", b"org12")
    assert parsed.transient == {"key": b"gk", "value": b"gv"}
    assert parsed.channel_header.channel_id == "mychannel"
    assert parsed.transaction_id == parsed.computed_transaction_id
    assert not parsed.is_init


def test_the_official_clients_proposal_is_written_again():
    """The same call by the same creator at the same moment is the same proposal, but for the order of a map."""
    parsed = proposals.parse(SIGNED.proposal_bytes)
    header = parsed.channel_header
    again = envelopes.channel_header(
        common_pb2.ENDORSER_TRANSACTION,
        "mychannel",
        tx_id=parsed.transaction_id,
        extension=header.extension,
        timestamp=header.timestamp,
    )
    assert again == parsed.channel_header_bytes
    made = proposals.parse(
        proposals.new(
            "mychannel",
            "lab",
            parsed.args,
            parsed.signature_header.creator,
            transient=parsed.transient,
            nonce=parsed.signature_header.nonce,
        ).bytes
    )
    assert made.signature_header_bytes == parsed.signature_header_bytes
    assert made.channel_header.extension == header.extension
    visible = [proposal_pb2.ChaincodeProposalPayload.FromString(p.payload).input for p in (made, parsed)]
    assert visible[0] == visible[1]


def test_the_proposal_hash_is_the_one_that_peers_endorsed():
    """Transient data do not enter it, or the orderer's copy could not be checked."""
    parsed = proposals.parse(SIGNED.proposal_bytes)
    for response in RESPONSES:
        endorsed = proposal_response_pb2.ProposalResponsePayload.FromString(response.payload)
        assert parsed.hash == endorsed.proposal_hash
    assert b"gv" in parsed.payload
    whole = hashlib.sha256(parsed.channel_header_bytes + parsed.signature_header_bytes + parsed.payload).digest()
    assert parsed.hash != whole


def test_a_peers_response_payload_is_written_again_byte_for_byte():
    """Endorsements of this implementation and of Fabric's peers go over the same bytes."""
    endorsed = proposal_response_pb2.ProposalResponsePayload.FromString(RESPONSES[0].payload)
    action = proposal_pb2.ChaincodeAction.FromString(endorsed.extension)
    made = proposals.response_payload(
        endorsed.proposal_hash, action.results, action.events, action.response, action.chaincode_id
    )
    assert made == RESPONSES[0].payload == RESPONSES[1].payload


@given(
    channel=TEXTS,
    chaincode=TEXTS.filter(bool),
    args=st.lists(st.binary(max_size=40)),
    transient=st.dictionaries(TEXTS, st.binary(max_size=40)),
    is_init=st.booleans(),
)
def test_what_is_proposed_is_what_is_read(channel, chaincode, args, transient, is_init):
    """Reading undoes writing."""
    made = proposals.new(channel, chaincode, args, b"creator", transient=transient, is_init=is_init)
    parsed = proposals.parse(made.bytes)
    assert parsed.chaincode == made.chaincode == chaincode
    assert parsed.args == tuple(args)
    assert parsed.transient == transient
    assert parsed.is_init is is_init
    assert parsed.channel_header.channel_id == made.channel_id == channel
    nonce = parsed.signature_header.nonce
    assert parsed.transaction_id == made.transaction_id == keys.transaction_id(nonce, b"creator")


def test_the_same_proposal_is_the_same_bytes():
    """A map has no order of its own, so one is imposed: what is signed offline must not change."""
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    transient = {str(n): b"value" for n in range(50)}
    backwards = dict(reversed(transient.items()))
    made = [
        proposals.new("c", "cc", [b"f"], b"me", transient=t, nonce=b"n" * 24, timestamp=moment)
        for t in (transient, backwards)
    ]
    assert made[0] == made[1]


def test_every_proposal_has_its_own_nonce():
    """Otherwise the second would be refused as a duplicate."""
    ids = {proposals.new("c", "cc", [b"f"], b"me").transaction_id for _ in range(100)}
    assert len(ids) == 100


def test_transient_data_do_not_show():
    """A proposal that is logged tells nothing private."""
    made = proposals.new("c", "cc", [b"f"], b"me", transient={"price": b"4711 VND"})
    assert "4711 VND" not in repr(made)
    assert "4711 VND" not in repr(proposals.parse(made.bytes))


def _rewrite(**changes: object) -> bytes:
    """Return the golden proposal with some layers replaced."""
    proposal = proposal_pb2.Proposal.FromString(SIGNED.proposal_bytes)
    for name, value in changes.items():
        setattr(proposal, name, value)
    return proposal.SerializeToString()


def test_a_proposal_must_name_one_chaincode():
    """A header and an invocation that differ would be checked as one and run as the other."""
    spec = chaincode_pb2.ChaincodeInvocationSpec()
    spec.chaincode_spec.chaincode_id.name = "other"
    payload = proposal_pb2.ChaincodeProposalPayload(input=spec.SerializeToString())
    with pytest.raises(WireError, match="different chaincodes"):
        proposals.parse(_rewrite(payload=payload.SerializeToString()))
    with pytest.raises(WireError, match="names no chaincode"):
        proposals.parse(_rewrite(header=b""))


@given(st.data())
def test_hostile_proposals_give_one_kind_of_error(data):
    """Cut, bent and invented bytes give a WireError or a proposal, nothing else."""
    genuine = SIGNED.proposal_bytes
    place = data.draw(st.integers(0, len(genuine) - 1))
    bent = bytearray(genuine)
    bent[place] = data.draw(st.integers(0, 255))
    for hostile in (bytes(bent), genuine[:place], data.draw(st.binary(max_size=80))):
        for decode in (proposals.parse, lambda b: proposals.proposal_hash(b"", b"", b)):
            try:
                decode(hostile)
            except WireError:
                continue
