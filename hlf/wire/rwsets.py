"""
Read-write sets: the reads of a simulation, with versions, and its writes.

The encoding has the same bytes as that of Fabric's peers, so that endorsements of different implementations agree. The
caller orders the entries (peers sort namespaces, collections and keys).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from google.protobuf.message import DecodeError

from hlf.errors import WireError
from hlf.wire import messages

# A public set of no more bytes than this is likely to repeat.
_SMALL = 100
# A peer reads the hash of an empty value as a deletion; old versions wrote it so (FAB-18386).
_HASH_OF_NOTHING = hashlib.sha256(b"").digest()

Entries = tuple[tuple[str, bytes], ...]


class Version(NamedTuple):
    """The block and transaction number at which a value was written."""

    block: int
    tx: int


class Read(NamedTuple):
    """A key and the version that was read; None if there was no value."""

    key: str
    version: Version | None


class Write(NamedTuple):
    """A key and its new value; None deletes, and so does an empty value, as in Fabric."""

    key: str
    value: bytes | None

    @property
    def is_delete(self) -> bool:
        return not self.value


@dataclass(frozen=True, slots=True)
class MetadataWrite:
    """A key's new metadata by name (the validation parameter is one); no entries remove all."""

    key: str
    entries: Entries


@dataclass(frozen=True, slots=True)
class MerkleSummary:
    """The hash tree that replaces the results of a long range query."""

    max_degree: int
    max_level: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RangeQuery:
    """A range that was read: its results, or their hash tree, by which the commit finds phantoms."""

    start: str
    end: str
    exhausted: bool
    reads: tuple[Read, ...] = ()
    merkle: MerkleSummary | None = None


class HashedRead(NamedTuple):
    """A private key's hash and the version that was read."""

    key_hash: bytes
    version: Version | None


class HashedWrite(NamedTuple):
    """The hashes of a private key and its value; a purge is a deletion that also removes the history."""

    key_hash: bytes
    value_hash: bytes = b""
    is_delete: bool = False
    is_purge: bool = False


@dataclass(frozen=True, slots=True)
class HashedMetadataWrite:
    """A private key's hash and its new metadata by name."""

    key_hash: bytes
    entries: Entries


class CollectionHashed(NamedTuple):
    """The public part of one collection: hashes, and the hash of the private read-write set."""

    name: str
    reads: tuple[HashedRead, ...] = ()
    writes: tuple[HashedWrite, ...] = ()
    metadata_writes: tuple[HashedMetadataWrite, ...] = ()
    pvt_hash: bytes = b""


class NamespaceRwset(NamedTuple):
    """One chaincode's part."""

    namespace: str
    reads: tuple[Read, ...] = ()
    range_queries: tuple[RangeQuery, ...] = ()
    writes: tuple[Write, ...] = ()
    metadata_writes: tuple[MetadataWrite, ...] = ()
    collections: tuple[CollectionHashed, ...] = ()


