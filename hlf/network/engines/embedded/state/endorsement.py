"""
The endorsement policies of a channel's chaincodes, collections and keys, and whether endorsers satisfy them.

``hlf.wire.endorsement.writepolicies`` decides which policies apply to a write. The policy of ``_lifecycle`` is the
channel's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fabric_protos.peer import collection_pb2, policy_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.network.engines.embedded.state import lifecycle, updates
from hlf.wire import msp, policies, rwsets
from hlf.wire.config import channelconfig, channelpolicies
from hlf.wire.endorsement import writepolicies


class UnjudgedError(Exception):
    """The policy of a written key is unknown; the text is Fabric's."""


class EndorsementPolicies:
    """The endorsement policies under one version of a channel's configuration."""

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
        """Return the policy in an encoded ``ApplicationPolicy``; if it cannot be used, one that refuses everybody."""
        known = self._known.get(encoded)
        if known is None:
            known = self._known[encoded] = self._read(encoded)
        return known

    def chaincode(self, name: str, definition: lifecycle.ChaincodeDefinition | None) -> channelpolicies.Policy | None:
        """Return the policy of chaincode *name*, or None if it is not defined."""
        if name == lifecycle.NAMESPACE:
            return self._lifecycle
        return None if definition is None else self.application(definition.validation_parameter)

    def collection(
        self, name: str, definition: lifecycle.ChaincodeDefinition | None, chaincode: channelpolicies.Policy
    ) -> channelpolicies.Policy:
        """
        Return the policy for writes to a collection.

        Raises:
            UnjudgedError: there is no such collection.
        """

        def stated(name: str) -> channelpolicies.Policy | None:
            config = None if definition is None else definition.collection(name)
            if config is None:
                raise UnjudgedError(f"no such collection '{name}'")
            if not config.HasField("endorsement_policy"):
                return None
            return self.application(config.endorsement_policy.SerializeToString())

        def owned(owner: str) -> channelpolicies.Policy:
            path = self._organisations.get(owner)
            if path is None:
                raise UnjudgedError(f"no such collection '{name}'")
            found = self._bundle.policies.find(path)
            return found or channelpolicies.SignaturePolicy(policies.parse(writepolicies.member_policy(owner)))

        return writepolicies.collection_policy(name, owned, stated, chaincode)

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
            return channelpolicies.MissingPolicy("unreadable policy")
        if policy.WhichOneof("Type") == "channel_config_policy_reference":
            return self._bundle.policy(policy.channel_config_policy_reference)
        return _signature(policy.signature_policy.SerializeToString())


def lifecycle_policy(bundle: channelconfig.Bundle) -> policy_pb2.ApplicationPolicy:
    """
    Return the endorsement policy of ``_lifecycle``.

    A channel without one needs members of a majority of its organisations.
    """
    if bundle.policies.find(channelconfig.LIFECYCLE_ENDORSEMENT) is not None:
        return policy_pb2.ApplicationPolicy(channel_config_policy_reference=channelconfig.LIFECYCLE_ENDORSEMENT)
    members = bundle.application_msp_ids
    rules = tuple(policies.SignedBy(msp.Principal.of_role(member, msp.MEMBER)) for member in members)
    majority = policies.build(policies.OutOf(len(members) // 2 + 1, rules))
    return policy_pb2.ApplicationPolicy(signature_policy=majority)


def _signature(encoded: bytes) -> channelpolicies.Policy:
    try:
        return channelpolicies.SignaturePolicy(policies.parse(encoded))
    except errors.PolicyError:
        return channelpolicies.MissingPolicy("unreadable policy")


def member_msp_ids(config: collection_pb2.StaticCollectionConfig) -> frozenset[str]:
    """Return the member organisations of an explicit collection."""
    found = (msp.Principal.of(one).msp_id for one in config.member_orgs_policy.signature_policy.identities)
    return frozenset(name for name in found if name)


class NamespaceCheck:
    """Checks one transaction's writes to one namespace."""

    def __init__(
        self,
        endorsers: Sequence[msp.Identity],
        known: EndorsementPolicies,
        definition: lifecycle.ChaincodeDefinition | None,
        chaincode: channelpolicies.Policy,
    ) -> None:
        self._endorsers = endorsers
        self._policies = known
        self._definition = definition
        self._chaincode = chaincode

    def refusal(
        self,
        rwset: rwsets.NamespaceRwset | None,
        state: updates.CommittedState,
        changed: Collection[writepolicies.Place],
    ) -> str | None:
        """
        Return why the endorsers are not enough for these writes, or None when they are.

        *changed* names the keys whose own policy an earlier transaction of the block changes.
        """

        def own(place: writepolicies.Place) -> channelpolicies.Policy | None:
            namespace, collection, key = place
            if place in changed:
                raise UnjudgedError(f"validation parameters for key {key!r} have been changed in this block")
            if isinstance(key, bytes):
                metadata = state.private_metadata(namespace, collection, key)
            else:
                metadata = state.metadata(namespace, key)
            encoded = writepolicies.own_policy(updates.metadata_entries(metadata))
            return self._policies.key(encoded) if encoded else None

        def of_collection(name: str) -> channelpolicies.Policy:
            return self._policies.collection(name, self._definition, self._chaincode)

        places = writepolicies.written(rwset) if rwset is not None else ()
        try:
            for policy in writepolicies.required(places, own, of_collection, self._chaincode):
                refused = policy.refusal(self._endorsers)
                if refused is not None:
                    return refused
        except UnjudgedError as error:
            return str(error)
        return None
