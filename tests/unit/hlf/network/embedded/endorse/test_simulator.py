"""Simulations leave the read-write sets that real peers signed, and keep the rules of Fabric's ledger."""

from __future__ import annotations

import hashlib

import pytest
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import proposal_pb2

from hlf.network.engines.embedded.endorse import simulator, transactions
from hlf.network.engines.embedded.endorse.transactions import KINDS, SimulatedTransaction
from hlf.network.engines.embedded.state import lifecycle, rangereads
from hlf.network.engines.embedded.wire.requests import ProposalRequest
from hlf.wire import policies, proposals
from hlf.wire.keys import hash_key
from hlf.wire.rwsets import Version
from tests.support import goldennetwork
from tests.support.snapshots import State


@pytest.fixture
def state() -> State:
    """Return the golden network after its chaincode ``lab`` was approved by all and committed in block 4."""
    state = State(height=5)
    for number in (1, 2, 3):
        state.apply(goldennetwork.results_of(f"block-0000{number}-lifecycle-approve-org{number}.peer.pb"), number)
    state.apply(goldennetwork.results_of("block-00004-lifecycle-commit.peer.pb"), 4)
    return state


def simulation(state: State, msp_id: str = "Org1MSP") -> simulator.Simulator:
    return simulator.Simulator(state, "mychannel", goldennetwork.MEMBERS, msp_id, "txid")


def transaction(state: State, msp_id: str = "Org1MSP", namespace: str = "lab") -> SimulatedTransaction:
    """Return a transaction of Org1's user, after the peer looked up the definition's sequence."""
    signed = proposal_pb2.SignedProposal.FromString(goldennetwork.read("tx-signed-proposal.pb"))
    creator = goldennetwork.bundle().msps.identity(ProposalRequest(signed).creator)
    simulated = simulation(state, msp_id)
    simulated.get_state(lifecycle.NAMESPACE, lifecycle.field_key(lifecycle.NAMESPACES, "lab", "Sequence"))
    return SimulatedTransaction("mychannel", "txid", namespace, signed, creator, goldennetwork.bundle(), simulated)


def ask(asked: SimulatedTransaction, kind: str, message) -> bytes:
    return transactions.answer(asked, KINDS.Value(kind), message.SerializeToString())


def test_a_private_write_leaves_what_a_real_peer_signed(state):
    """Definition reads, hashes of key and value, and the hash of the private set, byte for byte."""
    signed = proposal_pb2.SignedProposal.FromString(goldennetwork.read("tx-signed-proposal.pb"))
    given = proposals.parse(signed.proposal_bytes).transient
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(collection="org12", key=given["key"].decode(), value=given["value"]))
    assert asked.simulator.results().public == goldennetwork.read("rwset-of-putpvt.pb")


def test_a_purge_leaves_what_a_real_peer_signed(state):
    """A purge is a deletion with a mark, in the hashed set only."""
    asked = transaction(state)
    ask(asked, "PURGE_PRIVATE_DATA", shim.DelState(collection="org12", key="p1"))
    assert asked.simulator.results().public == goldennetwork.results_of("block-00058-pvt-purge.peer.pb")


def test_a_deletion_leaves_what_a_real_peer_signed(state):
    """Deleting a private key names its hash and no value."""
    asked = transaction(state)
    ask(asked, "DEL_STATE", shim.DelState(collection="org12", key="p2"))
    assert asked.simulator.results().public == goldennetwork.results_of("block-00057-pvt-delete.peer.pb")


def test_an_implicit_collection_leaves_what_a_real_peer_signed(state):
    """The owner's implicit collection needs no word in the definition."""
    expected = goldennetwork.results_of("block-00051-implicit-put-org1-own.peer.pb")
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(collection="_implicit_org_Org1MSP", key="i1", value=b"imp1"))
    assert asked.simulator.results().public == expected


def test_a_key_level_policy_leaves_what_a_real_peer_signed(state):
    """Metadata writes stand beside writes, and reading the policy is not part of them."""
    policy = policies.from_dsl("OR('Org3MSP.peer')")
    asked = transaction(state)
    entry = shim.StateMetadata(metakey="VALIDATION_PARAMETER", value=policy.SerializeToString())
    ask(asked, "PUT_STATE_METADATA", shim.PutStateMetadata(key="sbe1", metadata=entry))
    assert asked.simulator.results().public == goldennetwork.results_of("block-00066-sbe-set-policy-org3.peer.pb")