@dataclass(frozen=True, slots=True)
class TxRwset:
    """A transaction's whole public read-write set."""

    namespaces: tuple[NamespaceRwset, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivateCollection:
    """The private writes of one collection in plain text; they are never on the channel."""

    name: str
    writes: tuple[Write, ...] = ()
    metadata_writes: tuple[MetadataWrite, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivateNamespace:
    """One chaincode's private writes."""

    namespace: str
    collections: tuple[PrivateCollection, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivateRwset:
    """A transaction's whole private read-write set."""

    namespaces: tuple[PrivateNamespace, ...] = ()


def encode(rwset: TxRwset) -> bytes:
    """Return the serialized ``rwset.TxReadWriteSet``."""
    return bytes(
        rwset_pb2.TxReadWriteSet(ns_rwset=[_namespace_message(n) for n in rwset.namespaces]).SerializeToString()
    )


def decode(serialized: bytes) -> TxRwset:
    """
    Return the read-write set in a serialized ``rwset.TxReadWriteSet``.

    Raises:
        WireError: the bytes are malformed, at any depth. The data model is not checked, as in Fabric's validation.
    """
    try:
        message = messages.read(rwset_pb2.TxReadWriteSet, serialized)
        return TxRwset(tuple(_namespace(n) for n in message.ns_rwset))
    except DecodeError as malformed:
        raise WireError("not a read-write set") from malformed


def encode_private(rwset: PrivateRwset) -> bytes:
    """Return the serialized ``rwset.TxPvtReadWriteSet``."""
    message = rwset_pb2.TxPvtReadWriteSet()
    for namespace in rwset.namespaces:
        part = message.ns_pvt_rwset.add(namespace=namespace.namespace)
        for collection in namespace.collections:
            part.collection_pvt_rwset.add(collection_name=collection.name, rwset=private_collection_bytes(collection))
    return bytes(message.SerializeToString())


def decode_private(serialized: bytes) -> PrivateRwset:
    """
    Return the private read-write set in a serialized ``rwset.TxPvtReadWriteSet``.

    Raises:
        WireError: the bytes are malformed, at any depth.
    """
    try:
        message = rwset_pb2.TxPvtReadWriteSet.FromString(serialized)
        return PrivateRwset(tuple(_private_namespace(n) for n in message.ns_pvt_rwset))
    except DecodeError as malformed:
        raise WireError("not a private read-write set") from malformed


def private_collection_bytes(collection: PrivateCollection) -> bytes:
    """Return the bytes whose SHA-256 is the collection's ``pvt_hash`` on the channel."""
    message = kv_rwset_pb2.KVRWSet(
        writes=[_write_message(w) for w in collection.writes],
        metadata_writes=[_metadata_message(w) for w in collection.metadata_writes],
    )
    return bytes(message.SerializeToString())


def _namespace_message(namespace: NamespaceRwset) -> rwset_pb2.NsReadWriteSet:
    public = kv_rwset_pb2.KVRWSet(
        reads=_read_messages(namespace.reads),
        range_queries_info=[_range_message(q) for q in namespace.range_queries],
        writes=[_write_message(w) for w in namespace.writes],
        metadata_writes=[_metadata_message(w) for w in namespace.metadata_writes],
    )
    return rwset_pb2.NsReadWriteSet(
        namespace=namespace.namespace,
        rwset=public.SerializeToString(),
        collection_hashed_rwset=[_collection_message(c) for c in namespace.collections],
    )


def _collection_message(collection: CollectionHashed) -> rwset_pb2.CollectionHashedReadWriteSet:
    hashed = kv_rwset_pb2.HashedRWSet(
        hashed_reads=[
            kv_rwset_pb2.KVReadHash(key_hash=r.key_hash, version=_version_message(r.version)) for r in collection.reads
        ],
        hashed_writes=[
            kv_rwset_pb2.KVWriteHash(
                key_hash=w.key_hash, is_delete=w.is_delete, value_hash=w.value_hash, is_purge=w.is_purge
            )
            for w in collection.writes
        ],
        metadata_writes=[
            kv_rwset_pb2.KVMetadataWriteHash(key_hash=w.key_hash, entries=_entry_messages(w.entries))
            for w in collection.metadata_writes
        ],
    )
    return rwset_pb2.CollectionHashedReadWriteSet(
        collection_name=collection.name, hashed_rwset=hashed.SerializeToString(), pvt_rwset_hash=collection.pvt_hash
    )


def _range_message(query: RangeQuery) -> kv_rwset_pb2.RangeQueryInfo:
    message = kv_rwset_pb2.RangeQueryInfo(start_key=query.start, end_key=query.end, itr_exhausted=query.exhausted)
    if query.merkle is not None:
        message.reads_merkle_hashes.max_degree = query.merkle.max_degree
        message.reads_merkle_hashes.max_level = query.merkle.max_level
        message.reads_merkle_hashes.max_level_hashes.extend(query.merkle.hashes)
    else:
        # For an empty list of results, Fabric writes the empty message.
        message.raw_reads.SetInParent()
        message.raw_reads.kv_reads.extend(_read_messages(query.reads))
    return message


def _read_messages(reads: Iterable[Read]) -> list[Any]:
    return [kv_rwset_pb2.KVRead(key=r.key, version=_version_message(r.version)) for r in reads]


def _version_message(version: Version | None) -> kv_rwset_pb2.Version | None:
    return None if version is None else kv_rwset_pb2.Version(block_num=version.block, tx_num=version.tx)


def _write_message(write: Write) -> kv_rwset_pb2.KVWrite:
    return kv_rwset_pb2.KVWrite(key=write.key, is_delete=write.is_delete, value=write.value or b"")


def _metadata_message(write: MetadataWrite) -> kv_rwset_pb2.KVMetadataWrite:
    return kv_rwset_pb2.KVMetadataWrite(key=write.key, entries=_entry_messages(write.entries))


def _entry_messages(entries: Entries) -> list[Any]:
    return [kv_rwset_pb2.KVMetadataEntry(name=name, value=value) for name, value in entries]


def _namespace(message: Any) -> NamespaceRwset:
    serialized = message.rwset
    # Every call of a chaincode reads the same few bytes of its definition.
    public = _small(serialized) if len(serialized) <= _SMALL else _public(serialized)
    hashed = message.collection_hashed_rwset
    return NamespaceRwset(message.namespace, *public, tuple([_collection(c) for c in hashed]) if hashed else ())


def _public(
    serialized: bytes,
) -> tuple[tuple[Read, ...], tuple[RangeQuery, ...], tuple[Write, ...], tuple[MetadataWrite, ...]]:
    public = messages.read(kv_rwset_pb2.KVRWSet, serialized)
    queries, described = public.range_queries_info, public.metadata_writes
    return (
        _reads(public.reads),
        # The check for any is much faster than a loop, and mostly there are none.
        tuple([_range(q) for q in queries]) if queries else (),
        _writes(public.writes),
        _metadata_writes(described) if described else (),
    )


_small = lru_cache(maxsize=256)(_public)


def _collection(message: Any) -> CollectionHashed:
    hashed = messages.read(kv_rwset_pb2.HashedRWSet, message.hashed_rwset)
    return CollectionHashed(
        name=message.collection_name,
        reads=tuple([HashedRead(r.key_hash, _version(r)) for r in hashed.hashed_reads]),
        writes=tuple([_hashed_write(w) for w in hashed.hashed_writes]),
        metadata_writes=tuple([HashedMetadataWrite(w.key_hash, _entries(w.entries)) for w in hashed.metadata_writes]),
        pvt_hash=message.pvt_rwset_hash,
    )


def _hashed_write(message: Any) -> HashedWrite:
    deletes = message.is_delete or not message.value_hash or message.value_hash == _HASH_OF_NOTHING
    return HashedWrite(message.key_hash, message.value_hash, deletes, message.is_purge)


def _private_namespace(message: Any) -> PrivateNamespace:
    return PrivateNamespace(message.namespace, tuple(_private_collection(c) for c in message.collection_pvt_rwset))


def _private_collection(message: Any) -> PrivateCollection:
    plain = kv_rwset_pb2.KVRWSet.FromString(message.rwset)
    return PrivateCollection(message.collection_name, _writes(plain.writes), _metadata_writes(plain.metadata_writes))


def _range(message: Any) -> RangeQuery:
    merkle = None
    if message.HasField("reads_merkle_hashes"):
        summary = message.reads_merkle_hashes
        merkle = MerkleSummary(summary.max_degree, summary.max_level, tuple(summary.max_level_hashes))
    reads = _reads(message.raw_reads.kv_reads)
    return RangeQuery(message.start_key, message.end_key, message.itr_exhausted, reads, merkle)


def _reads(messages: Any) -> tuple[Read, ...]:
    return tuple([Read(r.key, _version(r)) for r in messages])


def _version(message: Any) -> Version | None:
    if not message.HasField("version"):
        return None
    version = message.version
    return Version(version.block_num, version.tx_num)


def _writes(messages: Any) -> tuple[Write, ...]:
    return tuple([Write(w.key, None if w.is_delete else w.value or None) for w in messages])


def _metadata_writes(messages: Any) -> tuple[MetadataWrite, ...]:
    return tuple([MetadataWrite(w.key, _entries(w.entries)) for w in messages])


def _entries(messages: Any) -> Entries:
    return tuple((e.name, e.value) for e in messages)
