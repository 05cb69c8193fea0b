"""Read-write sets that no simulation comes to: what a member's own peer endorses when it is not an honest one."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any

from fabric_protos.common import policies_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

from hlf.wire import policies
from tests.hostile import mutations
from tests.support.transactionparts import TransactionParts

PARAMETER = "VALIDATION_PARAMETER"
NAMESPACES = "namespaces"
#: A key that everybody finds on the channel, and that no organisation may write alone.
SEED = "seed"
_NAMES = ("", "lab", "lscc", "qscc", "cscc", "_lifecycle", "nowhere", "single", "\x00", "Single", "é", "a" * 300)
_COLLECTIONS = ("", "_implicit_org_Org1MSP", "_implicit_org_Org2MSP", "_implicit_org_NoMSP", "_implicit_org_", "org12")
_KEYS = ("", "\x00", "\x00kind\x00one\x00", "\U0010ffff", "é", " ", "a" * 3000, "\x00\U0010ffffinitialized")
_VALUES = (b"", b"\x00", b"v", b"\xff" * 2000)


def _key(draft: TransactionParts) -> str:
    """Return a key nobody else writes, of a kind that may be odd."""
    odd = draft.chance.choice(_KEYS)
    return draft.key if draft.chance.random() < 0.6 else f"{odd}{draft.key}"


def _version(draft: TransactionParts) -> kv_rwset_pb2.Version | None:
    """Return a version that is right for the seed, or is not."""
    right = kv_rwset_pb2.Version(block_num=draft.seeded)
    odd = draft.chance.choice((0, 1, 1 << 31, 1 << 63, (1 << 64) - 1))
    wrong = kv_rwset_pb2.Version(block_num=odd), kv_rwset_pb2.Version(block_num=draft.seeded, tx_num=odd)
    return draft.chance.choice((right, right, None, *wrong))


def _policy(chance: random.Random) -> bytes:
    """Return a key's policy: a good one, a bent one, or nothing of the kind."""
    text = chance.choice(("OR('Org1MSP.peer')", "AND('Org1MSP.member','Org2MSP.member')", "OutOf(0, 'Org1MSP.admin')"))
    encoded = policies.from_dsl(text)
    raw = encoded.SerializeToString() if isinstance(encoded, policies_pb2.SignaturePolicyEnvelope) else bytes(encoded)
    return chance.choice((raw, mutations.bend_message(chance, raw).content, b"", b"\xff\xff"))


def writes(draft: TransactionParts) -> str:
    """Set writes and deletions, also several of one key."""
    del draft.public.writes[:]
    for _ in range(draft.chance.randrange(1, 5)):
        draft.public.writes.add(
            key=draft.key if draft.chance.random() < 0.5 else _key(draft),
            value=draft.chance.choice(_VALUES),
            is_delete=draft.chance.random() < 0.3,
        )
    return "writes"


def metadata(draft: TransactionParts) -> str:
    """Policies of keys, also without a write, of a key that is not there, and several of one key."""
    if draft.chance.random() < 0.4:
        del draft.public.writes[:]
    for _ in range(draft.chance.randrange(1, 4)):
        write = draft.public.metadata_writes.add(key=draft.chance.choice((draft.key, draft.key, _key(draft))))
        for _ in range(draft.chance.randrange(3)):
            write.entries.add(
                name=draft.chance.choice((PARAMETER, PARAMETER, "", "other")), value=_policy(draft.chance)
            )
    return "metadata"


def reads(draft: TransactionParts) -> str:
    """Set reads of what is there, of what is not, and in versions that never were."""
    for _ in range(draft.chance.randrange(1, 4)):
        draft.public.reads.add(key=draft.chance.choice((SEED, SEED, _key(draft))), version=_version(draft))
    return "reads"


def ranges(draft: TransactionParts) -> str:
    """Ranges with results that fit or do not, and hash trees of any degree."""
    chance = draft.chance
    ends = (SEED, f"{SEED}\x00", "", "a", "z", "\x00", "\U0010ffff")
    for _ in range(chance.randrange(1, 3)):
        asked = draft.public.range_queries_info.add(
            start_key=chance.choice(ends), end_key=chance.choice(ends), itr_exhausted=chance.random() < 0.5
        )
        kind = chance.randrange(4)
        if kind == 0:
            asked.reads_merkle_hashes.max_degree = chance.choice((2, 3, 50, 1 << 31))
            asked.reads_merkle_hashes.max_level = chance.choice((0, 1, 2, 1 << 31))
            asked.reads_merkle_hashes.max_level_hashes.extend(chance.randbytes(32) for _ in range(chance.randrange(3)))
        elif kind < 3:
            asked.raw_reads.SetInParent()
            for _ in range(chance.randrange(2)):
                asked.raw_reads.kv_reads.add(key=SEED, version=_version(draft))
    return "ranges"


def namespaces(draft: TransactionParts) -> str:
    """
    Another chaincode's namespace, a system chaincode's, an unknown one, the same twice.

    One foreign namespace only, beside an ordinary own one: peers judge namespaces in an order of chance.
    """
    name = draft.chance.choice(_NAMES)
    for _ in range(draft.chance.choice((1, 1, 1, 2))):
        more = kv_rwset_pb2.KVRWSet()
        if draft.chance.random() < 0.7:
            more.writes.add(key=draft.key, value=b"v")
        if draft.chance.random() < 0.3:
            more.reads.add(key=SEED, version=_version(draft))
        draft.rwset.ns_rwset.add(namespace=name, rwset=more.SerializeToString())
    if draft.chance.random() < 0.2:
        model: Any = draft.chance.choice((0, 1, 7))
        draft.rwset.data_model = model
    return NAMESPACES


def collections(draft: TransactionParts) -> str:
    """Hashes of private writes that nobody has, in collections that are there or not."""
    chance = draft.chance
    for _ in range(chance.randrange(1, 3)):
        hashed = kv_rwset_pb2.HashedRWSet()
        for _ in range(chance.randrange(1, 3)):
            value = chance.choice((b"", hashlib.sha256(b"").digest(), chance.randbytes(32), b"short"))
            key_hash = chance.choice((hashlib.sha256(draft.key.encode()).digest(), b"odd" + chance.randbytes(8)))
            hashed.hashed_writes.add(
                key_hash=key_hash,
                value_hash=value,
                is_delete=chance.random() < 0.2,
                is_purge=chance.random() < 0.2,
            )
            if chance.random() < 0.3:
                entry = hashed.metadata_writes.add(key_hash=key_hash)
                if chance.random() < 0.7:
                    entry.entries.add(name=PARAMETER, value=_policy(chance))
            if chance.random() < 0.3:
                hashed.hashed_reads.add(key_hash=chance.randbytes(32), version=_version(draft))
        draft.rwset.ns_rwset[0].collection_hashed_rwset.add(
            collection_name=chance.choice(_COLLECTIONS),
            hashed_rwset=hashed.SerializeToString(),
            pvt_rwset_hash=chance.choice((b"", chance.randbytes(32))),
        )
    return "collections"


def bent(draft: TransactionParts) -> str:
    """Return a good set of several kinds with one change somewhere in it."""
    metadata(draft)
    reads(draft)
    collections(draft)
    return _change(draft, draft.chance.choice(("public set", "results")))


def _change(draft: TransactionParts, part: str) -> str:
    draft.changes[part] = lambda content: mutations.bend_message(draft.chance, content).content
    return f"{part} bent"


#: What can be done to the own namespace, also several at once.
KINDS: tuple[Callable[[TransactionParts], str], ...] = (writes, metadata, reads, ranges, collections, bent)
