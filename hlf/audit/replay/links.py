"""Check whether a block's header follows from the block before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.audit.replay import report
from hlf.wire import blocks
from hlf.wire.config import channelconfig


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """
    A header that does not fit.

    Attributes:
        of_block_before: it may be a consequence of a fault in the block before.
        loses_state: from here on, the channel's state is unknown.
        foreign: the block's transactions are not those that the channel's orderers have put there.
    """

    rule: str
    words: str
    of_block_before: bool = False
    loses_state: bool = False
    foreign: bool = False


def faults(
    block: blocks.Block, previous: blocks.Block | None, bundle: channelconfig.Bundle | None
) -> Iterator[HeaderFault]:
    """Yield the faults of a block's place in the chain, each cause before its consequences."""
    if bundle is not None and _channel_of(block) != bundle.channel_id:
        words = f"it is a block of channel {_channel_of(block) or 'nobody knows'}, not of {bundle.channel_id}"
        yield HeaderFault(report.CHANNEL, words, loses_state=True, foreign=True)
    if block.number == 0 and block.previous_hash:
        yield HeaderFault(report.CHAIN, "block 0 has a previous hash")
    if previous is not None:
        expected = previous.number + 1
        if block.number < expected:
            words = f"it comes behind block {previous.number}"
            yield HeaderFault(report.CHAIN, words, of_block_before=True, loses_state=True)
        elif block.number > expected:
            missing = f"block {expected} is" if block.number == expected + 1 else _several(expected, block.number - 1)
            yield HeaderFault(report.CHAIN, f"{missing} missing before it", loses_state=True)
        elif block.previous_hash != previous.hash:
            words = f"its previous hash is not that of block {previous.number}"
            yield HeaderFault(report.CHAIN, words, of_block_before=True)
    if block.data_hash != block.computed_data_hash:
        words = "the data hash in the header is not that of the data"
        yield HeaderFault(report.DATA_HASH, words, loses_state=True, foreign=True)


def _several(first: int, last: int) -> str:
    return f"blocks {first} to {last} are"


def _channel_of(block: blocks.Block) -> str:
    """
    Return the channel that the block's first transaction names, as peers check it; empty if it names none.
    """
    (first, *_) = block.transactions
    if first.channel_id:
        return first.channel_id
    try:
        payload = common_pb2.Payload.FromString(first.payload)
        return str(common_pb2.ChannelHeader.FromString(payload.header.channel_header).channel_id)
    except DecodeError:
        return ""
