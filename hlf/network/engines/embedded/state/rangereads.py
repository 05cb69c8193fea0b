"""
What a range query leaves in a read set: the keys it met, or a Merkle summary of them.

Endorsers write it and validators recompute it to find phantoms, so both use
this one accumulator. Up to fifty results are listed as they are; more are
hashed in groups of fifty-one and the hashes combined in a tree of degree fifty,
which is the shape Fabric's peers expect byte for byte.
"""

from __future__ import annotations

import hashlib

from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

MAX_DEGREE = 50


class RangeReads:
    """Collects the results of one range query in the order they were met."""

    def __init__(self, max_degree: int = MAX_DEGREE) -> None:
        """*max_degree* is 50 in what honest peers write; a check uses the value in the set."""
        self._max_degree = max_degree
        self._pending: list[kv_rwset_pb2.KVRead] = []
        self._levels: dict[int, list[bytes]] = {}
        self._top = 1

    def add(self, key: str, block: int, tx: int) -> None:
        """Take note of one result and of the version it had."""
        read = kv_rwset_pb2.KVRead(key=key)
        read.version.SetInParent()
        read.version.block_num = block
        read.version.tx_num = tx
        self._pending.append(read)
        if len(self._pending) > self._max_degree:
            self._hash_pending()

    def describe(self, info: kv_rwset_pb2.RangeQueryInfo) -> None:
        """Write what was met into *info*; nothing may be added afterwards."""
        if not self._levels:
            if self._pending:
                info.raw_reads.kv_reads.extend(self._pending)
            return
        if self._pending:
            self._hash_pending()
        self._close_tree()
        info.reads_merkle_hashes.max_degree = self._max_degree
        info.reads_merkle_hashes.max_level = self._top
        info.reads_merkle_hashes.max_level_hashes.extend(self._levels[self._top])

    def _hash_pending(self) -> None:
        reads = kv_rwset_pb2.QueryReads(kv_reads=self._pending)
        self._pending = []
        self._levels.setdefault(1, []).append(hashlib.sha256(reads.SerializeToString()).digest())
        level = 1
        while len(self._levels[level]) > self._max_degree:
            combined = _combine(self._levels.pop(level))
            level += 1
            self._levels.setdefault(level, []).append(combined)
            self._top = max(self._top, level)

    def _close_tree(self) -> None:
        for level in range(1, self._top):
            hashes = self._levels.pop(level, [])
            if hashes:
                carried = hashes[0] if len(hashes) == 1 else _combine(hashes)
                self._levels.setdefault(level + 1, []).append(carried)
        if len(self._levels[self._top]) > self._max_degree:
            combined = _combine(self._levels.pop(self._top))
            self._top += 1
            self._levels[self._top] = [combined]


def _combine(hashes: list[bytes]) -> bytes:
    return hashlib.sha256(b"".join(hashes)).digest()
