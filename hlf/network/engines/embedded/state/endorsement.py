"""
Whose endorsement a write needs: the policies of chaincodes, collections and keys.

A key's own policy goes before its collection's, that before the chaincode's;
an implicit collection answers to its organisation, the lifecycle to the
channel. Validation asks whether the endorsers of a transaction are enough, the
gateway asks beforehand who would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabric_protos.peer import collection_pb2, policy_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.network.engines.embedded.state import lifecycle, updates
from hlf.wire import keys, msp, policies, rwsets
from hlf.wire.config import channelconfig, channelpolicies

VALIDATION_PARAMETER = "VALIDATION_PARAMETER"
LIFECYCLE_POLICY = "/Channel/Application/LifecycleEndorsement"

Key = tuple[str, str, str | bytes]


class EndorsementPolicies:
    """The endorsement policies that hold under one version of a channel's configuration."""

    def __init__(self, bundle: channelconfig.Bundle) -> None:
        self._bundle = bundle
        self._known: dict[bytes, channelpolicies.Policy] = {}
        self._keys: dict[bytes, channelpolicies.Policy] = {}
        self._organisations = {
            member.msp_id: f"/Channel/Application/{name}/Endorsement"
            for name, member in bundle.application_organisations.items()
        }
        self._lifecycle = self.application(lifecycle_policy(bundle).SerializeToString())

    def application(self, encoded: bytes) -> channelpolicies.Policy:
        """Return the policy of an encoded ``ApplicationPolicy``; one that refuses everybody if it is unusable."""
        known = self._known.get(encoded)
        if known is None:
            known = self._known[encoded] = self._read(encoded)
        return known

    def chaincode(self, name: str, definition: lifecycle.ChaincodeDefinition | None) -> channelpolicies.Policy | None:
        """Return the policy of chaincode *name*, or None where it is not defined."""
        if name == lifecycle.NAMESPACE:
            return self._lifecycle
        return None if definition is None else self.application(definition.validation_parameter)

    def collection(
        self, namespace: str, name: str, definition: lifecycle.ChaincodeDefinition | None
    ) -> channelpolicies.Policy | None:
        """Return the policy for writes to a collection, or None where there is no such collection."""
        owner = keys.msp_of_implicit_collection(name)
        if owner is not None:
            return self._implicit(owner)
        config = None if definition is None else definition.collection(name)
        if config is None:
            return None
        if config.HasField("endorsement_policy"):
            return self.application(config.endorsement_policy.SerializeToString())
        return self.chaincode(namespace, definition)

    def key(self, encoded: bytes) -> channelpolicies.Policy:
        """Return a key's own policy from its encoded ``SignaturePolicyEnvelope``."""
        known = self._keys.get(encoded)
        if known is None:
            known = self._keys[encoded] = _signature(encoded)
        return known

    def _read(self, encoded: bytes) -> channelpolicies.Policy:
        try:
            policy = policy_pb2.ApplicationPolicy.FromString(encoded)
        except DecodeError:
            return channelpolicies.Missing("unreadable policy")
        if policy.WhichOneof("Type") == "channel_config_policy_reference":
            return self._bundle.policy(policy.channel_config_policy_reference)
        return _signature(policy.signature_policy.SerializeToString())

    def _implicit(self, owner: str) -> channelpolicies.Policy | None:
        path = self._organisations.get(owner)
        if path is None:
            return None
        found = self._bundle.policies.find(path)
        return found or channelpolicies.Signature(policies.parse(policies.signed_by_any([owner], msp.MEMBER)))


