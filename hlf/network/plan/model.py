"""
A network in words that can be compared: the one that a file wants, and the one that runs.

Both are the same value, so that the difference between them is a matter of
plain dictionaries. Settings and definitions are kept as text under the names
of the consortium file: that is also how a plan shows them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fabric_protos.peer import collection_pb2, policy_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.admin.lifecycle import CommittedChaincodeDefinition, Definition
from hlf.wire import policies
from hlf.wire.config.channelconfig import ENDORSEMENT

"""The policy of a definition that names none, as peers fill it in."""

LOST = "lost"
"""In place of the package of an approval that an organisation has lost with its ledger of the channel."""

Words = Mapping[str, str]


@dataclass(frozen=True)
class ChannelFacts:
    """
    One channel.

    Attributes:
        members: MSP ids.
        settings: batch, capabilities, policies, access rules and anchor peers, by their names in the consortium file.
        orderers: the MSP id of each orderer that agrees on its blocks, by address.
        peers: the names of the peers that have joined.
        definitions: what is in force, by chaincode.
        approvals: by chaincode and MSP id the package that an organisation has approved, "" for none.
    """

    members: frozenset[str] = frozenset()
    settings: Words = field(default_factory=dict)
    orderers: Words = field(default_factory=dict)
    peers: frozenset[str] = frozenset()
    definitions: Mapping[str, Words] = field(default_factory=dict)
    approvals: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True)
class NetworkFacts:
    """
    A network.

    Attributes:
        nodes: peers and orderers by name.
        users: those who have a certificate, as ``MSP/name``.
        servers: the programs that serve chaincodes by name, each with its fingerprint.
        installed: the packages at each peer.
        node_settings: ``MSP/name`` and value of what peers read when they start.
        channels: by name.
    """

    nodes: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    servers: Words = field(default_factory=dict)
    installed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    node_settings: Words = field(default_factory=dict)
    channels: Mapping[str, ChannelFacts] = field(default_factory=dict)


def wanted_definition(definition: Definition) -> dict[str, str]:
    """
    Return the words of a definition that a file gives.

    Raises:
        PolicyError: (of ``hlf``) a policy's text is none.
    """
    fields = definition.fields()
    collections = fields["collections"].SerializeToString() if "collections" in fields else b""
    return _words(
        definition.version,
        definition.sequence,
        definition.init_required,
        fields.get("validation_parameter", b""),
        collections,
    )


def present_definition(present: CommittedChaincodeDefinition) -> dict[str, str]:
    """Return the words of a definition in force."""
    return _words(
        present.version, present.sequence, present.init_required, present.validation_parameter, present.collections
    )


def satisfiable(policy: str, members: Collection[str]) -> bool:
    """Return whether these organisations can satisfy a policy in words; a channel's own policy counts as if so."""
    try:
        return _met(policies.parse(policies.from_dsl(policy)), members)
    except errors.PolicyError:
        return True


def _met(rule: policies.Rule, members: Collection[str]) -> bool:
    if isinstance(rule, policies.OutOf):
        return sum(_met(each, members) for each in rule.rules) >= rule.count
    return getattr(rule.principal, "msp_id", None) in members


def _words(version: str, sequence: int, init_required: bool, parameter: bytes, collections: bytes) -> dict[str, str]:  # noqa: FBT001
    found = {
        "version": version,
        "sequence": str(sequence),
        "init_required": str(init_required).lower(),
        "endorsement": _application_policy(policy_pb2.ApplicationPolicy.FromString(parameter)) or ENDORSEMENT,
    }
    package = collection_pb2.CollectionConfigPackage.FromString(collections)
    for each in package.config:
        static = each.static_collection_config
        for name, value in _collection(static).items():
            found[f"collections.{static.name}.{name}"] = value
    return found


def _collection(static: Any) -> dict[str, str]:
    words = {
        "policy": _signature(static.member_orgs_policy.signature_policy),
        "required_peer_count": str(static.required_peer_count),
        "max_peer_count": str(static.maximum_peer_count),
        "block_to_live": str(static.block_to_live),
        "member_only_read": str(static.member_only_read).lower(),
        "member_only_write": str(static.member_only_write).lower(),
    }
    if static.HasField("endorsement_policy"):
        words["endorsement"] = _application_policy(static.endorsement_policy)
    return words


def _application_policy(policy: Any) -> str:
    if policy.WhichOneof("Type") == "channel_config_policy_reference":
        reference: str = policy.channel_config_policy_reference
        return reference
    return _signature(policy.signature_policy) if policy.HasField("signature_policy") else ""


def _signature(envelope: Any) -> str:
    try:
        return policies.to_dsl(envelope)
    except (errors.PolicyError, DecodeError):
        return f"a policy that has no text ({envelope.SerializeToString(deterministic=True).hex()[:16]})"
