"""
One transaction's view of the ledger: it reads committed state and collects writes.

A simulator never reads its own writes. It encodes its reads, with versions, and
its writes in two read-write sets: an endorsement signs the public one, which has
hashes instead of private values; the private one is for the organisations that
may have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from google.protobuf import timestamp_pb2

from hlf.network.engines.embedded.endorse import readwritesets
from hlf.network.engines.embedded.endorse.readwritesets import Metadata
from hlf.network.engines.embedded.state import lifecycle, rangereads
from hlf.network.engines.embedded.state.updates import metadata_entries
from hlf.wire import keys
from hlf.wire.endorsement import writepolicies

if TYPE_CHECKING:
    from hlf.network.engines.embedded.state.snapshots import Snapshot
    from hlf.network.engines.embedded.state.updates import Row
    from hlf.wire.rwsets import Version


class SimulationError(Exception):
    """The ledger refuses an operation of a chaincode; the text is Fabric's own."""


class RangeIterator:
    """Reads a key range and records the results, so that validation can find phantoms."""

    def __init__(self, rows: Iterator[Row], namespace: str, start: str, end: str, page_size: int) -> None:
        self.namespace = namespace
        self._rows = rows
        self._end = end
        self._left = page_size or None
        self._reads = rangereads.RangeReads()
        self.info = kv_rwset_pb2.RangeQueryInfo(start_key=start)

    def next(self) -> tuple[str, bytes] | None:
        """Return the next key and value, or None at the end of the range or page."""
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
        """Return the first key after this page, empty when there is none."""
        if self._left is None:
            return ""
        row = next(self._rows, None)
        return "" if row is None else row[0]

    def describe(self) -> kv_rwset_pb2.RangeQueryInfo:
        """Return the finished record of this query for the read set."""
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
        self._sets = readwritesets.ReadWriteSet()
        self._ranges: list[RangeIterator] = []
        self._definitions: dict[str, lifecycle.ChaincodeDefinition | None] = {}
        self._collections_of: dict[str, frozenset[str]] = {}
        self._finished = False
        self._wrote = False
        self._paged = False
        self._ranged_private = False

    # Public state ------------------------------------------------------------------------------------------------

    def get_state(self, namespace: str, key: str) -> bytes | None:
        """Return the committed value of *key*; the version joins the read set."""
        self._check()
        found = self.snapshot.state(namespace, key)
        value, version = found if found is not None else (None, None)
        self._sets.namespace(namespace).reads[key] = version
        return value

    def get_state_metadata(self, namespace: str, key: str) -> dict[str, bytes]:
        """Return the committed metadata of *key*; reading them counts as reading the key."""
        self.get_state(namespace, key)
        return metadata_entries(self.snapshot.metadata(namespace, key))

    def set_state(self, namespace: str, key: str, value: bytes) -> None:
        """Write *key*; an empty value deletes it, as everywhere in Fabric."""
        self._may_write()
        self._sets.namespace(namespace).writes[key] = value
        self._note_policy(namespace, "", key)

    def set_state_metadata(self, namespace: str, key: str, metadata: Metadata) -> None:
        """Replace the metadata of *key*."""
        self._may_write()
        self._sets.namespace(namespace).metadata[key] = metadata
        self._note_policy(namespace, "", key)

    def range(self, namespace: str, start: str, end: str, page_size: int | None = None) -> RangeIterator:
        """Return an iterator over [start, end); with *page_size* (0 for no limit) the transaction becomes read only."""
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

    def history(self, namespace: str, key: str) -> Iterator[tuple[str, timestamp_pb2.Timestamp, bytes, bool]]:
        """Return every committed change of *key*, newest first; not part of the read set."""
        self._check()
        return self.snapshot.history(namespace, key)

    # Private data ------------------------------------------------------------------------------------------------

    def get_private(self, namespace: str, collection: str, key: str) -> bytes | None:
        """Return the private value at this peer, if the channel's hash is of this value."""
        self._known_collection(namespace, collection)
        found = self.snapshot.private(self._msp_id, namespace, collection, key)
        value, version = found if found is not None else (None, None)
        hashed = self.snapshot.private_hash(namespace, collection, keys.hash_key(key.encode()))
        hash_version = hashed[1] if hashed is not None else None
        if version != hash_version:
            raise SimulationError(
                "private data matching public hash version is not available. "
                f"Public hash version = {_height(hash_version)}, Private data version = {_height(version)}"
            )
        self._sets.collection(namespace, collection).reads[key] = version
        self._sets.note_private_read(namespace, collection)
        return value

    def get_private_hash(self, namespace: str, collection: str, key: str) -> bytes | None:
        """Return the hash of a private value, which every member of the channel has."""
        self._known_collection(namespace, collection)
        found = self.snapshot.private_hash(namespace, collection, keys.hash_key(key.encode()))
        value, version = found if found is not None else (None, None)
        self._sets.collection(namespace, collection).reads[key] = version
        return value

    def get_private_metadata(self, namespace: str, collection: str, key: str) -> dict[str, bytes]:
        """Return the metadata of a private key."""
        self.get_private_hash(namespace, collection, key)
        return metadata_entries(self.snapshot.private_metadata(namespace, collection, keys.hash_key(key.encode())))

    def set_private(self, namespace: str, collection: str, key: str, value: bytes, *, purge: bool = False) -> None:
        """Write a private key; empty deletes, *purge* also removes every earlier value."""
        self._known_collection(namespace, collection)
        self._may_write()
        self._sets.collection(namespace, collection).writes[key] = (value, purge)
        self._note_policy(namespace, collection, key)

    def set_private_metadata(self, namespace: str, collection: str, key: str, metadata: Metadata) -> None:
        """Replace the metadata of a private key."""
        self._known_collection(namespace, collection)
        self._may_write()
        self._sets.collection(namespace, collection).metadata[key] = metadata
        self._note_policy(namespace, collection, key)

    def private_range(self, namespace: str, collection: str, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Return private keys in [start, end); only in a transaction without writes, since no hash covers it."""
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
        """Release the view of the ledger; later calls are refused."""
        self._finished = True

    # Results -----------------------------------------------------------------------------------------------------

    def results(self) -> readwritesets.SimulationResults:
        """
        Close the simulation and encode its reads and writes.

        Raises:
            SimulationError: a key's endorsement policy in the ledger cannot be read.
        """
        for iterator in self._ranges:
            info = iterator.describe()
            identity = (info.start_key, info.end_key, info.itr_exhausted)
            self._sets.namespace(iterator.namespace).ranges.setdefault(identity, info)
        try:
            return self._sets.results()
        except readwritesets.KeyPolicyError as error:
            raise SimulationError(str(error)) from None

    # Rules -------------------------------------------------------------------------------------------------------

    def definition(self, name: str) -> lifecycle.ChaincodeDefinition | None:
        """Return the committed definition of *name*; reading it joins the read set, as in Fabric."""
        if name not in self._definitions:
            self._definitions[name] = lifecycle.definition(lambda key: self.get_state(lifecycle.NAMESPACE, key), name)
        return self._definitions[name]

    def _check(self) -> None:
        if self._finished:
            raise SimulationError("this instance should not be used after calling Done()")

    def _known_collection(self, namespace: str, collection: str) -> None:
        self._check()
        known = self._collections_of.get(namespace)
        if known is None:
            known = frozenset(keys.implicit_collection(member) for member in self._members)
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
            committed = self.snapshot.private_metadata(namespace, collection, keys.hash_key(key.encode()))
        else:
            committed = self.snapshot.metadata(namespace, key)
        self._sets.note_policy(namespace, collection, key, writepolicies.own_policy(metadata_entries(committed)))


def _height(version: Version | None) -> str:
    return "<nil>" if version is None else f"{{BlockNum: {version.block}, TxNum: {version.tx}}}"
