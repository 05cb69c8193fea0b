"""
Search transactions in exported blocks: by organisation, key, function, chaincode, time and validation code.

The search trusts the blocks; ``hlf.audit.verify`` checks them. Validation codes are those of the exporting peer,
and times are those that clients wrote into their proposals. Private values are in no block: find a private write by
its plain key; it is shown as the two hashes on the channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from hlf import errors
from hlf.audit.records import visible
from hlf.wire import blocks, keys, signatures

_CURSOR = re.compile(r"(\d{1,18}):(\d{1,9})")


@dataclass(frozen=True, slots=True, order=True)
class SearchCursor:
    """A place in a channel: a page continues after the last transaction of the one before."""

    block: int
    index: int

    def __str__(self) -> str:
        return f"{self.block}:{self.index}"

    @classmethod
    def parse(cls, text: str) -> SearchCursor:
        """
        Return the cursor in *text*.

        Raises:
            WireError: it is none.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise errors.WireError(f"{text[:40]!r} is no cursor; take the one that the page before ended with")
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class FoundTransaction:
    """A transaction and the block it is in."""

    block: int
    transaction: blocks.BlockTransaction

    @property
    def cursor(self) -> SearchCursor:
        """Its place in the channel."""
        return SearchCursor(self.block, self.transaction.index)


@dataclass(frozen=True, slots=True)
class Filter:
    """
    The conditions of a search; empty ones find everything, and a transaction must match all others.

    Attributes:
        organisation: MSP id that has submitted or endorsed it.
        key: that it writes, public or private; a composite key also as people write it, ``order/J1``.
        function: that it calls, with its contract's name where it has one, as ``Orders:place``.
        chaincode: that it calls.
        since: the earliest time at which its client has dated it.
        until: a time before which its client has dated it.
        code: its validation code's name, as ``VALID``; ``INVALID`` finds every other.
    """

    organisation: str = ""
    key: str = ""
    function: str = ""
    chaincode: str = ""
    since: datetime | None = None
    until: datetime | None = None
    code: str = ""

    def finds(self, transaction: blocks.BlockTransaction) -> bool:
        """Return whether *transaction* matches."""
        return (
            self._is_dated(transaction)
            and (not self.code or self._has_code(transaction))
            and (not self.chaincode or any(a.chaincode == self.chaincode for a in transaction.actions))
            and (not self.function or any(function(a) == self.function for a in transaction.actions))
            and (not self.organisation or self.organisation in organisations(transaction))
            and (not self.key or any(True for _ in writes(transaction, self.key)))
        )

    def _is_dated(self, transaction: blocks.BlockTransaction) -> bool:
        if self.since is None and self.until is None:
            return True
        moment = transaction.timestamp
        if moment is None:
            return False
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)

    def _has_code(self, transaction: blocks.BlockTransaction) -> bool:
        if self.code == "INVALID":
            return transaction.code is not None and not transaction.valid
        return transaction.code_name == self.code


@dataclass(frozen=True, slots=True)
class KeyWrite:
    """
    One write of a transaction.

    Attributes:
        collection: of private data, empty for public state; then *key* and *value* are None, and there are hashes.
        value: as text, ``0x`` and hexadecimal if it is none; None for a deletion.
    """

    namespace: str
    collection: str
    key: str | None
    key_hash: str
    value: str | None
    value_hash: str
    deleted: bool
    purged: bool = False


def transactions(
    serialized: Iterable[bytes], wanted: Filter, *, after: SearchCursor | None = None
) -> Iterator[FoundTransaction]:
    """
    Yield the matching transactions in order, beginning after *after*.

    Raises:
        WireError: a block is malformed.
    """
    for entry in serialized:
        block = blocks.decode(entry)
        if after is not None and block.number < after.block:
            continue
        for transaction in block.transactions:
            found = FoundTransaction(block.number, transaction)
            if (after is None or found.cursor > after) and wanted.finds(transaction):
                yield found


def writes(transaction: blocks.BlockTransaction, key: str = "") -> Iterator[KeyWrite]:
    """Yield the writes of *transaction*, also of an invalid one: all of them, or those of *key*."""
    digest = keys.hash_key(key.encode()) if key else b""
    for action in transaction.actions:
        for part in action.rwset.namespaces:
            for write in part.writes:
                if not key or key in (write.key, visible.key(write.key)):
                    value = None if write.is_delete or write.value is None else text(write.value)
                    yield KeyWrite(
                        part.namespace,
                        "",
                        write.key,
                        keys.hash_key(write.key.encode()).hex(),
                        value,
                        keys.hash_key(write.value).hex() if write.value else "",
                        write.is_delete,
                    )
            for collection in part.collections:
                for hashed in collection.writes:
                    if not key or hashed.key_hash == digest:
                        yield KeyWrite(
                            part.namespace,
                            collection.name,
                            None,
                            hashed.key_hash.hex(),
                            None,
                            hashed.value_hash.hex(),
                            hashed.is_delete,
                            hashed.is_purge,
                        )


def function(action: blocks.Action) -> str:
    """Return the called function: the first argument, which by custom is a function's name."""
    return text(action.args[0]) if action.args else ""


def organisations(transaction: blocks.BlockTransaction) -> set[str]:
    """Return the MSP ids of the submitter and the endorsers that a transaction names."""
    found = {organisation(transaction.creator)}
    return found.union(organisation(e.endorser) for a in transaction.actions for e in a.endorsements) - {""}


@lru_cache(maxsize=4096)
def organisation(serialized: bytes) -> str:
    """Return the MSP id that a serialized identity names; empty if it is none."""
    try:
        return signatures.parse_identity(serialized)[0]
    except errors.WireError:
        return ""


def text(value: bytes) -> str:
    """Return bytes as text; as ``0x`` and hexadecimal if they are not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"
