"""Conflicts of what was read: cases by name, and everything at random against a naive model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import transaction_pb2
from hypothesis import example, given
from hypothesis import strategies as st

from hlf.audit.replay import state as audited
from hlf.network.engines.embedded.state import rangereads
from hlf.network.engines.embedded.state.updates import Updates, metadata_entries
from hlf.wire import keys, rwsets
from tests.support.members import put
from tests.support.replay import ReplayedLedger, merge
from tests.support.runningchannel import RunningChannel, run

Version = rwsets.Version
VALID = transaction_pb2.VALID
CONFLICT = transaction_pb2.MVCC_READ_CONFLICT
PHANTOM = transaction_pb2.PHANTOM_READ_CONFLICT


def reading(key, version, namespace="cc", **values):
    writes = tuple(rwsets.Write(name, value) for name, value in values.items())
    reads = (rwsets.Read(key, version),)
    return rwsets.TxRwset((rwsets.NamespaceRwset(namespace, reads=reads, writes=writes),))


def ranging(query, **values):
    writes = tuple(rwsets.Write(name, value) for name, value in values.items())
    return rwsets.TxRwset((rwsets.NamespaceRwset("cc", range_queries=(query,), writes=writes),))


def test_two_changes_of_one_key_in_one_block(tmp_path):
    """The first wins, the second read what is no more: two hand-overs of one consignment."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who, both = channel.who, ["AMSP", "BMSP"]
        assert await channel.submit(who.transaction(put(k=b"0"), both)) == "VALID"
        seen = channel.version("k")
        codes = await channel.block(
            [
                who.transaction(reading("k", seen, k=b"1"), both),
                who.transaction(reading("k", seen, k=b"2"), both),
                who.transaction(put(k=b"3"), both),
                who.transaction(reading("k", seen), both),
            ]
        )
        assert codes == ["VALID", "MVCC_READ_CONFLICT", "VALID", "MVCC_READ_CONFLICT"]
        assert channel.state("k") == b"3"
        assert await channel.submit(who.transaction(reading("k", seen, k=b"4"), both)) == "MVCC_READ_CONFLICT"
        assert await channel.submit(who.transaction(reading("k", None, k=b"4"), both)) == "MVCC_READ_CONFLICT"
        assert await channel.submit(who.transaction(reading("k", channel.version("k"), k=b"4"), both)) == "VALID"
        assert await channel.submit(who.transaction(reading("new", None, new=b"1"), both)) == "VALID"

    run(tmp_path, scenario)


SAYINGS = [
    rwsets.Write("k", b"1"),
    rwsets.Write("k", None),
    rwsets.MetadataWrite("k", (("VALIDATION_PARAMETER", b""),)),
    rwsets.MetadataWrite("k", ()),
]


@example(saying=[SAYINGS[1]] * 32, there=True)
@given(saying=st.lists(st.sampled_from(SAYINGS), min_size=1, max_size=9), there=st.booleans())
def test_what_a_set_says_of_a_key_is_added_up_alike(saying, there):
    """The engine and the offline verifier share no code, and agree on sets that no simulation comes to."""
    before = Updates(ReplayedLedger())
    state = audited.ReplayedState()
    first = audited.Replay(state, 1)
    if there:
        before.apply(put(k=b"0"), Version(1, 0))
        first.add(put(k=b"0"), 0)
    rwset = rwsets.TxRwset(
        (
            rwsets.NamespaceRwset(
                "cc",
                writes=tuple(each for each in saying if isinstance(each, rwsets.Write)),
                metadata_writes=tuple(each for each in saying if isinstance(each, rwsets.MetadataWrite)),
            ),
        )
    )
    before.apply(rwset, Version(1, 1))
    first.add(rwset, 1)
    assert list(before.state_updates()) == list(first.updates())
    engine = {place: metadata_entries(update.metadata) for place, update in before.public.items()}
    assert engine == {(name, key): dict(held.metadata) for (name, _, key), held in first.changes.items()}


@pytest.mark.parametrize("there", [True, False])
def test_a_collection_that_stands_twice_is_added_up_too(there):
    """All that a transaction says of a private key counts together, wherever in the set it stands."""
    engine, state = Updates(ReplayedLedger()), audited.ReplayedState()
    verifier = audited.Replay(state, 1)
    one = rwsets.HashedWrite(b"h" * 32, b"1" * 32)
    other = rwsets.HashedWrite(b"h" * 32, b"2" * 32)

    def add(index: int, *writes: rwsets.HashedWrite) -> None:
        entries = tuple(rwsets.CollectionHashed("c", writes=(write,)) for write in writes)
        rwset = rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=entries),))
        engine.apply(rwset, Version(1, index))
        verifier.add(rwset, index)

    if there:
        add(0, one)
    add(1, other, one)
    assert [update.value for update in engine.hashed.values()] == ([b"1" * 32] if there else [])
    assert list(engine.state_updates()) == list(verifier.updates())


