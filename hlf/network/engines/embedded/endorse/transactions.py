"""
The requests of a chaincode to the peer during one transaction.

Each shim message has one function here, which returns the payload of the
answer. A refusal becomes an ERROR message with Fabric's text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from fabric_protos.peer import chaincode_shim_pb2 as shim
from google.protobuf import message

from hlf import errors
from hlf.network.engines.embedded.endorse import queries
from hlf.network.engines.embedded.endorse.simulator import SimulationError, Simulator
from hlf.wire import keys, policies

if TYPE_CHECKING:
    from fabric_protos.peer import collection_pb2, proposal_pb2

    from hlf.wire import msp
    from hlf.wire.config import channelconfig

KINDS = shim.ChaincodeMessage.Type
NO_LEDGER = "no ledger context"
IN_INIT = "private data APIs are not allowed in chaincode Init()"


@dataclasses.dataclass
class SimulatedTransaction:
    """One transaction in one chaincode's namespace at one peer."""

    channel_id: str
    tx_id: str
    namespace: str
    signed_proposal: proposal_pb2.SignedProposal = dataclasses.field(repr=False)
    creator: msp.Identity
    bundle: channelconfig.Bundle | None = dataclasses.field(repr=False)
    simulation: Simulator | None = dataclasses.field(repr=False)
    is_init: bool = False
    queries: queries.Queries = dataclasses.field(default_factory=queries.Queries, repr=False)
    _permissions: dict[str, tuple[bool, bool]] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def simulator(self) -> Simulator:
        """Its simulator; raises SimulationError without a channel."""
        if self.simulation is None:
            raise SimulationError(NO_LEDGER)
        return self.simulation

    @property
    def configuration(self) -> channelconfig.Bundle:
        """Its channel's configuration; raises SimulationError without a channel."""
        if self.bundle is None:
            raise SimulationError(NO_LEDGER)
        return self.bundle

    def in_namespace(self, namespace: str) -> SimulatedTransaction:
        """Return the same transaction in the namespace of a chaincode that it calls."""
        return dataclasses.replace(self, namespace=namespace, is_init=False, queries=queries.Queries(), _permissions={})

    def require_read(self, collection: str) -> None:
        """
        Check that the transaction's creator may read private data of *collection*.

        Raises:
            SimulationError: the collection is unknown, or only for members and the creator is none.
        """
        if not self._permission(collection)[0]:
            raise SimulationError(
                "tx creator does not have read access permission on privatedata in "
                f"chaincodeName:{self.namespace} collectionName: {collection}"
            )

    def require_write(self, collection: str) -> None:
        """
        Check that the transaction's creator may write private data of *collection*.

        Raises:
            SimulationError: the collection is unknown, or only for members and the creator is none.
        """
        if not self._permission(collection)[1]:
            raise SimulationError(
                "tx creator does not have write access permission on privatedata in "
                f"chaincodeName:{self.namespace} collectionName: {collection}"
            )

    def _permission(self, collection: str) -> tuple[bool, bool]:
        known = self._permissions.get(collection)
        if known is None:
            if self.is_init:
                raise SimulationError(IN_INIT)
            known = self._permissions[collection] = self._find_permission(collection)
        return known

    def _find_permission(self, collection: str) -> tuple[bool, bool]:
        definition = self.simulator.definition(self.namespace)
        if definition is not None and keys.msp_of_implicit_collection(collection) is not None:
            return True, True
        config = definition.collection(collection) if definition is not None else None
        if config is None:
            raise SimulationError(f"collection {self.channel_id}/{self.namespace}/{collection} could not be found")
        if not (config.member_only_read or config.member_only_write) or self._is_member(config):
            return True, True
        return not config.member_only_read, not config.member_only_write

    def _is_member(self, config: collection_pb2.StaticCollectionConfig) -> bool:
        try:
            return policies.evaluate(config.member_orgs_policy.signature_policy, [self.creator])
        except errors.PolicyError as error:
            raise SimulationError(
                f"error setting up collection for collection criteria {config.name}: {error}"
            ) from None


def answer(transaction: SimulatedTransaction, kind: int, payload: bytes) -> bytes:
    """
    Answer a chaincode's request; return the payload of the RESPONSE.

    Raises:
        SimulationError: the ledger or an access rule refuses it.
    """
    try:
        return _ANSWERS[kind](transaction, payload)
    except message.DecodeError:
        raise SimulationError("unmarshal failed: proto: cannot parse invalid wire-format data") from None


