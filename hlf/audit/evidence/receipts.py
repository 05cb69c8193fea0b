"""
Receipts: files that prove a transaction without a ledger.

A receipt holds the transaction's whole block, because a block's data hash goes over all its entries at once; the
configuration blocks that lead from the genesis block to the signers of that block; and, if a checkpoint is to be
reached, the headers of the blocks between. ``hlf.audit.evidence.proofs`` says what one proves.

The other transactions of the block and the channel's configurations cannot be left out: give a receipt only to
those who may see them. Private values are not in blocks, and so not in a receipt, except those that you add.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2

from hlf.audit.evidence import documents, trustchain
from hlf.audit.evidence.opening import ValueOpening
from hlf.codec import names
from hlf.errors import WireError
from hlf.wire import blocks

KIND, VERSION = "selat.receipt", 1
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class BlockHeaders:
    """
    The headers of consecutive blocks, from *first* on, as the few values needed to compute them.

    A header holds the hash of the one before it, so of a run only the data hashes and one previous hash are needed.
    """

    first: int
    previous_hash: bytes
    data_hashes: tuple[bytes, ...]

    def hashes(self) -> Iterator[tuple[int, bytes]]:
        """Yield each block's number and hash."""
        previous = self.previous_hash
        for number, data_hash in enumerate(self.data_hashes, start=self.first):
            header = common_pb2.BlockHeader(number=number, previous_hash=previous, data_hash=data_hash)
            previous = blocks.header_hash(header)
            yield number, previous


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    The proof of one transaction as data. Reading it checks nothing; ``proofs.check`` does.

    Attributes:
        index: the transaction's place in its block.
        block: the serialized block.
        configurations: serialized configuration blocks, from the genesis block on.
        headers: a run that includes the block and the last block before a checkpoint; None if there is none.
        previous_state_hash: the peers' hash of their state before the block; empty before block 1 or if unknown.
        opening: private values disclosed by their holder; None if there are none.
    """

    channel: str
    transaction_id: str
    index: int
    block: bytes
    configurations: tuple[bytes, ...]
    headers: BlockHeaders | None = None
    previous_state_hash: bytes = b""
    opening: ValueOpening | None = None

    def to_bytes(self) -> bytes:
        """
        Return the receipt as a file.

        Raises:
            WireError: it is larger than readers accept.
        """
        data = documents.dumps(
            {
                "kind": KIND,
                "version": VERSION,
                "channel": self.channel,
                "transaction_id": self.transaction_id,
                "index": self.index,
                "block": _text(self.block),
                "configurations": [_text(each) for each in self.configurations],
                "headers": None if self.headers is None else _of_run(self.headers),
                "previous_state_hash": self.previous_state_hash.hex(),
                "disclosure": None if self.opening is None else self.opening.document(),
            }
        )
        if len(data) > documents.MOST_BYTES:
            raise WireError(f"the receipt would have {len(data)} bytes; readers take {documents.MOST_BYTES} at most")
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> Receipt:
        """
        Return the receipt in *data*, which may be any bytes.

        Raises:
            WireError: it is none.
        """
        fields = documents.Fields(documents.loads(data), "the receipt")
        kind, version = fields.text("kind"), fields.integer("version")
        if (kind, version) != (KIND, VERSION):
            raise WireError(f"not a {KIND} of version {VERSION}, but {kind[:40]!r} of version {version}")
        headers, opening = fields.object("headers"), fields.object("disclosure")
        receipt = cls(
            channel=fields.text("channel", names.CHANNEL.shape),
            transaction_id=fields.text("transaction_id", names.TRANSACTION_ID.shape),
            index=fields.integer("index"),
            block=fields.octets("block"),
            configurations=fields.list("configurations", documents.octets),
            headers=None if headers is None else _run(headers),
            previous_state_hash=fields.hash("previous_state_hash", optional=True),
            opening=None if opening is None else ValueOpening.from_document(opening),
        )
        fields.end()
        return receipt

    def with_opening(self, opening: ValueOpening) -> Receipt:
        """Return this receipt with private values disclosed."""
        return dataclasses.replace(self, opening=opening)


def from_ledger(
    serialized: bytes,
    transaction_id: str,
    fetch: Callable[[int], bytes],
    *,
    heights: Sequence[int] = (),
    with_state: bool = True,
) -> Receipt:
    """
    Make the receipt of a transaction from a ledger that gives single blocks.

    Args:
        serialized: the block that the transaction is in.
        fetch: gives the serialized block of a number.
        heights: the heights of the checkpoints that the receipt must lead to.
        with_state: also ask for the state hash before the block, which a checkpoint needs to prove validity.

    Raises:
        WireError: the transaction is not in the block, or the ledger's answers are not blocks that fit.
    """
    block = blocks.decode(serialized)
    found = _find(block, transaction_id)
    if found is None:
        raise WireError(f"block {block.number} does not hold transaction {transaction_id}")
    previous = blocks.decode(fetch(block.number - 1)).commit_hash if with_state and block.number > 1 else None
    headers = None
    if heights:
        first, last = _span(block.number, heights)
        between = [blocks.decode(fetch(number)) for number in range(first, last + 1)]
        headers = BlockHeaders(first, between[0].previous_hash, tuple(each.data_hash for each in between))
    return Receipt(
        channel=found.channel_id,
        transaction_id=transaction_id,
        index=found.index,
        block=serialized,
        configurations=trustchain.collect(block, fetch),
        headers=headers,
        previous_state_hash=previous or b"",
    )


def from_blocks(serialized: Iterable[bytes], transaction_id: str, *, heights: Sequence[int] = ()) -> Receipt:
    """
    Make the receipt of a transaction from a channel's blocks, given in order from the genesis block on.

    All blocks are read: of several transactions with this id the valid one counts.

    Raises:
        WireError: a block is malformed or missing, or none holds the transaction.
    """
    configurations: list[bytes] = []
    data_hashes = bytearray()
    before, best = b"", None
    previous_hashes: dict[int, bytes] = {}
    wanted = {height - 1 for height in heights}
    for number, entry in enumerate(serialized):
        block = blocks.decode(entry)
        if block.number != number:
            raise WireError(f"block {number} is not among the blocks; a receipt needs all from the genesis block on")
        if len(block.data_hash) != _HASH_BYTES:
            raise WireError(f"the header of block {number} has no data hash of {_HASH_BYTES} bytes")
        data_hashes += block.data_hash
        found = _find(block, transaction_id)
        if found is not None and (best is None or found.valid > best[1].valid):
            best = entry, found, tuple(configurations), before
            previous_hashes[number] = block.previous_hash
        if number in wanted:
            previous_hashes[number] = block.previous_hash
        if block.is_configuration:
            configurations.append(entry)
        before = block.commit_hash or b""
    if best is None:
        raise WireError(f"no block holds transaction {transaction_id}")
    entry, found, chain, before = best
    headers = None
    if heights:
        first, last = _span(blocks.decode(entry).number, heights)
        if last > number:
            raise WireError(f"the blocks end with {number}, before the checkpoint of height {last + 1}")
        places = range(first * _HASH_BYTES, (last + 1) * _HASH_BYTES, _HASH_BYTES)
        headers = BlockHeaders(
            first, previous_hashes[first], tuple(bytes(data_hashes[at : at + _HASH_BYTES]) for at in places)
        )
    return Receipt(found.channel_id, transaction_id, found.index, entry, chain, headers, before)


def _find(block: blocks.Block, transaction_id: str) -> blocks.BlockTransaction | None:
    """Return the transaction of that id; where there are several, as of a client that sent it twice, the valid one."""
    found = [each for each in block.transactions if each.transaction_id == transaction_id]
    return next((each for each in found if each.valid), found[0] if found else None)


def _span(number: int, heights: Sequence[int]) -> tuple[int, int]:
    """Return the first and last block of a run from *number* to the last block of each of *heights*, either way."""
    ends = [number, *(height - 1 for height in heights)]
    return min(ends), max(ends)


def _of_run(run: BlockHeaders) -> dict[str, Any]:
    return {
        "first": run.first,
        "previous_hash": run.previous_hash.hex(),
        "data_hashes": [each.hex() for each in run.data_hashes],
    }


def _run(value: Any) -> BlockHeaders:
    fields = documents.Fields(value, "headers")
    run = BlockHeaders(
        fields.integer("first"),
        fields.hash("previous_hash", optional=True),
        fields.list("data_hashes", documents.hash_of),
    )
    fields.end()
    return run


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
