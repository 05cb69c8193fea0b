"""A snapshot of committed state that a test writes itself, with the versions it wants."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from google.protobuf import timestamp_pb2

from hlf.wire.rwsets import Version

KeyChange = tuple[str, timestamp_pb2.Timestamp, bytes, bool]


class State:
    """Answers what a ledger's snapshot answers."""

    def __init__(self, height: int = 1) -> None:
        self.height = height
        self.public: dict[tuple[str, str], tuple[bytes, Version]] = {}
        self.public_metadata: dict[tuple[str, str], bytes] = {}
        self.values: dict[tuple[str, str, str, str], tuple[bytes, Version]] = {}
        self.hashes: dict[tuple[str, str, bytes], tuple[bytes, Version]] = {}
        self.hashed_metadata: dict[tuple[str, str, bytes], bytes] = {}
        self.changes: dict[tuple[str, str], list[KeyChange]] = {}

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def put(self, namespace: str, key: str, value: bytes, block: int = 1, tx: int = 0) -> None:
        self.public[namespace, key] = (value, Version(block, tx))

    def apply(self, results: bytes, block: int, tx: int = 0) -> None:
        """Commit the writes of a public read-write set."""
        version = Version(block, tx)
        for namespace in rwset_pb2.TxReadWriteSet.FromString(results).ns_rwset:
            for write in kv_rwset_pb2.KVRWSet.FromString(namespace.rwset).writes:
                self.public[namespace.namespace, write.key] = (write.value, version)
            for collection in namespace.collection_hashed_rwset:
                for hashed in kv_rwset_pb2.HashedRWSet.FromString(collection.hashed_rwset).hashed_writes:
                    place = (namespace.namespace, collection.collection_name, hashed.key_hash)
                    self.hashes[place] = (hashed.value_hash, version)

    def state(self, namespace: str, key: str) -> tuple[bytes, Version] | None:
        return self.public.get((namespace, key))

    def metadata(self, namespace: str, key: str) -> bytes | None:
        return self.public_metadata.get((namespace, key))

    def range(self, namespace: str, start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
        for (owner, key), (value, version) in sorted(self.public.items()):
            if owner == namespace and key >= start and (not end or key < end):
                yield key, value, version

    def private(self, msp_id: str, namespace: str, collection: str, key: str) -> tuple[bytes, Version] | None:
        return self.values.get((msp_id, namespace, collection, key))

    def private_hash(self, namespace: str, collection: str, key_hash: bytes) -> tuple[bytes, Version] | None:
        return self.hashes.get((namespace, collection, key_hash))

    def private_metadata(self, namespace: str, collection: str, key_hash: bytes) -> bytes | None:
        return self.hashed_metadata.get((namespace, collection, key_hash))

    def private_range(
        self, msp_id: str, namespace: str, collection: str, start: str, end: str
    ) -> Iterator[tuple[str, bytes, Version]]:
        for place, (value, version) in sorted(self.values.items()):
            if place[:3] == (msp_id, namespace, collection) and place[3] >= start and (not end or place[3] < end):
                yield place[3], value, version

    def history(self, namespace: str, key: str) -> Iterator[KeyChange]:
        return iter(self.changes.get((namespace, key), []))
