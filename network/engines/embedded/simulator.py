"""
One transaction's view of the ledger: reads of committed state, writes put aside.

A simulator never reads its own writes. It keeps what was read with versions
and what is to be written, and turns both into the read-write sets that an
endorsement signs: the public one, with hashes in place of private values, and
the private one, which goes to the organisations entitled to it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fabric_protos.common import policies_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import proposal_response_pb2
from google.protobuf import message

from network.engines.embedded import lifecycle, rangereads

if TYPE_CHECKING:
    from network.engines.embedded.snapshots import Snapshot

VALIDATION_PARAMETER = "VALIDATION_PARAMETER"
SYSTEM_CHAINCODES = frozenset({"_lifecycle", "cscc", "lscc", "qscc"})

Metadata = Mapping[str, bytes]


class SimulationError(Exception):
    """The ledger refuses an operation of a chaincode; the text is Fabric's own."""


@dataclasses.dataclass
class _Collection:
    reads: dict[str, object] = dataclasses.field(default_factory=dict)
    writes: dict[str, tuple[bytes, bool]] = dataclasses.field(default_factory=dict)
    metadata: dict[str, Metadata] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class _Namespace:
    reads: dict[str, object] = dataclasses.field(default_factory=dict)
    writes: dict[str, bytes] = dataclasses.field(default_factory=dict)
    metadata: dict[str, Metadata] = dataclasses.field(default_factory=dict)
    ranges: dict[tuple[str, str, bool], kv_rwset_pb2.RangeQueryInfo] = dataclasses.field(default_factory=dict)
    collections: dict[str, _Collection] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Results:
    """What a simulation leaves: the set to sign, the set to hand out, and who should endorse it."""

    public: bytes
    private: bytes | None
    interest: proposal_response_pb2.ChaincodeInterest


class RangeIterator:
    """Walks a key range and remembers what it met, so that phantoms show at validation."""

    def __init__(self, rows: Iterator, namespace: str, start: str, end: str, page_size: int) -> None:
        self.namespace = namespace
        self._rows = rows
        self._end = end
        self._left = page_size or None
        self._reads = rangereads.RangeReads()
        self.info = kv_rwset_pb2.RangeQueryInfo(start_key=start)

    def next(self) -> tuple[str, bytes] | None:
        """The next key and value, or None at the end of the range or page."""
        if self._left == 0:
            row = None
        else:
            row = next(self._rows, None)
        if row is None:
            self.info.itr_exhausted = True
            self.info.end_key = self._end
            return None
        key, value, version = row
        if self._left is not None:
            self._left -= 1
        self._reads.add(key, version.block, version.tx)
        self.info.end_key = key
        return key, value

    def bookmark(self) -> str:
        """The first key after this page, empty when there is none."""
        if self._left is None:
            return ""
        row = next(self._rows, None)
        return "" if row is None else row[0]

    def describe(self) -> kv_rwset_pb2.RangeQueryInfo:
        """The finished record of this query for the read set."""
        self._reads.describe(self.info)
        return self.info


