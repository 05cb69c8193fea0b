"""Queries and the three steps of a transaction, over a real connection."""

from __future__ import annotations

import hashlib
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2

from hlf import errors, signers
from hlf.identity import Identity
from hlf.wire import envelopes, proposals, signatures, verification
from tests.unit.hlf import golden
from tests.unit.hlf.certificates import issue


@pytest.fixture
def unsigned(connect, peer, user):
    """Yield a gateway of a caller whose key is elsewhere."""
    with connect(peer.profile, user[0], None) as connected:
        yield connected


def test_a_query(contract, peer):
    """Function and arguments go out, the answer comes back; organisations are passed on."""
    assert contract.evaluate("read", "J1", b"\xff", endorsing_organizations=["AMSP"]) == b"result"
    (request,) = peer.requests["Evaluate"]
    parsed = proposals.parse(request.proposed_transaction.proposal_bytes)
    assert parsed.args == (b"read", b"J1", b"\xff")
    assert request.channel_id == parsed.channel_header.channel_id == "trade"
    assert request.transaction_id == parsed.transaction_id
    assert list(request.target_organizations) == ["AMSP"]


def test_a_contract_by_name(channel, peer):
    """Several contracts live in one chaincode; the name goes before the function."""
    channel.contract("lab", "Journeys").evaluate("read")
    (request,) = peer.requests["Evaluate"]
    assert proposals.parse(request.proposed_transaction.proposal_bytes).args == (b"Journeys:read",)


def test_a_submit(contract, peer):
    """All three steps, with transient data for the endorsers alone."""
    given = {"price": b"4711 VND"}
    assert contract.submit("put", "k", transient=given, endorsing_organizations=("AMSP", "BMSP")) == b"result"
    (endorse,) = peer.requests["Endorse"]
    assert list(endorse.endorsing_organizations) == ["AMSP", "BMSP"]
    assert proposals.parse(endorse.proposed_transaction.proposal_bytes).transient == given
    (submit,) = peer.requests["Submit"]
    assert b"4711 VND" not in submit.prepared_transaction.SerializeToString()


def test_an_invalid_transaction_is_an_error(contract, peer):
    """It is in a block and wrote nothing; the error says which code and where."""
    transaction = contract.propose("put").endorse()
    number = peer.add_block(transaction_id=transaction.transaction_id, code=11)
    status = transaction.submit().wait_committed()
    assert not status.valid
    assert (status.code, status.name, status.block_number) == (11, "MVCC_READ_CONFLICT", number)
    assert status.transaction_id == transaction.transaction_id


def test_submit_raises_for_an_invalid_transaction(contract, peer, monkeypatch):
    """What ``submit`` returns is committed, or it raises."""
    real = peer.add_block
    monkeypatch.setattr(peer, "add_block", lambda *names, **kinds: real(*names, **{**kinds, "code": 10}))
    with pytest.raises(errors.CommitError, match="ENDORSEMENT_POLICY_FAILURE") as refused:
        contract.submit("put")
    assert refused.value.code == 10
    assert refused.value.name == "ENDORSEMENT_POLICY_FAILURE"
    assert refused.value.block_number == 1


def test_submitting_without_waiting(contract):
    """The answer is there before the block, and the waiting can be done later."""
    submitted = contract.submit_async("put")
    assert submitted.result == b"result"
    status = submitted.wait_committed()
    assert status.valid
    assert status.transaction_id == submitted.transaction_id


def test_every_step_can_be_signed_elsewhere(fabric, unsigned, user):
    """Each leaves as bytes, its message (or digest) is signed, and it comes back; no key is in the process."""
    signer = user[1]
    proposal = unsigned.network("trade").contract("lab").propose("put", "k")
    assert proposal.digest == hashlib.sha256(proposal.message).digest()
    returned = fabric.proposal_from_bytes(proposal.bytes, signer.sign(proposal.message))
    carried = unsigned.proposal_from_bytes(returned.bytes)
    assert carried.evaluate() == b"result"
    transaction = carried.endorse()
    assert transaction.transaction_id == proposal.transaction_id
    transaction = unsigned.transaction_from_bytes(transaction.bytes, signer.sign(transaction.message))
    assert transaction.result == b"result"
    commit = transaction.submit()
    status = unsigned.commit_from_bytes(commit.bytes, signer.sign(commit.message)).wait_committed()
    assert status.valid
    assert status.transaction_id == commit.transaction_id == proposal.transaction_id


@pytest.mark.parametrize("form", ["high", "raw", "raw and high"])
def test_a_signature_may_come_in_any_form(fabric, connect, peer, user, form):
    """S high or low, in DER or R and S side by side, from a signer or from elsewhere; Fabric gets what it takes."""

    class Elsewhere:
        def sign(self, message):
            order = verification.ORDERS["secp256r1"]
            r, s = decode_dss_signature(user[1].sign(message))
            s = order - s if "high" in form else s
            return r.to_bytes(32) + s.to_bytes(32) if "raw" in form else encode_dss_signature(r, s)

    with connect(peer.profile, user[0], Elsewhere()) as connected:
        assert connected.network("trade").contract("lab").submit("put") == b"result"
        assert connected.network("trade").height() == 2
    proposal = fabric.network("trade").contract("lab").propose("put")
    transaction = proposal.sign(Elsewhere().sign(proposal.message)).endorse()
    commit = transaction.sign(Elsewhere().sign(transaction.message)).submit()
    assert commit.sign(Elsewhere().sign(commit.message)).wait_committed().valid


