"""Whatever is sent to a listener is answered with a status; nothing of it reaches the log, nothing falls over."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import grpc
import pytest
from fabric_protos.common import common_pb2
from fabric_protos.discovery import protocol_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2, proposal_pb2, snapshot_pb2
from google.protobuf import message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hlf.wire import envelopes, proposals
from tests.support.embedded import Engine
from tests.support.runningchannel import consortium

SECRET = b"a price that nobody may see"
UNARY = {
    "/protos.Endorser/ProcessProposal": proposal_pb2.SignedProposal,
    "/gateway.Gateway/Evaluate": gateway_pb2.EvaluateRequest,
    "/gateway.Gateway/Endorse": gateway_pb2.EndorseRequest,
    "/gateway.Gateway/Submit": gateway_pb2.SubmitRequest,
    "/gateway.Gateway/CommitStatus": gateway_pb2.SignedCommitStatusRequest,
    "/discovery.Discovery/Discover": protocol_pb2.SignedRequest,
}
DELIVER = ("/protos.Deliver/Deliver", "/protos.Deliver/DeliverFiltered", "/protos.Deliver/DeliverWithPrivateData")
# What never ends shows all the same; a busy machine may take seconds for an answer.
PATIENCE = 60


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    running = Engine(tmp_path_factory.mktemp("engine"), consortium())
    running.start()
    running.join()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def peer(engine) -> Iterator[grpc.Channel]:
    with engine.channel() as opened:
        yield opened


@pytest.fixture(scope="module")
def orderer(engine) -> Iterator[grpc.Channel]:
    with engine.channel(-1) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _nothing_in_the_log(caplog) -> Iterator[None]:
    """Yield the engine says nothing about what strangers send, least of all with their words."""
    with caplog.at_level(logging.INFO):
        yield
    said = [record.getMessage() for record in caplog.records if record.name.startswith(("network.", "grpc."))]
    assert said == []
    assert SECRET.decode() not in caplog.text


def call(channel: grpc.Channel, method: str, request: bytes) -> grpc.StatusCode:
    """Send bytes as they are; answer the status."""
    try:
        channel.unary_unary(method)(request, timeout=PATIENCE)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def stream(channel: grpc.Channel, method: str, request: bytes) -> tuple[grpc.StatusCode, list[bytes]]:
    answers = []
    try:
        answers.extend(channel.stream_stream(method)(iter([request]), timeout=PATIENCE))
    except grpc.RpcError as error:
        return error.code(), answers
    return grpc.StatusCode.OK, answers


fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
BYTES = st.one_of(st.binary(max_size=200), st.just(SECRET), st.just(b"\xff" * 50), st.just(b""))


def nested(levels: int) -> st.SearchStrategy[bytes]:
    """Messages of any shape: fields of bytes that may hold such messages again."""
    if not levels:
        return BYTES

    def encode(fields: list[tuple[int, bytes]]) -> bytes:
        return b"".join(bytes([number << 3 | 2]) + _length(content) + content for number, content in fields)

    return st.one_of(BYTES, st.lists(st.tuples(st.integers(1, 9), nested(levels - 1)), max_size=4).map(encode))


def _length(content: bytes) -> bytes:
    size = len(content)
    return bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])


@pytest.mark.parametrize("method", UNARY)
@given(request=nested(4))
@fuzz
def test_messages_of_any_shape_are_answered(peer, method, request):
    """Never a time-out, and INTERNAL only for what is no message of the method's kind at all."""
    try:
        UNARY[method].FromString(request)
        readable = True
    except message.DecodeError:
        readable = False
    status = call(peer, method, request)
    assert status != grpc.StatusCode.DEADLINE_EXCEEDED
    assert (status == grpc.StatusCode.INTERNAL) != readable


@pytest.mark.parametrize("method", [*UNARY, *DELIVER])
def test_what_is_no_message_is_refused_in_fabrics_words(peer, method):
    """The engine neither fails nor logs a stack, as gRPC would do by itself."""
    with pytest.raises(grpc.RpcError) as refused:
        list(peer.stream_stream(method)(iter([b"\xff\xff" + SECRET]), timeout=PATIENCE))
    words = "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data"
    assert (refused.value.code(), refused.value.details()) == (grpc.StatusCode.INTERNAL, words)


@given(channel_id=st.text(max_size=20), name=st.text(max_size=20), args=st.lists(BYTES, max_size=3), key=st.text())
@fuzz
def test_signed_proposals_with_any_words_are_answered(engine, peer, channel_id, name, args, key):
    """A member may write anything where a name is expected."""
    client = engine.who["AMSP"].client
    proposal = proposals.new(channel_id, name, args, client.serialized, transient={key: SECRET})
    signed = proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes, signature=client.sign(proposal.bytes))
    for method, request in (
        ("/protos.Endorser/ProcessProposal", signed),
        ("/gateway.Gateway/Evaluate", gateway_pb2.EvaluateRequest(proposed_transaction=signed)),
        ("/gateway.Gateway/Endorse", gateway_pb2.EndorseRequest(proposed_transaction=signed)),
    ):
        status = call(peer, method, request.SerializeToString())
        assert status not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.DEADLINE_EXCEEDED)