def test_a_range_leaves_what_a_real_peer_signed(state):
    """Up to fifty results are listed with their versions, so that a phantom shows."""
    for number in range(5):
        state.put("lab", f"r_0000{number}", b"v", block=36)
    asked = transaction(state)
    ask(asked, "GET_STATE_BY_RANGE", shim.GetStateByRange(startKey="r_", endKey="r_z"))
    ask(asked, "PUT_STATE", shim.PutState(key="out", value=b"1"))
    assert asked.simulator.results().public == goldennetwork.results_of("block-00038-phantom-read-conflict.peer.pb")


@pytest.mark.parametrize(("count", "level", "hashes"), [(51, 1, 1), (102, 1, 2), (51 * 50, 1, 50), (51 * 51, 2, 1)])
def test_long_ranges_are_summed_up_in_a_tree(count, level, hashes):
    """Fifty-one results make a leaf, fifty-one leaves a branch: Fabric's tree of degree fifty."""
    reads = rangereads.RangeReads()
    listed = kv_rwset_pb2.QueryReads()
    for number in range(count):
        reads.add(f"k{number:05}", 7, number)
        if number < 51:
            listed.kv_reads.add(key=f"k{number:05}", version=kv_rwset_pb2.Version(block_num=7, tx_num=number))
    info = kv_rwset_pb2.RangeQueryInfo()
    reads.describe(info)
    summary = info.reads_merkle_hashes
    assert (summary.max_degree, summary.max_level, len(summary.max_level_hashes)) == (50, level, hashes)
    if level == 1:
        assert summary.max_level_hashes[0] == hashlib.sha256(listed.SerializeToString()).digest()


def test_own_writes_are_not_read(state):
    """A simulation sees committed state only; that is what makes it repeatable at another peer."""
    state.put("lab", "a", b"old")
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(key="a", value=b"new"))
    ask(asked, "DEL_STATE", shim.DelState(key="a"))
    assert ask(asked, "GET_STATE", shim.GetState(key="a")) == b"old"


def test_the_last_write_of_a_key_counts(state):
    """Deleting after writing deletes; the set has the key once."""
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(key="a", value=b"new"))
    ask(asked, "DEL_STATE", shim.DelState(key="a"))
    sets = rwset_pb2.TxReadWriteSet.FromString(asked.simulator.results().public)
    written = kv_rwset_pb2.KVRWSet.FromString(sets.ns_rwset[1].rwset).writes
    assert [(write.key, write.is_delete) for write in written] == [("a", True)]


def test_keys_are_sorted_by_their_bytes(state):
    """Peers in another language sort the same: by UTF-8, where Python's order of strings differs from UTF-16's."""
    asked = transaction(state)
    for key in ("\U0001f600", "\uffee", "a", "Z"):
        ask(asked, "PUT_STATE", shim.PutState(key=key, value=b"v"))
    sets = rwset_pb2.TxReadWriteSet.FromString(asked.simulator.results().public)
    written = kv_rwset_pb2.KVRWSet.FromString(sets.ns_rwset[1].rwset).writes
    assert [write.key for write in written] == ["Z", "a", "\uffee", "\U0001f600"]


def refusal(asked: SimulatedTransaction, kind: str, message) -> str:
    with pytest.raises(simulator.SimulationError) as refused:
        ask(asked, kind, message)
    return str(refused.value)


def test_private_data_that_is_not_the_channels_is_not_answered(state):
    """A peer that lags behind, or is no member, must not answer an old value as if it were the present one."""
    place = ("lab", "org12", hash_key(b"k"))
    state.hashes[place] = (b"h", Version(9, 1))
    state.values["Org1MSP", "lab", "org12", "k"] = (b"old", Version(8, 0))
    words = (
        "private data matching public hash version is not available. "
        "Public hash version = {BlockNum: 9, TxNum: 1}, Private data version = "
    )
    asked = shim.GetState(collection="org12", key="k")
    assert refusal(transaction(state), "GET_STATE", asked) == words + "{BlockNum: 8, TxNum: 0}"
    assert refusal(transaction(state, "Org2MSP"), "GET_STATE", asked) == words + "<nil>"


def test_a_hash_is_read_where_the_value_is_not(state):
    """Every member of the channel may know that there is a value, and compare it."""
    state.hashes["lab", "org12", hash_key(b"k")] = (b"hash", Version(9, 1))
    asked = transaction(state, "Org3MSP")
    assert ask(asked, "GET_PRIVATE_DATA_HASH", shim.GetState(collection="org12", key="k")) == b"hash"


@pytest.mark.parametrize(
    ("collection", "words"),
    [
        ("nosuch", "collection mychannel/lab/nosuch could not be found"),
        (
            "_implicit_org_NopeMSP",
            "collection [_implicit_org_NopeMSP] not defined in the collection config for chaincode [lab]",
        ),
    ],
)
def test_an_unknown_collection_is_refused(state, collection, words):
    """Explicit ones by the definition, implicit ones by the channel's members."""
    assert refusal(transaction(state), "GET_STATE", shim.GetState(collection=collection, key="k")) == words


