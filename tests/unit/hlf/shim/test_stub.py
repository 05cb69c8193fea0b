"""The stub on its line: which request each of its methods makes, and what it makes of the answer."""

from __future__ import annotations

import hashlib

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, proposal_pb2, proposal_response_pb2

from hlf.shim import api
from hlf.shim.errors import PeerRefused
from hlf.shim.iterators import KV
from hlf.shim.peerline import BatchLimits
from hlf.shim.stub import Stub

Kind = chaincode_shim_pb2.ChaincodeMessage


class Line:
    """Answers requests from a list, and keeps them."""

    def __init__(self, *answers, limits=None):
        self.limits = limits or BatchLimits()
        self.asked = []
        self._answers = list(answers)

    def ask(self, kind, payload):
        self.asked.append((kind, payload))
        return self._answers.pop(0) if self._answers else b""


def stub(line, proposal=None):
    signed = proposal_pb2.SignedProposal(proposal_bytes=proposal) if proposal else None
    return Stub(line, "channel", "tx", [b"function"], signed)


def results(*keys, more=False, bookmark=None, query="q"):
    response = chaincode_shim_pb2.QueryResponse(id=query, has_more=more)
    for key in keys:
        kv = kv_query_result_pb2.KV(namespace="cc", key=key, value=key.encode())
        response.results.add(resultBytes=kv.SerializeToString())
    if bookmark is not None:
        metadata = chaincode_shim_pb2.QueryResponseMetadata(fetched_records_count=len(keys), bookmark=bookmark)
        response.metadata = metadata.SerializeToString()
    return response.SerializeToString()


@pytest.mark.parametrize(
    ("call", "kind", "request_"),
    [
        (
            lambda it: list(it.get_query_result("{}")),
            Kind.GET_QUERY_RESULT,
            chaincode_shim_pb2.GetQueryResult(query="{}"),
        ),
        (
            lambda it: list(it.get_private_data_query_result("c", "{}")),
            Kind.GET_QUERY_RESULT,
            chaincode_shim_pb2.GetQueryResult(query="{}", collection="c"),
        ),
        (
            lambda it: it.get_query_result_with_pagination("{}", 5, "b"),
            Kind.GET_QUERY_RESULT,
            chaincode_shim_pb2.GetQueryResult(
                query="{}",
                metadata=chaincode_shim_pb2.QueryMetadata(pageSize=5, bookmark="b").SerializeToString(),
            ),
        ),
        (
            lambda it: it.get_state_by_partial_composite_key_with_pagination("k", ["a"], 5),
            Kind.GET_STATE_BY_RANGE,
            chaincode_shim_pb2.GetStateByRange(
                startKey="\x00k\x00a\x00",
                endKey="\x00k\x00a\x00\U0010ffff",
                metadata=chaincode_shim_pb2.QueryMetadata(pageSize=5).SerializeToString(),
            ),
        ),
        (
            lambda it: list(it.get_private_data_by_partial_composite_key("c", "k")),
            Kind.GET_STATE_BY_RANGE,
            chaincode_shim_pb2.GetStateByRange(startKey="\x00k\x00", endKey="\x00k\x00\U0010ffff", collection="c"),
        ),
        (
            lambda it: list(it.get_private_data_by_partial_composite_key("c", "k", ["a"], "\x00k\x00a\x00b\x00")),
            Kind.GET_STATE_BY_RANGE,
            chaincode_shim_pb2.GetStateByRange(
                startKey="\x00k\x00a\x00b\x00", endKey="\x00k\x00a\x00\U0010ffff", collection="c"
            ),
        ),
        (
            lambda it: it.get_private_data_validation_parameter("c", "k"),
            Kind.GET_STATE_METADATA,
            chaincode_shim_pb2.GetStateMetadata(key="k", collection="c"),
        ),
        (
            lambda it: it.set_private_data_validation_parameter("c", "k", b"p"),
            Kind.PUT_STATE_METADATA,
            chaincode_shim_pb2.PutStateMetadata(
                key="k",
                collection="c",
                metadata=chaincode_shim_pb2.StateMetadata(metakey="VALIDATION_PARAMETER", value=b"p"),
            ),
        ),
        (
            lambda it: it.delete_private_data("c", "k"),
            Kind.DEL_STATE,
            chaincode_shim_pb2.DelState(key="k", collection="c"),
        ),
        (
            lambda it: it.purge_private_data("c", "k"),
            Kind.PURGE_PRIVATE_DATA,
            chaincode_shim_pb2.PurgePrivateState(key="k", collection="c"),
        ),
    ],
)
def test_the_request_a_method_makes(call, kind, request_):
    line = Line()
    call(stub(line))
    assert line.asked == [(kind, request_.SerializeToString())]


def test_a_query_is_fetched_on_while_it_is_read():
    line = Line(results("a", "b", more=True), results(more=True), results("c"))
    found = stub(line).get_state_by_range()
    assert next(found) == KV("cc", "a", b"a")
    assert [kv.key for kv in found] == ["b", "c"]
    following = chaincode_shim_pb2.QueryStateNext(id="q").SerializeToString()
    assert line.asked[1:] == [(Kind.QUERY_STATE_NEXT, following)] * 2


