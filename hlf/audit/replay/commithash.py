"""The commit hash: a hash over all changes of a channel's state so far, which peers write into each block."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_protos.peer import transaction_pb2

from hlf.audit.replay.state import Replay
from hlf.audit.replay.transactions import TransactionVerdict
from hlf.wire import blocks


class CommitHash:
    """
    The commit hash of the replayed chain.

    Attributes:
        value: the hash after the last block; empty before block 1.
        known: whether it follows from the blocks alone: each code was certain, and each block agreed.
        compared: how many blocks have the same hash as the replay.
    """

    def __init__(self) -> None:
        self.value = b""
        self.known = True
        self.compared = 0

    def follows(self, block: blocks.Block, verdicts: Sequence[TransactionVerdict], replay: Replay) -> bool:
        """Add a block; return False if it has another hash, from which the hashes after it are then computed."""
        self.value = blocks.commit_hash(self._codes(block, verdicts), replay.updates(), self.value)
        if block.commit_hash is None:
            return True
        if block.commit_hash == self.value:
            self.compared += 1
            return True
        # One difference is one finding: the blocks after it are judged by what they add.
        self.value, self.known = block.commit_hash, False
        return False

    def _codes(self, block: blocks.Block, verdicts: Sequence[TransactionVerdict]) -> bytes:
        codes = bytearray()
        for verdict, transaction in zip(verdicts, block.transactions, strict=True):
            marked = transaction.code
            if len(verdict.codes) == 1:
                codes.append(verdict.codes[0])
            elif marked is not None and verdict.allows(marked):
                # Fabric itself is not certain here, so the code is the one that the block has.
                codes.append(marked)
            else:
                codes.append(transaction_pb2.INVALID_OTHER_REASON)
                self.known = False
        return bytes(codes)
