"""Results of range, key and history queries, fetched from the peer in batches while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar

from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim_pb2

from hlf.shim.peerline import PeerLine
from hlf.wire import timestamps

_Item = TypeVar("_Item")
_Kind = shim_pb2.ChaincodeMessage


class KV(NamedTuple):
    """A key and its committed value; *namespace* is the chaincode's name."""

    namespace: str
    key: str
    value: bytes


class KeyModification(NamedTuple):
    """One entry in a key's history."""

    tx_id: str
    value: bytes
    timestamp: datetime
    is_delete: bool


class Results(Generic[_Item], Iterator[_Item]):
    """
    An iterator that can be closed before its end.

    The end of the results closes it. A loop may also end early without closing,
    because the peer closes a transaction's queries at its end.
    """

    def __init__(self, line: PeerLine, first: bytes, read: Callable[[bytes], _Item]) -> None:
        self._line = line
        self._read = read
        self._response: Any = shim_pb2.QueryResponse.FromString(first)
        self._next = 0

    def __iter__(self) -> Results[_Item]:
        return self

    def __next__(self) -> _Item:
        while self._next == len(self._response.results):
            if not self._response.has_more:
                raise StopIteration
            request = shim_pb2.QueryStateNext(id=self._response.id)
            answer = self._line.ask(_Kind.QUERY_STATE_NEXT, request.SerializeToString())
            self._response, self._next = shim_pb2.QueryResponse.FromString(answer), 0
        item = self._read(self._response.results[self._next].resultBytes)
        self._next += 1
        return item

    def __enter__(self) -> Results[_Item]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration, and close the query at the peer."""
        left, self._response, self._next = self._response, shim_pb2.QueryResponse(), 0
        if left.has_more:
            request = shim_pb2.QueryStateClose(id=left.id)
            self._line.ask(_Kind.QUERY_STATE_CLOSE, request.SerializeToString())


def read_kv(data: bytes) -> KV:
    """Return the key and value in one result of a range or rich query."""
    kv = kv_query_result_pb2.KV.FromString(data)
    return KV(kv.namespace, kv.key, kv.value)


def read_modification(data: bytes) -> KeyModification:
    """Return the modification in one result of a history query."""
    found = kv_query_result_pb2.KeyModification.FromString(data)
    return KeyModification(found.tx_id, found.value, timestamps.to_datetime(found.timestamp), found.is_delete)