@pytest.mark.parametrize("name", ["qscc", "cscc", "_lifecycle", "lscc"])
@given(args=st.lists(st.one_of(BYTES, st.sampled_from([b"trade", b"GetChainInfo", b"JoinChain", b"0"])), max_size=4))
@fuzz
def test_built_in_chaincodes_take_any_arguments(engine, peer, name, args):
    """Administrators' functions with nonsense in them end in a response."""
    admin = engine.who["AMSP"].admin
    for channel_id in ("", "trade"):
        proposal = proposals.new(channel_id, name, args, admin.serialized)
        signed = proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes, signature=admin.sign(proposal.bytes))
        assert call(peer, "/protos.Endorser/ProcessProposal", signed.SerializeToString()) == grpc.StatusCode.OK


@pytest.mark.parametrize("function", ["GetBlockByNumber", "GetBlockByHash", "GetTransactionByID", "GetBlockByTxID"])
@given(argument=st.one_of(BYTES, st.integers(0, 1 << 70).map(lambda number: str(number).encode())))
@fuzz
def test_the_ledger_is_asked_for_anything(engine, peer, function, argument):
    """Numbers larger than any block, hashes of any length, names in no encoding."""
    client = engine.who["AMSP"].client
    proposal = proposals.new("trade", "qscc", [function.encode(), b"trade", argument], client.serialized)
    signed = proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes, signature=client.sign(proposal.bytes))
    assert call(peer, "/protos.Endorser/ProcessProposal", signed.SerializeToString()) == grpc.StatusCode.OK


@pytest.mark.parametrize("method", DELIVER)
@given(payload=nested(4))
@fuzz
def test_seeks_of_any_shape_end_in_a_status(peer, method, payload):
    """BAD_REQUEST as a rule; the stream is closed in order."""
    status, answers = stream(peer, method, common_pb2.Envelope(payload=payload).SerializeToString())
    assert status == grpc.StatusCode.OK
    assert [events_pb2.DeliverResponse.FromString(answer).WhichOneof("Type") for answer in answers] == ["status"]


POSITIONS = st.one_of(
    st.just(ab_pb2.SeekPosition()),
    st.just(ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())),
    st.just(ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())),
    st.integers(0, (1 << 64) - 1).map(lambda at: ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=at))),
)


@given(start=POSITIONS, stop=POSITIONS, kind=st.integers(0, 2))
@fuzz
def test_seeks_of_a_member_end_in_a_status(engine, peer, start, stop, kind):
    """Any two positions, without waiting for blocks: blocks that are there, then how it ended."""
    client = engine.who["AMSP"].client
    seek = ab_pb2.SeekInfo(start=start, stop=stop, behavior=ab_pb2.SeekInfo.FAIL_IF_NOT_READY, content_type=kind)
    header = envelopes.channel_header(common_pb2.DELIVER_SEEK_INFO, "trade")
    payload = envelopes.payload(header, client.serialized, b"n" * 24, seek.SerializeToString())
    envelope = common_pb2.Envelope(payload=payload, signature=client.sign(payload))
    status, answers = stream(peer, "/protos.Deliver/Deliver", envelope.SerializeToString())
    assert status == grpc.StatusCode.OK
    kinds = [events_pb2.DeliverResponse.FromString(answer).WhichOneof("Type") for answer in answers]
    assert kinds[-1] == "status"
    assert set(kinds[:-1]) <= {"block"}


@pytest.mark.parametrize("method", ["Broadcast", "Deliver"])
@given(payload=nested(5), signature=BYTES)
@fuzz
def test_envelopes_of_any_shape_end_in_a_status(orderer, method, payload, signature):
    """The orderer takes in nothing it cannot read, and says so."""
    envelope = common_pb2.Envelope(payload=payload, signature=signature)
    status, answers = stream(orderer, f"/orderer.AtomicBroadcast/{method}", envelope.SerializeToString())
    assert (status, len(answers)) == (grpc.StatusCode.OK, 1)


@given(request=nested(3))
@fuzz
def test_requests_for_events_of_any_shape_end_in_a_status(peer, request):
    """A stream that nobody may have is refused before it begins."""
    signed = gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=SECRET)
    call_ = peer.unary_stream("/gateway.Gateway/ChaincodeEvents")(signed.SerializeToString(), timeout=PATIENCE)
    with pytest.raises(grpc.RpcError) as refused:
        list(call_)
    assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED)


@pytest.mark.parametrize("method", ["Generate", "Cancel", "QueryPendings"])
@given(request=nested(3))
@fuzz
def test_requests_for_snapshots_of_any_shape_are_refused(peer, method, request):
    """Only what an admin signed is carried out; the rest ends with a reason."""
    signed = snapshot_pb2.SignedSnapshotRequest(request=request, signature=SECRET)
    assert call(peer, f"/protos.Snapshot/{method}", signed.SerializeToString()) is grpc.StatusCode.UNKNOWN


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("/gossip.Gossip/GossipStream", "unknown service gossip.Gossip"),
        ("/gateway.Gateway/Nope", "unknown method Nope for service gateway.Gateway"),
    ],
)
def test_what_is_not_served_is_said_to_be(peer, method, words):
    """As a real peer says it of services that are switched off."""
    with pytest.raises(grpc.RpcError) as refused:
        peer.unary_unary(method)(b"", timeout=PATIENCE)
    assert (refused.value.code(), refused.value.details()) == (grpc.StatusCode.UNIMPLEMENTED, words)
