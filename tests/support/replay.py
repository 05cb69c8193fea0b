"""
The ledger that a chain of blocks makes, computed again from the blocks alone.

Every block is judged again, with the configuration and the definitions of the
blocks before it, and its outcome is compared with what its
metadata say. The result can be held against a ledger's state, which must be the same.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.network.engines.embedded.state import lifecycle, privatedata, snapshots
from hlf.network.engines.embedded.state.updates import Row, Update, Version
from hlf.network.engines.embedded.state.validation import BlockValidator, ValidatedBlock
from hlf.wire import blocks, entries
from hlf.wire.config import channelconfig


class ReplayError(Exception):
    """A chain of blocks contradicts itself; *number* is the block where it does."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"block {number}: {why}")
        self.number = number
        self.why = why


@dataclass
class ReplayedLedger:
    """
    State after the last block, in memory; answers reads as a snapshot does.

    Attributes:
        height, hash, commit_hash: of the chain.
        codes: the validation code under which each transaction id stands first.
    """

    height: int = 0
    hash: bytes = b""
    commit_hash: bytes = b""
    public: dict[tuple[str, str], Update] = field(default_factory=dict)
    hashed: dict[tuple[str, str, bytes], Update] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def state(self, namespace: str, key: str) -> tuple[bytes, Version] | None:
        return _value(self.public.get((namespace, key)))

    def metadata(self, namespace: str, key: str) -> bytes | None:
        found = self.public.get((namespace, key))
        return None if found is None else found.metadata

    def range(self, namespace: str, start: str, end: str) -> Iterator[Row]:
        inside = sorted(
            key for name, key in self.public if name == namespace and start <= key and (not end or key < end)
        )
        for key in inside:
            update = self.public[namespace, key]
            yield key, update.value or b"", update.version

    def private_hash(self, namespace: str, collection: str, key_hash: bytes) -> tuple[bytes, Version] | None:
        return _value(self.hashed.get((namespace, collection, key_hash)))

    def private_metadata(self, namespace: str, collection: str, key_hash: bytes) -> bytes | None:
        found = self.hashed.get((namespace, collection, key_hash))
        return None if found is None else found.metadata

    def definition(self, name: str) -> lifecycle.ChaincodeDefinition | None:
        """Return the definition of a chaincode, or None."""

        def read(key: str) -> bytes | None:
            found = self.state(lifecycle.NAMESPACE, key)
            return None if found is None else found[0]

        return lifecycle.definition(read, name)


def _value(update: Update | None) -> tuple[bytes, Version] | None:
    return None if update is None or update.value is None else (update.value, update.version)


def replay(chain: Iterable[bytes]) -> ReplayedLedger:
    """
    Return what the serialized blocks, beginning with the genesis block, come to.

    Raises:
        ReplayError: a block does not follow from those before it, or does not come to what its metadata say.
    """
    return _Replay().run(chain)


