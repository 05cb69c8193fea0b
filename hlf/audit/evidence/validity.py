"""
Check whether a checkpoint proves a block's validation codes.

Nobody signs the codes of a block. But the state hash after it covers them, all writes of its valid transactions,
and the state hash before. So a checkpoint of exactly that height proves them.
"""

from __future__ import annotations

from collections.abc import Iterator

from fabric_protos.common import common_pb2

from hlf.audit.evidence.anchors import Anchor
from hlf.audit.replay.state import Place, Replay, ReplayedState
from hlf.wire import blocks


def proved_by(anchor: Anchor, block: blocks.Block, previous_state_hash: bytes) -> bool | None:
    """
    Return whether the codes and writes of *block* give the state hash of *anchor*.

    None if this is unknown: the anchor knows the state after another block or none, the block has no codes,
    the state hash before it is missing, or a transaction in it leaves a value as it was and changes its policy alone.
    """
    if anchor.state_number != block.number or block.number == 0 or not block.flags:
        return None
    if block.number > 1 and not previous_state_hash:
        return None
    replay = Replay(ReplayedState(), block.number)
    valid = [t for t in block.transactions if t.valid and t.type == common_pb2.ENDORSER_TRANSACTION]
    for transaction in valid:
        for action in transaction.actions:
            replay.add(action.rwset, transaction.index)
    if any(place not in replay.changes for transaction in valid for place in _governed(transaction)):
        return None
    return blocks.commit_hash(block.flags, replay.updates(), previous_state_hash) == anchor.state_hash


def _governed(transaction: blocks.BlockTransaction) -> Iterator[Place]:
    """Yield the keys whose metadata are written; their values go into the state hash, too."""
    for action in transaction.actions:
        for part in action.rwset.namespaces:
            for write in part.metadata_writes:
                yield part.namespace, "", write.key
            for collection in part.collections:
                for hashed in collection.metadata_writes:
                    yield part.namespace, collection.name, hashed.key_hash
