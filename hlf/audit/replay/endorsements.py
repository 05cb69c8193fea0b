"""
Check whether a transaction has enough endorsers.

The policy of a key is its own endorsement policy; else that of its collection; else that of its chaincode.
An implicit collection belongs to its organisation, and the lifecycle chaincode to the channel's policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fabric_protos.peer import policy_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from hlf.audit.replay.definitions import LIFECYCLE, CommittedDefinition, definition
from hlf.audit.replay.state import Place, ReplayedState
from hlf.errors import IdentityError, PolicyError
from hlf.wire import blocks, keys, msp, policies, rwsets
from hlf.wire.config import channelconfig, channelpolicies

_MOST_KNOWN = 10_000
_VALID = (transaction_pb2.VALID,), ""


class EndorsementRules:
    """
    The members and policies of one configuration, with their decisions on creators and groups of endorsers.

    Kept from block to block: the same few members endorse under the same few policies again and again.
    """

    def __init__(self, bundle: channelconfig.Bundle) -> None:
        self.bundle = bundle
        self._creators: dict[bytes, str | None] = {}
        self._groups: dict[tuple[bytes, ...], tuple[msp.Identity, ...]] = {}
        self._parsed: dict[bytes, channelpolicies.Policy] = {}
        self._refusals: dict[tuple[int, int], tuple[Any, Any, str | None]] = {}

    def creator_refusal(self, serialized: bytes) -> str | None:
        """Return why a serialized identity is not a member's; None if it is."""
        try:
            return self._creators[serialized]
        except KeyError:
            pass
        try:
            self.bundle.msps.validate(serialized)
            found = None
        except IdentityError as refused:
            found = str(refused)
        _bound(self._creators)
        self._creators[serialized] = found
        return found

    def endorsers(self, serialized: tuple[bytes, ...]) -> tuple[msp.Identity, ...]:
        """
        Return the identities behind these serialized ones, each once, in order; unknown ones are left out.
        """
        known = self._groups.get(serialized)
        if known is not None:
            return known
        found: dict[tuple[str, str], msp.Identity] = {}
        for each in serialized:
            try:
                identity = self.bundle.msps.identity(each)
            except IdentityError:
                continue
            found.setdefault((identity.msp_id, identity.id), identity)
        _bound(self._groups)
        group = self._groups[serialized] = tuple(found.values())
        return group

    def signature_policy(self, envelope: bytes) -> channelpolicies.Policy:
        """
        Return the policy in a serialized ``SignaturePolicyEnvelope``; if it is malformed, one that nobody satisfies.
        """
        found = self._parsed.get(envelope)
        if found is None:
            _bound(self._parsed)
            found = self._parsed[envelope] = _signature_policy(envelope)
        return found

    def refusal(self, policy: channelpolicies.Policy, endorsers: Sequence[msp.Identity]) -> str | None:
        """Return why *endorsers* do not satisfy *policy*; None if they do."""
        key = (id(policy), id(endorsers))
        known = self._refusals.get(key)
        if known is None:
            _bound(self._refusals)
            # The answer keeps the objects alive, so that no other object gets the same id().
            known = self._refusals[key] = (policy, endorsers, policy.refusal(endorsers))
        return known[2]


