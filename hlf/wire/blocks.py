"""
Blocks: their hashes, and their contents as plain records.

A block is decoded strictly (``entries`` finds where its transactions begin and end), but its transactions leniently.
Anyone can have garbage ordered; peers mark it invalid and go on, and a reader of blocks must do the same. Such a
transaction has a ``defect`` and no content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.wire import entries
from hlf.wire.commithash import StateUpdate, commit_hash
from hlf.wire.transactions import Action, BlockTransaction, Endorsement, Event, check_transaction, decode_transaction

__all__ = [
    "Action",
    "Block",
    "Endorsement",
    "Event",
    "Signature",
    "StateUpdate",
    "BlockTransaction",
    "check",
    "check_transaction",
    "commit_hash",
    "data_hash",
    "decode",
    "decode_transaction",
    "from_message",
    "header_bytes",
    "header_hash",
    "new_block",
]

_METADATA_ENTRIES = 5


@dataclass(frozen=True, slots=True)
class Signature:
    """
    One orderer's signature of a block; it covers ``signed``.

    Raft orderers name themselves by ``creator``, BFT orderers by ``identifier``: a consenter id of the channel's
    configuration.
    """

    creator: bytes
    identifier: int | None
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block as an orderer or a peer delivers it."""

    number: int
    previous_hash: bytes
    data_hash: bytes
    hash: bytes
    computed_data_hash: bytes
    transactions: tuple[BlockTransaction, ...]
    signatures: tuple[Signature, ...]
    last_config: int | None
    consenter_metadata: bytes
    flags: bytes
    commit_hash: bytes | None

    @property
    def is_configuration(self) -> bool:
        """Whether it holds a configuration; a configuration is alone in its block."""
        return len(self.transactions) == 1 and self.transactions[0].config is not None

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the valid transactions, in order; an orderer's copy of a block has none."""
        return tuple(a.event for t in self.transactions if t.valid for a in t.actions if a.event is not None)


def header_bytes(header: Any) -> bytes:
    """Return the DER of a block header; the next block's ``previous_hash`` and the orderers' signatures cover it."""
    content = _der_integer(header.number) + _der_octets(header.previous_hash) + _der_octets(header.data_hash)
    return b"\x30" + _der_length(len(content)) + content


def header_hash(header: Any) -> bytes:
    """Return the SHA-256 of a header's DER."""
    return hashlib.sha256(header_bytes(header)).digest()


def data_hash(data: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of a block's entries, joined."""
    return hashlib.sha256(b"".join(data)).digest()


def new_block(number: int, previous_hash: bytes, data: Sequence[bytes]) -> common_pb2.Block:
    """Return an unsigned ``common.Block`` over *data*, with Fabric's five empty metadata entries."""
    header = common_pb2.BlockHeader(number=number, previous_hash=previous_hash, data_hash=data_hash(data))
    return common_pb2.Block(
        header=header,
        data=common_pb2.BlockData(data=data),
        metadata=common_pb2.BlockMetadata(metadata=[b""] * _METADATA_ENTRIES),
    )


def decode(serialized: bytes) -> Block:
    """
    Return the contents of a serialized ``common.Block``.

    Raises:
        WireError: the block is malformed, or its entries have a form that no orderer writes; a malformed transaction
            has a ``defect`` instead, and raises nothing.
    """
    try:
        return from_message(common_pb2.Block.FromString(serialized))
    except DecodeError as malformed:
        raise WireError("not a block") from malformed


def from_message(block: Any) -> Block:
    """
    Return the contents of a ``common.Block``.

    Raises:
        WireError: as ``decode``.
    """
    if not block.HasField("header"):
        raise WireError("a block without a header")
    if len(block.metadata.metadata) > _METADATA_ENTRIES:
        raise WireError(f"a block with {len(block.metadata.metadata)} metadata entries; Fabric has {_METADATA_ENTRIES}")
    entries.check_number(len(block.data.data))
    # Copied once, because each access to the message's own list makes its entries again.
    data = list(block.data.data)
    entries.check(data)
    metadata = [*block.metadata.metadata, *[b""] * _METADATA_ENTRIES]
    flags = metadata[common_pb2.TRANSACTIONS_FILTER]
    if flags and len(flags) != len(data):
        raise WireError(f"a block of {len(data)} transactions with {len(flags)} validation codes")
    try:
        signed = common_pb2.Metadata.FromString(metadata[common_pb2.SIGNATURES])
        ordering = common_pb2.OrdererBlockMetadata.FromString(signed.value)
        committed = common_pb2.Metadata.FromString(metadata[common_pb2.COMMIT_HASH])
        signatures = tuple(_signature(signed.value, s, block.header) for s in signed.signatures)
    except DecodeError as malformed:
        raise WireError("a block whose metadata are malformed") from malformed
    return Block(
        number=block.header.number,
        previous_hash=block.header.previous_hash,
        data_hash=block.header.data_hash,
        hash=header_hash(block.header),
        computed_data_hash=data_hash(data),
        transactions=tuple(
            [decode_transaction(entry, index, flags[index] if flags else None) for index, entry in enumerate(data)]
        ),
        signatures=signatures,
        last_config=ordering.last_config.index if ordering.HasField("last_config") else None,
        consenter_metadata=ordering.consenter_metadata,
        flags=flags,
        commit_hash=committed.value or None,
    )


def check(block: Block, previous: Block | None = None) -> list[str]:
    """
    Return what is wrong with a block, judged by its own bytes alone; an empty list if nothing is.

    Compares the data hash, the link to *previous* if it is given, and each transaction's id, action headers and
    proposal hashes. Transactions that the peer marked invalid are not checked. Nor are signatures, which need trusted
    keys.
    """
    found = []
    if block.data_hash != block.computed_data_hash:
        found.append("the data hash in the header is not that of the data")
    if block.number == 0 and block.previous_hash:
        found.append("block 0 has a previous hash")
    if previous is not None:
        if block.number != previous.number + 1:
            found.append(f"follows block {previous.number}")
        if block.previous_hash != previous.hash:
            found.append(f"its previous hash is not the hash of block {previous.number}")
    for transaction in block.transactions:
        if transaction.code in (None, transaction_pb2.VALID):
            found.extend(f"transaction {transaction.index}: {words}" for words in check_transaction(transaction))
    return found


def _signature(value: bytes, message: Any, header: Any) -> Signature:
    identifier, creator = None, b""
    if message.identifier_header and not message.signature_header:
        identifier = common_pb2.IdentifierHeader.FromString(message.identifier_header).identifier
    else:
        creator = common_pb2.SignatureHeader.FromString(message.signature_header).creator
    signed = value + (message.signature_header or message.identifier_header) + header_bytes(header)
    return Signature(creator, identifier, signed, message.signature)


def _der_length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _der_integer(number: int) -> bytes:
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(octets)]) + octets


def _der_octets(octets: bytes) -> bytes:
    return b"\x04" + _der_length(len(octets)) + octets