@pytest.mark.parametrize(("start", "first"), [("a", "a"), ("c", "d"), ("e", "d"), ("", "a"), ("d", "d")])
def test_a_range_left_early_ends_with_its_last_key_wherever_it_begins(start, first):
    """Peers look at the last key after all others, so it counts where the range begins behind it, too."""
    replayed, state = ReplayedLedger(), audited.ReplayedState()
    written = audited.Replay(state, 1)
    updates = Updates(replayed)
    for index, key in enumerate("abd"):
        updates.apply(put(**{key: b"v"}), Version(1, index))
        written.add(put(**{key: b"v"}), index)
    keys_seen = [key for key in "abd" if first <= key]
    versions = {key: Version(1, index) for index, key in enumerate("abd")}
    query = rwsets.RangeQuery(start, "d", False, tuple(rwsets.Read(key, versions[key]) for key in keys_seen))
    assert updates.conflict(ranging(query)) == VALID
    assert written.conflict(ranging(query)) == VALID


def test_phantoms(tmp_path):
    """A range must come out the same: no insertion, no deletion, no new value, committed or earlier in the block."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who, both = channel.who, ["AMSP", "BMSP"]
        assert await channel.submit(who.transaction(put(a=b"0", c=b"0", z=b"0"), both)) == "VALID"
        version = channel.version("a")
        whole = rwsets.RangeQuery("a", "d", True, (rwsets.Read("a", version), rwsets.Read("c", version)))
        assert await channel.submit(who.transaction(ranging(whole), both)) == "VALID"
        codes = await channel.block(
            [
                who.transaction(ranging(whole, b=b"1"), both),
                who.transaction(ranging(whole, bb=b"1"), both),
                who.transaction(ranging(rwsets.RangeQuery("d", "y", True), e=b"1"), both),
            ]
        )
        assert codes == ["VALID", "PHANTOM_READ_CONFLICT", "VALID"]
        assert await channel.submit(who.transaction(ranging(whole), both)) == "PHANTOM_READ_CONFLICT"

    run(tmp_path, scenario)


def test_a_range_left_early_ends_with_the_last_key_seen():
    """What comes after it was not read and may change."""
    state = committed({"a": b"1", "b": b"1", "c": b"1"})
    seen = (rwsets.Read("a", Version(1, 0)), rwsets.Read("b", Version(1, 0)))
    updates = Updates(state)
    updates.apply(put(c=b"2"), Version(2, 0))
    assert updates.conflict(ranging(rwsets.RangeQuery("a", "b", False, seen))) == VALID
    updates.apply(put(b=None), Version(2, 1))
    assert updates.conflict(ranging(rwsets.RangeQuery("a", "b", False, seen))) == PHANTOM


def test_an_iterator_never_asked_has_seen_nothing():
    """It was opened without an end and left at once: any key there is a phantom, in Fabric too."""
    query = rwsets.RangeQuery("a", "", False)
    assert Updates(committed({"a": b"1"})).conflict(ranging(query)) == PHANTOM
    assert Updates(committed({})).conflict(ranging(query)) == VALID


@pytest.mark.parametrize("count", [50, 51, 52, 102, 2700])
def test_long_ranges_are_compared_by_their_hash_tree(count):
    """More than fifty results travel as hashes; one changed among thousands is found."""
    values = {f"k{number:05}": b"v" for number in range(count)}
    query = summary(values)
    state = committed(values)
    assert (query.merkle is not None) is (count > 50)
    assert Updates(state).conflict(ranging(query)) == VALID
    for change in ({"k00049": b"w"}, {"k00000": None}, {"k000005": b"n"}, {"k99999": b"n"}):
        updates = Updates(state)
        updates.apply(put(**change), Version(2, 0))
        assert updates.conflict(ranging(query)) == PHANTOM


def test_a_hash_tree_of_an_impossible_degree_is_a_phantom():
    """Read sets are hostile input."""
    query = rwsets.RangeQuery("a", "z", True, merkle=rwsets.MerkleSummary(1, 1, (b"x",)))
    assert Updates(committed({"a": b"1"})).conflict(ranging(query)) == PHANTOM


def summary(values):
    reads = rangereads.RangeReads()
    for key in sorted(values):
        reads.add(key, 1, 0)
    info = kv_rwset_pb2.RangeQueryInfo(start_key="k", end_key="l", itr_exhausted=True)
    reads.describe(info)
    merkle = None
    if info.HasField("reads_merkle_hashes"):
        tree = info.reads_merkle_hashes
        merkle = rwsets.MerkleSummary(tree.max_degree, tree.max_level, tuple(tree.max_level_hashes))
    raw = tuple(rwsets.Read(read.key, Version(1, 0)) for read in info.raw_reads.kv_reads)
    return rwsets.RangeQuery("k", "l", True, raw, merkle)


def committed(values: Mapping[str, bytes]) -> ReplayedLedger:
    state = ReplayedLedger()
    updates = Updates(state)
    updates.apply(put(**values), Version(1, 0))
    merge(state.public, updates.public)
    return state


def test_a_hash_that_was_read_must_stand():
    """Private reads are checked by the hashes all members hold."""
    state = ReplayedLedger()
    before = Updates(state)
    hashed = keys.hash_key(b"k")
    write = rwsets.CollectionHashed("c", writes=(rwsets.HashedWrite(hashed, b"h" * 32),))
    before.apply(rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=(write,)),)), Version(1, 0))
    merge(state.hashed, before.hashed)

    def read(version):
        collection = rwsets.CollectionHashed("c", reads=(rwsets.HashedRead(hashed, version),))
        return rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=(collection,)),))

    updates = Updates(state)
    assert updates.conflict(read(Version(1, 0))) == VALID
    assert updates.conflict(read(None)) == CONFLICT
    updates.apply(rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=(write,)),)), Version(2, 0))
    assert updates.conflict(read(Version(1, 0))) == CONFLICT


def test_metadata_stay_with_the_key_and_move_its_version():
    """A write keeps the metadata; a change of metadata alone keeps the value, and conflicts with readers."""
    state = committed({"k": b"1"})
    entries = (("VALIDATION_PARAMETER", b"p"),)
    set_only = rwsets.NamespaceRwset("cc", metadata_writes=(rwsets.MetadataWrite("k", entries),))
    updates = Updates(state)
    updates.apply(rwsets.TxRwset((set_only,)), Version(2, 0))
    assert updates.public["cc", "k"].value == b"1"
    assert updates.conflict(reading("k", Version(1, 0))) == CONFLICT
    updates.apply(put(k=b"2"), Version(2, 1))
    kept = updates.public["cc", "k"]
    assert (kept.value, metadata_entries(kept.metadata)) == (b"2", {"VALIDATION_PARAMETER": b"p"})
    clear = rwsets.NamespaceRwset("cc", metadata_writes=(rwsets.MetadataWrite("k", ()),))
    updates.apply(rwsets.TxRwset((clear,)), Version(2, 2))
    assert updates.public["cc", "k"].metadata is None


def test_metadata_of_a_missing_key_are_dropped():
    """There is nothing to attach them to."""
    entries = (("VALIDATION_PARAMETER", b"p"),)
    updates = Updates(ReplayedLedger())
    set_only = rwsets.NamespaceRwset("cc", metadata_writes=(rwsets.MetadataWrite("k", entries),))
    updates.apply(rwsets.TxRwset((set_only,)), Version(2, 0))
    assert updates.public == {}


# A naive model: full copies of state before each transaction, compared key by key. ------------------------------

NAMES = st.sampled_from(["a", "b", "c", "d"])


@dataclass
class Model:
    """What each key holds, and when it was written; deletions leave no trace but in this block."""

    values: dict[str, tuple[bytes, Version]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def judge(self, reads, queries):
        for key, version in reads:
            current = self.values.get(key)
            if key in self.touched or (current[1] if current else None) != version:
                return CONFLICT
        for start, end, found in queries:
            now = [(key, self.values[key][1]) for key in sorted(self.values) if start <= key < end]
            if now != found:
                return PHANTOM
        return VALID


TRANSACTIONS = st.fixed_dictionaries(
    {
        "reads": st.lists(NAMES, max_size=2, unique=True),
        "ranges": st.lists(st.tuples(NAMES, NAMES), max_size=1),
        "writes": st.dictionaries(NAMES, st.sampled_from([b"x", b"y", None]), max_size=2),
        # How many blocks ago the transaction was simulated.
        "age": st.integers(0, 2),
    }
)


@given(st.lists(st.lists(TRANSACTIONS, min_size=1, max_size=5), min_size=1, max_size=5))
def test_validation_agrees_with_the_model(chain):
    """Any interleaving of reads, ranges and writes, simulated against older and newer states."""
    state, model, past = ReplayedLedger(), Model(), []
    for number, block in enumerate(chain, start=1):
        past.append(dict(model.values))
        model.touched.clear()
        updates = Updates(state)
        for position, wanted in enumerate(block):
            seen = past[max(0, len(past) - 1 - wanted["age"])]
            reads = [(key, seen[key][1] if key in seen else None) for key in wanted["reads"]]
            queries = [
                (start, end, [(key, seen[key][1]) for key in sorted(seen) if start <= key < end])
                for start, end in wanted["ranges"]
            ]
            namespace = rwsets.NamespaceRwset(
                "cc",
                reads=tuple(rwsets.Read(key, version) for key, version in reads),
                range_queries=tuple(
                    rwsets.RangeQuery(start, end, True, tuple(rwsets.Read(*one) for one in found))
                    for start, end, found in queries
                ),
                writes=tuple(rwsets.Write(key, value) for key, value in wanted["writes"].items()),
            )
            rwset = rwsets.TxRwset((namespace,))
            code = updates.conflict(rwset)
            assert code == model.judge(reads, queries)
            if code == VALID:
                version = Version(number, position)
                updates.apply(rwset, version)
                for key, value in wanted["writes"].items():
                    model.touched.add(key)
                    model.values.pop(key, None)
                    if value is not None:
                        model.values[key] = (value, version)
        merge(state.public, updates.public)
        held = {key: (update.value, update.version) for (_, key), update in state.public.items()}
        assert held == model.values
