"""The hash tree by which a long range query is noted in a read-write set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

from hlf.wire.rwsets import MerkleSummary, Version


def summary(reads: Iterable[tuple[str, Version]], max_degree: int) -> MerkleSummary | None:
    """
    Return the summary of *reads* as a peer makes it; None if there are too few for a tree.

    Every ``max_degree + 1`` results are hashed together, and so are as many hashes of one level, until no level has
    more than ``max_degree``. A level's left-overs are put together at the end.
    """
    levels: dict[int, list[bytes]] = {1: []}
    pending: list[tuple[str, Version]] = []
    for read in reads:
        pending.append(read)
        if len(pending) > max_degree:
            _add(levels, _hash_reads(pending), max_degree)
            pending = []
    if len(levels) == 1 and not levels[1]:
        return None
    if pending:
        _add(levels, _hash_reads(pending), max_degree)
    top = max(levels)
    for level in range(1, top):
        hashes = levels.get(level, [])
        if hashes:
            levels[level] = []
            levels.setdefault(level + 1, []).append(hashes[0] if len(hashes) == 1 else _hash(b"".join(hashes)))
    if len(levels[top]) > max_degree:
        levels[top + 1] = [_hash(b"".join(levels[top]))]
        top += 1
    return MerkleSummary(max_degree, top, tuple(levels[top]))


def _add(levels: dict[int, list[bytes]], leaf: bytes, max_degree: int) -> None:
    level, addition = 1, leaf
    while True:
        hashes = levels.setdefault(level, [])
        hashes.append(addition)
        if len(hashes) <= max_degree:
            return
        addition = _hash(b"".join(hashes))
        levels[level] = []
        level += 1


def _hash_reads(reads: list[tuple[str, Version]]) -> bytes:
    message = kv_rwset_pb2.QueryReads(
        kv_reads=[
            kv_rwset_pb2.KVRead(key=key, version=kv_rwset_pb2.Version(block_num=at.block, tx_num=at.tx))
            for key, at in reads
        ]
    )
    return _hash(message.SerializeToString())


def _hash(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