def lifecycle_policy(bundle: channelconfig.Bundle) -> policy_pb2.ApplicationPolicy:
    """
    Return the policy that the functions of ``_lifecycle`` are endorsed by.

    A channel without one is governed by members of a majority of its organisations.
    """
    if bundle.policies.find(LIFECYCLE_POLICY) is not None:
        return policy_pb2.ApplicationPolicy(channel_config_policy_reference=LIFECYCLE_POLICY)
    members = bundle.application_msp_ids
    rules = tuple(policies.SignedBy(msp.Principal.of_role(member, msp.MEMBER)) for member in members)
    majority = policies.build(policies.OutOf(len(members) // 2 + 1, rules))
    return policy_pb2.ApplicationPolicy(signature_policy=majority)


def _signature(encoded: bytes) -> channelpolicies.Policy:
    try:
        return channelpolicies.Signature(policies.parse(encoded))
    except errors.PolicyError:
        return channelpolicies.Missing("unreadable policy")


def member_msp_ids(config: collection_pb2.StaticCollectionConfig) -> frozenset[str]:
    """Return the organisations that hold an explicit collection's data."""
    found = (msp.Principal.of(one).msp_id for one in config.member_orgs_policy.signature_policy.identities)
    return frozenset(name for name in found if name)


class NamespaceCheck:
    """Checks one transaction's writes to one namespace; each policy is evaluated once at most."""

    def __init__(
        self,
        endorsers: Sequence[msp.Identity],
        known: EndorsementPolicies,
        namespace: str,
        definition: lifecycle.ChaincodeDefinition | None,
        chaincode: channelpolicies.Policy,
    ) -> None:
        self._endorsers = endorsers
        self._policies = known
        self._namespace = namespace
        self._definition = definition
        self._chaincode = chaincode
        self._checked: set[str] = set()
        self._any_checked = False

    def refusal(self, rwset: rwsets.NamespaceRwset | None, state: updates.State, changed: set[Key]) -> str | None:
        """
        Return why the endorsers are not enough for these writes, or None when they are.

        *changed* names the keys whose own policy an earlier transaction of the block changes.
        """
        if rwset is not None:
            for collection, key in _written(rwset):
                refused = self._key_refusal(collection, key, state, changed)
                if refused is not None:
                    return refused
        # A transaction that writes nothing here still needs the chaincode's endorsement of what it read.
        return None if self._any_checked else self._evaluate("", self._chaincode)

    def _key_refusal(self, collection: str, key: str | bytes, state: updates.State, changed: set[Key]) -> str | None:
        if (self._namespace, collection, key) in changed:
            return f"validation parameters for key {key!r} have been changed in this block"
        encoded = self._own_policy(collection, key, state)
        if encoded:
            self._any_checked = True
            return self._policies.key(encoded).refusal(self._endorsers)
        if collection:
            policy = self._policies.collection(self._namespace, collection, self._definition)
            if policy is None:
                return f"no such collection '{collection}'"
            return self._evaluate(collection, policy)
        return self._evaluate("", self._chaincode)

    def _own_policy(self, collection: str, key: str | bytes, state: updates.State) -> bytes | None:
        if isinstance(key, bytes):
            encoded = state.private_metadata(self._namespace, collection, key)
        else:
            encoded = state.metadata(self._namespace, key)
        return updates.metadata_entries(encoded).get(VALIDATION_PARAMETER)

    def _evaluate(self, name: str, policy: channelpolicies.Policy) -> str | None:
        if name in self._checked:
            return None
        refused = policy.refusal(self._endorsers)
        if refused is None:
            self._checked.add(name)
            self._any_checked = True
        return refused


def _written(rwset: rwsets.NamespaceRwset) -> Iterable[tuple[str, str | bytes]]:
    """Return every key written, values before metadata, public before private: the order in which Fabric looks."""
    for write in rwset.writes:
        yield "", write.key
    for metadata_write in rwset.metadata_writes:
        yield "", metadata_write.key
    for collection in rwset.collections:
        for hashed in collection.writes:
            yield collection.name, hashed.key_hash
    for collection in rwset.collections:
        for hashed_metadata in collection.metadata_writes:
            yield collection.name, hashed_metadata.key_hash


def changed_policies(rwset: rwsets.NamespaceRwset) -> Iterable[Key]:
    """Return the keys whose own policy these writes set or clear."""
    for write in rwset.metadata_writes:
        yield rwset.namespace, "", write.key
    for collection in rwset.collections:
        for hashed in collection.metadata_writes:
            yield rwset.namespace, collection.name, hashed.key_hash


def writes(rwset: rwsets.NamespaceRwset) -> bool:
    """Return whether anything is written."""
    return bool(
        rwset.writes
        or rwset.metadata_writes
        or any(collection.writes or collection.metadata_writes for collection in rwset.collections)
    )
