"""
Whether a transaction's endorsers were enough.

A key that has an endorsement policy of its own is judged by that; else by its collection's; else by its chaincode's.
An implicit collection belongs to its organisation, and the lifecycle chaincode to the channel's policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fabric_protos.peer import policy_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from hlf.audit.definitions import LIFECYCLE, Definition, definition
from hlf.audit.state import Place, State
from hlf.errors import PolicyError
from hlf.wire import blocks, channelconfig, channelpolicies, keys, msp, policies, rwsets

_LIFECYCLE_POLICY = "/Channel/Application/LifecycleEndorsement"


class Judge:
    """Judges the endorsements of one block's transactions, under the state and configuration before it."""

    def __init__(self, bundle: channelconfig.Bundle, state: State) -> None:
        self._bundle = bundle
        self._state = state
        self._definitions: dict[str, Definition | None] = {}
        # Keys whose own policy an earlier transaction of the block changes: no policy is certain for them.
        self._changed: set[Place] = set()

    def definition(self, name: str) -> Definition | None:
        """The definition of a chaincode before the block."""
        if name not in self._definitions:
            self._definitions[name] = definition(self._state, name)
        return self._definitions[name]

    def verdict(self, action: blocks.Action) -> tuple[int, str]:
        """VALID, or the code of what is wrong and why."""
        named = [namespace.namespace for namespace in action.rwset.namespaces]
        if len(set(named)) != len(named):
            return transaction_pb2.ILLEGAL_WRITESET, "a namespace stands twice in the read-write set"
        endorsers = self._bundle.msps.signers(
            msp.Signed(action.response_payload + e.endorser, e.endorser, e.signature) for e in action.endorsements
        )
        sets = {namespace.namespace: namespace for namespace in action.rwset.namespaces}
        written = sorted(name for name, rwset in sets.items() if any(True for _ in _written(rwset)))
        for name in dict.fromkeys([action.chaincode, *written]):
            if name != LIFECYCLE and self.definition(name) is None:
                return transaction_pb2.INVALID_CHAINCODE, f"chaincode {name} is not defined"
            refused = self._refusal(name, sets.get(name), endorsers)
            if refused is not None:
                return transaction_pb2.ENDORSEMENT_POLICY_FAILURE, refused
        self._changed.update(place for rwset in sets.values() for place in _governed(rwset))
        return transaction_pb2.VALID, ""

    def _refusal(self, name: str, rwset: rwsets.NamespaceRwset | None, endorsers: Sequence[msp.Identity]) -> str | None:
        judged: set[str] = set()
        key_policies = 0
        for place in _written(rwset) if rwset is not None else ():
            if place in self._changed:
                return f"the policy of key {place[2]!r} was changed earlier in the block"
            own = self._state.policy(place)
            if own:
                key_policies += 1
                refused = _signature_policy(own).refusal(endorsers)
            elif place[1] in judged:
                continue
            else:
                judged.add(place[1])
                refused = self._collection_policy(name, place[1]).refusal(endorsers)
            if refused is not None:
                return f"{name}: {refused}"
        if judged or key_policies:
            return None
        # What only reads still needs the chaincode's endorsement.
        return self._chaincode_policy(name).refusal(endorsers)

    def _collection_policy(self, name: str, collection: str) -> channelpolicies.Policy:
        if not collection:
            return self._chaincode_policy(name)
        owner = keys.msp_of_implicit_collection(collection)
        if owner is not None:
            return self._organisation_policy(owner)
        defined = self.definition(name)
        config = defined.collections.get(collection) if defined is not None else None
        if config is None:
            return channelpolicies.Missing(f"collection {collection}")
        if config.HasField("endorsement_policy"):
            return self._application_policy(config.endorsement_policy)
        return self._chaincode_policy(name)

    def _chaincode_policy(self, name: str) -> channelpolicies.Policy:
        if name == LIFECYCLE:
            return self._lifecycle_policy()
        defined = self.definition(name)
        try:
            policy = policy_pb2.ApplicationPolicy.FromString(defined.endorsement_policy if defined else b"")
        except DecodeError:
            return channelpolicies.Missing(f"endorsement policy of {name}")
        return self._application_policy(policy)

    def _application_policy(self, policy: Any) -> channelpolicies.Policy:
        if policy.WhichOneof("Type") == "channel_config_policy_reference":
            return self._bundle.policy(policy.channel_config_policy_reference)
        return _signature_policy(policy.signature_policy.SerializeToString())

    def _organisation_policy(self, owner: str) -> channelpolicies.Policy:
        for name, member in self._bundle.application_organisations.items():
            if member.msp_id == owner:
                found = self._bundle.policies.find(f"/Channel/Application/{name}/Endorsement")
                return found or _members([owner], 1)
        return channelpolicies.Missing(f"organisation {owner}")

    def _lifecycle_policy(self) -> channelpolicies.Policy:
        members = self._bundle.application_msp_ids
        return self._bundle.policies.find(_LIFECYCLE_POLICY) or _members(members, len(members) // 2 + 1)


def _signature_policy(envelope: bytes) -> channelpolicies.Policy:
    try:
        return channelpolicies.Signature(policies.parse(envelope))
    except PolicyError as unusable:
        return channelpolicies.Missing(str(unusable))


def _members(msp_ids: Sequence[str], count: int) -> channelpolicies.Policy:
    rules = tuple(policies.SignedBy(msp.Principal.of_role(msp_id, msp.MEMBER)) for msp_id in msp_ids)
    return channelpolicies.Signature(policies.OutOf(count, rules))


def _written(rwset: rwsets.NamespaceRwset) -> Iterator[Place]:
    for write in rwset.writes:
        yield rwset.namespace, "", write.key
    for collection in rwset.collections:
        for hashed in collection.writes:
            yield rwset.namespace, collection.name, hashed.key_hash
    yield from _governed(rwset)


def _governed(rwset: rwsets.NamespaceRwset) -> Iterator[Place]:
    """The keys whose own policy is set or cleared."""
    for write in rwset.metadata_writes:
        yield rwset.namespace, "", write.key
    for collection in rwset.collections:
        for hashed in collection.metadata_writes:
            yield rwset.namespace, collection.name, hashed.key_hash
