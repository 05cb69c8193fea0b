"""
The reads and writes of a simulation, and their encoding: the public set, the private set, and the policies to satisfy.

The bytes equal those of Fabric's peers for the same content: namespaces,
collections and keys are sorted by their UTF-8 bytes, and hashes replace private
keys and values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from fabric_protos.common import policies_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import proposal_response_pb2
from google.protobuf import message

from hlf.wire.keys import SYSTEM_CHAINCODES, hash_key
from hlf.wire.rwsets import Version

Metadata = Mapping[str, bytes]
Interest = proposal_response_pb2.ChaincodeInterest


class KeyPolicyError(Exception):
    """A key's endorsement policy in the ledger cannot be read; the text is Fabric's."""


@dataclasses.dataclass
class CollectionSet:
    """One private collection: versions read, values and metadata written; a value's flag marks a purge."""

    reads: dict[str, Version | None] = dataclasses.field(default_factory=dict)
    writes: dict[str, tuple[bytes, bool]] = dataclasses.field(default_factory=dict)
    metadata: dict[str, Metadata] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Namespace:
    """One chaincode's keys: versions read, values and metadata written, ranges read; empty values delete."""

    reads: dict[str, Version | None] = dataclasses.field(default_factory=dict)
    writes: dict[str, bytes] = dataclasses.field(default_factory=dict)
    metadata: dict[str, Metadata] = dataclasses.field(default_factory=dict)
    ranges: dict[tuple[str, str, bool], kv_rwset_pb2.RangeQueryInfo] = dataclasses.field(default_factory=dict)
    collections: dict[str, CollectionSet] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class SimulationResults:
    """The result of a simulation: the public set to sign, the private set, and the policies to satisfy."""

    public: bytes
    private: bytes | None
    interest: Interest


