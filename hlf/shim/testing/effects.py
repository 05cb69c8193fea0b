"""The reads and writes of one endorsement in the test ledger, and the bytes that a peer would sign."""

from __future__ import annotations

from dataclasses import dataclass, field

from hlf.wire import keys, rwsets
from hlf.wire.rwsets import Version


@dataclass
class Effects:
    """Reads and writes; places are (chaincode, key) or (chaincode, collection, key or its hash)."""

    reads: dict[tuple[str, str], Version | None] = field(default_factory=dict)
    ranges: dict[tuple[str, str, str], tuple[tuple[str, Version], ...]] = field(default_factory=dict)
    writes: dict[tuple[str, str], bytes] = field(default_factory=dict)
    metadata: dict[tuple[str, str], bytes] = field(default_factory=dict)
    hashed_reads: dict[tuple[str, str, bytes], Version | None] = field(default_factory=dict)
    private: dict[tuple[str, str, str], tuple[bytes, bool]] = field(default_factory=dict)
    private_metadata: dict[tuple[str, str, str], bytes] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.writes or self.metadata or self.private or self.private_metadata)

    def policies(self, namespace: str) -> dict[str | tuple[str, str], bytes]:
        """Return the validation parameters set on keys of *namespace*, private ones under (collection, key)."""
        found: dict[str | tuple[str, str], bytes] = {
            key: policy for (name, key), policy in self.metadata.items() if name == namespace
        }
        for (name, collection, key), policy in self.private_metadata.items():
            if name == namespace:
                found[collection, key] = policy
        return found

    def encoded(self) -> tuple[bytes, bytes]:
        """Return the serialized public and private read-write sets; the private one is empty if there is none."""
        private = [
            rwsets.PrivateNamespace(namespace, secret)
            for namespace in sorted(self._namespaces())
            if (secret := self._private_collections(namespace))
        ]
        return (
            rwsets.encode(rwsets.TxRwset(tuple(self.public()))),
            rwsets.encode_private(rwsets.PrivateRwset(tuple(private))) if private else b"",
        )

    def public(self) -> list[rwsets.NamespaceRwset]:
        """Return the public part, by chaincode."""
        return [self._namespace(namespace) for namespace in sorted(self._namespaces())]

    def _namespace(self, namespace: str) -> rwsets.NamespaceRwset:
        return rwsets.NamespaceRwset(
            namespace,
            reads=tuple(
                rwsets.Read(key, version)
                for (name, key), version in sorted(self.reads.items(), key=_place)
                if name == namespace
            ),
            range_queries=tuple(
                rwsets.RangeQuery(start, end, True, tuple(rwsets.Read(*read) for read in found))
                for (name, start, end), found in self.ranges.items()
                if name == namespace
            ),
            writes=tuple(
                rwsets.Write(key, value or None)
                for (name, key), value in sorted(self.writes.items())
                if name == namespace
            ),
            metadata_writes=tuple(
                rwsets.MetadataWrite(key, ((keys.VALIDATION_PARAMETER, policy),))
                for (name, key), policy in sorted(self.metadata.items())
                if name == namespace
            ),
            collections=self._collections(namespace, self._private_collections(namespace)),
        )

    def _namespaces(self) -> set[str]:
        places = (self.reads, self.ranges, self.writes, self.metadata, self.hashed_reads, self.private)
        return {place[0] for each in places for place in each} | {place[0] for place in self.private_metadata}

    def _private_collections(self, namespace: str) -> tuple[rwsets.PrivateCollection, ...]:
        written = {place[1] for place in (*self.private, *self.private_metadata) if place[0] == namespace}
        return tuple(
            rwsets.PrivateCollection(
                collection,
                tuple(
                    rwsets.Write(place[2], value or None)
                    for place, (value, _) in sorted(self.private.items())
                    if place[:2] == (namespace, collection)
                ),
            )
            for collection in sorted(written)
        )

    def _collections(
        self, namespace: str, secret: tuple[rwsets.PrivateCollection, ...]
    ) -> tuple[rwsets.CollectionHashed, ...]:
        touched = {place[1] for place in (*self.hashed_reads,) if place[0] == namespace}
        hashes = {part.name: keys.hash_key(rwsets.private_collection_bytes(part)) for part in secret}
        return tuple(
            rwsets.CollectionHashed(
                collection,
                reads=tuple(
                    rwsets.HashedRead(place[2], version)
                    for place, version in sorted(self.hashed_reads.items(), key=_place)
                    if place[:2] == (namespace, collection)
                ),
                writes=tuple(
                    rwsets.HashedWrite(
                        keys.hash_key(place[2].encode()), keys.hash_key(value) if value else b"", not value, purge
                    )
                    for place, (value, purge) in sorted(self.private.items())
                    if place[:2] == (namespace, collection)
                ),
                metadata_writes=tuple(
                    rwsets.HashedMetadataWrite(keys.hash_key(place[2].encode()), ((keys.VALIDATION_PARAMETER, policy),))
                    for place, policy in sorted(self.private_metadata.items())
                    if place[:2] == (namespace, collection)
                ),
                pvt_hash=hashes.get(collection, b""),
            )
            for collection in sorted(touched | set(hashes))
        )


def _place(entry: tuple[tuple[str | bytes, ...], Version | None]) -> tuple[str | bytes, ...]:
    """Return the place only as the sort key, because versions can be None."""
    return entry[0]
