"""
Which peers can together satisfy the policies of a call: Fabric's service discovery.

The policies of chaincodes, collections and keys are merged into sets of
principals. Peers that satisfy a principal form a group, and each set becomes a
layout: the number of endorsements from each group. Refusals have Fabric's
texts, which a gateway passes on.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fabric_protos.common import policies_pb2
from fabric_protos.peer import policy_pb2
from fabric_protos.peer import proposal_response_pb2 as responses
from google.protobuf import message

from hlf import errors
from hlf.network.engines.embedded.state import lifecycle
from hlf.wire import keys, msp, policies
from hlf.wire.endorsement import principalmerge, principalsets, writepolicies

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import ChannelView


class NoEndorsersError(Exception):
    """No peers can satisfy the policies; the text is Fabric's."""


#: A layout: the number of endorsements from each group that are enough together.
Layout = tuple[tuple[str, int], ...]


@dataclasses.dataclass(frozen=True)
class EndorsementDescriptor:
    """
    The endorsements that are enough for a call.

    Attributes:
        chaincode: the chaincode called first.
        groups: the peers that satisfy one principal, by the group's name.
        layouts: each enough by itself.
    """

    chaincode: str
    groups: dict[str, list[PeerState]]
    layouts: list[Layout]
    _parted: dict[frozenset[str], tuple[list[Layout], list[Layout]]] = dataclasses.field(default_factory=dict)

    def parted(self, groups: frozenset[str]) -> tuple[list[Layout], list[Layout]]:
        """Return the layouts that need one of *groups*, and the others."""
        known = self._parted.get(groups)
        if known is None:
            known = self._parted[groups] = ([], [])
            for layout in self.layouts:
                known[all(name not in groups for name, _ in layout)].append(layout)
        return known


def describe(view: ChannelView, interest: responses.ChaincodeInterest) -> EndorsementDescriptor:
    """
    Return the peers that can endorse a call; computed once while *view* is valid.

    Raises:
        NoEndorsersError: no combination is enough, or a chaincode or collection is unknown.
    """
    return view.kept(interest.SerializeToString(deterministic=True), lambda: _described(view, interest))


def _described(view: ChannelView, interest: responses.ChaincodeInterest) -> EndorsementDescriptor:
    peers = authorised(view, interest)
    sets = _principal_sets(view, interest)
    names = {place: f"G{number}" for number, place in enumerate(sorted(set().union(*sets.ways)))}
    satisfying = {
        name: [peer for peer in peers if _satisfies(view, peer, sets.principals[place])]
        for place, name in names.items()
    }
    layouts = _possible(_layouts(sets.ways, names), satisfying)
    if not layouts:
        raise NoEndorsersError("no peer combination can satisfy the endorsement policy")
    needed = dict.fromkeys(call.name for call in interest.chaincodes)
    running = {
        name: [peer for peer in members if all(peer in view.running(chaincode) for chaincode in needed)]
        for name, members in satisfying.items()
    }
    # As in Fabric, the groups of layouts with too few peers stay in the answer.
    used = set(itertools.chain.from_iterable(layouts))
    groups = {name: running[name] for name in sorted({name for name, _ in used}) if running[name]}
    layouts = _possible(layouts, running)
    if not layouts:
        raise NoEndorsersError("required chaincodes are not installed on sufficient peers")
    return EndorsementDescriptor(interest.chaincodes[0].name, groups, layouts)


def _layouts(ways: Iterable[principalsets.Way], names: dict[int, str]) -> list[Layout]:
    once = {place: (name, 1) for place, name in names.items()}.__getitem__
    return [
        tuple(map(once, way))
        if len(set(way)) == len(way)
        else tuple((names[place], count) for place, count in collections.Counter(way).items())
        for way in ways
    ]


def _possible(layouts: list[Layout], groups: dict[str, list[PeerState]]) -> list[Layout]:
    """Return the layouts for which every group has enough peers."""
    wanted = set(itertools.chain.from_iterable(layouts))
    lacking = {(name, count) for name, count in wanted if len(groups[name]) < count}
    return [layout for layout in layouts if lacking.isdisjoint(layout)] if lacking else layouts


def authorised(view: ChannelView, interest: responses.ChaincodeInterest) -> list[PeerState]:
    """
    Return the peers that may read every private collection which the call reads.

    Raises:
        NoEndorsersError: a chaincode or one of its collections is unknown, or its policy cannot be found.
    """
    peers = [peer for peer in view.peers if view.identity(peer) is not None]
    for call in interest.chaincodes:
        _policies(view, call)
        definition = view.defined(call.name)
        if not call.no_private_reads:
            for name in call.collection_names:
                peers = members(view, peers, definition, call.name, name)
    return peers


def members(
    view: ChannelView,
    peers: Sequence[PeerState],
    definition: lifecycle.ChaincodeDefinition,
    chaincode: str,
    collection: str,
) -> list[PeerState]:
    """
    Return those of *peers* that are members of a collection.

    Raises:
        NoEndorsersError: the chaincode has no such collection.
    """
    wanted = _member_principals(definition, chaincode, collection)
    return [peer for peer in peers if any(_satisfies(view, peer, one) for one in wanted)]


