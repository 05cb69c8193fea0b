"""Fabric's chaincode stub in Python: a transaction's access to the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, proposal_pb2, proposal_response_pb2
from google.protobuf.message import DecodeError

from hlf.codec.refusals import RuntimeRefusal
from hlf.shim import errors, iterators, keyranges
from hlf.shim.iterators import KV, KeyModification, Results
from hlf.shim.peerline import PeerLine
from hlf.shim.proposal import ProposalContent
from hlf.shim.responses import Response
from hlf.shim.writes import Writes
from hlf.wire import keys

_Kind = chaincode_shim_pb2.ChaincodeMessage


class Stub(ProposalContent):
    """
    One transaction's access to the ledger of its channel, in the chaincode's own namespace.

    Reads return the state committed when the transaction was proposed, never the
    transaction's own writes. Writes take effect when the transaction has been
    endorsed, ordered and found valid; of two writes of one key the last counts.
    A write of an empty value is a deletion, on Fabric too. A peer that takes
    batches (Fabric 3.1) gets the writes in one message at the end of the
    contract, and a refused write makes the transaction fail then.

    Attributes:
        event: the event that the transaction sets.
        read_only: whether a write is refused as a defect, as in queries of contracts.
    """

    def __init__(
        self,
        line: PeerLine,
        channel_id: str,
        tx_id: str,
        args: Sequence[bytes],
        signed_proposal: proposal_pb2.SignedProposal | None,
        *,
        batch_writes: bool = True,
        decorations: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__(channel_id, tx_id, args, signed_proposal, decorations)
        self.event: tuple[str, bytes] | None = None
        self.read_only = False
        self._line = line
        self._asked_private = False
        self._writes = Writes(line, line.limits.writes, hold=batch_writes)

    @property
    def saw_private(self) -> bool:
        """
        Whether the transaction has seen values that are not public.

        These are transient or private values, another chaincode's answer, and the arguments of a query.
        """
        if self._asked_private or (self.read_only and len(self.args) > 1):
            return True
        try:
            return bool(self.transient)
        except DecodeError:
            return True

    # Public state

    def get_state(self, key: str) -> bytes:
        """Return the committed value of *key*, empty if there is none."""
        return self._get(key, "")

    def get_states(self, names: Sequence[str]) -> list[bytes]:
        """Return the committed values of several keys, in their order; in few messages if the peer supports it."""
        return self._get_many(names, "")

    def put_state(self, key: str, value: bytes) -> None:
        """Write *value* under *key*."""
        self._put(key, value, "")

    def delete_state(self, key: str) -> None:
        """Delete *key*."""
        self._writing().delete(key, "")

    def get_state_by_range(self, start: str = "", end: str = "") -> Results[KV]:
        """
        Return the simple keys from *start* up to but not including *end*, in order; empty means open.

        The range is checked for phantoms: a key added to it before this
        transaction commits makes it fail with PHANTOM_READ_CONFLICT.
        """
        return self._range(*keyranges.simple_range(start, end), "")

    def get_state_by_range_with_pagination(
        self, start: str, end: str, page_size: int, bookmark: str = ""
    ) -> tuple[list[KV], str]:
        """
        Return one page of a range and the bookmark of the next, empty at the end; Fabric allows it in queries only.
        """
        return self._page(*keyranges.simple_range(start, end), page_size, bookmark)

    def get_state_by_partial_composite_key(self, object_type: str, attributes: Sequence[str] = ()) -> Results[KV]:
        """Return the composite keys that begin with *object_type* and *attributes*, in order."""
        return self._range(*keyranges.prefix_range(object_type, attributes), "")

    def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, attributes: Sequence[str], page_size: int, bookmark: str = ""
    ) -> tuple[list[KV], str]:
        """Return one page of composite keys and the bookmark of the next; Fabric allows it in queries only."""
        return self._page(*keyranges.prefix_range(object_type, attributes), page_size, bookmark)

    def get_all_composite_keys_with_pagination(self, page_size: int, bookmark: str = "") -> tuple[list[KV], str]:
        """Return one page of all composite keys and the bookmark of the next; Fabric allows it in queries only."""
        return self._page("\x00", "\x00" + keys.LARGEST, page_size, bookmark)

    def get_query_result(self, query: str) -> Results[KV]:
        """
        Return the results of a rich query; they are not checked for phantoms.

        Raises:
            PeerRefused: the state database is not CouchDB (the hint says so), or the query is malformed.
        """
        return self._query(query, "")

    def get_query_result_with_pagination(self, query: str, page_size: int, bookmark: str = "") -> tuple[list[KV], str]:
        """Return one page of a rich query and the bookmark of the next."""
        metadata = chaincode_shim_pb2.QueryMetadata(pageSize=page_size, bookmark=bookmark)
        request = chaincode_shim_pb2.GetQueryResult(query=query, metadata=metadata.SerializeToString())
        with _rich_query():
            return self._paged(_Kind.GET_QUERY_RESULT, request)

    def get_history_for_key(self, key: str) -> Results[KeyModification]:
        """
        Return every committed write of *key*, newest first; it is not in the read set, so use it in queries only.
        """
        request = chaincode_shim_pb2.GetHistoryForKey(key=key)
        first = self._line.ask(_Kind.GET_HISTORY_FOR_KEY, request.SerializeToString())
        return Results(self._line, first, iterators.read_modification)

    def set_state_validation_parameter(self, key: str, policy: bytes) -> None:
        """
        Require the endorsements of *policy* for writes of *key*, from the commit on.

        *policy* is a serialized SignaturePolicyEnvelope, for example of
        :func:`hlf.shim.endorsement.all_of`; if empty, the chaincode's policy applies again.
        """
        self._writing().metadata(key, "", keys.VALIDATION_PARAMETER, policy)

    def get_state_validation_parameter(self, key: str) -> bytes:
        """Return the key's own endorsement policy, empty if it has none."""
        return self._metadata(key, "")

    # Private data

    def get_private_data(self, collection: str, key: str) -> bytes:
        """
        Return the committed private value, empty if there is none.

        For an implicit collection, the owner's peer does not check the client, so
        the contract itself must check the caller.

        Raises:
            PeerRefused: the caller may not read an explicit collection, or
                this peer's organisation is no member and has only the hash.
        """
        return self._get(key, _named(collection))

    def get_private_data_multiple(self, collection: str, names: Sequence[str]) -> list[bytes]:
        """Return the committed private values of several keys, in their order."""
        return self._get_many(names, _named(collection))

    def get_private_data_hash(self, collection: str, key: str) -> bytes:
        """
        Return the SHA-256 of the committed private value, empty if there is none; every member of the channel has it.
        """
        request = chaincode_shim_pb2.GetState(key=key, collection=_named(collection))
        return self._line.ask(_Kind.GET_PRIVATE_DATA_HASH, request.SerializeToString())

    def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """Write *value* for the members of *collection*; the channel gets the hashes of key and value."""
        self._put(key, value, _named(collection))

    def delete_private_data(self, collection: str, key: str) -> None:
        """Delete the value and its hash; members keep what earlier blocks need."""
        self._writing().delete(key, _named(collection))

    def purge_private_data(self, collection: str, key: str) -> None:
        """Delete the value and its whole history at the members; only hashes in blocks remain."""
        self._writing().purge(key, _named(collection))

    def get_private_data_by_range(self, collection: str, start: str = "", end: str = "") -> Results[KV]:
        """Return the keys of *collection* from *start* up to, but without, *end*; only in read-only transactions."""
        return self._range(*keyranges.simple_range(start, end), _named(collection))

    def get_private_data_by_partial_composite_key(
        self, collection: str, object_type: str, attributes: Sequence[str] = (), bookmark: str = ""
    ) -> Results[KV]:
        """
        Return the composite keys of *collection* that begin so; only in read-only transactions.

        Fabric has no pages of private data. Instead, the iteration can begin at the key *bookmark*, and be closed
        after as many keys as a page has.
        """
        start, end = keyranges.prefix_range(object_type, attributes)
        return self._range(max(start, bookmark), end, _named(collection))

    def get_private_data_query_result(self, collection: str, query: str) -> Results[KV]:
        """Return the results of a rich query in *collection*; it needs CouchDB and a read-only transaction."""
        return self._query(query, _named(collection))

    def set_private_data_validation_parameter(self, collection: str, key: str, policy: bytes) -> None:
        """Do as :meth:`set_state_validation_parameter` does, for a private key."""
        self._writing().metadata(key, _named(collection), keys.VALIDATION_PARAMETER, policy)

    def get_private_data_validation_parameter(self, collection: str, key: str) -> bytes:
        """Return the private key's own endorsement policy, empty if it has none."""
        return self._metadata(key, _named(collection))

    # Keys, other chaincodes, events

    @staticmethod
    def create_composite_key(object_type: str, attributes: Sequence[str]) -> str:
        """
        Return one key of several parts, which partial composite keys find.

        Raises:
            Refused: INVALID_ARGUMENT, a part has U+0000 or U+10FFFF; parts mostly come from callers.
        """
        return keyranges.composite_key(object_type, attributes)

    @staticmethod
    def split_composite_key(key: str) -> tuple[str, list[str]]:
        """Return the object type and attributes of a composite key."""
        return keys.split_composite_key(key)

    def invoke_chaincode(self, name: str, args: Sequence[str | bytes], channel: str = "") -> Response:
        """
        Return the answer of another chaincode; its writes join this transaction if it is on the same channel.

        On another channel only its answer counts: nothing it reads is checked
        and nothing it writes is kept.

        Raises:
            PeerRefused: there is no such chaincode or channel here, or the caller may not reach it.
        """
        # The called chaincode may write the same keys, and its later writes must win over those before the call.
        self._writes.flush()
        self._asked_private = True
        spec = chaincode_pb2.ChaincodeSpec(
            chaincode_id=chaincode_pb2.ChaincodeID(name=f"{name}/{channel}" if channel else name),
            input=chaincode_pb2.ChaincodeInput(args=[_bytes(argument) for argument in args]),
        )
        payload = self._line.ask(_Kind.INVOKE_CHAINCODE, spec.SerializeToString())
        answer = chaincode_shim_pb2.ChaincodeMessage.FromString(payload)
        if answer.type != _Kind.COMPLETED:
            raise errors.PeerRefused(answer.payload.decode("utf-8", "replace"))
        response = proposal_response_pb2.Response.FromString(answer.payload)
        return Response(response.status, response.message, response.payload)

    def set_event(self, name: str, payload: bytes) -> None:
        """Tell listeners when this transaction commits; one event a transaction, the last one set."""
        if not name:
            raise errors.ContractError("event name can not be empty string")
        if self.read_only:
            raise errors.ContractError("a query sets no event")
        self.event = (name, payload)

    # Writes in batches

    def start_write_batch(self) -> None:
        """
        Hold writes back until :meth:`finish_write_batch`, if the peer takes batches (Fabric 3.1).

        It is for chaincode with ``batch_writes = False``; the writes of others are held back anyway.
        """
        self._writes.start()

    def finish_write_batch(self) -> None:
        """
        Send the writes that are held back now, and not at the end of the contract.

        Raises:
            PeerRefused: the peer refused one of them.
        """
        self._writes.finish()

    @contextmanager
    def write_batch(self) -> Iterator[None]:
        """Hold back the writes of a block, and send them at its end."""
        self.start_write_batch()
        yield
        self.finish_write_batch()

    def flush(self) -> None:
        """Send the writes that are still held back."""
        self._writes.flush()

    # Public and private state

    def _get(self, key: str, collection: str) -> bytes:
        self._asked_private |= bool(collection)
        request = chaincode_shim_pb2.GetState(key=key, collection=collection)
        return self._line.ask(_Kind.GET_STATE, request.SerializeToString())

    def _get_many(self, names: Sequence[str], collection: str) -> list[bytes]:
        self._asked_private |= bool(collection)
        size = self._line.limits.reads
        if not size:
            return [self._get(name, collection) for name in names]
        values: list[bytes] = []
        for at in range(0, len(names), size):
            request = chaincode_shim_pb2.GetStateMultiple(keys=names[at : at + size], collection=collection)
            answer = self._line.ask(_Kind.GET_STATE_MULTIPLE, request.SerializeToString())
            values += chaincode_shim_pb2.GetStateMultipleResult.FromString(answer).values
        return values

    def _put(self, key: str, value: bytes, collection: str) -> None:
        if not key:
            raise RuntimeRefusal.INVALID_ARGUMENT("key must not be an empty string")
        self._writing().put(key, value, collection)

    def _writing(self) -> Writes:
        if self.read_only:
            raise errors.ContractError("a query writes nothing")
        return self._writes

    def _metadata(self, key: str, collection: str) -> bytes:
        request = chaincode_shim_pb2.GetStateMetadata(key=key, collection=collection)
        answer = self._line.ask(_Kind.GET_STATE_METADATA, request.SerializeToString())
        entries = chaincode_shim_pb2.StateMetadataResult.FromString(answer).entries
        return next((bytes(entry.value) for entry in entries if entry.metakey == keys.VALIDATION_PARAMETER), b"")

    def _range(self, start: str, end: str, collection: str) -> Results[KV]:
        self._asked_private |= bool(collection)
        request = chaincode_shim_pb2.GetStateByRange(startKey=start, endKey=end, collection=collection)
        first = self._line.ask(_Kind.GET_STATE_BY_RANGE, request.SerializeToString())
        return Results(self._line, first, iterators.read_kv)

    def _page(self, start: str, end: str, page_size: int, bookmark: str) -> tuple[list[KV], str]:
        metadata = chaincode_shim_pb2.QueryMetadata(pageSize=page_size, bookmark=bookmark)
        request = chaincode_shim_pb2.GetStateByRange(startKey=start, endKey=end, metadata=metadata.SerializeToString())
        return self._paged(_Kind.GET_STATE_BY_RANGE, request)

    def _paged(self, kind: int, request: Any) -> tuple[list[KV], str]:
        first = self._line.ask(kind, request.SerializeToString())
        metadata = chaincode_shim_pb2.QueryResponse.FromString(first).metadata
        bookmark = chaincode_shim_pb2.QueryResponseMetadata.FromString(metadata).bookmark
        return list(Results(self._line, first, iterators.read_kv)), bookmark

    def _query(self, query: str, collection: str) -> Results[KV]:
        self._asked_private |= bool(collection)
        request = chaincode_shim_pb2.GetQueryResult(query=query, collection=collection)
        with _rich_query():
            first = self._line.ask(_Kind.GET_QUERY_RESULT, request.SerializeToString())
        return Results(self._line, first, iterators.read_kv)


@contextmanager
def _rich_query() -> Iterator[None]:
    """Add the cure to a peer's refusal of a rich query."""
    try:
        yield
    except errors.PeerRefused as refused:
        if "not supported for leveldb" not in refused.message:
            raise
        raise errors.PeerRefused(
            refused.message,
            "rich queries need CouchDB as the state database of the peers; ranges and composite keys work with each",
        ) from None


def _named(collection: str) -> str:
    if not collection:
        raise errors.ContractError("collection must not be an empty string")
    return collection


def _bytes(argument: str | bytes) -> bytes:
    return argument.encode() if isinstance(argument, str) else argument