def test_a_query_left_early_is_closed_once_and_read_no_further():
    line = Line(results("a", more=True))
    with stub(line).get_state_by_range() as found:
        next(found)
    found.close()
    assert line.asked[1:] == [(Kind.QUERY_STATE_CLOSE, chaincode_shim_pb2.QueryStateClose(id="q").SerializeToString())]
    assert list(found) == []


def test_a_query_read_to_its_end_needs_no_closing():
    line = Line(results("a"))
    with stub(line).get_state_by_range() as found:
        assert [kv.value for kv in found] == [b"a"]
    assert len(line.asked) == 1


def test_a_page_comes_with_its_bookmark():
    found, bookmark = stub(Line(results("a", bookmark="b"))).get_query_result_with_pagination("{}", 1)
    assert ([kv.key for kv in found], bookmark) == (["a"], "b")


def test_many_private_values_come_in_few_requests():
    values = chaincode_shim_pb2.GetStateMultipleResult(values=[b"1", b"", b"3"]).SerializeToString()
    line = Line(values, limits=BatchLimits(reads=100))
    assert stub(line).get_private_data_multiple("c", ["x", "y", "z"]) == [b"1", b"", b"3"]
    asked = chaincode_shim_pb2.GetStateMultiple(keys=["x", "y", "z"], collection="c")
    assert line.asked == [(Kind.GET_STATE_MULTIPLE, asked.SerializeToString())]


def test_private_data_needs_a_collection():
    with pytest.raises(api.ContractError, match="collection must not be an empty string"):
        stub(Line()).get_private_data("", "k")


def test_the_last_write_of_a_key_wins_and_metadata_is_kept_apart():
    line = Line(limits=BatchLimits(writes=100))
    it = stub(line)
    it.put_state("k", b"1")
    it.set_state_validation_parameter("k", b"p")
    it.put_private_data("c", "k", b"2")
    it.delete_state("k")
    assert line.asked == []
    it.flush()
    it.flush()
    ((kind, payload),) = line.asked
    records = chaincode_shim_pb2.WriteBatchState.FromString(payload).rec
    assert kind == Kind.WRITE_BATCH_STATE
    assert [(record.collection, record.key, record.type) for record in records] == [
        ("", "k", Kind.DEL_STATE),
        ("", "k", Kind.PUT_STATE_METADATA),
        ("c", "k", Kind.PUT_STATE),
    ]


def test_a_batch_is_cut_where_its_values_are_large():
    """No number of large values makes a message that the peer cannot take."""
    line = Line(limits=BatchLimits(writes=100))
    it = stub(line)
    for number in range(3):
        it.put_state(f"k{number}", b"x" * (9 * 2**20))
    it.flush()
    assert [len(chaincode_shim_pb2.WriteBatchState.FromString(payload).rec) for _, payload in line.asked] == [1, 1, 1]


def test_writes_reach_the_peer_before_another_chaincode_is_called():
    """The called chaincode may write the same keys, and its write must be the last."""
    response = proposal_response_pb2.Response(status=200, payload=b"p").SerializeToString()
    completed = Kind(type=Kind.COMPLETED, payload=response).SerializeToString()
    line = Line(b"", completed, limits=BatchLimits(writes=100))
    it = stub(line)
    it.put_state("k", b"1")
    assert it.invoke_chaincode("other", ["f", b"\xff"], "elsewhere") == api.Response(200, payload=b"p")
    assert [kind for kind, _ in line.asked] == [Kind.WRITE_BATCH_STATE, Kind.INVOKE_CHAINCODE]
    spec = chaincode_pb2.ChaincodeSpec.FromString(line.asked[1][1])
    assert (spec.chaincode_id.name, list(spec.input.args)) == ("other/elsewhere", [b"f", b"\xff"])


def test_a_chaincode_that_could_not_be_called_is_an_exception():
    failed = Kind(type=Kind.ERROR, payload=b"no such chaincode").SerializeToString()
    with pytest.raises(PeerRefused, match="no such chaincode"):
        stub(Line(failed)).invoke_chaincode("other", [])


def test_what_the_proposal_tells():
    channel_header = common_pb2.ChannelHeader(epoch=1)
    channel_header.timestamp.seconds, channel_header.timestamp.nanos = 1_700_000_000, 123_456_789
    signature_header = common_pb2.SignatureHeader(creator=b"creator", nonce=b"nonce")
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(), signature_header=signature_header.SerializeToString()
    )
    payload = proposal_pb2.ChaincodeProposalPayload(TransientMap={"b": b"2", "a": b"1"})
    proposal = proposal_pb2.Proposal(header=header.SerializeToString(), payload=payload.SerializeToString())
    it = stub(Line(), proposal.SerializeToString())
    assert it.creator == b"creator"
    assert it.timestamp.isoformat() == "2023-11-14T22:13:20.123456+00:00"
    assert list(it.transient.items()) == [("a", b"1"), ("b", b"2")]
    assert it.binding == hashlib.sha256(b"noncecreator" + b"\x01" + b"\0" * 7).digest()


def test_without_a_proposal_there_is_no_creator_and_nothing_transient():
    assert (stub(Line()).creator, stub(Line()).transient) == (b"", {})


def test_an_event_needs_a_name_and_a_transaction():
    it = stub(Line())
    with pytest.raises(api.ContractError, match="event name can not be empty string"):
        it.set_event("", b"")
    it.read_only = True
    with pytest.raises(api.ContractError, match="a query sets no event"):
        it.set_event("E", b"")