def test_ranges_of_private_data_and_writes_exclude_each_other(state):
    """No hash covers a private range, so a transaction that used one must not write."""
    ranged = shim.GetStateByRange(collection="org12", startKey="a", endKey="z")
    writing = transaction(state)
    ask(writing, "PUT_STATE", shim.PutState(key="a", value=b"v"))
    assert refusal(writing, "GET_STATE_BY_RANGE", ranged) == (
        "txid [txid]: unsuppored transaction. Queries on pvt data is supported only in a read-only transaction"
    )
    reading = transaction(state)
    ask(reading, "GET_STATE_BY_RANGE", ranged)
    assert refusal(reading, "PUT_STATE", shim.PutState(key="a", value=b"v")) == (
        "txid [txid]: unsuppored transaction. Transaction has already performed queries on pvt data. "
        "Writes are not allowed"
    )


def page(size: int, bookmark: str = "") -> bytes:
    return shim.QueryMetadata(pageSize=size, bookmark=bookmark).SerializeToString()


def test_pages_follow_one_another_by_bookmark(state):
    """The bookmark is the next key; the last page has none."""
    for number in range(25):
        state.put("lab", f"k{number:02}", b"v")
    bookmark, sizes = "", []
    while True:
        asked = shim.GetStateByRange(startKey="k", endKey="l", metadata=page(10, bookmark))
        answer = shim.QueryResponse.FromString(ask(transaction(state), "GET_STATE_BY_RANGE", asked))
        described = shim.QueryResponseMetadata.FromString(answer.metadata)
        assert described.fetched_records_count == len(answer.results)
        assert not answer.has_more
        sizes.append(len(answer.results))
        bookmark = described.bookmark
        if not bookmark:
            break
    assert sizes == [10, 10, 5]


def test_a_page_makes_the_transaction_read_only(state):
    """A page that a client chose says nothing about what else is in the range."""
    paged = shim.GetStateByRange(startKey="a", endKey="z", metadata=page(10))
    writing = transaction(state)
    ask(writing, "PUT_STATE", shim.PutState(key="a", value=b"v"))
    assert "Paginated queries are supported only in a read-only transaction" in refusal(
        writing, "GET_STATE_BY_RANGE", paged
    )
    reading = transaction(state)
    ask(reading, "GET_STATE_BY_RANGE", paged)
    assert "already performed a paginated query" in refusal(reading, "PUT_STATE", shim.PutState(key="a", value=b"v"))


@pytest.mark.parametrize("size", [-1, -(1 << 31), (1 << 31) - 1])
def test_a_page_of_no_sensible_size_is_everything(state, size):
    """A chaincode may ask for anything; it gets an answer."""
    for number in range(120):
        state.put("lab", f"k{number:03}", b"v")
    asked = shim.GetStateByRange(startKey="k", endKey="l", metadata=page(size))
    answer = shim.QueryResponse.FromString(ask(transaction(state), "GET_STATE_BY_RANGE", asked))
    assert len(answer.results) == 120
    assert shim.QueryResponseMetadata.FromString(answer.metadata).bookmark == ""


def test_long_results_come_a_hundred_at_a_time(state):
    """The iterator closes itself with the last batch; asking further is an error."""
    for number in range(250):
        state.put("lab", f"k{number:03}", b"v")
    asked = transaction(state)
    first = ask(asked, "GET_STATE_BY_RANGE", shim.GetStateByRange(startKey="k", endKey="l"))
    answer = shim.QueryResponse.FromString(first)
    sizes = [len(answer.results)]
    while answer.has_more:
        following = ask(asked, "QUERY_STATE_NEXT", shim.QueryStateNext(id=answer.id))
        answer = shim.QueryResponse.FromString(following)
        sizes.append(len(answer.results))
    assert sizes == [100, 100, 50]
    assert refusal(asked, "QUERY_STATE_NEXT", shim.QueryStateNext(id=answer.id)) == "query iterator not found"


def test_an_iterator_closed_early_has_read_what_it_gave(state):
    """What was not looked at cannot be a phantom: the recorded range ends at the last key met."""
    for number in range(250):
        state.put("lab", f"k{number:03}", b"v")
    asked = transaction(state)
    first = ask(asked, "GET_STATE_BY_RANGE", shim.GetStateByRange(startKey="k", endKey="l"))
    ask(asked, "QUERY_STATE_CLOSE", shim.QueryStateClose(id=shim.QueryResponse.FromString(first).id))
    sets = rwset_pb2.TxReadWriteSet.FromString(asked.simulator.results().public)
    (info,) = kv_rwset_pb2.KVRWSet.FromString(sets.ns_rwset[1].rwset).range_queries_info
    assert (info.start_key, info.end_key, info.itr_exhausted) == ("k", "k100", False)


