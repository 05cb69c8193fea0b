"""
Compare two copies of a channel, or a copy and a checkpoint, and describe the first difference.

Comparing does not verify: a fault that both copies share is no difference. ``hlf.audit.verify`` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.audit.evidence.checkpoints import SignedCheckpoint
from hlf.wire import blocks

# Kinds of differences at the first block where two copies differ.
FORM = "FORM"
MISSING = "MISSING"
CHANNEL = "CHANNEL"
PAST = "PAST"
DATA = "DATA"
CODE = "CODE"
STATE = "STATE"
TAIL = "TAIL"


@dataclass(frozen=True, slots=True)
class CopyDifference:
    """The first difference of two copies; *kind* is one of this module's constants."""

    number: int
    kind: str
    words: str

    def __str__(self) -> str:
        return f"block {self.number}: {self.kind}: {self.words}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    The result of comparing two copies.

    Attributes:
        first_block: the first block that both have and that is the same; None if there is none.
        last_block: the last such block.
        ends: the last block of each copy.
        one_sided: the number of common blocks of which only one copy has validation codes or a state hash; these could
        not be compared.
        difference: the first one; None if there is none. A copy that only ends earlier is a TAIL: it may be older, or
            cut off.
    """

    first_block: int | None
    last_block: int | None
    ends: tuple[int | None, int | None]
    one_sided: int
    difference: CopyDifference | None

    @property
    def contradict(self) -> bool:
        """Whether the copies cannot both be the channel's; one that only ends earlier does not contradict."""
        return self.difference is not None and self.difference.kind != TAIL


def compare(first: Iterable[bytes], second: Iterable[bytes], names: tuple[str, str] = ("one", "other")) -> Comparison:
    """
    Return the comparison of two copies, each given as serialized blocks in order.

    Args:
        names: names of the copies, for the text.

    Raises:
        WireError: a copy's bytes are no block.
    """
    pair = _Side(first, names[0]), _Side(second, names[1])
    for side, other in (pair, pair[::-1]):
        # If a copy begins later, compare from there on: each block has the hash of all before it.
        while side.number is not None and other.number is not None and side.number < other.number:
            side.step()
    one, two = pair
    start, same, one_sided = one.number, None, 0
    difference = None
    while one.number is not None and two.number is not None and difference is None:
        difference = _missing(one, two)
        if difference is None and one.bytes != two.bytes:
            difference, alone = _differ(one, two)
            one_sided += alone
        if difference is None:
            same = one.number
            one.step()
            two.step()
    if difference is None:
        difference = _tail(one, two)
    ends = one.drain(), two.drain()
    return Comparison(start if same is not None else None, same, ends, one_sided, difference)


def against(checkpoint: SignedCheckpoint, block: Callable[[int], bytes | None], height: int) -> CopyDifference | None:
    """
    Return how a ledger contradicts a checkpoint, from the few blocks that are needed; None if it does not.

    The function trusts the ledger's state hash, and does not compute it from the blocks.

    Args:
        block: gives the serialized block of a number, None where there is none.
        height: how many blocks the ledger has.
    """
    last = checkpoint.height - 1
    for number, wanted in ((0, checkpoint.genesis_hash), (last, checkpoint.hash)):
        found = block(number) if number < height else None
        if found is None:
            if number == 0:
                continue
            words = f"it ends with block {height - 1}, and the checkpoint has seen block {last}: the tail is cut off"
            return CopyDifference(last, TAIL, words)
        try:
            held = blocks.decode(found)
        except errors.WireError as malformed:
            return CopyDifference(number, FORM, str(malformed))
        if held.hash != wanted:
            if number == 0:
                return CopyDifference(0, CHANNEL, "another genesis block: it is another channel")
            words = "it is another block than the checkpoint has seen: a fork, or a past that was rewritten"
            return CopyDifference(last, PAST, words)
        if number == last and last > 0 and held.commit_hash is not None and held.commit_hash != checkpoint.state_hash:
            return CopyDifference(last, STATE, "the same blocks gave another state: codes or writes differ")
    return None


def sequel(number: int, last_hash: bytes, serialized: Iterable[bytes]) -> CopyDifference | None:
    """
    Return the first place where blocks do not follow from block *number* by their hashes; None if all do. Signatures
    are not checked.

    Raises:
        WireError: bytes are no block.
    """
    for entry in serialized:
        block = blocks.decode(entry)
        if block.number != number + 1:
            return CopyDifference(number + 1, MISSING, f"behind block {number} comes block {block.number}")
        if block.previous_hash != last_hash:
            return CopyDifference(block.number, PAST, "it follows another block than the one before it")
        if block.data_hash != block.computed_data_hash:
            return CopyDifference(block.number, DATA, "its data are not those that its header names")
        number, last_hash = block.number, block.hash
    return None


