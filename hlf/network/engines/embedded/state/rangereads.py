"""
A range query in a read set: its keys, or a Merkle summary of them.

Endorsers write it, and validators compute it again to find phantoms, both with
this class. Up to fifty results are listed; more are hashed in groups of
fifty-one, and the hashes combined in a tree of degree fifty, with the same bytes
as in Fabric's peers.
"""

from __future__ import annotations

import hashlib

from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

MAX_DEGREE = 50


class RangeReads:
    """Collects the results of one range query in their order."""

    def __init__(self, max_degree: int = MAX_DEGREE) -> None:
        """*max_degree* is 50 in sets of honest peers; validation uses the value in the set."""
        self._max_degree = max_degree
        self._pending: list[kv_rwset_pb2.KVRead] = []
        self._levels: dict[int, list[bytes]] = {}
        self._top = 1

    def add(self, key: str, block: int, tx: int) -> None:
        """Add one result with its version."""
        read = kv_rwset_pb2.KVRead(key=key)
        read.version.SetInParent()
        read.version.block_num = block
        read.version.tx_num = tx
        self._pending.append(read)
        if len(self._pending) > self._max_degree:
            self._hash_pending()

    def describe(self, info: kv_rwset_pb2.RangeQueryInfo) -> None:
        """Write the results into *info*; nothing may be added afterwards."""
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