def test_what_is_no_signature_is_not_sent(connect, contract, peer, user):
    """Neither one from elsewhere nor a signer's."""
    with pytest.raises(errors.WireError, match="not a DER-encoded ECDSA signature"):
        contract.propose("put").sign(b"x" * 63)

    class Broken:
        def sign(self, message):
            return b""

    with (
        connect(peer.profile, user[0], Broken()) as connected,
        pytest.raises(errors.IdentityError, match="gave no signature"),
    ):
        connected.network("trade").contract("lab").evaluate("read")
    assert not peer.requests


def test_a_signature_of_another_kind_of_key_is_left_alone(connect, peer):
    """Ed25519 has one form only."""
    issued = issue("user", issue("ca"), key=ed25519.Ed25519PrivateKey.generate())
    with connect(peer.profile, Identity("CarrierMSP", issued.pem), signers.from_private_key(issued.key)) as connected:
        contract = connected.network("trade").contract("lab")
        assert contract.evaluate("read") == b"result"
        proposal = contract.propose("read")
        assert proposal.sign(issued.key.sign(proposal.message)).evaluate() == b"result"


def test_a_step_tells_whether_its_creator_signed_it(fabric, unsigned, user):
    """A service asks before it sends: another key's signature, or one of another step, is none."""
    proposal = unsigned.network("trade").contract("lab").propose("put")
    assert proposal.creator == user[0].serialized
    assert not proposal.signed_by_creator
    stranger = signers.from_private_key(issue("stranger", issue("ca")).key)
    assert not unsigned.proposal_from_bytes(proposal.bytes, stranger.sign(proposal.message)).signed_by_creator
    proposal.sign(user[1].sign(proposal.message))
    assert proposal.signed_by_creator
    transaction = proposal.endorse()
    assert not unsigned.transaction_from_bytes(transaction.bytes, user[1].sign(proposal.message)).signed_by_creator
    assert unsigned.transaction_from_bytes(transaction.bytes, user[1].sign(transaction.message)).signed_by_creator
    question = unsigned.commit_status("trade", transaction.transaction_id)
    assert question.sign(user[1].sign(question.message)).signed_by_creator


def test_a_step_of_nobody_has_nobodys_signature(fabric, contract):
    """A creator that is no certificate signs nothing, and says so without an error of a library."""
    nobody = fabric.network("trade").contract("lab").propose("put")
    message = gateway_pb2.ProposedTransaction.FromString(nobody.bytes)
    made = proposals.new("trade", "lab", [b"put"], b"nobody")
    message.proposal.proposal_bytes, message.transaction_id = made.bytes, made.transaction_id
    assert not fabric.proposal_from_bytes(message.SerializeToString(), b"x").signed_by_creator
    transaction = contract.propose("put").endorse()
    envelope = gateway_pb2.PreparedTransaction.FromString(transaction.bytes)
    payload = common_pb2.Payload.FromString(envelope.envelope.payload)
    payload.header.signature_header = b"\xff"
    envelope.envelope.payload = payload.SerializeToString()
    with pytest.raises(errors.WireError, match="not a prepared transaction"):
        fabric.transaction_from_bytes(envelope.SerializeToString(), b"x")


def test_a_step_without_a_signature_is_not_sent(unsigned, peer):
    """The words say what to do."""
    with pytest.raises(errors.IdentityError, match=r"\.sign\(signature\)"):
        unsigned.network("trade").contract("lab").evaluate("read")
    assert "Evaluate" not in peer.requests


def test_bytes_that_are_no_step(fabric, contract):
    """Garbage, and steps whose parts contradict each other."""
    proposal = contract.propose("put")
    transaction = proposal.endorse()
    for read in (fabric.proposal_from_bytes, fabric.transaction_from_bytes, fabric.commit_from_bytes):
        for garbage in (b"", b"\xff", b"\x0a\x01x"):
            with pytest.raises(errors.WireError):
                read(garbage)
    with pytest.raises(errors.WireError, match="not that of its proposal"):
        fabric.proposal_from_bytes(proposal.bytes.replace(proposal.transaction_id.encode(), b"f" * 64, 1))
    with pytest.raises(errors.WireError, match="not that of its envelope"):
        fabric.transaction_from_bytes(transaction.bytes.replace(transaction.transaction_id.encode(), b"f" * 64, 1))


def _another_call(envelope):
    """Return the gateway exchanges the arguments."""
    made = proposals.new("trade", "lab", [b"steal"], b"creator")
    parsed = proposal_pb2.Proposal.FromString(made.bytes)
    return _with(envelope, lambda action: setattr(action, "chaincode_proposal_payload", parsed.payload))


