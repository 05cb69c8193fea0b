"""The newest blocks of a channel, and what is in a block, as the caller's own peer has them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from fabric_protos.common import common_pb2

from gateway.audit.histories import Proofs
from gateway.http import context
from gateway.http.problems import Problem
from hlf import errors
from hlf.audit.records import anatomy, search
from hlf.wire import blocks

_NEWEST = 4
# The kinds of transaction, for people.
CALL, CONFIGURATION, OTHER = "call", "configuration", "other"


def newest(channel: str) -> dict[str, Any]:
    """Return how many blocks a channel has, and the newest; without a height if the peer cannot be asked."""
    try:
        height = _height(channel)
        peer = Proofs(channel)
        found = [_told(peer.block(number)) for number in range(height - 1, max(-1, height - 1 - _NEWEST), -1)]
    except errors.HlfError:
        return {"channel": channel, "height": None, "blocks": []}
    return {"channel": channel, "height": height, "blocks": found}


def block(channel: str, number: int) -> dict[str, Any]:
    """
    Return a block with its transactions, and whether there is a next one.

    Raises:
        Problem: NOT_FOUND.
        hlf.errors.HlfError: the peer does not have the channel, or cannot be asked.
    """
    height = _height(channel)
    if number >= height:
        raise Problem("NOT_FOUND", f"{channel} has {height} blocks, and the first is block 0")
    return {"channel": channel, "last": number == height - 1, **_told(Proofs(channel).block(number))}


def with_block(channels: Iterable[str], number: int) -> Iterator[str]:
    """Yield the channels that have a block with this number; one that does not answer is left out."""
    for channel in channels:
        with contextlib.suppress(errors.HlfError):
            if number < _height(channel):
                yield channel


def has(channel: str, number: int, block_hash: str) -> bool | None:
    """Return whether a block of the channel has this hash, in hexadecimal; None if the peer cannot tell."""
    try:
        return number < _height(channel) and blocks.decode(Proofs(channel).block(number)).hash.hex() == block_hash
    except errors.HlfError:
        return None


def with_transaction(channels: Iterable[str], transaction_id: str) -> Iterator[str]:
    """Yield the channels that have a transaction; one that does not answer is left out."""
    for channel in channels:
        with contextlib.suppress(errors.HlfError, Problem):
            Proofs(channel).block_of(transaction_id)
            yield channel


def _height(channel: str) -> int:
    caller = context.caller()
    return context.services().ledgers.height(caller.msp_id, caller.user, channel)


def _told(serialized: bytes) -> dict[str, Any]:
    found = blocks.decode(serialized)
    transactions = [_transaction(each) for each in found.transactions]
    return {
        "number": found.number,
        "hash": found.hash.hex(),
        "previous_hash": found.previous_hash.hex(),
        "transactions": transactions,
        "refused": sum(not each["valid"] for each in transactions),
        "at": max((each["at"] for each in transactions if each["at"]), default=None),
    }


def _transaction(found: blocks.BlockTransaction) -> dict[str, Any]:
    """Return a transaction as one line. If peers refused it, its content is only what its sender claims."""
    calls = [anatomy.shown(action.args[0]) for action in found.actions if action.args]
    return {
        "transaction_id": found.transaction_id,
        "kind": _kind(found),
        "what": " ".join([found.chaincode, *calls]).strip(),
        "by": search.organisation(found.creator),
        "valid": found.valid,
        "code": found.code_name,
        "at": found.timestamp,
    }


def _kind(found: blocks.BlockTransaction) -> str:
    if found.config is not None or found.type == common_pb2.CONFIG:
        return CONFIGURATION
    return CALL if found.type == common_pb2.ENDORSER_TRANSACTION else OTHER
