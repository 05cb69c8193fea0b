"""
Which peers can together satisfy the policies of a call: Fabric's service discovery.

Policies of chaincodes, collections and keys are merged into sets of
principals. Peers that satisfy a principal form a group, and each set becomes a
layout: so many endorsements from this group, so many from that.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fabric_protos.peer import policy_pb2
from fabric_protos.peer import proposal_response_pb2 as responses
from google.protobuf import message

from hlf import errors
from hlf.wire import keys, msp, policies
from network.engines.embedded import lifecycle

if TYPE_CHECKING:
    from network.engines.embedded.peer import Peer
    from network.engines.embedded.views import View


class NoEndorsersError(Exception):
    """No peers can satisfy the policies; the text is Fabric's."""


@dataclasses.dataclass(frozen=True)
class Descriptor:
    """Groups of peers, and the quantities that are enough."""

    chaincode: str
    groups: dict[str, list[Peer]]
    layouts: list[dict[str, int]]


def describe(view: View, interest: responses.ChaincodeInterest) -> Descriptor:
    """
    Return the peers that can endorse a call.

    Raises:
        NoEndorsersError: no combination is enough, or a chaincode or collection is unknown.
    """
    peers = authorised(view, interest)
    sets = _principal_sets(view, interest)
    groups: dict[msp.Principal, str] = {}
    layouts = []
    for principals in sets:
        counted = collections.Counter(principals)
        layouts.append({groups.setdefault(one, f"G{len(groups)}"): count for one, count in counted.items()})
    satisfying = {
        name: [peer for peer in peers if _satisfies(view, peer, principal)] for principal, name in groups.items()
    }
    layouts = [layout for layout in layouts if _enough(layout, satisfying)]
    if not layouts:
        raise NoEndorsersError("no peer combination can satisfy the endorsement policy")
    needed = list(dict.fromkeys(call.name for call in interest.chaincodes))
    running = {
        name: [peer for peer in members if all(peer in view.running(chaincode) for chaincode in needed)]
        for name, members in satisfying.items()
    }
    layouts = [layout for layout in layouts if _enough(layout, running)]
    if not layouts:
        raise NoEndorsersError("required chaincodes are not installed on sufficient peers")
    used = {name for layout in layouts for name in layout}
    return Descriptor(
        interest.chaincodes[0].name, {name: running[name] for name in sorted(used) if running[name]}, layouts
    )


def signature_rule(view: View, parameter: bytes | policy_pb2.ApplicationPolicy) -> policies.Rule:
    """
    The endorsement policy that an ApplicationPolicy states or refers to.

    Raises:
        PolicyError: it cannot be read, or refers to no policy of signatures.
    """
    if isinstance(parameter, bytes):
        try:
            parameter = policy_pb2.ApplicationPolicy.FromString(parameter)
        except message.DecodeError:
            raise errors.PolicyError("failed to unmarshal ApplicationPolicy bytes") from None
    if parameter.HasField("signature_policy"):
        return policies.parse(parameter.signature_policy)
    return view.channel.bundle.policy(parameter.channel_config_policy_reference).rule()


def authorised(view: View, interest: responses.ChaincodeInterest) -> list[Peer]:
    """The peers that may read every private collection which the call reads."""
    peers = [peer for peer in view.peers if view.identity(peer) is not None]
    for call in interest.chaincodes:
        definition = view.definition(call.name)
        if definition is None:
            raise NoEndorsersError(f"No metadata was found for chaincode {call.name} in channel {view.channel.id}")
        if call.no_private_reads:
            continue
        for name in call.collection_names:
            peers = members(view, peers, definition, call.name, name)
    return peers


def members(
    view: View, peers: Sequence[Peer], definition: lifecycle.ChaincodeDefinition, chaincode: str, collection: str
) -> list[Peer]:
    """
    Those of *peers* that are members of a collection.

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
        raise NoEndorsersError(
            f"collection {collection} doesn't exist in collection config for chaincode {chaincode}"
        )
    return [msp.Principal.of(one) for one in config.member_orgs_policy.signature_policy.identities]


def _principal_sets(view: View, interest: responses.ChaincodeInterest) -> list[policies.PrincipalSet]:
    rules: list[policies.Rule] = []
    try:
        for call in interest.chaincodes:
            rules.extend(_call_rules(view, call))
        for call in interest.chaincodes:
            rules.extend(policies.parse(policy) for policy in call.key_policies)
        if not rules:
            raise NoEndorsersError("no principal sets remained after filtering")
        return policies.combine(rules)
    except errors.PolicyError:
        raise NoEndorsersError("endorsement policy cannot be satisfied") from None


def _call_rules(view: View, call: responses.ChaincodeCall) -> Iterable[policies.Rule]:
    definition = view.definition(call.name)
    if not call.collection_names:
        found = [signature_rule(view, definition.validation_parameter)]
    else:
        found = list(dict.fromkeys(_collection_rule(view, definition, name) for name in call.collection_names))
    if not call.disregard_namespace_policy:
        return found
    if len(found) == 1 and not call.key_policies:
        raise NoEndorsersError(
            f"requested to disregard chaincode {call.name}'s policy but key and collection policies are missing, "
            "either disable DisregardNamespacePolicy or specify at least one key policy or at least one collection "
            "policy"
        )
    return found[1:]


def _collection_rule(view: View, definition: lifecycle.ChaincodeDefinition, collection: str) -> policies.Rule:
    owner = keys.msp_of_implicit_collection(collection)
    if owner is not None:
        return policies.SignedBy(msp.Principal.of_role(owner, msp.MEMBER))
    config = definition.collection(collection)
    if config is not None and config.HasField("endorsement_policy"):
        return signature_rule(view, config.endorsement_policy)
    return signature_rule(view, definition.validation_parameter)


def _satisfies(view: View, peer: Peer, principal: msp.Principal) -> bool:
    identity = view.identity(peer)
    return identity is not None and identity.satisfies(principal)


def _enough(layout: dict[str, int], groups: dict[str, list[Peer]]) -> bool:
    return all(len(groups[name]) >= count for name, count in layout.items())
