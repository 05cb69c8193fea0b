"""
Places in the state where peers and the replay may differ, because they gave different codes to earlier transactions.
"""

from __future__ import annotations

from collections.abc import Iterator

from hlf.audit.replay.notes import Cause
from hlf.audit.replay.state import Place
from hlf.wire import rwsets

_MOST_PLACES = 10_000


class Disputes:
    """Places that peers and the replay may disagree on."""

    def __init__(self) -> None:
        self._places: dict[Place, Cause] = {}

    def add(self, rwset: rwsets.TxRwset | None, cause: Cause) -> None:
        """Note that the writes of *rwset* are disputed, because of *cause*."""
        for place in _written(rwset) if rwset is not None else ():
            if len(self._places) < _MOST_PLACES:
                self._places.setdefault(place, cause)

    def cause(self, rwset: rwsets.TxRwset | None) -> Cause | None:
        """Return why a transaction that reads or writes this may be judged differently; None if nothing explains it."""
        if rwset is None or not self._places:
            return None
        for place in (*_read(rwset), *_written(rwset)):
            if place in self._places:
                return self._places[place]
        for namespace in rwset.namespaces:
            for query in namespace.range_queries:
                for (name, collection, key), cause in self._places.items():
                    inside = isinstance(key, str) and query.start <= key and (not query.end or key <= query.end)
                    if inside and name == namespace.namespace and not collection:
                        return cause
        return None


def _read(rwset: rwsets.TxRwset) -> Iterator[Place]:
    for namespace in rwset.namespaces:
        for read in namespace.reads:
            yield namespace.namespace, "", read.key
        for collection in namespace.collections:
            for hashed in collection.reads:
                yield namespace.namespace, collection.name, hashed.key_hash


def _written(rwset: rwsets.TxRwset) -> Iterator[Place]:
    for namespace in rwset.namespaces:
        name = namespace.namespace
        yield from ((name, "", write.key) for write in namespace.writes)
        yield from ((name, "", write.key) for write in namespace.metadata_writes)
        for collection in namespace.collections:
            yield from ((name, collection.name, write.key_hash) for write in collection.writes)
            yield from ((name, collection.name, write.key_hash) for write in collection.metadata_writes)
