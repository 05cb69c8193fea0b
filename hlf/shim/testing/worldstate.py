"""The committed state of the test ledger, and the rules for commits."""

from __future__ import annotations

import bisect
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from fabric_protos.common import policies_pb2

from hlf.shim.errors import ContractError
from hlf.shim.iterators import KeyModification
from hlf.shim.testing.effects import Effects
from hlf.wire import keys, msp, policies
from hlf.wire.endorsement import writepolicies
from hlf.wire.rwsets import Version

_Key = TypeVar("_Key", str, bytes)
_Policy = policies_pb2.SignaturePolicyEnvelope | bytes | None
_ENDORSING_ROLES = (msp.MEMBER, msp.PEER)
"""The principals that a peer's identity satisfies."""


@dataclass(frozen=True)
class Collection:
    """An explicit private data collection of the chaincode's definition; *endorsement* is the text of a policy."""

    name: str
    members: tuple[str, ...]
    endorsement: str = ""
    member_only_read: bool = True
    member_only_write: bool = True


class WorldState:
    """The state of one channel: public values, private values by organisation, and hashes."""

    def __init__(
        self, channel: str, members: Sequence[str], collections: Sequence[Collection], endorsement: str
    ) -> None:
        self.channel = channel
        self.members = tuple(members)
        self.collections = {collection.name: collection for collection in collections}
        self.height = 1
        self.endorsement: _Policy = policies.from_dsl(endorsement) if endorsement else None
        self.state: dict[str, dict[str, tuple[bytes, Version]]] = {}
        self.metadata: dict[writepolicies.Place, bytes] = {}
        self.hashes: dict[tuple[str, str], dict[bytes, tuple[bytes, Version]]] = {}
        self.private: dict[tuple[str, str, str], dict[str, tuple[bytes, Version]]] = {}
        self.history: dict[tuple[str, str], list[KeyModification]] = {}
        for collection in collections:
            for member in collection.members:
                if member not in self.members:
                    raise ContractError(f"collection {collection.name} names {member}, which is not on the channel")

    def copy(self) -> WorldState:
        """Return a copy; what is committed to either does not reach the other."""
        made = copy.copy(self)
        made.metadata = dict(self.metadata)
        made.state = {place: dict(held) for place, held in self.state.items()}
        made.hashes = {place: dict(held) for place, held in self.hashes.items()}
        made.private = {place: dict(held) for place, held in self.private.items()}
        made.history = {place: list(past) for place, past in self.history.items()}
        return made

    def members_of(self, collection: str) -> tuple[str, ...] | None:
        """Return the organisations whose peers store *collection*; None if there is no such collection."""
        owner = keys.msp_of_implicit_collection(collection)
        if owner is not None:
            return (owner,) if owner in self.members else None
        known = self.collections.get(collection)
        return known.members if known else None

    def range(self, namespace: str, start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
        """Return the public keys from *start* up to *end*, in order; an empty *end* is open."""
        return between(self.state.get(namespace, {}), start, end)

    def commit(self, called: str, effects: Effects, endorsers: set[str], tx_id: str, at: datetime) -> str:
        """
        Return Fabric's validation code; the writes take effect only with VALID.

        Every transaction is a block of its own.
        """
        version = Version(self.height, 0)
        self.height += 1
        if not self.endorsed(called, effects, endorsers):
            return "ENDORSEMENT_POLICY_FAILURE"
        if any(self._version(*key) != seen for key, seen in effects.reads.items()):
            return "MVCC_READ_CONFLICT"
        if any(self._hashed_version(*key) != seen for key, seen in effects.hashed_reads.items()):
            return "MVCC_READ_CONFLICT"
        for (namespace, start, end), seen in effects.ranges.items():
            if tuple((key, found) for key, _, found in self.range(namespace, start, end)) != seen:
                return "PHANTOM_READ_CONFLICT"
        self._apply(effects, version, tx_id, at)
        return "VALID"

    def _version(self, namespace: str, key: str) -> Version | None:
        held = self.state.get(namespace, {}).get(key)
        return held[1] if held else None

    def _hashed_version(self, namespace: str, collection: str, key_hash: bytes) -> Version | None:
        held = self.hashes.get((namespace, collection), {}).get(key_hash)
        return held[1] if held else None

    def endorsed(self, called: str, effects: Effects, endorsers: set[str]) -> bool:
        """Return whether *endorsers* satisfy the policies of the keys that a call of the chaincode *called* wrote."""
        parts = {part.namespace: part for part in effects.public()}
        for name in writepolicies.judged(called, parts.values()):
            places = writepolicies.written(parts[name]) if name in parts else ()
            wanted = writepolicies.required(places, self._own_policy, self._collection_policy, self.endorsement)
            if not all(policy is None or satisfied(policy, endorsers) for policy in wanted):
                return False
        return True

    def _own_policy(self, place: writepolicies.Place) -> _Policy:
        return self.metadata.get(place) or None

    def _collection_policy(self, name: str) -> _Policy:
        def stated(name: str) -> _Policy:
            known = self.collections.get(name)
            return policies.from_dsl(known.endorsement) if known and known.endorsement else None

        return writepolicies.collection_policy(name, writepolicies.member_policy, stated, self.endorsement)

    def _apply(self, effects: Effects, version: Version, tx_id: str, at: datetime) -> None:
        for (namespace, key), value in effects.writes.items():
            _set(self.state.setdefault(namespace, {}), key, value, version)
            if not value:
                self.metadata.pop((namespace, "", key), None)
            past = self.history.setdefault((namespace, key), [])
            past.insert(0, KeyModification(tx_id, value, at, not value))
        for (namespace, collection, key), (value, _) in effects.private.items():
            key_hash = keys.hash_key(key.encode())
            value_hash = keys.hash_key(value) if value else b""
            _set(self.hashes.setdefault((namespace, collection), {}), key_hash, value_hash, version)
            if not value:
                self.metadata.pop((namespace, collection, key_hash), None)
            for member in self.members_of(collection) or ():
                _set(self.private.setdefault((member, namespace, collection), {}), key, value, version)
        # Metadata of a missing key are dropped; those of an existing key count as a write.
        for (namespace, key), policy in effects.metadata.items():
            held = self.state.get(namespace, {}).get(key)
            if held:
                self.state[namespace][key] = (held[0], version)
                self.metadata[namespace, "", key] = policy
        for (namespace, collection, key), policy in effects.private_metadata.items():
            key_hash = keys.hash_key(key.encode())
            hashed = self.hashes.get((namespace, collection), {}).get(key_hash)
            if hashed:
                self.hashes[namespace, collection][key_hash] = (hashed[0], version)
                self.metadata[namespace, collection, key_hash] = policy
                for member in self.members_of(collection) or ():
                    kept = self.private.get((member, namespace, collection), {})
                    if key in kept:
                        kept[key] = (kept[key][0], version)


def between(held: dict[str, tuple[bytes, Version]], start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
    """Yield the entries from *start* up to *end* in Fabric's order, by UTF-8 bytes."""
    names = sorted(held)
    first = bisect.bisect_left(names, start)
    last = bisect.bisect_left(names, end) if end else len(names)
    for name in names[first:last]:
        value, version = held[name]
        yield name, value, version


def satisfied(policy: object, endorsers: set[str]) -> bool:
    """Return whether peers of *endorsers* satisfy *policy* (a SignaturePolicyEnvelope or its bytes)."""

    def fits(msp_id: str, principal: msp.Principal) -> bool:
        return principal.role in [(msp_id, role) for role in _ENDORSING_ROLES]

    return policies.evaluate(policy, sorted(endorsers), fits)


def _set(held: dict[_Key, tuple[bytes, Version]], key: _Key, value: bytes, version: Version) -> None:
    if value:
        held[key] = (value, version)
    else:
        held.pop(key, None)
