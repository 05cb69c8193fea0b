"""Read-write sets, byte for byte as peers write them."""

from __future__ import annotations

import hashlib

import pytest
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import WireError
from hlf.wire import rwsets
from tests.unit.hlf import golden

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
HASHES = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(0, 2**64 - 1)
VERSIONS = st.none() | st.builds(rwsets.Version, NUMBERS, NUMBERS)
ENTRIES = st.lists(st.tuples(TEXTS, st.binary(max_size=8)), max_size=2).map(tuple)
READS = st.lists(st.builds(rwsets.Read, TEXTS, VERSIONS), max_size=3).map(tuple)
WRITES = st.lists(st.builds(rwsets.Write, TEXTS, st.none() | st.binary(min_size=1, max_size=8)), max_size=3).map(tuple)
METADATA = st.lists(st.builds(rwsets.MetadataWrite, TEXTS, ENTRIES), max_size=2).map(tuple)
MERKLE = st.builds(
    rwsets.MerkleSummary, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.lists(HASHES, max_size=2).map(tuple)
)
RANGES = st.one_of(
    st.builds(rwsets.RangeQuery, TEXTS, TEXTS, st.booleans(), READS),
    st.builds(rwsets.RangeQuery, TEXTS, TEXTS, st.booleans(), st.just(()), MERKLE),
)
HASHED_WRITES = st.one_of(
    st.builds(rwsets.HashedWrite, HASHES, HASHES.filter(lambda h: h != hashlib.sha256(b"").digest())),
    st.builds(rwsets.HashedWrite, HASHES, st.just(b""), st.just(True), st.booleans()),
)
COLLECTIONS = st.builds(
    rwsets.CollectionHashed,
    TEXTS,
    st.lists(st.builds(rwsets.HashedRead, HASHES, VERSIONS), max_size=2).map(tuple),
    st.lists(HASHED_WRITES, max_size=2).map(tuple),
    st.lists(st.builds(rwsets.HashedMetadataWrite, HASHES, ENTRIES), max_size=2).map(tuple),
    HASHES,
)
NAMESPACES = st.builds(
    rwsets.NamespaceRwset,
    TEXTS,
    READS,
    st.lists(RANGES, max_size=2).map(tuple),
    WRITES,
    METADATA,
    st.lists(COLLECTIONS, max_size=2).map(tuple),
)
RWSETS = st.builds(rwsets.TxRwset, st.lists(NAMESPACES, max_size=2).map(tuple))
PRIVATE = st.builds(
    rwsets.PrivateRwset,
    st.lists(
        st.builds(
            rwsets.PrivateNamespace,
            TEXTS,
            st.lists(st.builds(rwsets.PrivateCollection, TEXTS, WRITES, METADATA), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)


def _golden_results() -> list[bytes]:
    """Return the results of every transaction in the golden blocks, as the peers wrote them."""
    found = [golden.read("rwset-of-putpvt.pb")]
    for name in golden.PEER_BLOCKS:
        for transaction in golden.block(name).transactions:
            for action in transaction.actions:
                payload = proposal_response_pb2.ProposalResponsePayload.FromString(action.response_payload)
                found.append(proposal_pb2.ChaincodeAction.FromString(payload.extension).results)
    return found


def test_every_golden_set_is_read_and_written_again_byte_for_byte():
    """Writes, deletes, purges, ranges, metadata, hashes: what Go wrote, this writes."""
    results = _golden_results()
    assert len(results) >= 25
    for serialized in results:
        assert rwsets.encode(rwsets.decode(serialized)) == serialized


def test_the_golden_sets_hold_every_kind_of_entry():
    """The proof above covers what it claims to cover."""
    namespaces = [n for serialized in _golden_results() for n in rwsets.decode(serialized).namespaces]
    collections = [c for n in namespaces for c in n.collections]
    assert any(n.reads for n in namespaces)
    assert any(r.version is None for n in namespaces for r in n.reads)
    assert any(n.range_queries for n in namespaces)
    assert any(w.value for n in namespaces for w in n.writes)
    assert any(n.metadata_writes for n in namespaces)
    assert any(w.is_purge for c in collections for w in c.writes)
    assert any(w.is_delete and not w.is_purge for c in collections for w in c.writes)
    assert any(c.pvt_hash for c in collections)


def test_a_private_write_and_its_hashes():
    """The hash on the channel is that of the private set's own bytes, which the encoder gives."""
    (lab,) = [n for n in rwsets.decode(golden.read("rwset-of-putpvt.pb")).namespaces if n.namespace == "lab"]
    (collection,) = lab.collections
    private = rwsets.PrivateCollection("org12", (rwsets.Write("gk", b"gv"),))
    assert hashlib.sha256(rwsets.private_collection_bytes(private)).digest() == collection.pvt_hash
    (write,) = collection.writes
    assert write == rwsets.HashedWrite(hashlib.sha256(b"gk").digest(), hashlib.sha256(b"gv").digest())


@given(RWSETS)
def test_reading_undoes_writing(rwset):
    """For every set, not only those at hand."""
    assert rwsets.decode(rwsets.encode(rwset)) == rwset


@given(PRIVATE)
def test_reading_undoes_writing_of_private_sets(rwset):
    """The same for private ones."""
    assert rwsets.decode_private(rwsets.encode_private(rwset)) == rwset


def test_an_empty_value_deletes():
    """Fabric's ledger keeps no empty values."""
    assert rwsets.Write("k", b"").is_delete
    written = rwsets.TxRwset((rwsets.NamespaceRwset("ns", writes=(rwsets.Write("k", b""),)),))
    assert rwsets.decode(rwsets.encode(written)).namespaces[0].writes == (rwsets.Write("k", None),)
    plain = kv_rwset_pb2.KVRWSet(writes=[kv_rwset_pb2.KVWrite(key="k")])
    message = rwset_pb2.TxReadWriteSet(
        ns_rwset=[rwset_pb2.NsReadWriteSet(namespace="ns", rwset=plain.SerializeToString())]
    )
    assert rwsets.decode(message.SerializeToString()).namespaces[0].writes[0].is_delete


@pytest.mark.parametrize("decode", [rwsets.decode, rwsets.decode_private])
@given(data=st.data())
def test_hostile_sets_give_one_kind_of_error(decode, data):
    """Cut, bent and invented bytes give a WireError or a set, nothing else."""
    genuine = golden.read("rwset-of-putpvt.pb")
    place = data.draw(st.integers(0, len(genuine) - 1))
    bent = bytearray(genuine)
    bent[place] = data.draw(st.integers(0, 255))
    for hostile in (bytes(bent), genuine[:place], data.draw(st.binary(max_size=80))):
        try:
            decode(hostile)
        except WireError:
            continue


def test_the_data_model_is_not_looked_at():
    """Nor do real peers: one that says otherwise is valid there, and must be here."""
    assert rwsets.decode(rwset_pb2.TxReadWriteSet(data_model=7).SerializeToString()) == rwsets.TxRwset()
