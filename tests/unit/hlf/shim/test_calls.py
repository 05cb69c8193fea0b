"""Calls that Fabric's Go stub has, too: batches, decorations, composite keys, rich queries, key policies."""

from __future__ import annotations

import pytest
from fabric_protos.common import policies_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2

from hlf.shim import api, responses, server, testing
from hlf.shim.peerline import BatchLimits
from hlf.wire import policies
from tests.unit.hlf.shim.test_server import BATCHES
from tests.unit.hlf.shim.wirepeer import CHANNEL, Message, WirePeer


class Low:
    """Chaincode at the low door, which sends each write at once unless it says otherwise."""

    name = "low"
    batch_writes = False

    def init(self, stub):
        return responses.success()

    def invoke(self, stub):
        function, arguments = stub.function_and_parameters
        stub.put_state("before", b"1")
        if function == "batch":
            with stub.write_batch():
                for key in arguments:
                    stub.put_state(key, b"2")
            stub.put_state("after", b"3")
        if function == "open":
            stub.start_write_batch()
            stub.put_state("held", b"2")
        if function == "decorations":
            return responses.success(repr(dict(stub.decorations)).encode())
        return responses.success(function.encode())


class Calls(api.Contract):
    """Asks what only some state databases answer, and pages through all composite keys."""

    @api.transaction
    def place(self, ctx: api.Context, kind: str, name: str) -> None:
        ctx.stub.put_state(ctx.stub.create_composite_key(kind, [name]), b"x")
        ctx.stub.put_state(f"simple {name}", b"x")

    @api.query
    def composite(self, ctx: api.Context, size: int, bookmark: str = "") -> list[object]:
        found, following = ctx.stub.get_all_composite_keys_with_pagination(size, bookmark)
        return [[ctx.stub.split_composite_key(kv.key) for kv in found], following]

    @api.query
    def rich(self, ctx: api.Context, kind: str) -> str:
        if kind == "page":
            return str(ctx.stub.get_query_result_with_pagination('{"selector": {}}', 3))
        if kind == "private":
            return str(list(ctx.stub.get_private_data_query_result("_implicit_org_AMSP", "{}")))
        return str(list(ctx.stub.get_query_result('{"selector": {}}')))

    @api.query
    def asked(self, ctx: api.Context) -> list[object]:
        return [*ctx.stub.function_and_parameters, {key: value.decode() for key, value in ctx.stub.decorations.items()}]


@pytest.fixture
def a():
    return testing.client("AMSP")


@pytest.fixture(params=[BatchLimits(), BatchLimits(writes=100, reads=100)], ids=["single", "batched"])
def ledger(request):
    chaincode = api.Chaincode("calls", [Calls])
    return testing.Ledger(chaincode, ["AMSP"], limits=request.param, decorations={"unit": b"kg", "at": b"dock"})


@pytest.mark.parametrize("ready", [b"", BATCHES], ids=["single", "batched"])
def test_an_explicit_batch_goes_out_where_it_ends(ready):
    """Before and after it each write goes at once; to a peer that takes no batches, within it as well."""
    with (
        server.background([server.ServedChaincode(Low(), "low:1", "127.0.0.1:0")]) as running,
        WirePeer(running.addresses[0]) as peer,
    ):
        peer.register(ready)
        peer.propose("t1", "batch", "a", "b")
        single = [Message.PUT_STATE] * 2
        kinds = []
        for _ in range(3 if ready else 4):
            kinds.append(peer.receive())
            peer.answer(kinds[-1])
        middle = [Message.WRITE_BATCH_STATE] if ready else single
        assert [each.type for each in kinds] == [Message.PUT_STATE, *middle, Message.PUT_STATE]
        if ready:
            records = chaincode_shim_pb2.WriteBatchState.FromString(kinds[1].payload).rec
            assert [record.key for record in records] == ["a", "b"]
        assert peer.completed().status == 200


def test_a_batch_that_nobody_ends_goes_out_with_the_answer(a):
    """As with Fabric's Go shim: nothing that was written is lost."""
    ledger = testing.Ledger(Low(), ["AMSP"])
    assert ledger.invoke("open", client=a).writes == {"before": b"1", "held": b"2"}