def _get_state(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetState.FromString(payload)
    return _read(transaction, asked.collection, asked.key) or b""


def _get_state_multiple(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetStateMultiple.FromString(payload)
    values = [_read(transaction, asked.collection, key) or b"" for key in asked.keys]
    return shim.GetStateMultipleResult(values=values).SerializeToString()


def _read(transaction: SimulatedTransaction, collection: str, key: str) -> bytes | None:
    if not collection:
        return transaction.simulator.get_state(transaction.namespace, key)
    transaction.require_read(collection)
    return transaction.simulator.get_private(transaction.namespace, collection, key)


def _get_private_data_hash(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetState.FromString(payload)
    if transaction.is_init:
        raise SimulationError(IN_INIT)
    found = transaction.simulator.get_private_hash(transaction.namespace, asked.collection, asked.key)
    return found or b""


def _put_state(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.PutState.FromString(payload)
    _write(transaction, asked.collection, asked.key, asked.value)
    return b""


def _del_state(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.DelState.FromString(payload)
    _write(transaction, asked.collection, asked.key, b"")
    return b""


def _write(transaction: SimulatedTransaction, collection: str, key: str, value: bytes) -> None:
    if not collection:
        transaction.simulator.set_state(transaction.namespace, key, value)
        return
    transaction.require_write(collection)
    transaction.simulator.set_private(transaction.namespace, collection, key, value)


def _purge_private_data(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.DelState.FromString(payload)
    _purge(transaction, asked.collection, asked.key)
    return b""


def _purge(transaction: SimulatedTransaction, collection: str, key: str) -> None:
    if not transaction.configuration.capabilities.purge:
        raise SimulationError(
            "purge private data is not enabled, channel application capability of V2_5 or later is required"
        )
    if not collection:
        raise SimulationError("only applicable for private data")
    transaction.require_write(collection)
    transaction.simulator.set_private(transaction.namespace, collection, key, b"", purge=True)


def _put_state_metadata(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.PutStateMetadata.FromString(payload)
    _write_metadata(transaction, asked.collection, asked.key, asked.metadata)
    return b""


def _write_metadata(transaction: SimulatedTransaction, collection: str, key: str, entry: shim.StateMetadata) -> None:
    metadata = {entry.metakey: entry.value}
    if not collection:
        transaction.simulator.set_state_metadata(transaction.namespace, key, metadata)
        return
    transaction.require_write(collection)
    transaction.simulator.set_private_metadata(transaction.namespace, collection, key, metadata)


def _get_state_metadata(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetStateMetadata.FromString(payload)
    if asked.collection:
        transaction.require_read(asked.collection)
        found = transaction.simulator.get_private_metadata(transaction.namespace, asked.collection, asked.key)
    else:
        found = transaction.simulator.get_state_metadata(transaction.namespace, asked.key)
    entries = [shim.StateMetadata(metakey=name, value=value) for name, value in found.items()]
    return shim.StateMetadataResult(entries=entries).SerializeToString()


def _write_batch(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    kinds = shim.WriteRecord
    for record in shim.WriteBatchState.FromString(payload).rec:
        if record.type == kinds.PUT_STATE:
            _write(transaction, record.collection, record.key, record.value)
        elif record.type == kinds.DEL_STATE:
            _write(transaction, record.collection, record.key, b"")
        elif record.type == kinds.PURGE_PRIVATE_DATA:
            _purge(transaction, record.collection, record.key)
        elif record.type == kinds.PUT_STATE_METADATA:
            _write_metadata(transaction, record.collection, record.key, record.metadata)
        else:
            raise SimulationError("unknown operation type")
    return b""


def _get_state_by_range(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetStateByRange.FromString(payload)
    page = shim.QueryMetadata.FromString(asked.metadata)
    namespace = transaction.namespace
    if asked.collection:
        transaction.require_read(asked.collection)
        rows = transaction.simulator.private_range(namespace, asked.collection, asked.startKey, asked.endKey)
        return transaction.queries.start(lambda: _encoded(namespace, next(rows, None)))
    if page.pageSize or page.bookmark:
        start = page.bookmark or asked.startKey
        iterator = transaction.simulator.range(namespace, start, asked.endKey, page.pageSize)
        return transaction.queries.page(lambda: _encoded(namespace, iterator.next()), page.pageSize, iterator.bookmark)
    iterator = transaction.simulator.range(namespace, asked.startKey, asked.endKey)
    return transaction.queries.start(lambda: _encoded(namespace, iterator.next()))


def _encoded(namespace: str, row: tuple[str, bytes] | None) -> bytes | None:
    return None if row is None else queries.key_value(namespace, *row)


def _get_query_result(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetQueryResult.FromString(payload)
    page = shim.QueryMetadata.FromString(asked.metadata)
    if asked.collection:
        transaction.require_read(asked.collection)
    paged = not asked.collection and (page.pageSize or page.bookmark)
    raise SimulationError(f"ExecuteQuery{'WithMetadata' if paged else ''} not supported for leveldb")


def _get_history_for_key(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    asked = shim.GetHistoryForKey.FromString(payload)
    changes = transaction.simulator.history(transaction.namespace, asked.key)

    def following() -> bytes | None:
        change = next(changes, None)
        return None if change is None else queries.modification(*change)

    return transaction.queries.start(following)


def _query_state_next(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    batch = transaction.queries.following(shim.QueryStateNext.FromString(payload).id)
    if batch is None:
        raise SimulationError("query iterator not found")
    return batch


def _query_state_close(transaction: SimulatedTransaction, payload: bytes) -> bytes:
    return transaction.queries.close(shim.QueryStateClose.FromString(payload).id)


_ANSWERS: dict[int, Callable[[SimulatedTransaction, bytes], bytes]] = {
    KINDS.Value("GET_STATE"): _get_state,
    KINDS.Value("GET_STATE_MULTIPLE"): _get_state_multiple,
    KINDS.Value("GET_PRIVATE_DATA_HASH"): _get_private_data_hash,
    KINDS.Value("PUT_STATE"): _put_state,
    KINDS.Value("DEL_STATE"): _del_state,
    KINDS.Value("PURGE_PRIVATE_DATA"): _purge_private_data,
    KINDS.Value("PUT_STATE_METADATA"): _put_state_metadata,
    KINDS.Value("GET_STATE_METADATA"): _get_state_metadata,
    KINDS.Value("WRITE_BATCH_STATE"): _write_batch,
    KINDS.Value("GET_STATE_BY_RANGE"): _get_state_by_range,
    KINDS.Value("GET_QUERY_RESULT"): _get_query_result,
    KINDS.Value("GET_HISTORY_FOR_KEY"): _get_history_for_key,
    KINDS.Value("QUERY_STATE_NEXT"): _query_state_next,
    KINDS.Value("QUERY_STATE_CLOSE"): _query_state_close,
}
ASKED = frozenset(_ANSWERS)
