"""Anchors: trusted blocks and checkpoints, on which a proof rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hlf.audit.evidence import checkpoints
from hlf.errors import WireError
from hlf.wire import blocks


@dataclass(frozen=True, slots=True)
class Anchor:
    """
    A trusted block or checkpoint.

    Attributes:
        words: a description for people.
        hashes: the hashes of the blocks that it knows, by number.
        state_number: number of the block whose state hash it knows; -1 if it knows none.
        state_hash: that hash; empty if it knows none.
        checkpoint: the checkpoint, if it is one.
    """

    words: str
    hashes: Mapping[int, bytes]
    state_number: int = -1
    state_hash: bytes = b""
    checkpoint: checkpoints.SignedCheckpoint | None = None


def of_block(serialized: bytes) -> Anchor:
    """
    Return a trusted block as an anchor; usually the genesis block.

    Raises:
        WireError: the bytes are no block, or its data are not those of its header.
    """
    block = blocks.decode(serialized)
    if block.data_hash != block.computed_data_hash:
        raise WireError(f"the data hash of the trusted block {block.number} is not that of its data")
    name = "the genesis block" if block.number == 0 else f"block {block.number}"
    return Anchor(f"{name} {block.hash.hex()}", {block.number: block.hash})


def of_checkpoint(checkpoint: checkpoints.SignedCheckpoint) -> Anchor:
    """
    Return a trusted checkpoint as an anchor.

    Raises:
        WireError: its signature does not hold.
    """
    checkpoint.check_signature()
    last = checkpoint.height - 1
    return Anchor(
        f"the checkpoint of height {checkpoint.height} by {checkpoint.signer}",
        {0: checkpoint.genesis_hash, last: checkpoint.hash},
        last,
        checkpoint.state_hash,
        checkpoint,
    )


def read(data: bytes) -> Anchor:
    """
    Return the anchor in a file, which holds a checkpoint or a serialized block.

    Raises:
        WireError: it is neither, or its hash or signature is wrong.
    """
    # A block begins with the tag of its header, never with the brace of a JSON object.
    if data.lstrip()[:1] == b"{":
        return of_checkpoint(checkpoints.SignedCheckpoint.from_bytes(data))
    try:
        return of_block(data)
    except WireError as refused:
        raise WireError(f"neither a checkpoint nor a block ({refused})") from None
