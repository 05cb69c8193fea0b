"""
The entries of a block: each is an envelope, in the only form that an orderer writes.

The data hash in a block's header covers all entries as one string, so it does not fix where one ends and the next
begins. The hash, and so the signatures, stay valid if two entries are joined, one is split or an empty one is added. So
Fabric's peers and orderers accept a block only if each entry, decoded and encoded again, gives the same bytes
(``VerifyTransactionsAreWellFormed`` in Fabric's ``protoutil``); this module checks that rule. The content of an
envelope is not checked here: anyone can have garbage ordered, and peers mark it invalid.
"""

from __future__ import annotations

from collections.abc import Sequence

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.wire import fields

# More than the largest message between Fabric's nodes (100 MiB) can hold, each with a creator's certificate.
MOST_ENTRIES = 100_000

_PAYLOAD, _SIGNATURE = 0x0A, 0x12
# Go's protobuf accepts larger field numbers in unknown groups than in the message itself.
_MOST_NUMBER = (1 << 29) - 1
_MOST_INNER_NUMBER = (1 << 31) - 1


def check(data: Sequence[bytes]) -> None:
    """
    Check that a block's entries have the form that an orderer writes.

    Raises:
        WireError: there is none, there are too many, or one is not exactly one envelope.
    """
    check_number(len(data))
    for index, entry in enumerate(data):
        if _is_written_again(entry):
            continue
        refused = _refusal(entry)
        if refused is not None:
            # A configuration is alone in its block, so its borders are the block's; the first one is not signed.
            if len(data) == 1 and _is_configuration(entry):
                return
            raise WireError(f"transaction {index} {refused}, so it is not the entry that was ordered")


def check_number(count: int) -> None:
    """
    Check that a block can have so many transactions.

    Raises:
        WireError: there is none, or more than an orderer puts into a block.
    """
    if not count:
        raise WireError("a block without transactions")
    if count > MOST_ENTRIES:
        raise WireError(f"a block of {count} transactions; no orderer puts more than {MOST_ENTRIES} in one")


def _is_written_again(entry: bytes) -> bool:
    """Return True if Python's protobuf can read the entry and encodes it to the same bytes; False decides nothing."""
    try:
        envelope = common_pb2.Envelope.FromString(entry)
    except DecodeError:
        return False
    return bool(envelope.payload and envelope.signature) and bool(envelope.SerializeToString() == entry)


def _refusal(entry: bytes) -> str | None:
    if not entry:
        return "is empty"
    try:
        place = _field(entry, 0, _PAYLOAD)
        if place is None:
            return "has no payload"
        end = _field(entry, place, _SIGNATURE)
        if end is None:
            return "has no signature"
        # Fabric keeps unknown fields unchanged, after the known ones.
        return None if end == len(entry) or _are_unknown(entry, end) else f"has {len(entry) - end} trailing bytes"
    except (IndexError, ValueError):
        return "is no envelope"


def _field(entry: bytes, place: int, tag: int) -> int | None:
    """
    Return the end of the field of bytes at *place*, in its shortest form; None if it is absent or empty.
    """
    if place >= len(entry) or entry[place] != tag:
        return None
    length, start = fields.varint(entry, place + 1)
    if start - place - 1 != fields.varint_size(length):
        raise ValueError("a length in a longer form than it needs")
    if start + length > len(entry):
        raise ValueError("a field that ends after its entry")
    return start + length if length else None


def _are_unknown(entry: bytes, place: int) -> bool:
    """Return whether whole fields follow from *place* on, and none is a second payload or signature."""
    groups: list[int] = []
    while place < len(entry):
        tag, place = fields.varint(entry, place)
        number, kind = tag >> 3, tag & 7
        if not 0 < number <= (_MOST_INNER_NUMBER if groups else _MOST_NUMBER):
            return False
        if not groups and tag in (_PAYLOAD, _SIGNATURE):
            return False
        if kind == fields.GROUP:
            groups.append(number)
            if len(groups) > fields.MOST_GROUPS:
                return False
        elif kind == fields.END:
            if not groups or groups.pop() != number:
                return False
        elif kind > fields.FIXED32:
            return False
        place = fields.skip(entry, place, kind)
    return place == len(entry) and not groups


def _is_configuration(entry: bytes) -> bool:
    try:
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(entry).payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    except DecodeError:
        return False
    return payload.HasField("header") and bool(header.type == common_pb2.CONFIG)