class ReadWriteSet:
    """All reads and writes of one simulation."""

    def __init__(self) -> None:
        self._namespaces: dict[str, Namespace] = {}
        self._private_reads: set[tuple[str, str]] = set()
        self._policies: dict[tuple[str, str, str], bytes | None] = {}

    def namespace(self, name: str) -> Namespace:
        """Return the keys of one chaincode."""
        found = self._namespaces.get(name)
        if found is None:
            found = self._namespaces[name] = Namespace()
        return found

    def collection(self, namespace: str, name: str) -> CollectionSet:
        """Return the keys of one private collection."""
        return self.namespace(namespace).collections.setdefault(name, CollectionSet())

    def note_private_read(self, namespace: str, collection: str) -> None:
        """Record that a value was read: only members of the collection can endorse it."""
        self._private_reads.add((namespace, collection))

    def note_policy(self, namespace: str, collection: str, key: str, policy: bytes | None) -> None:
        """Record the endorsement policy that a written key has in the ledger; None if it has none of its own."""
        self._policies[namespace, collection, key] = policy

    def results(self) -> SimulationResults:
        """
        Encode everything.

        Raises:
            PolicyError: a written key has a policy that cannot be read.
        """
        private, hashes = self._encode_private()
        return SimulationResults(self._encode_public(hashes), private, self._interest())

    def _encode_private(self) -> tuple[bytes | None, dict[tuple[str, str], bytes]]:
        hashes: dict[tuple[str, str], bytes] = {}
        sets = rwset_pb2.TxPvtReadWriteSet(data_model=rwset_pb2.TxReadWriteSet.KV)
        for namespace in sorted(self._namespaces):
            written = {
                name: collection
                for name, collection in self._namespaces[namespace].collections.items()
                if collection.writes or collection.metadata
            }
            if not written:
                continue
            of_namespace = sets.ns_pvt_rwset.add(namespace=namespace)
            for name in sorted(written):
                collection = written[name]
                plain = kv_rwset_pb2.KVRWSet()
                for key in sorted(collection.writes, key=_utf8):
                    value, _ = collection.writes[key]
                    plain.writes.add(key=key, is_delete=not value, value=value)
                for key in sorted(collection.metadata, key=_utf8):
                    plain.metadata_writes.add(key=key)
                encoded = plain.SerializeToString()
                of_namespace.collection_pvt_rwset.add(collection_name=name, rwset=encoded)
                hashes[namespace, name] = hash_key(encoded)
        return (sets.SerializeToString() if hashes else None), hashes

    def _encode_public(self, private_hashes: dict[tuple[str, str], bytes]) -> bytes:
        sets = rwset_pb2.TxReadWriteSet(data_model=rwset_pb2.TxReadWriteSet.KV)
        for name in sorted(self._namespaces):
            namespace = self._namespaces[name]
            public = kv_rwset_pb2.KVRWSet(range_queries_info=namespace.ranges.values())
            for key in sorted(namespace.reads, key=_utf8):
                _set_version(public.reads.add(key=key), namespace.reads[key])
            for key in sorted(namespace.writes, key=_utf8):
                value = namespace.writes[key]
                public.writes.add(key=key, is_delete=not value, value=value)
            for key in sorted(namespace.metadata, key=_utf8):
                _add_entries(public.metadata_writes.add(key=key), namespace.metadata[key])
            encoded = sets.ns_rwset.add(namespace=name, rwset=public.SerializeToString())
            for collection_name in sorted(namespace.collections):
                hashed = _encode_hashed(namespace.collections[collection_name])
                encoded.collection_hashed_rwset.add(
                    collection_name=collection_name,
                    hashed_rwset=hashed,
                    pvt_rwset_hash=private_hashes.get((name, collection_name), b""),
                )
        return sets.SerializeToString()

    def _interest(self) -> Interest:
        """Return the policies that must be satisfied, in the form in which a gateway asks discovery for endorsers."""
        required: dict[str, dict[str, bool]] = {}
        key_policies: dict[str, list[policies_pb2.SignaturePolicyEnvelope]] = {}
        for (namespace, collection, _), policy in self._policies.items():
            calls = required.setdefault(namespace, {"": False})
            if policy is None:
                calls[collection] = True
                continue
            try:
                envelope = policies_pb2.SignaturePolicyEnvelope.FromString(policy)
            except message.DecodeError:
                raise KeyPolicyError(
                    "error unmarshalling SignaturePolicyEnvelope: proto: cannot parse invalid wire-format data"
                ) from None
            key_policies.setdefault(namespace, []).append(envelope)
        for namespace in self._namespaces:
            if namespace not in SYSTEM_CHAINCODES:
                required.setdefault(namespace, {"": True})
        for namespace, collection in self._private_reads:
            required.setdefault(namespace, {})[collection] = True
        interest = Interest()
        for namespace, calls in required.items():
            if namespace in SYSTEM_CHAINCODES:
                continue
            for collection in calls:
                if collection:
                    interest.chaincodes.add(
                        name=namespace,
                        collection_names=[collection],
                        no_private_reads=(namespace, collection) not in self._private_reads,
                    )
                elif namespace in key_policies:
                    interest.chaincodes.add(
                        name=namespace,
                        key_policies=key_policies[namespace],
                        disregard_namespace_policy=not calls[""],
                    )
                elif calls[""]:
                    interest.chaincodes.add(name=namespace)
        return interest


def _encode_hashed(collection: CollectionSet) -> bytes:
    hashed = kv_rwset_pb2.HashedRWSet()
    for key in sorted(collection.reads, key=_utf8):
        _set_version(hashed.hashed_reads.add(key_hash=hash_key(_utf8(key))), collection.reads[key])
    for key in sorted(collection.writes, key=_utf8):
        value, purge = collection.writes[key]
        hashed.hashed_writes.add(
            key_hash=hash_key(_utf8(key)),
            is_delete=not value,
            value_hash=hash_key(value) if value else b"",
            is_purge=purge,
        )
    for key in sorted(collection.metadata, key=_utf8):
        _add_entries(hashed.metadata_writes.add(key_hash=hash_key(_utf8(key))), collection.metadata[key])
    return hashed.SerializeToString()


def _add_entries(written: kv_rwset_pb2.KVMetadataWrite | kv_rwset_pb2.KVMetadataWriteHash, metadata: Metadata) -> None:
    for name in sorted(metadata):
        written.entries.add(name=name, value=metadata[name])


def _set_version(read: kv_rwset_pb2.KVRead | kv_rwset_pb2.KVReadHash, version: Version | None) -> None:
    if version is not None:
        read.version.SetInParent()
        read.version.block_num = version.block
        read.version.tx_num = version.tx


def _utf8(key: str) -> bytes:
    return key.encode()
