"""
Which endorsement policies must hold for what a transaction writes.

The policy of a written key is its own, else its collection's, else its chaincode's. Validation of blocks, the plans of
a gateway and the test ledger of contracts use this module; ``hlf.audit`` has its own rules, because it checks theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from fabric_protos.common import policies_pb2

from hlf.wire import keys, msp, policies, rwsets

Place = tuple[str, str, str | bytes]
"""A key as the channel knows it: chaincode, collection (empty for public state), and key or hash of a private key."""

P = TypeVar("P")


def judged(called: str, namespaces: Iterable[rwsets.NamespaceRwset]) -> list[str]:
    """Return the chaincodes whose policies must hold: the one that was *called*, then those that write, in order."""
    return list(dict.fromkeys([called, *sorted(rwset.namespace for rwset in namespaces if any(written(rwset)))]))


def required(
    places: Iterable[Place], own: Callable[[Place], P | None], of_collection: Callable[[str], P], chaincode: P
) -> Iterator[P]:
    """
    Yield the policies that must all hold for writing *places* in one chaincode's namespace, in Fabric's order.

    The policies of a collection and of the chaincode come once at most. If nothing is written, the chaincode's policy
    alone must hold, for the reads.
    """
    given: set[str] = set()
    found = False
    for place in places:
        found = True
        policy = own(place)
        if policy is not None:
            yield policy
        elif place[1] not in given:
            given.add(place[1])
            yield of_collection(place[1]) if place[1] else chaincode
    if not found:
        yield chaincode


def own_policy(metadata: Mapping[str, bytes]) -> bytes | None:
    """Return the policy in a key's metadata; None if it has none of its own."""
    return metadata.get(keys.VALIDATION_PARAMETER)


def collection_policy(name: str, owned: Callable[[str], P], stated: Callable[[str], P | None], chaincode: P) -> P:
    """
    Return the policy for writes to collection *name*.

    *owned* returns the policy of an organisation, for its implicit collection; *stated* the policy in the definition
    of an explicit collection, or None if it has none, and the chaincode's applies.
    """
    owner = keys.msp_of_implicit_collection(name)
    if owner is not None:
        return owned(owner)
    policy = stated(name)
    return chaincode if policy is None else policy


def member_policy(msp_id: str) -> policies_pb2.SignaturePolicyEnvelope:
    """Return the policy of an implicit collection if the channel's configuration has none for its organisation."""
    return policies.signed_by_any([msp_id], msp.MEMBER)


def written(rwset: rwsets.NamespaceRwset) -> Iterator[Place]:
    """Yield every written key in Fabric's order: values before metadata, public before private."""
    for write in rwset.writes:
        yield rwset.namespace, "", write.key
    for metadata_write in rwset.metadata_writes:
        yield rwset.namespace, "", metadata_write.key
    for collection in rwset.collections:
        for hashed in collection.writes:
            yield rwset.namespace, collection.name, hashed.key_hash
    for collection in rwset.collections:
        for hashed_metadata in collection.metadata_writes:
            yield rwset.namespace, collection.name, hashed_metadata.key_hash


def regoverned(rwset: rwsets.NamespaceRwset) -> Iterator[Place]:
    """Yield the keys whose own policy these writes set or clear."""
    for write in rwset.metadata_writes:
        yield rwset.namespace, "", write.key
    for collection in rwset.collections:
        for hashed in collection.metadata_writes:
            yield rwset.namespace, collection.name, hashed.key_hash
