"""A peer in memory; it answers a stub's requests from the test ledger's state, as Fabric's peers do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, proposal_pb2, proposal_response_pb2

from hlf.shim import invocation
from hlf.shim.errors import PeerRefused
from hlf.shim.peerline import BatchLimits
from hlf.shim.stub import Stub
from hlf.shim.testing.effects import Effects
from hlf.shim.testing.worldstate import WorldState, between
from hlf.wire import enumerations, keys
from hlf.wire.messages import QUERY_RESULTS
from hlf.wire.rwsets import Version

_Kind = chaincode_shim_pb2.ChaincodeMessage


@dataclass(frozen=True)
class OtherChannel:
    """Another channel; peers that joined it can query its chaincodes."""

    world: WorldState
    chaincodes: Mapping[str, invocation.Chaincode]


class Simulation:
    """
    One transaction at one organisation's peer, in one chaincode's namespace; its stub asks this object.

    Attributes:
        effects: its reads and writes, shared with the chaincodes that it calls.
    """

    def __init__(
        self,
        world: WorldState,
        peer: str,
        creator: str,
        chaincodes: Mapping[str, invocation.Chaincode],
        namespace: str,
        *,
        limits: BatchLimits,
        effects: Effects | None = None,
        elsewhere: Mapping[str, OtherChannel] | None = None,
        decorations: Mapping[str, bytes] | None = None,
    ) -> None:
        self.limits = limits
        self.effects = effects if effects is not None else Effects()
        self._world = world
        self._peer = peer
        self._creator = creator
        self._chaincodes = chaincodes
        self._namespace = namespace
        self._elsewhere = elsewhere or {}
        self._decorations = decorations
        self._queries: dict[str, list[Any]] = {}
        self._ids = itertools.count(1)
        self._no_writes = ""
        self._stub: Stub | None = None

    def stub(self, tx_id: str, args: Iterable[bytes], signed_proposal: proposal_pb2.SignedProposal) -> Stub:
        """Return the stub that the chaincode gets."""
        chaincode = self._chaincodes.get(self._namespace)
        self._stub = Stub(
            self,
            self._world.channel,
            tx_id,
            tuple(args),
            signed_proposal,
            batch_writes=getattr(chaincode, "batch_writes", True),
            decorations=self._decorations,
        )
        return self._stub

    def ask(self, kind: int, payload: bytes) -> bytes:
        """Return the peer's answer."""
        message, answer = self._ANSWERS[kind]
        try:
            result: bytes = answer(self, message.FromString(payload))
        except PeerRefused as refused:
            tx_id = self._stub.tx_id if self._stub else ""
            name = enumerations.name(_Kind.Type, kind)
            raise PeerRefused(f"{name} failed: transaction ID: {tx_id}: {refused.message}") from None
        return result

    # Reads

    def _get_state(self, request: Any) -> bytes:
        if request.collection:
            return self._get_private(request.collection, request.key)
        held = self._world.state.get(self._namespace, {}).get(request.key)
        self.effects.reads.setdefault((self._namespace, request.key), held[1] if held else None)
        return held[0] if held else b""

    def _get_private(self, collection: str, key: str) -> bytes:
        self._may_read(collection)
        key_hash = keys.hash_key(key.encode())
        hashed = self._world.hashes.get((self._namespace, collection), {}).get(key_hash)
        public = hashed[1] if hashed else None
        held = self._world.private.get((self._peer, self._namespace, collection), {}).get(key)
        if public != (held[1] if held else None):
            raise PeerRefused(
                "private data matching public hash version is not available. "
                f"Public hash version = {_words(public)}, Private data version = {_words(held[1] if held else None)}"
            )
        self.effects.hashed_reads.setdefault((self._namespace, collection, key_hash), public)
        return held[0] if held else b""

    def _get_many(self, request: Any) -> bytes:
        values = [
            self._get_state(chaincode_shim_pb2.GetState(key=key, collection=request.collection)) for key in request.keys
        ]
        return bytes(chaincode_shim_pb2.GetStateMultipleResult(values=values).SerializeToString())

    def _get_hash(self, request: Any) -> bytes:
        self._known(request.collection)
        key_hash = keys.hash_key(request.key.encode())
        hashed = self._world.hashes.get((self._namespace, request.collection), {}).get(key_hash)
        place = (self._namespace, request.collection, key_hash)
        self.effects.hashed_reads.setdefault(place, hashed[1] if hashed else None)
        return hashed[0] if hashed else b""

    def _get_metadata(self, request: Any) -> bytes:
        if request.collection:
            self._may_read(request.collection)
            key_hash = keys.hash_key(request.key.encode())
            place: tuple[str, str, str | bytes] = (self._namespace, request.collection, key_hash)
        else:
            held = self._world.state.get(self._namespace, {}).get(request.key)
            self.effects.reads.setdefault((self._namespace, request.key), held[1] if held else None)
            place = (self._namespace, "", request.key)
        policy = self._world.metadata.get(place)
        result = chaincode_shim_pb2.StateMetadataResult()
        if policy:
            result.entries.add(metakey=keys.VALIDATION_PARAMETER, value=policy)
        return bytes(result.SerializeToString())

    # Queries

    def _get_range(self, request: Any) -> bytes:
        page = chaincode_shim_pb2.QueryMetadata.FromString(request.metadata)
        if request.collection:
            self._may_read(request.collection)
            self._only_reading("Queries on pvt data is supported only in a read-only transaction")
            self._no_writes = "Transaction has already performed queries on pvt data. Writes are not allowed"
            held = self._world.private.get((self._peer, self._namespace, request.collection), {})
            kept = between(held, request.startKey, request.endKey)
            return self._results(self._kv(key, value) for key, value, _ in kept)
        if page.pageSize or page.bookmark:
            return self._page(request, page)
        found = list(self._world.range(self._namespace, request.startKey, request.endKey))
        place = (self._namespace, request.startKey, request.endKey)
        self.effects.ranges[place] = tuple((key, version) for key, _, version in found)
        return self._results(self._kv(key, value) for key, value, _ in found)

    def _page(self, request: Any, page: Any) -> bytes:
        self._only_reading("Paginated queries are supported only in a read-only transaction")
        self._no_writes = "Transaction has already performed a paginated query. Writes are not allowed"
        found = list(self._world.range(self._namespace, page.bookmark or request.startKey, request.endKey))
        shown = found[: page.pageSize]
        following = found[page.pageSize][0] if len(found) > page.pageSize else ""
        metadata = chaincode_shim_pb2.QueryResponseMetadata(fetched_records_count=len(shown), bookmark=following)
        response = chaincode_shim_pb2.QueryResponse(metadata=metadata.SerializeToString())
        for key, value, _ in shown:
            response.results.add(resultBytes=self._kv(key, value))
        return bytes(response.SerializeToString())

    def _get_history(self, request: Any) -> bytes:
        past = []
        for entry in self._world.history.get((self._namespace, request.key), []):
            changed = kv_query_result_pb2.KeyModification(
                tx_id=entry.tx_id, value=entry.value, is_delete=entry.is_delete
            )
            changed.timestamp.FromDatetime(entry.timestamp)
            past.append(changed.SerializeToString())
        return self._results(past)

    def _rich_query(self, request: Any) -> bytes:
        page = chaincode_shim_pb2.QueryMetadata.FromString(request.metadata)
        paged = not request.collection and (page.pageSize or page.bookmark)
        raise PeerRefused(f"ExecuteQuery{'WithMetadata' if paged else ''} not supported for leveldb")

    def _next(self, request: Any) -> bytes:
        if request.id not in self._queries:
            raise PeerRefused("query iterator not found")
        return self._results(self._queries.pop(request.id), request.id)

    def _close(self, request: Any) -> bytes:
        self._queries.pop(request.id, None)
        return bytes(chaincode_shim_pb2.QueryResponse(id=request.id).SerializeToString())

    def _results(self, found: Iterable[bytes], query_id: str = "") -> bytes:
        listed = list(found)
        response = chaincode_shim_pb2.QueryResponse(id=query_id or str(next(self._ids)))
        for result in listed[:QUERY_RESULTS]:
            response.results.add(resultBytes=result)
        if len(listed) > QUERY_RESULTS:
            response.has_more = True
            self._queries[response.id] = listed[QUERY_RESULTS:]
        return bytes(response.SerializeToString())

    def _kv(self, key: str, value: bytes) -> bytes:
        kv = kv_query_result_pb2.KV(namespace=self._namespace, key=key, value=value)
        return bytes(kv.SerializeToString())

    # Writes

    def _put(self, request: Any, *, purge: bool = False) -> bytes:
        value = getattr(request, "value", b"")
        if request.collection:
            self._may_write(request.collection)
            self.effects.private[self._namespace, request.collection, request.key] = (value, purge)
        else:
            if purge:
                raise PeerRefused("only applicable for private data")
            self._may_write("")
            self.effects.writes[self._namespace, request.key] = value
        return b""

    def _purge(self, request: Any) -> bytes:
        return self._put(request, purge=True)

    def _put_metadata(self, request: Any) -> bytes:
        self._may_write(request.collection)
        if request.collection:
            place = (self._namespace, request.collection, request.key)
            self.effects.private_metadata[place] = request.metadata.value
        else:
            self.effects.metadata[self._namespace, request.key] = request.metadata.value
        return b""

    def _write_batch(self, request: Any) -> bytes:
        for record in request.rec:
            if record.type == record.PUT_STATE_METADATA:
                self._put_metadata(record)
            else:
                self._put(record, purge=record.type == record.PURGE_PRIVATE_DATA)
        return b""

    def _invoke(self, request: Any) -> bytes:
        name, _, channel = request.chaincode_id.name.partition("/")
        here = channel in ("", self._world.channel)
        asked = OtherChannel(self._world, self._chaincodes) if here else self._joined(channel)
        chaincode = asked.chaincodes.get(name)
        if chaincode is None or self._stub is None or self._stub.signed_proposal is None:
            raise PeerRefused(f"[channel {asked.world.channel}] chaincode {name} not found")
        called = Simulation(
            asked.world,
            self._peer,
            self._creator,
            asked.chaincodes,
            name,
            limits=self.limits,
            # Only the answer of another channel counts; reads and writes there are dropped.
            effects=self.effects if here else None,
            elsewhere=self._elsewhere,
            decorations=self._decorations,
        )
        stub = called.stub(self._stub.tx_id, request.input.args, self._stub.signed_proposal)
        answer = invocation.run(chaincode, stub, init=False)
        response = proposal_response_pb2.Response(status=answer.status, message=answer.message, payload=answer.payload)
        message = chaincode_shim_pb2.ChaincodeMessage(type=_Kind.COMPLETED, payload=response.SerializeToString())
        return bytes(message.SerializeToString())

    # Access rules

    def _joined(self, channel: str) -> OtherChannel:
        """Return another channel, if the peer joined it and the caller may ask there (Fabric 3.1.5's own words)."""
        other = self._elsewhere.get(channel)
        if other is None or self._peer not in other.world.members:
            raise PeerRefused(f"Failed to get policy manager for channel [{channel}]")
        if self._creator not in other.world.members:
            raise PeerRefused(
                "failed evaluating policy on signed data during check policy [/Channel/Application/Writers]: "
                "[signature set did not satisfy policy]"
            )
        return other

    def _known(self, collection: str) -> tuple[str, ...]:
        members = self._world.members_of(collection)
        if members is None:
            place = f"{self._world.channel}/{self._namespace}/{collection}"
            raise PeerRefused(f"collection {place} could not be found")
        return members

    def _may_read(self, collection: str) -> None:
        members = self._known(collection)
        explicit = self._world.collections.get(collection)
        # Neither here nor on Fabric does an implicit collection check its reader; the contract must.
        if explicit and explicit.member_only_read and self._creator not in members:
            raise PeerRefused(
                "tx creator does not have read access permission on privatedata in "
                f"chaincodeName:{self._namespace} collectionName: {collection}"
            )

    def _may_write(self, collection: str) -> None:
        if collection:
            members = self._known(collection)
            explicit = self._world.collections.get(collection)
            if explicit and explicit.member_only_write and self._creator not in members:
                raise PeerRefused(
                    "tx creator does not have write access permission on privatedata in "
                    f"chaincodeName:{self._namespace} collectionName: {collection}"
                )
        if self._no_writes:
            raise PeerRefused(f"unsuppored transaction. {self._no_writes}")

    def _only_reading(self, rule: str) -> None:
        if self.effects:
            raise PeerRefused(f"unsuppored transaction. {rule}")

    _ANSWERS: Mapping[int, tuple[Any, Callable[[Simulation, Any], bytes]]] = {
        _Kind.GET_STATE: (chaincode_shim_pb2.GetState, _get_state),
        _Kind.GET_STATE_MULTIPLE: (chaincode_shim_pb2.GetStateMultiple, _get_many),
        _Kind.GET_PRIVATE_DATA_HASH: (chaincode_shim_pb2.GetState, _get_hash),
        _Kind.GET_STATE_METADATA: (chaincode_shim_pb2.GetStateMetadata, _get_metadata),
        _Kind.GET_STATE_BY_RANGE: (chaincode_shim_pb2.GetStateByRange, _get_range),
        _Kind.GET_HISTORY_FOR_KEY: (chaincode_shim_pb2.GetHistoryForKey, _get_history),
        _Kind.GET_QUERY_RESULT: (chaincode_shim_pb2.GetQueryResult, _rich_query),
        _Kind.QUERY_STATE_NEXT: (chaincode_shim_pb2.QueryStateNext, _next),
        _Kind.QUERY_STATE_CLOSE: (chaincode_shim_pb2.QueryStateClose, _close),
        _Kind.PUT_STATE: (chaincode_shim_pb2.PutState, _put),
        _Kind.DEL_STATE: (chaincode_shim_pb2.DelState, _put),
        _Kind.PURGE_PRIVATE_DATA: (chaincode_shim_pb2.PurgePrivateState, _purge),
        _Kind.PUT_STATE_METADATA: (chaincode_shim_pb2.PutStateMetadata, _put_metadata),
        _Kind.WRITE_BATCH_STATE: (chaincode_shim_pb2.WriteBatchState, _write_batch),
        _Kind.INVOKE_CHAINCODE: (chaincode_pb2.ChaincodeSpec, _invoke),
    }


def _words(version: Version | None) -> str:
    return f"{{BlockNum: {version.block}, TxNum: {version.tx}}}" if version else "<nil>"
