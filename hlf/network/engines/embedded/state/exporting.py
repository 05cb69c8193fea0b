"""
Write a channel's state as a peer's snapshot, with the same bytes as real peers.

The files have the content and order of Fabric's ledger: transaction ids, the
collections of chaincodes from each block on, public state, and the hashes of
private state. Each comes with a file of its number of entries, and two JSON
files have the hashes of all.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2

from hlf.network.engines.embedded.state import lifecycle
from hlf.wire import envelopes, fields

SIGNABLE, ADDITIONAL = "_snapshot_signable_metadata.json", "_snapshot_additional_metadata.json"
_FORMAT = b"\x01"
_LENGTH_DELIMITED = 2
_READ_ONLY = 0o444
# Real peers store the channel's configuration under this key in the empty namespace.
_CONFIGURATION = b"CHANNEL_CONFIG_ENV_BYTES"

Row = tuple[str, bytes, bytes, bytes | None, int, int]


def write(connection: sqlite3.Connection, channel_id: str, folder: Path) -> None:
    """Write the files of a snapshot into *folder*; nothing may be committed meanwhile."""
    hashes: dict[str, str] = {}
    _write_identifiers(connection, folder, hashes)
    _write_collections(connection, folder, hashes)
    _write_state("public_state", _public(connection), folder, hashes)
    _write_state("private_state_hashes", _hashed(connection), folder, hashes)
    number, header_hash, content = connection.execute(
        "SELECT number, hash, content FROM blocks ORDER BY number DESC LIMIT 1"
    ).fetchone()
    (commit_hash,) = connection.execute("SELECT value FROM facts WHERE name = 'commit_hash'").fetchone()
    signable = _json(
        {
            "channel_name": channel_id,
            "last_block_number": number,
            "last_block_hash": header_hash.hex(),
            "previous_block_hash": common_pb2.Block.FromString(content).header.previous_hash.hex(),
            "snapshot_files_raw_hashes": dict(sorted(hashes.items())),
            "state_db_type": "SimpleKeyValueDB",
        }
    )
    _keep(folder / SIGNABLE, signable)
    told = {"snapshot_hash": hashlib.sha256(signable).hexdigest(), "last_block_commit_hash": commit_hash.hex()}
    _keep(folder / ADDITIONAL, _json(told))


class _File:
    """One file of a snapshot, hashed while it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        self._file = path.open("xb")
        self._write(_FORMAT)

    def number(self, value: int) -> None:
        self._write(fields.to_varint(value))

    def entry(self, content: bytes) -> None:
        self._write(fields.to_varint(len(content)) + content)

    def done(self, hashes: dict[str, str]) -> None:
        self._file.close()
        self._path.chmod(_READ_ONLY)
        hashes[self._path.name] = self._hash.hexdigest()

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)


def _write_entries(name: str, entries: Iterable[tuple[bytes, ...]], folder: Path, hashes: dict[str, str]) -> None:
    """Write entries of one or more parts, and their number; no file if there are none."""
    file, count = None, 0
    for parts in entries:
        file = file or _File(folder / f"{name}.data")
        for part in parts:
            file.entry(part)
        count += 1
    if file is None:
        return
    file.done(hashes)
    numbers = _File(folder / f"{name}.metadata")
    numbers.number(count)
    numbers.done(hashes)


def _write_identifiers(connection: sqlite3.Connection, folder: Path, hashes: dict[str, str]) -> None:
    rows = connection.execute("SELECT id FROM transactions ORDER BY length(id), id")
    _write_entries("txids", ((tx_id.encode(),) for (tx_id,) in rows), folder, hashes)


def _write_collections(connection: sqlite3.Connection, folder: Path, hashes: dict[str, str]) -> None:
    """Write the collections of each chaincode from each block on that defined it."""
    any_name = lifecycle.field_key(lifecycle.NAMESPACES, "*", "Sequence")
    defined = connection.execute(
        "SELECT DISTINCT CAST(key AS TEXT), block FROM history WHERE namespace = ? AND CAST(key AS TEXT) GLOB ?",
        (lifecycle.NAMESPACE, any_name),
    ).fetchall()
    entries = []
    for key, block in defined:
        name = lifecycle.name_in(key)
        definition = lifecycle.definition(_reader(connection, block), name)
        if definition is not None and definition.collections.config:
            place = b"slscc\x00" + f"{name}~collection".encode() + (envelopes.LAST_BLOCK - block).to_bytes(8, "big")
            entries.append((place, definition.collections.SerializeToString(deterministic=True)))
    _write_entries("confighistory", sorted(entries), folder, hashes)


def _reader(connection: sqlite3.Connection, block: int) -> Any:
    def read(key: str) -> bytes | None:
        row = connection.execute(
            "SELECT value FROM history WHERE namespace = ? AND key = ? AND block <= ? ORDER BY block DESC, tx DESC",
            (lifecycle.NAMESPACE, key.encode(), block),
        ).fetchone()
        return None if row is None else row[0]

    return read


def _public(connection: sqlite3.Connection) -> Iterator[Row]:
    number, content = connection.execute(
        "SELECT number, content FROM blocks JOIN facts ON name = 'config_block' AND number = CAST(facts.value AS TEXT)"
    ).fetchone()
    block = common_pb2.Block.FromString(content)
    payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(block.data.data[0]).payload)
    yield "", _CONFIGURATION, payload.data, None, number, 0
    yield from connection.execute("SELECT namespace, key, value, metadata, block, tx FROM state ORDER BY 1, 2")


def _hashed(connection: sqlite3.Connection) -> Iterator[Row]:
    return connection.execute(
        "SELECT namespace || '$$h' || collection, key_hash, value_hash, metadata, block, tx FROM hashed ORDER BY 1, 2"
    )


def _write_state(name: str, rows: Iterable[Row], folder: Path, hashes: dict[str, str]) -> None:
    file, counts = None, dict[str, int]()
    for namespace, key, value, metadata, block, tx in rows:
        file = file or _File(folder / f"{name}.data")
        parts = (key, value, metadata or b"", _ordered(block) + _ordered(tx))
        file.entry(b"".join(_field(number, part) for number, part in enumerate(parts, 1) if part))
        counts[namespace] = counts.get(namespace, 0) + 1
    if file is None:
        return
    file.done(hashes)
    numbers = _File(folder / f"{name}.metadata")
    numbers.number(len(counts))
    for namespace, count in counts.items():
        numbers.entry(namespace.encode())
        numbers.number(count)
    numbers.done(hashes)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | _LENGTH_DELIMITED]) + fields.to_varint(len(content)) + content


def _ordered(number: int) -> bytes:
    """Return a number in an order-preserving form: its length, then its bytes."""
    content = number.to_bytes(8, "big").lstrip(b"\x00")
    return bytes([len(content)]) + content


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, indent=4).encode()


def _keep(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(_READ_ONLY)
