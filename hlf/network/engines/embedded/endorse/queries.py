"""
Open iterators of one transaction, and the batches of results that the chaincode gets.

A plain query answers a hundred results at a time and says whether more
follow; a paginated one answers its whole page at once with a bookmark.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.peer import chaincode_shim_pb2
from google.protobuf import timestamp_pb2

from hlf.wire.messages import QUERY_RESULTS

TOTAL_LIMIT = 100_000

Next = Callable[[], bytes | None]


class Queries:
    """A transaction's open iterators, by their ids."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._open: dict[str, _Query] = {}

    def start(self, following: Next) -> bytes:
        """Open an iterator over *following* and answer its first batch."""
        identity = str(next(self._ids))
        query = self._open[identity] = _Query(following)
        return self._answer(identity, query)

    def page(self, following: Next, size: int, bookmark: Callable[[], str]) -> bytes:
        """Return the one answer of a paginated query."""
        limit = size if 0 < size < TOTAL_LIMIT else TOTAL_LIMIT
        results = list(itertools.islice(iter(following, None), limit))
        metadata = chaincode_shim_pb2.QueryResponseMetadata(
            fetched_records_count=len(results), bookmark=bookmark() if size else ""
        )
        response = chaincode_shim_pb2.QueryResponse(id=str(next(self._ids)), metadata=metadata.SerializeToString())
        _add(response, results)
        return response.SerializeToString()

    def following(self, identity: str) -> bytes | None:
        """Return the next batch, or None if no iterator of that id is open."""
        query = self._open.get(identity)
        return None if query is None else self._answer(identity, query)

    def close(self, identity: str) -> bytes:
        """Remove an iterator; closing an unknown one is no error."""
        self._open.pop(identity, None)
        return chaincode_shim_pb2.QueryResponse(id=identity).SerializeToString()

    def _answer(self, identity: str, query: _Query) -> bytes:
        results, more = query.batch()
        if not more:
            del self._open[identity]
        response = chaincode_shim_pb2.QueryResponse(id=identity, has_more=more)
        _add(response, results)
        return response.SerializeToString()


class _Query:
    def __init__(self, following: Next) -> None:
        self._results: Iterator[bytes] = itertools.islice(iter(following, None), TOTAL_LIMIT)
        self._ahead: list[bytes] = []

    def batch(self) -> tuple[list[bytes], bool]:
        """Return one batch, and whether another follows; one result is read ahead to know, as real peers do."""
        results = self._ahead + list(itertools.islice(self._results, QUERY_RESULTS + 1 - len(self._ahead)))
        self._ahead = results[QUERY_RESULTS:]
        return results[:QUERY_RESULTS], bool(self._ahead)


def key_value(namespace: str, key: str, value: bytes) -> bytes:
    """Return one result of a range query."""
    return kv_query_result_pb2.KV(namespace=namespace, key=key, value=value).SerializeToString()


def modification(tx_id: str, timestamp: timestamp_pb2.Timestamp, value: bytes, is_delete: bool) -> bytes:
    """Return one result of a history query."""
    change = kv_query_result_pb2.KeyModification(tx_id=tx_id, value=value, is_delete=is_delete)
    change.timestamp.CopyFrom(timestamp)
    return change.SerializeToString()


def _add(response: chaincode_shim_pb2.QueryResponse, results: list[bytes]) -> None:
    for result in results:
        response.results.add(resultBytes=result)
