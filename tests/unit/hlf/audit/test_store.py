"""Where a replayed state is kept: the same answers from memory and from disk."""

from __future__ import annotations

import gc
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf import audit
from hlf.audit.replay import store
from hlf.audit.replay.state import ReplayedState
from hlf.audit.replay.store import HeldValue, InMemoryStore, OnDiskStore, TransactionIds
from hlf.wire.rwsets import Version
from tests.support.members import private_put, put
from tests.unit.hlf.audit.test_audit import _key_policy, _tx, chain, consortium  # noqa: F401 - fixtures

KEYS = st.sampled_from(["", "a", "ab", "b", "\x00c\x00d\x00", "é", "\U0010ffff"])
PLACES = st.one_of(
    st.tuples(st.sampled_from(["cc", "dd"]), st.just(""), KEYS),
    st.tuples(st.just("cc"), st.sampled_from(["", "kept"]), st.binary(max_size=2)),
)
METADATA = st.lists(st.tuples(st.sampled_from(["VALIDATION_PARAMETER", "x"]), st.binary(max_size=3)), max_size=2)
HELD = st.builds(
    HeldValue,
    st.one_of(st.none(), st.binary(max_size=4)),
    METADATA.map(tuple),
    st.builds(Version, st.integers(0, 2**40), st.integers(0, 9)),
)
CHANGES = st.lists(st.dictionaries(PLACES, HELD, max_size=6), max_size=4)


@given(before=CHANGES, after=CHANGES, asked=PLACES, start=KEYS, end=KEYS)
def test_disk_and_memory_answer_alike(before, after, asked, start, end):
    """Whatever was there when the state moved, and whatever came after."""
    memory, moving = InMemoryStore(), InMemoryStore()
    for changes in before:
        for each in (memory, moving):
            each.put(changes)
            each.expire(7, [(place, 3) for place in changes])
    disk = OnDiskStore(moving)
    for changes in after:
        for each in (memory, disk):
            each.put(changes)
    for fresh in (False, True):
        if fresh:
            disk._cached.clear()
        assert disk.get(asked) == memory.get(asked)
        assert [disk.get(place) for changes in before for place in changes] == [
            memory.get(place) for changes in before for place in changes
        ]
    for name in ("cc", "dd", "nowhere"):
        assert disk.keys(name, start, end) == memory.keys(name, start, end)
    assert sorted(disk.expired(7), key=repr) == sorted(memory.expired(7), key=repr)
    assert disk.expired(7) == memory.expired(7) == []


def test_the_size_of_what_is_in_memory_is_known():
    """It grows with what is written, and is nothing again when all is gone."""
    memory = InMemoryStore()
    place = ("cc", "", "k")
    memory.put({place: HeldValue(b"v" * 1000, (("x", b"y"),), Version(1, 0))})
    assert memory.size > 1000
    memory.put({place: HeldValue(b"v", (), Version(2, 0))})
    assert 0 < memory.size < 1000
    memory.put({place: HeldValue(None, (), Version(3, 0))})
    assert memory.size == 0


def test_a_channel_on_disk_is_verified_as_one_in_memory(chain, monkeypatch):  # noqa: F811
    """Reads, ranges, policies, private data that expire, ids that were used: nothing depends on where they are."""
    chain.add(_tx(chain, put(k=b"1")), _tx(chain, private_put("short", {"p": b"v"})[0]))
    repeated = _tx(chain, put(j=b"1")).raw
    chain.add(_tx(chain, _key_policy("OR('CMSP.peer')")), repeated)
    chain.add(_tx(chain, put(k=b"2")), repeated, _tx(chain, put(l=b"2"), ("CMSP",)))
    for number in range(4):
        chain.add(_tx(chain, put(**{f"m{number}": b"v"})))
    expected = audit.verify(chain.serialized)
    assert len(expected.findings) == 3
    monkeypatch.setattr(ReplayedState, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr(TransactionIds, "MOST_IN_MEMORY", 0)
    assert audit.verify(chain.serialized) == expected
    monkeypatch.setattr(store, "_CACHED_PLACES", 1)
    assert audit.verify(chain.serialized) == expected
    gc.collect()  # Databases that nobody closed would be told of here.


def test_ids_on_disk_are_known_as_those_in_memory(monkeypatch):
    """Before, at and after the number from which they move."""
    monkeypatch.setattr(TransactionIds, "MOST_IN_MEMORY", 3)
    ids = TransactionIds()
    for number in range(20):
        assert str(number) not in ids
        ids.update([str(number), "twice"])
        assert all(str(known) in ids for known in range(number + 1))
        assert "twice" in ids
    assert "" not in ids


def test_a_full_disk_is_told_with_its_cure(chain, monkeypatch):  # noqa: F811
    """An error of the machine's, and no finding."""

    def full(schema: str) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ReplayedState, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr(store, "_temporary", full)
    with pytest.raises(OSError, match="database or disk is full: a large channel needs room"):
        audit.verify(chain.serialized)