def _another_header(envelope):
    """Return the gateway exchanges the caller's header, for example for an earlier transaction's."""
    payload = common_pb2.Payload.FromString(envelope.payload)
    payload.header.channel_header = envelopes.channel_header(3, "trade", tx_id="another")
    return common_pb2.Envelope(payload=payload.SerializeToString())


def _added_transient(envelope):
    """Return the gateway leaks what was for the endorsers into the block."""

    def leak(action):
        visible = proposal_pb2.ChaincodeProposalPayload.FromString(action.chaincode_proposal_payload)
        visible.TransientMap["price"] = b"4711 VND"
        action.chaincode_proposal_payload = visible.SerializeToString()

    return _with(envelope, leak)


def _with(envelope, change):
    payload = common_pb2.Payload.FromString(envelope.payload)
    transaction = transaction_pb2.Transaction.FromString(payload.data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    change(action)
    transaction.actions[0].payload = action.SerializeToString()
    payload.data = transaction.SerializeToString()
    return common_pb2.Envelope(payload=payload.SerializeToString())


@pytest.mark.parametrize(
    "exchange",
    [_another_call, _another_header, _added_transient, lambda envelope: common_pb2.Envelope(payload=b"\xff")],
)
def test_what_was_not_proposed_is_not_signed(contract, peer, exchange):
    """The caller's signature goes on what the gateway gives back, so a false gateway is found before that."""
    peer.transform = exchange
    with pytest.raises(errors.EndorseError) as refused:
        contract.submit("put", "k", transient={"price": b"4711 VND"})
    assert refused.value.transaction_id
    assert "Submit" not in peer.requests


def test_the_outcome_of_any_transaction_can_be_asked_for(fabric, contract):
    """Also by who has nothing but its id, after an error that left the outcome unknown."""
    submitted = contract.submit_async("put")
    assert fabric.commit_status("trade", submitted.transaction_id).wait_committed().valid


def test_the_official_clients_commit_status_is_read_and_written_again(fabric):
    """As it was sent to a real peer: what it asks, and whose signature goes over which bytes."""
    sent = golden.read("signed-commit-status-request.pb")
    commit = fabric.commit_from_bytes(sent)
    assert commit.bytes == sent
    asked = gateway_pb2.CommitStatusRequest.FromString(commit.message)
    assert commit.transaction_id == asked.transaction_id
    signature = gateway_pb2.SignedCommitStatusRequest.FromString(sent).signature
    assert signatures.verify(golden.public_key(asked.identity), signature, commit.message)
    ours = gateway_pb2.CommitStatusRequest.FromString(fabric.commit_status("mychannel", asked.transaction_id).message)
    ours.identity = asked.identity
    assert ours.SerializeToString() == commit.message


def test_a_gateway_serves_many_threads(contract):
    """One connection, many callers at once, each with its own answer."""
    done = []

    def call() -> None:
        done.append(contract.submit("put"))

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [b"result"] * 16


def test_a_gateway_through_another_peer(connect, peer, user):
    """Any peer of the profile can be the way in; a name it does not have is said to be missing."""
    with connect(peer.profile, *user, peer="peer0.carrier.test") as connected:
        connected.wait_ready()
        assert connected.peers.endpoints == (peer.endpoint,)
    with pytest.raises(errors.ProfileError, match="no peer 'elsewhere', only peer0.carrier.test"):
        connect(peer.profile, *user, peer="elsewhere")


def test_a_closed_gateway_says_so(connect, peer, user):
    """A call after the end is an error of this package, not of gRPC's."""
    connected = connect(peer.profile, *user)
    contract = connected.network("trade").contract("lab")
    contract.evaluate("read")
    connected.close()
    with pytest.raises(errors.EvaluateError, match="closed"):
        contract.evaluate("read")
    with pytest.raises(errors.GatewayError, match="closed"):
        connected.wait_ready()


def test_whether_a_transaction_changes_anything(fabric):
    """One that real peers endorsed for a write does; the same without its writes is a query."""
    envelope = common_pb2.Envelope.FromString(golden.read("tx-gateway-prepared-envelope.pb"))
    header = common_pb2.Payload.FromString(envelope.payload).header
    channel = common_pb2.ChannelHeader.FromString(header.channel_header)

    def transaction() -> object:
        message = gateway_pb2.PreparedTransaction(transaction_id=channel.tx_id, envelope=envelope)
        return fabric.transaction_from_bytes(message.SerializeToString())

    assert transaction().changes
    payload = common_pb2.Payload.FromString(envelope.payload)
    actions = transaction_pb2.Transaction.FromString(payload.data)
    content = transaction_pb2.ChaincodeActionPayload.FromString(actions.actions[0].payload)
    answer = proposal_response_pb2.ProposalResponsePayload.FromString(content.action.proposal_response_payload)
    action = proposal_pb2.ChaincodeAction.FromString(answer.extension)
    action.results, action.events = b"", b""
    answer.extension = action.SerializeToString()
    content.action.proposal_response_payload = answer.SerializeToString()
    actions.actions[0].payload = content.SerializeToString()
    payload.data = actions.SerializeToString()
    envelope.payload = payload.SerializeToString()
    assert not transaction().changes
