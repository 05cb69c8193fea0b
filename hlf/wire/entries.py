"""
The entries of a block: an envelope each, in the one form that an orderer writes.

The data hash in a block's header goes over all entries as one string, so it does not say where one ends and the next
begins. Two that are joined, one that is cut in two and an empty one between them all keep the hash, and the signatures
with it. So peers and orderers of Fabric take a block only if each entry, read and written again, gives its own bytes
(``VerifyTransactionsAreWellFormed`` in Fabric's ``protoutil``); this is that rule. What stands *inside* an envelope
does not matter here: anyone may get garbage ordered, and peers mark it invalid.
"""

from __future__ import annotations

from collections.abc import Sequence

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.wire import fields

# More than fit into the largest message that Fabric's nodes exchange (100 MiB), each with a creator's certificate.
MOST_ENTRIES = 100_000

_PAYLOAD, _SIGNATURE = 0x0A, 0x12
# What Go's protobuf reads: fields of unknown groups may have larger numbers than those of the message itself.
_MOST_NUMBER = (1 << 29) - 1
_MOST_INNER_NUMBER = (1 << 31) - 1


def check(data: Sequence[bytes]) -> None:
    """
    Check that a block's entries are what an orderer cuts.

    Raises:
        WireError: there is none, there are too many, or one is not exactly one envelope.
    """
    check_number(len(data))
    for index, entry in enumerate(data):
        if _is_written_again(entry):
            continue
        refused = _refusal(entry)
        if refused is not None:
            # A configuration stands alone in its block, so its borders are the block's; the first one is not signed.
            if len(data) == 1 and _is_configuration(entry):
                return
            raise WireError(f"transaction {index} {refused}, so it is not the entry that was ordered")


def check_number(count: int) -> None:
    """
    Check that there can be so many transactions in a block.

    Raises:
        WireError: none, or more than an orderer puts into one.
    """
    if not count:
        raise WireError("a block without transactions")
    if count > MOST_ENTRIES:
        raise WireError(f"a block of {count} transactions; no orderer puts more than {MOST_ENTRIES} in one")


def _is_written_again(entry: bytes) -> bool:
    """Return whether it is certainly good, by the exact rule, for everything that Python's protobuf can read."""
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
        # Fields that this version of Fabric does not know are kept as they came, behind the known ones.
        return None if end == len(entry) or _are_unknown(entry, end) else f"has {len(entry) - end} trailing bytes"
    except (IndexError, ValueError):
        return "is no envelope"


def _field(entry: bytes, place: int, tag: int) -> int | None:
    """
    Return where a field of bytes ends that begins at *place* in its shortest form; None if it is not there or empty.
    """
    if place >= len(entry) or entry[place] != tag:
        return None
    length, start = fields.varint(entry, place + 1)
    if start - place - 1 != fields.varint_size(length):
        raise ValueError("a length in a longer form than it needs")
    if start + length > len(entry):
        raise ValueError("a field that ends behind its entry")
    return start + length if length else None


def _are_unknown(entry: bytes, place: int) -> bool:
    """Return whether all from *place* on are whole fields, none of them a second payload or signature."""
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