class _Replay:
    def __init__(self) -> None:
        self._result = ReplayedLedger()
        self._expiries: dict[int, list[tuple[str, str, bytes, Version]]] = {}
        self._validator: BlockValidator | None = None
        self._members: tuple[str, ...] = ()

    def run(self, chain: Iterable[bytes]) -> ReplayedLedger:
        for serialized in chain:
            try:
                block = common_pb2.Block.FromString(serialized)
            except DecodeError as error:
                raise ReplayError(self._result.height, "it cannot be decoded") from error
            self._check_link(block)
            if block.header.number == 0:
                self._configure(block.data.data[0])
            else:
                self._apply(block)
            self._result.height += 1
            self._result.hash = blocks.header_hash(block.header)
        return self._result

    def _check_link(self, block: Any) -> None:
        result, header = self._result, block.header
        if header.number != result.height:
            raise ReplayError(result.height, f"block {header.number} stands in its place")
        if header.previous_hash != result.hash:
            raise ReplayError(header.number, "its previous hash is not that of the block before it")
        try:
            entries.check(block.data.data)
        except WireError as malformed:
            raise ReplayError(header.number, str(malformed)) from malformed
        if header.data_hash != blocks.data_hash(block.data.data):
            raise ReplayError(header.number, "its data hash is not that of its data")

    def _configure(self, envelope: bytes) -> None:
        bundle = channelconfig.Bundle.from_envelope(common_pb2.Envelope.FromString(envelope))
        self._validator = BlockValidator(bundle, lambda name, _: self._result.definition(name))
        self._members = bundle.application_msp_ids

    def _apply(self, block: Any) -> None:
        number, data = block.header.number, list(block.data.data)
        if self._validator is None:
            raise ReplayError(number, "no configuration comes before it")
        result = self._result
        validated = self._validator.validate(number, data, result, self._known)
        metadata = block.metadata.metadata
        if validated.flags != metadata[common_pb2.TRANSACTIONS_FILTER]:
            raise ReplayError(number, f"its transactions come to {list(validated.flags)}, its metadata say otherwise")
        commit_hash = blocks.commit_hash(validated.flags, validated.updates.state_updates(), result.commit_hash)
        if metadata[common_pb2.COMMIT_HASH] != common_pb2.Metadata(value=commit_hash).SerializeToString():
            raise ReplayError(number, "its commit hash is not that of its changes")
        result.commit_hash = commit_hash
        self._note_expiries(number, validated)
        merge(result.public, validated.updates.public)
        merge(result.hashed, validated.updates.hashed)
        self._expire(number)
        for verdict in validated.verdicts:
            if verdict.tx_id:
                result.codes.setdefault(verdict.tx_id, verdict.code)
        if validated.config is not None:
            self._configure(data[0])

    def _known(self, tx_ids: list[str]) -> set[str]:
        return {tx_id for tx_id in tx_ids if tx_id in self._result.codes}

    def _note_expiries(self, number: int, validated: ValidatedBlock) -> None:
        collections = privatedata.Collections(self._members, self._result.definition)
        private = privatedata.collect(number, validated.verdicts, lambda _: (), collections)
        for expires, namespace, collection, key_hash, block, tx in private.expiries:
            self._expiries.setdefault(expires, []).append((namespace, collection, key_hash, Version(block, tx)))

    def _expire(self, number: int) -> None:
        for namespace, collection, key_hash, version in self._expiries.pop(number, ()):
            found = self._result.hashed.get((namespace, collection, key_hash))
            if found is not None and found.version == version:
                del self._result.hashed[namespace, collection, key_hash]


def merge(state: dict[Any, Update], updates: dict[Any, Update]) -> None:
    """Bring *state* up to date with the changes of one block."""
    for place, update in updates.items():
        if update.value is None:
            state.pop(place, None)
        else:
            state[place] = update


def differences(path: Path) -> list[str]:
    """
    Return in words where the ledger file at *path* is not what its blocks come to; an empty list if it is.

    The file may be in use: one moment of it is looked at.
    """
    connection = snapshots.connect(path)
    try:
        connection.execute("BEGIN")
        chain = (row[0] for row in connection.execute("SELECT content FROM blocks ORDER BY number"))
        return list(_differences(connection, replay(chain)))
    except ReplayError as error:
        return [str(error)]
    finally:
        connection.close()


def _differences(connection: sqlite3.Connection, replayed: ReplayedLedger) -> Iterator[str]:
    public = {
        (namespace, key.decode()): Update(value, metadata, Version(block, tx))
        for namespace, key, value, metadata, block, tx in connection.execute("SELECT * FROM state")
    }
    hashed = {
        (namespace, collection, key_hash): Update(value, metadata, Version(block, tx))
        for namespace, collection, key_hash, value, metadata, block, tx in connection.execute("SELECT * FROM hashed")
    }
    if public != replayed.public:
        yield f"public state differs in {_differing(public, replayed.public)}"
    if hashed != replayed.hashed:
        yield f"hashed state differs in {_differing(hashed, replayed.hashed)}"
    codes = dict(connection.execute("SELECT id, code FROM transactions WHERE block > 0"))
    if codes != replayed.codes:
        yield "the index of transactions differs"
    yield from _private_differences(connection, hashed)


def _private_differences(connection: sqlite3.Connection, hashed: dict[tuple[str, str, bytes], Update]) -> Iterator[str]:
    rows = connection.execute("SELECT msp, namespace, collection, key_hash, value, block, tx FROM private")
    for member, namespace, collection, key_hash, value, block, tx in rows:
        known = hashed.get((namespace, collection, key_hash))
        current = known is not None and known.version == Version(block, tx)
        if current and known is not None and hashlib.sha256(value).digest() != known.value:
            yield f"a value {member} holds in {namespace}/{collection} is not the one its hash on the channel names"


def _differing(left: dict[Any, Update], right: dict[Any, Update]) -> list[Any]:
    places = [place for place in {**left, **right} if left.get(place) != right.get(place)]
    return places[:5]