class _Side:
    """One copy, at one block."""

    def __init__(self, serialized: Iterable[bytes], name: str) -> None:
        self.name = name
        self._left: Iterator[bytes] = iter(serialized)
        self.bytes = b""
        self.number: int | None = None
        self.last: int | None = None
        self.step()

    def step(self) -> None:
        """Read the next block; *number* is None after the last."""
        self.bytes = next(self._left, b"")
        self.number = _number(self.bytes, self.name) if self.bytes else None
        self.last = self.number if self.number is not None else self.last

    def drain(self) -> int | None:
        """Read to the end; return the number of the last block."""
        while self.number is not None:
            self.step()
        return self.last


def _number(serialized: bytes, name: str) -> int:
    try:
        block = common_pb2.Block.FromString(serialized)
    except DecodeError as malformed:
        raise errors.WireError(f"{name} has bytes that are no block") from malformed
    if not block.HasField("header"):
        raise errors.WireError(f"{name} has a block without a header")
    return int(block.header.number)


def _missing(one: _Side, two: _Side) -> CopyDifference | None:
    assert one.number is not None  # noqa: S101 - the caller has looked.
    assert two.number is not None  # noqa: S101
    if one.number == two.number:
        return None
    behind = one if one.number > two.number else two
    return CopyDifference(min(one.number, two.number), MISSING, f"{behind.name} does not have it, but later ones")


def _tail(one: _Side, two: _Side) -> CopyDifference | None:
    if one.number is None and two.number is None:
        return None
    ended, goes_on = (one, two) if one.number is None else (two, one)
    number = goes_on.number or 0
    if ended.last is None:
        return CopyDifference(number, MISSING, f"{ended.name} has no block from there on")
    return CopyDifference(number, TAIL, f"{ended.name} ends with block {ended.last}, {goes_on.name} goes on")


def _differ(one: _Side, two: _Side) -> tuple[CopyDifference | None, bool]:
    """Return how two blocks of one number differ, and whether a part that only one of them has was not compared."""
    number = one.number or 0
    read = []
    for side in (one, two):
        try:
            read.append(blocks.decode(side.bytes))
        except errors.WireError as malformed:
            return CopyDifference(number, FORM, f"{side.name} has {malformed}"), False
    a, b = read
    words = _ordered(a, b, one.name, two.name)
    if words is not None:
        return CopyDifference(number, *words), False
    if a.flags and b.flags and a.flags != b.flags:
        index = next(at for at, pair in enumerate(zip(a.flags, b.flags, strict=True)) if pair[0] != pair[1])
        x, y = a.transactions[index], b.transactions[index]
        told = f"transaction {index} ({x.transaction_id}) is {x.code_name} in {one.name}, {y.code_name} in {two.name}"
        return CopyDifference(number, CODE, told), False
    if a.commit_hash is not None and b.commit_hash is not None and a.commit_hash != b.commit_hash:
        return CopyDifference(number, STATE, "the peers' hashes of their states differ"), False
    return None, bool(a.flags) != bool(b.flags) or (a.commit_hash is None) != (b.commit_hash is None)


def _ordered(a: blocks.Block, b: blocks.Block, one: str, two: str) -> tuple[str, str] | None:
    """
    Return how the parts that orderers sign differ. The signatures themselves may differ, because each node gives its
    own.
    """
    if a.hash == b.hash:
        if [t.envelope for t in a.transactions] == [t.envelope for t in b.transactions]:
            return None
        damaged = one if a.data_hash != a.computed_data_hash else two
        return DATA, f"the data of {damaged} are not those that its header names"
    if a.number == 0:
        return CHANNEL, "the genesis blocks differ: they are two channels"
    if a.previous_hash != b.previous_hash:
        return PAST, "it follows another block: the two pasts differ already before it"
    index = 0
    for x, y in zip(a.transactions, b.transactions, strict=False):
        if x.envelope != y.envelope:
            break
        index += 1
    named = [
        each.transactions[index].transaction_id or "one without an id" if index < len(each.transactions) else "none"
        for each in (a, b)
    ]
    return DATA, f"transaction {index} is {named[0]} in {one}, {named[1]} in {two}"