def _member_principals(
    definition: lifecycle.ChaincodeDefinition, chaincode: str, collection: str
) -> list[msp.Principal]:
    owner = keys.msp_of_implicit_collection(collection)
    if owner is not None:
        return [msp.Principal.of_role(owner, msp.MEMBER)]
    config = definition.collection(collection)
    if config is None:
        raise NoEndorsersError(f"collection {collection} doesn't exist in collection config for chaincode {chaincode}")
    return [msp.Principal.of(one) for one in config.member_orgs_policy.signature_policy.identities]


# The policies of a call ------------------------------------------------------------------------------------------


def _principal_sets(view: ChannelView, interest: responses.ChaincodeInterest) -> principalsets.PrincipalSets:
    """
    Return the principal sets of chaincodes, collections and keys together; those of keys are merged first.
    """
    wanted = [policy for call in interest.chaincodes for policy in _counting(view, call)]
    keys_want = [policy for call in interest.chaincodes for policy in call.key_policies]
    try:
        found = [_ways(policy) for policy in wanted]
        if keys_want:
            of_keys = [_ways(policy, "state based ", " for state based endorsement") for policy in keys_want]
            found.append(principalmerge.merge(of_keys))
        if not found:
            raise NoEndorsersError("no principal sets remained after filtering")
        return principalmerge.merge(found)
    except principalsets.TooMany as error:
        raise NoEndorsersError(str(error)) from None


def _ways(
    policy: policies_pb2.SignaturePolicyEnvelope, kind: str = "", purpose: str = ""
) -> principalsets.PrincipalSets:
    try:
        return principalsets.of_policy(policy)
    except principalsets.Incomparable:
        raise NoEndorsersError(f"failed creating a comparable principal set{purpose}") from None
    except principalsets.Unsatisfiable:
        raise NoEndorsersError(f"{kind}endorsement policy cannot be satisfied") from None


def _counting(view: ChannelView, call: responses.ChaincodeCall) -> list[policies_pb2.SignaturePolicyEnvelope]:
    """Return the policies of a chaincode and its collections that a call must satisfy."""
    chaincode, of_collections = _policies(view, call)
    if not all(policy.identities and policy.HasField("rule") for policy in (chaincode, *of_collections)):
        raise NoEndorsersError("policy not found")
    # Equal policies count once; a collection without its own has the chaincode's.
    found = list({policy.SerializeToString(): policy for policy in of_collections or [chaincode]}.values())
    if not call.disregard_namespace_policy:
        return found
    if len(found) == 1 and not call.key_policies:
        raise NoEndorsersError(
            f"requested to disregard chaincode {call.name}'s policy but key and collection policies are missing, "
            "either disable DisregardNamespacePolicy or specify at least one key policy or at least one collection "
            "policy"
        )
    # Fabric leaves out the first one.
    return found[1:]


def _policies(
    view: ChannelView, call: responses.ChaincodeCall
) -> tuple[policies_pb2.SignaturePolicyEnvelope, list[policies_pb2.SignaturePolicyEnvelope]]:
    """Return the chaincode's policy, and that of each collection which the call names."""
    definition = view.definition(call.name)
    unknown = NoEndorsersError(f"No metadata was found for chaincode {call.name} in channel {view.channel.id}")
    if definition is None:
        raise unknown
    try:
        chaincode = _signature_policy(view, definition.validation_parameter)
        return chaincode, [_collection_policy(view, definition, name, chaincode) for name in call.collection_names]
    except errors.PolicyError:
        raise unknown from None


def _collection_policy(
    view: ChannelView,
    definition: lifecycle.ChaincodeDefinition,
    collection: str,
    chaincode: policies_pb2.SignaturePolicyEnvelope,
) -> policies_pb2.SignaturePolicyEnvelope:
    def stated(name: str) -> policies_pb2.SignaturePolicyEnvelope | None:
        config = definition.collection(name)
        if config is None or not config.HasField("endorsement_policy"):
            return None
        return _signature_policy(view, config.endorsement_policy.SerializeToString())

    return writepolicies.collection_policy(collection, writepolicies.member_policy, stated, chaincode)


def _signature_policy(view: ChannelView, parameter: bytes) -> policies_pb2.SignaturePolicyEnvelope:
    """
    Return the endorsement policy in an encoded ApplicationPolicy, or the one that it refers to.

    Raises:
        PolicyError: it cannot be read, or refers to no policy of signatures.
    """
    try:
        stated = policy_pb2.ApplicationPolicy.FromString(parameter)
    except message.DecodeError:
        raise errors.PolicyError("failed to unmarshal ApplicationPolicy bytes") from None
    if stated.HasField("signature_policy"):
        return stated.signature_policy
    return policies.build(view.channel.bundle.policy(stated.channel_config_policy_reference).rule())


def _satisfies(view: ChannelView, peer: PeerState, principal: msp.Principal) -> bool:
    identity = view.identity(peer)
    return identity is not None and identity.satisfies(principal)