def test_decorations_of_the_peer_are_read():
    """They come beside the arguments, and neither from the client nor into the block."""
    with (
        server.background([server.ServedChaincode(Low(), "low:1", "127.0.0.1:0")]) as running,
        WirePeer(running.addresses[0]) as peer,
    ):
        peer.register()
        given = chaincode_pb2.ChaincodeInput(args=[b"decorations"], decorations={"unit": b"kg"})
        peer.send(type=Message.TRANSACTION, txid="t1", channel_id=CHANNEL, payload=given.SerializeToString())
        peer.answer(peer.receive())
        assert peer.completed().payload == b"{'unit': b'kg'}"


def test_the_test_ledger_decorates_too(ledger, a):
    """In the order of their names, like transient values; arguments are there as text, too."""
    assert ledger.evaluate("asked", client=a).json() == ["asked", [], {"at": "dock", "unit": "kg"}]


def test_all_composite_keys_come_in_pages(ledger, a):
    """Simple keys are not among them."""
    for kind, name in (("red", "1"), ("blue", "2"), ("red", "3")):
        ledger.invoke("place", kind, name, client=a)
    first, bookmark = ledger.evaluate("composite", "2", client=a).json()
    assert first == [["blue", ["2"]], ["red", ["1"]]]
    assert ledger.evaluate("composite", "2", bookmark, client=a).json() == [[["red", ["3"]]], ""]


@pytest.mark.parametrize(
    ("kind", "words"), [("all", "ExecuteQuery"), ("private", "ExecuteQuery"), ("page", "ExecuteQueryWithMetadata")]
)
def test_a_rich_query_without_couchdb_says_what_it_needs(ledger, a, kind, words):
    """The peer's words, and what the author can do."""
    with pytest.raises(testing.CallFailed) as failed:
        ledger.evaluate("rich", kind, client=a)
    refused = failed.value.__cause__
    assert isinstance(refused, api.PeerRefused)
    assert refused.message.endswith(f": {words} not supported for leveldb")
    assert "rich queries need CouchDB as the state database of the peers" in str(failed.value)


def test_a_keys_policy_is_a_list_of_organisations():
    """Added, deleted and listed; equal lists are equal bytes, and what was written is read again."""
    policy = api.KeyPolicy()
    policy.add("CMSP", "AMSP")
    policy.add("BMSP", role="MEMBER")
    policy.delete("CMSP", "NoMSP")
    assert policy.listed() == ("AMSP", "BMSP")
    again = api.KeyPolicy(policy.to_bytes())
    assert dict(again.roles) == {"AMSP": "PEER", "BMSP": "MEMBER"}
    assert again.to_bytes() == policy.to_bytes()
    again.add("BMSP")
    assert again.to_bytes() == api.endorsed_by_all_of(["BMSP", "AMSP"])


def test_a_keys_policy_is_not_rewritten_into_another():
    """One that some of its organisations satisfy would ask for more as a list; and nobody is no policy."""
    either = policies.from_dsl("OR('AMSP.peer', 'BMSP.peer')").SerializeToString()
    nested = policies.from_dsl("AND('AMSP.peer', OR('BMSP.peer', 'CMSP.peer'))").SerializeToString()
    twice = policies.from_dsl("AND('AMSP.peer', 'AMSP.member')").SerializeToString()
    empty = policies_pb2.SignaturePolicyEnvelope(version=1).SerializeToString()
    for odd in (either, nested, twice):
        with pytest.raises(api.ContractError, match="does not list organisations that must all endorse"):
            api.KeyPolicy(odd)
    with pytest.raises(api.ContractError, match="cannot be read"):
        api.KeyPolicy(b"\xff")
    with pytest.raises(api.ContractError, match="no organisation"):
        api.KeyPolicy(empty).to_bytes()
    with pytest.raises(api.ContractError, match="roles MEMBER and PEER, not 'ADMIN'"):
        api.KeyPolicy().add("AMSP", role="ADMIN")