class EndorsementChecker:
    """Judges the endorsements of one block's transactions, under the state and configuration before it."""

    def __init__(self, rules: EndorsementRules, state: ReplayedState) -> None:
        self._rules = rules
        self._bundle = rules.bundle
        self._state = state
        self._definitions: dict[str, CommittedDefinition | None] = {}
        self._policies: dict[str, channelpolicies.Policy] = {}
        # Keys whose own policy an earlier transaction of the block changes: no policy is certain for them.
        self._changed: set[Place] = set()

    def definition(self, name: str) -> CommittedDefinition | None:
        """Return the definition of a chaincode before the block."""
        if name not in self._definitions:
            self._definitions[name] = definition(self._state, name)
        return self._definitions[name]

    def block_to_live(self, name: str, collection: str) -> int:
        """Return for how many blocks a collection keeps its data, 0 meaning for ever."""
        defined = self.definition(name)
        return defined.block_to_live(collection) if defined is not None else 0

    def verdict(self, action: blocks.Action, endorsers: Sequence[msp.Identity]) -> tuple[tuple[int, ...], str]:
        """
        Return VALID, or the codes of the faults and the reason.

        Peers look at a transaction's chaincodes in an order of their own, and end with the first that refuses.
        """
        judged: dict[str, rwsets.NamespaceRwset | None] = {action.chaincode: None}
        for rwset in action.rwset.namespaces:
            if rwset.namespace in judged or _writes(rwset):
                judged[rwset.namespace] = rwset
        codes: dict[int, str] = {}
        for name, part in judged.items():
            defined = self.definition(name) if name != LIFECYCLE else None
            if name != LIFECYCLE and (defined is None or not defined.usable):
                codes.setdefault(transaction_pb2.INVALID_CHAINCODE, f"chaincode {name} is not defined")
                continue
            refused = self._refusal(name, part, endorsers)
            if refused is not None:
                codes.setdefault(transaction_pb2.ENDORSEMENT_POLICY_FAILURE, refused)
        if codes:
            return tuple(codes), next(iter(codes.values()))
        for part in judged.values():
            if part is not None:
                self._changed.update(_governed(part))
        return _VALID

    def _refusal(self, name: str, rwset: rwsets.NamespaceRwset | None, endorsers: Sequence[msp.Identity]) -> str | None:
        rules = self._rules
        judged: set[str] = set()
        key_policies = 0
        for place in _written(rwset) if rwset is not None else ():
            if place in self._changed:
                return f"the policy of key {place[2]!r} was changed earlier in the block"
            own = self._state.policy(place)
            if own:
                key_policies += 1
                refused = rules.refusal(rules.signature_policy(own), endorsers)
            elif place[1] in judged:
                continue
            else:
                judged.add(place[1])
                refused = rules.refusal(self._collection_policy(name, place[1]), endorsers)
            if refused is not None:
                return f"{name}: {refused}"
        if judged or key_policies:
            return None
        # A transaction that only reads still needs the chaincode's endorsement.
        return rules.refusal(self._chaincode_policy(name), endorsers)

    def _collection_policy(self, name: str, collection: str) -> channelpolicies.Policy:
        if not collection:
            return self._chaincode_policy(name)
        owner = keys.msp_of_implicit_collection(collection)
        if owner is not None:
            return self._organisation_policy(owner)
        defined = self.definition(name)
        config = defined.collections.get(collection) if defined is not None else None
        if config is None:
            return channelpolicies.MissingPolicy(f"collection {collection}")
        if config.HasField("endorsement_policy"):
            return self._application_policy(config.endorsement_policy)
        return self._chaincode_policy(name)

    def _chaincode_policy(self, name: str) -> channelpolicies.Policy:
        found = self._policies.get(name)
        if found is None:
            found = self._policies[name] = self._read_chaincode_policy(name)
        return found

    def _read_chaincode_policy(self, name: str) -> channelpolicies.Policy:
        if name == LIFECYCLE:
            return self._lifecycle_policy()
        defined = self.definition(name)
        try:
            policy = policy_pb2.ApplicationPolicy.FromString(defined.endorsement_policy if defined else b"")
        except DecodeError:
            return channelpolicies.MissingPolicy(f"endorsement policy of {name}")
        return self._application_policy(policy)

    def _application_policy(self, policy: Any) -> channelpolicies.Policy:
        if policy.WhichOneof("Type") == "channel_config_policy_reference":
            return self._bundle.policy(policy.channel_config_policy_reference)
        return self._rules.signature_policy(policy.signature_policy.SerializeToString())

    def _organisation_policy(self, owner: str) -> channelpolicies.Policy:
        for name, member in self._bundle.application_organisations.items():
            if member.msp_id == owner:
                found = self._bundle.policies.find(f"/Channel/Application/{name}/Endorsement")
                return found or _members([owner], 1)
        return channelpolicies.MissingPolicy(f"organisation {owner}")

    def _lifecycle_policy(self) -> channelpolicies.Policy:
        members = self._bundle.application_msp_ids
        return self._bundle.policies.find(channelconfig.LIFECYCLE_ENDORSEMENT) or _members(
            members, len(members) // 2 + 1
        )


def _bound(known: dict[Any, Any]) -> None:
    """Forget everything once it is too much, because members choose how much there is."""
    if len(known) >= _MOST_KNOWN:
        known.clear()


def _signature_policy(envelope: bytes) -> channelpolicies.Policy:
    try:
        return channelpolicies.SignaturePolicy(policies.parse(envelope))
    except PolicyError as unusable:
        return channelpolicies.MissingPolicy(str(unusable))


def _members(msp_ids: Sequence[str], count: int) -> channelpolicies.Policy:
    rules = tuple(policies.SignedBy(msp.Principal.of_role(msp_id, msp.MEMBER)) for msp_id in msp_ids)
    return channelpolicies.SignaturePolicy(policies.OutOf(count, rules))


def _writes(rwset: rwsets.NamespaceRwset) -> bool:
    return bool(rwset.writes or rwset.metadata_writes) or any(c.writes or c.metadata_writes for c in rwset.collections)


def _written(rwset: rwsets.NamespaceRwset) -> Iterator[Place]:
    for write in rwset.writes:
        yield rwset.namespace, "", write.key
    for collection in rwset.collections:
        for hashed in collection.writes:
            yield rwset.namespace, collection.name, hashed.key_hash
    yield from _governed(rwset)


def _governed(rwset: rwsets.NamespaceRwset) -> Iterator[Place]:
    """Yield the keys whose own policy is set or cleared."""
    for write in rwset.metadata_writes:
        yield rwset.namespace, "", write.key
    for collection in rwset.collections:
        for hashed in collection.metadata_writes:
            yield rwset.namespace, collection.name, hashed.key_hash
