"""
The parts of a block that nobody signs.

Orderers sign a block's header, which names the hash of its data, and the value of the first metadata entry.
Everything else in the metadata is added by peers, or repeated for old readers, and anybody who passes a block on can
change or remove it. The verifier compares what the replay computes (validation codes, commit hashes). This module
compares the rest with what Fabric writes, so that every byte of a block is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.wire import blocks

CODES = "validation_codes"
COMMIT_HASHES = "commit_hashes"
LAST_CONFIGS = "last_configurations"


@dataclass(frozen=True, slots=True)
class UnsignedParts:
    """
    The parts of one block that nobody signs.

    Attributes:
        parts: for each part that such a block should have, whether it does.
        remarks: sentences about parts that differ from what Fabric writes.
    """

    parts: dict[str, bool]
    remarks: tuple[str, ...]


def read(serialized: bytes) -> tuple[blocks.Block, UnsignedParts]:
    """
    Return the block in these bytes, and its parts that nobody signs.

    Raises:
        WireError: it is no block that a peer takes, or there are bytes in it that belong to no part of a block.
    """
    try:
        message = common_pb2.Block.FromString(serialized)
    except DecodeError as malformed:
        raise WireError("not a block") from malformed
    block = blocks.from_message(message)
    message.DiscardUnknownFields()  # type: ignore[attr-defined]  # types-protobuf leaves it out.
    if message.SerializeToString() != serialized:
        raise WireError(f"block {block.number} holds bytes that belong to no part of a block")
    return block, _unsigned(block, [*message.metadata.metadata, b"", b"", b"", b"", b""])


def _unsigned(block: blocks.Block, metadata: list[bytes]) -> UnsignedParts:
    remarks = []
    parts = {CODES: bool(block.flags)}
    signed = metadata[common_pb2.SIGNATURES]
    if not _is_plain(signed):
        remarks.append("the entry of the orderers' signatures holds bytes that nobody signed")
    if block.number == 0:
        first = common_pb2.OrdererBlockMetadata(last_config=common_pb2.LastConfig())
        if signed and signed != common_pb2.Metadata(value=first.SerializeToString()).SerializeToString():
            remarks.append("the genesis block says something about its orderers, which nobody signs")
    else:
        parts[COMMIT_HASHES] = block.commit_hash is not None
    if block.last_config:
        repeated = common_pb2.LastConfig(index=block.last_config).SerializeToString()
        parts[LAST_CONFIGS] = bool(metadata[common_pb2.LAST_CONFIG])
        expected = common_pb2.Metadata(value=repeated).SerializeToString()
    else:
        expected = b""
    if metadata[common_pb2.LAST_CONFIG] not in (b"", expected):
        remarks.append("the last configuration is repeated as another one than its orderers signed")
    if metadata[common_pb2.ORDERER]:
        remarks.append("the entry for orderers of old is not empty")
    if not _is_plain(metadata[common_pb2.COMMIT_HASH], signatures=False):
        remarks.append("the entry of the commit hash holds more than a hash")
    elif block.number == 0 and block.commit_hash is not None:
        remarks.append("the genesis block has a commit hash, which it has at no peer")
    return UnsignedParts(parts, tuple(remarks))


def _is_plain(entry: bytes, *, signatures: bool = True) -> bool:
    """Return whether the entry has only its known fields, in the form that Fabric writes."""
    message: Any = common_pb2.Metadata.FromString(entry)
    message.DiscardUnknownFields()
    return bool(message.SerializeToString() == entry and (signatures or not message.signatures))