@pytest.mark.parametrize(("metadata", "name"), [(b"", "ExecuteQuery"), (page(3), "ExecuteQueryWithMetadata")])
def test_rich_queries_are_refused_as_by_leveldb(state, metadata, name):
    """There is one kind of state database, and it has no query language."""
    asked = shim.GetQueryResult(query="{}", metadata=metadata)
    assert refusal(transaction(state), "GET_QUERY_RESULT", asked) == f"{name} not supported for leveldb"


def test_private_data_may_not_be_touched_in_init(state):
    """The old Init is no transaction of the chaincode's users."""
    asked = transaction(state)
    asked.is_init = True
    read = shim.GetState(collection="org12", key="k")
    assert refusal(asked, "GET_STATE", read) == "private data APIs are not allowed in chaincode Init()"


def test_a_finished_simulation_answers_nobody(state):
    """A chaincode that goes on after its time is over must not read through somebody else's snapshot."""
    asked = transaction(state)
    asked.simulator.finish()
    words = "this instance should not be used after calling Done()"
    assert refusal(asked, "GET_STATE", shim.GetState(key="a")) == words
    assert refusal(asked, "GET_HISTORY_FOR_KEY", shim.GetHistoryForKey(key="a")) == words
    assert refusal(asked, "GET_STATE_BY_RANGE", shim.GetStateByRange(startKey="a")) == words


@pytest.mark.parametrize("kind", sorted(KINDS.Name(kind) for kind in transactions.ASKED))
def test_garbage_from_a_chaincode_is_refused(state, kind):
    """Whatever runs as a chaincode, its bytes end its own call and nothing else."""
    with pytest.raises(simulator.SimulationError, match="unmarshal failed: proto: cannot parse invalid wire-format"):
        transactions.answer(transaction(state), KINDS.Value(kind), b"\xff\xff\xff")


def interest_of(asked: SimulatedTransaction) -> list[tuple[str, tuple[str, ...], bool, int, bool]]:
    found = asked.simulator.results().interest
    return sorted(
        (call.name, tuple(call.collection_names), call.no_private_reads, len(call.key_policies),
         call.disregard_namespace_policy)
        for call in found.chaincodes
    )  # fmt: skip


def test_a_public_write_interests_the_chaincodes_policy(state):
    """Nothing else is asked about."""
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(key="a", value=b"v"))
    assert interest_of(asked) == [("lab", (), False, 0, False)]


def test_a_private_write_alone_interests_the_collections_policy(state):
    """The chaincode's own policy does not come into it; that nothing was read lets others endorse too."""
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(collection="org12", key="a", value=b"v"))
    assert interest_of(asked) == [("lab", ("org12",), True, 0, False)]


def test_a_private_read_needs_endorsers_that_hold_it(state):
    """A peer that is no member could not give the same answer."""
    asked = transaction(state)
    ask(asked, "GET_STATE", shim.GetState(collection="org12", key="a"))
    assert interest_of(asked) == [("lab", (), False, 0, False), ("lab", ("org12",), False, 0, False)]


def test_a_key_with_its_own_policy_stands_in_for_the_chaincodes(state):
    """Custody held by a key is judged by the key; one write without a policy brings the chaincode's back."""
    policy = policies.from_dsl("OR('Org3MSP.peer')").SerializeToString()
    entry = kv_rwset_pb2.KVMetadataEntry(name="VALIDATION_PARAMETER", value=policy)
    state.public_metadata["lab", "held"] = kv_rwset_pb2.KVMetadataWrite(entries=[entry]).SerializeToString()
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(key="held", value=b"v"))
    assert interest_of(asked) == [("lab", (), False, 1, True)]
    ask(asked, "PUT_STATE", shim.PutState(key="free", value=b"v"))
    assert interest_of(asked) == [("lab", (), False, 1, False)]


def test_a_damaged_policy_in_the_ledger_is_an_error(state):
    """It can be written by anybody who may write the key; it must not crash the peer."""
    entry = kv_rwset_pb2.KVMetadataEntry(name="VALIDATION_PARAMETER", value=b"\xff\xff")
    state.public_metadata["lab", "held"] = kv_rwset_pb2.KVMetadataWrite(entries=[entry]).SerializeToString()
    asked = transaction(state)
    ask(asked, "PUT_STATE", shim.PutState(key="held", value=b"v"))
    with pytest.raises(simulator.SimulationError, match="error unmarshalling SignaturePolicyEnvelope"):
        asked.simulator.results()
