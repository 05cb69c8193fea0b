"""
Blocks that real peers of Fabric 3.1.5 crash or hang on; the embedded engine gives each transaction its code.

Any member can cause such a block, some with only a certificate. Developers with
this engine must learn of it, so the log reports such a block
(docs/conformance.md has the list).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.network.engines.embedded.state.validation import EnvelopeVerdict, ValidatedBlock
from hlf.wire import rwsets, transactions

Defined = Callable[[str, str], bool]

NO_ACTION = "holds no endorsed action, and every peer ends with a nil pointer"
NO_COLLECTION = "writes to a collection that is not defined, and every peer ends, whatever the transaction's code"
NO_VALUE = "sets the policy of a key that an earlier one deleted, and every peer ends (Nil value not allowed)"
NO_VERSION = "claims a range result without a version, or a tree of a degree below two, and every peer ends"
WITHHELD = "cannot be taken apart, and a later one that writes waits for its key-level policies for ever"
UNANSWERED = "sets the policy of a key and is not judged, and a later one that writes the key waits for it for ever"

_JUDGED = {
    transaction_pb2.VALID,
    transaction_pb2.ENDORSEMENT_POLICY_FAILURE,
    transaction_pb2.MVCC_READ_CONFLICT,
    transaction_pb2.PHANTOM_READ_CONFLICT,
}


class Crash(NamedTuple):
    """The position of a transaction in its block, and its effect on real peers."""

    position: int
    why: str


def of_block(envelopes: Sequence[bytes], validated: ValidatedBlock, defined: Defined) -> list[Crash]:
    """
    Return the transactions on which real peers crash or hang, also after each restart; mostly none.

    *defined* tells whether a namespace has a collection, implicit ones included.
    """
    verdicts = validated.verdicts
    sets = [
        verdict.rwset or (None if verdict.valid else simulated(raw))
        for verdict, raw in zip(verdicts, envelopes, strict=True)
    ]
    found = [Crash(at, NO_VALUE) for at in dict.fromkeys(validated.updates.valueless)]
    for verdict, raw, rwset in zip(verdicts, envelopes, sets, strict=True):
        if not verdict.valid and lacks_action(raw):
            found.append(Crash(verdict.position, NO_ACTION))
        if rwset is not None:
            if writes_undefined(rwset, defined):
                found.append(Crash(verdict.position, NO_COLLECTION))
            if verdict.code in _JUDGED and claims_odd_range(rwset):
                found.append(Crash(verdict.position, NO_VERSION))
    return sorted([*found, *_waits(envelopes, verdicts, sets)])


def _waits(
    envelopes: Sequence[bytes], verdicts: Sequence[EnvelopeVerdict], sets: Sequence[rwsets.TxRwset | None]
) -> Iterator[Crash]:
    """Yield the transactions for which later ones wait."""
    written: set[tuple[str, str, str | bytes]] = set()
    for verdict, raw, rwset in zip(reversed(verdicts), reversed(envelopes), reversed(sets), strict=True):
        if verdict.code in _JUDGED:
            written.update(_written(rwset) if rwset is not None else ())
        elif written and withholds_policies(raw):
            yield Crash(verdict.position, WITHHELD)
        elif rwset is not None and not written.isdisjoint(_policies(rwset)):
            yield Crash(verdict.position, UNANSWERED)


def lacks_action(envelope: bytes) -> bool:
    """Return whether an endorser transaction has an action without an endorsed action in it."""
    action = _action(envelope)
    return action is not None and not action.HasField("action")


def withholds_policies(envelope: bytes) -> bool:
    """Return whether a transaction cannot be parsed down to its read-write set."""
    action = _action(envelope)
    if action is None:
        return True
    try:
        transactions.simulated(action)
    except DecodeError:
        return True
    return False


def writes_undefined(rwset: rwsets.TxRwset, defined: Defined) -> bool:
    """Return whether it writes to an undefined collection; peers look it up for invalid transactions too."""
    return any(
        (one.writes or one.metadata_writes) and not defined(namespace.namespace, one.name)
        for namespace in rwset.namespaces
        for one in namespace.collections
    )


def claims_odd_range(rwset: rwsets.TxRwset) -> bool:
    """
    Return whether the search for phantoms can end a peer: a result has no version, or the tree has too low a degree.
    """
    queries = (query for namespace in rwset.namespaces for query in namespace.range_queries)
    return any(
        query.merkle.max_degree < 2 if query.merkle is not None else any(read.version is None for read in query.reads)
        for query in queries
    )


def simulated(envelope: bytes) -> rwsets.TxRwset | None:
    """Return the read-write set of an endorser transaction; None if it cannot be read."""
    action = _action(envelope)
    if action is None:
        return None
    try:
        return rwsets.decode(transactions.simulated(action).results)
    except (DecodeError, errors.WireError):
        return None


def _written(rwset: rwsets.TxRwset) -> Iterable[tuple[str, str, str | bytes]]:
    for namespace in rwset.namespaces:
        yield from ((namespace.namespace, "", write.key) for write in namespace.writes)
        for one in namespace.collections:
            yield from ((namespace.namespace, one.name, write.key_hash) for write in one.writes)
    yield from _policies(rwset)


def _policies(rwset: rwsets.TxRwset) -> Iterable[tuple[str, str, str | bytes]]:
    for namespace in rwset.namespaces:
        yield from ((namespace.namespace, "", change.key) for change in namespace.metadata_writes)
        for one in namespace.collections:
            yield from ((namespace.namespace, one.name, change.key_hash) for change in one.metadata_writes)


def _action(envelope: bytes) -> transaction_pb2.ChaincodeActionPayload | None:
    """Return the part that real peers read as the first action of a transaction; None if there is none."""
    try:
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
        actions = transaction_pb2.Transaction.FromString(payload.data).actions
        return transaction_pb2.ChaincodeActionPayload.FromString(actions[0].payload) if actions else None
    except DecodeError:
        return None