class Simulator:
    """Reads and writes of one transaction at one peer."""

    def __init__(self, snapshot: Snapshot, channel_id: str, members: frozenset[str], msp_id: str, tx_id: str) -> None:
        """*members* are the channel's application organisations, *msp_id* the one whose peer simulates."""
        self.snapshot = snapshot
        self.channel_id = channel_id
        self.tx_id = tx_id
        self._members = members
        self._msp_id = msp_id
        self._namespaces: dict[str, _Namespace] = {}
        self._ranges: list[RangeIterator] = []
        self._private_reads: set[tuple[str, str]] = set()
        self._written: dict[tuple[str, str, str], bytes | None] = {}
        self._collections_of: dict[str, frozenset[str]] = {}
        self._finished = False
        self._wrote = False
        self._paged = False
        self._ranged_private = False

    # Public state ------------------------------------------------------------------------------------------------

    def get_state(self, namespace: str, key: str) -> bytes | None:
        """The committed value of *key*; the version joins the read set."""
        self._check()
        found = self.snapshot.state(namespace, key)
        value, version = found if found is not None else (None, None)
        self._namespace(namespace).reads[key] = version
        return value

    def get_state_metadata(self, namespace: str, key: str) -> dict[str, bytes]:
        """The committed metadata of *key*; reading them counts as reading the key."""
        self.get_state(namespace, key)
        return parse_metadata(self.snapshot.metadata(namespace, key))

    def set_state(self, namespace: str, key: str, value: bytes) -> None:
        """Write *key*; an empty value deletes it, as everywhere in Fabric."""
        self._may_write()
        self._namespace(namespace).writes[key] = value
        self._note_policy(namespace, "", key)

    def set_state_metadata(self, namespace: str, key: str, metadata: Metadata) -> None:
        """Replace the metadata of *key*."""
        self._may_write()
        self._namespace(namespace).metadata[key] = metadata
        self._note_policy(namespace, "", key)

    def range(self, namespace: str, start: str, end: str, page_size: int | None = None) -> RangeIterator:
        """An iterator over [start, end); with *page_size* (0 for no limit) the transaction becomes read only."""
        self._check()
        if page_size is not None:
            if self._wrote:
                raise SimulationError(
                    f"txid [{self.tx_id}]: unsuppored transaction. Paginated queries are supported only in a "
                    "read-only transaction"
                )
            self._paged = True
        iterator = RangeIterator(
            self.snapshot.range(namespace, start, end), namespace, start, end, max(page_size or 0, 0)
        )
        self._ranges.append(iterator)
        return iterator

    def history(self, namespace: str, key: str) -> Iterator:
        """Every committed change of *key*, newest first; not part of the read set."""
        self._check()
        return self.snapshot.history(namespace, key)

    # Private data ------------------------------------------------------------------------------------------------

    def get_private(self, namespace: str, collection: str, key: str) -> bytes | None:
        """The private value held at this peer, if it is the one the channel's hash speaks of."""
        self._known_collection(namespace, collection)
        found = self.snapshot.private(self._msp_id, namespace, collection, key)
        value, version = found if found is not None else (None, None)
        hashed = self.snapshot.private_hash(namespace, collection, key_hash(key))
        hash_version = hashed[1] if hashed is not None else None
        if version != hash_version:
            raise SimulationError(
                "private data matching public hash version is not available. "
                f"Public hash version = {_height(hash_version)}, Private data version = {_height(version)}"
            )
        self._collection(namespace, collection).reads[key] = version
        self._private_reads.add((namespace, collection))
        return value

    def get_private_hash(self, namespace: str, collection: str, key: str) -> bytes | None:
        """The hash of a private value, which every member of the channel holds."""
        self._known_collection(namespace, collection)
        found = self.snapshot.private_hash(namespace, collection, key_hash(key))
        value, version = found if found is not None else (None, None)
        self._collection(namespace, collection).reads[key] = version
        return value

    def get_private_metadata(self, namespace: str, collection: str, key: str) -> dict[str, bytes]:
        """The metadata of a private key."""
        self.get_private_hash(namespace, collection, key)
        return parse_metadata(self.snapshot.private_metadata(namespace, collection, key_hash(key)))

    def set_private(self, namespace: str, collection: str, key: str, value: bytes, *, purge: bool = False) -> None:
        """Write a private key; empty deletes, *purge* also removes every earlier value."""
        self._known_collection(namespace, collection)
        self._may_write()
        self._collection(namespace, collection).writes[key] = (value, purge)
        self._note_policy(namespace, collection, key)

    def set_private_metadata(self, namespace: str, collection: str, key: str, metadata: Metadata) -> None:
        """Replace the metadata of a private key."""
        self._known_collection(namespace, collection)
        self._may_write()
        self._collection(namespace, collection).metadata[key] = metadata
        self._note_policy(namespace, collection, key)

    def private_range(self, namespace: str, collection: str, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Private keys in [start, end); allowed in a transaction that writes nothing, since no hash covers it."""
        if self._wrote:
            raise SimulationError(
                f"txid [{self.tx_id}]: unsuppored transaction. Queries on pvt data is supported only in a "
                "read-only transaction"
            )
        self._ranged_private = True
        self._known_collection(namespace, collection)
        rows = self.snapshot.private_range(self._msp_id, namespace, collection, start, end)
        return ((row[0], row[1]) for row in rows)

    def finish(self) -> None:
        """Give up the view of the ledger; whatever still asks is refused."""
        self._finished = True

    # Results -----------------------------------------------------------------------------------------------------

    def results(self) -> Results:
        """
        Close the simulation and encode what it did.

        Raises:
            SimulationError: a key's endorsement policy in the ledger cannot be read.
        """
        for iterator in self._ranges:
            info = iterator.describe()
            identity = (info.start_key, info.end_key, info.itr_exhausted)
            self._namespace(iterator.namespace).ranges.setdefault(identity, info)
        private, private_hashes = self._encode_private()
        return Results(self._encode_public(private_hashes), private, self._interest())

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
                hashes[namespace, name] = hashlib.sha256(encoded).digest()
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

    def _interest(self) -> proposal_response_pb2.ChaincodeInterest:
        """Whose policies must be met, in the form in which a gateway asks discovery for endorsers."""
        required: dict[str, dict[str, bool]] = {}
        key_policies: dict[str, list[policies_pb2.SignaturePolicyEnvelope]] = {}
        for (namespace, collection, _), policy in self._written.items():
            calls = required.setdefault(namespace, {"": False})
            if policy is None:
                calls[collection] = True
                continue
            try:
                envelope = policies_pb2.SignaturePolicyEnvelope.FromString(policy)
            except message.DecodeError:
                raise SimulationError(
                    "error unmarshalling SignaturePolicyEnvelope: proto: cannot parse invalid wire-format data"
                ) from None
            key_policies.setdefault(namespace, []).append(envelope)
        for namespace in self._namespaces:
            if namespace not in SYSTEM_CHAINCODES:
                required.setdefault(namespace, {"": True})
        for namespace, collection in self._private_reads:
            required.setdefault(namespace, {})[collection] = True
        interest = proposal_response_pb2.ChaincodeInterest()
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

    # Rules -------------------------------------------------------------------------------------------------------

    def definition(self, name: str) -> lifecycle.ChaincodeDefinition | None:
        """The committed definition of *name*; reading it joins the read set, as in Fabric."""
        return lifecycle.definition(lambda key: self.get_state(lifecycle.NAMESPACE, key), name)

    def _check(self) -> None:
        if self._finished:
            raise SimulationError("this instance should not be used after calling Done()")

    def _known_collection(self, namespace: str, collection: str) -> None:
        self._check()
        known = self._collections_of.get(namespace)
        if known is None:
            known = frozenset(f"_implicit_org_{member}" for member in self._members)
            if namespace != lifecycle.NAMESPACE:
                definition = self.definition(namespace)
                if definition is None:
                    raise SimulationError(
                        f"collection config not defined for chaincode [{namespace}], pass the collection configuration "
                        "upon chaincode definition/instantiation"
                    )
                known |= {config.name for config in definition.static_collections}
            self._collections_of[namespace] = known
        if collection not in known:
            raise SimulationError(
                f"collection [{collection}] not defined in the collection config for chaincode [{namespace}]"
            )

    def _may_write(self) -> None:
        self._check()
        if self._ranged_private:
            raise SimulationError(
                f"txid [{self.tx_id}]: unsuppored transaction. Transaction has already performed queries on pvt data. "
                "Writes are not allowed"
            )
        if self._paged:
            raise SimulationError(
                f"txid [{self.tx_id}]: unsuppored transaction. Transaction has already performed a paginated query. "
                "Writes are not allowed"
            )
        self._wrote = True

    def _note_policy(self, namespace: str, collection: str, key: str) -> None:
        if collection:
            committed = self.snapshot.private_metadata(namespace, collection, key_hash(key))
        else:
            committed = self.snapshot.metadata(namespace, key)
        self._written[namespace, collection, key] = parse_metadata(committed).get(VALIDATION_PARAMETER)

    def _namespace(self, name: str) -> _Namespace:
        found = self._namespaces.get(name)
        if found is None:
            found = self._namespaces[name] = _Namespace()
        return found

    def _collection(self, namespace: str, name: str) -> _Collection:
        return self._namespace(namespace).collections.setdefault(name, _Collection())


def key_hash(key: str) -> bytes:
    """The name under which the channel knows a private key."""
    return hashlib.sha256(key.encode()).digest()


def parse_metadata(encoded: bytes | None) -> dict[str, bytes]:
    """Metadata entries by name, as the ledger keeps them."""
    if not encoded:
        return {}
    written = kv_rwset_pb2.KVMetadataWrite.FromString(encoded)
    return {entry.name: entry.value for entry in written.entries}


def _encode_hashed(collection: _Collection) -> bytes:
    hashed = kv_rwset_pb2.HashedRWSet()
    for key in sorted(collection.reads, key=_utf8):
        _set_version(hashed.hashed_reads.add(key_hash=key_hash(key)), collection.reads[key])
    for key in sorted(collection.writes, key=_utf8):
        value, purge = collection.writes[key]
        hashed.hashed_writes.add(
            key_hash=key_hash(key),
            is_delete=not value,
            value_hash=hashlib.sha256(value).digest() if value else b"",
            is_purge=purge,
        )
    for key in sorted(collection.metadata, key=_utf8):
        _add_entries(hashed.metadata_writes.add(key_hash=key_hash(key)), collection.metadata[key])
    return hashed.SerializeToString()


def _add_entries(written: message.Message, metadata: Metadata) -> None:
    for name in sorted(metadata):
        written.entries.add(name=name, value=metadata[name])


def _set_version(read: message.Message, version: object) -> None:
    if version is not None:
        read.version.SetInParent()
        read.version.block_num = version.block
        read.version.tx_num = version.tx


def _height(version: object) -> str:
    return "<nil>" if version is None else f"{{BlockNum: {version.block}, TxNum: {version.tx}}}"


def _utf8(key: str) -> bytes:
    return key.encode()
