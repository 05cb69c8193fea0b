"""A channel's configuration with the words and names of the consortium file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_protos.common import policies_pb2

from hlf import errors
from hlf.wire import enumerations, policies
from hlf.wire.config import configvalues

ANCHORS = "anchors."
"""What the names of members' anchor peers begin with."""

RAFT, BFT = "raft", "bft"
"""The names of the kinds of consensus in a consortium file."""

CHANNEL_CAPABILITY = "capabilities.channel"

_META = policies_pb2.ImplicitMetaPolicy
_CONSENSUS = {configvalues.RAFT: RAFT, configvalues.BFT: BFT}


def words(group: Any) -> dict[str, str]:
    """
    Return what a channel's ``common.ConfigGroup`` says, without its members: ``batch.timeout`` -> ``50ms``.

    Raises:
        ConfigError: (of ``hlf``) it holds what no Fabric would load.
    """
    application, orderer = group.groups["Application"], group.groups["Orderer"]
    channel_values = configvalues.decode(group, configvalues.CHANNEL_VALUES)
    application_values = configvalues.decode(application, configvalues.APPLICATION_VALUES)
    orderer_values = configvalues.decode(orderer, configvalues.ORDERER_VALUES)
    size, consensus = orderer_values["BatchSize"], orderer_values["ConsensusType"]
    found = {
        "batch.timeout": orderer_values["BatchTimeout"].timeout,
        "batch.max_messages": str(size.max_message_count),
        "batch.preferred_max_bytes": str(size.preferred_max_bytes),
        "batch.absolute_max_bytes": str(size.absolute_max_bytes),
        "orderers.consensus": _CONSENSUS.get(consensus.type, consensus.type),
        "orderers": ", ".join(sorted(_consenters(orderer_values))),
    }
    for level, values in (
        ("channel", channel_values),
        ("application", application_values),
        ("orderer", orderer_values),
    ):
        if levels := values["Capabilities"].capabilities:
            found[f"capabilities.{level}"] = ", ".join(sorted(levels))
    for name, entry in application.policies.items():
        found[f"policies.{name}"] = _policy(entry.policy)
    for resource, rule in application_values["ACLs"].acls.items():
        found[f"acls.{resource}"] = rule.policy_ref
    return found


def completed(asked: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """
    Return the settings that a file asks of a channel that has *present* already.

    If the file names no capability of the channel, the channel keeps its own: that of a new channel depends on the
    release that runs where its first block is made, so it cannot be computed from another organisation's folder.
    """
    return {name: value for name, value in present.items() if name == CHANNEL_CAPABILITY} | dict(asked)


def orderers(group: Any) -> dict[str, str]:
    """Return the MSP id of each orderer (``host:port``) that agrees on a channel's blocks, "" where none claims it."""
    orderer = group.groups["Orderer"]
    owners: dict[str, str] = {}
    for msp_id, organisation in orderer.groups.items():
        values = configvalues.decode(organisation, configvalues.ORDERER_ORGANISATION_VALUES)
        owners |= dict.fromkeys(values["Endpoints"].addresses, msp_id)
    return {
        address: owners.get(address, "")
        for address in _consenters(configvalues.decode(orderer, configvalues.ORDERER_VALUES))
    }


def anchors(group: Any) -> dict[str, str]:
    """
    Return each member's anchor peers, ``anchors.AMSP`` -> ``host:port, host:port``, of a channel's configuration.

    Raises:
        ConfigError: (of ``hlf``) it holds what no Fabric would load.
    """
    found = {}
    for msp_id, member in group.groups["Application"].groups.items():
        peers = configvalues.decode(member, configvalues.APPLICATION_ORGANISATION_VALUES)["AnchorPeers"].anchor_peers
        if peers:
            found[f"{ANCHORS}{msp_id}"] = ", ".join(f"{each.host}:{each.port}" for each in peers)
    return found


def _consenters(orderer_values: Any) -> list[str]:
    if orderer_values["Orderers"].consenter_mapping:
        return [f"{each.host}:{each.port}" for each in orderer_values["Orderers"].consenter_mapping]
    metadata = configvalues.raft_metadata(orderer_values["ConsensusType"].metadata)
    return [f"{each.host}:{each.port}" for each in metadata.consenters]


def _policy(policy: Any) -> str:
    if policy.type == policies_pb2.Policy.IMPLICIT_META:
        meta = _META.FromString(policy.value)
        return f"{enumerations.name(_META.Rule, meta.rule)} {meta.sub_policy}"
    try:
        return policies.to_dsl(policy.value)
    except errors.PolicyError:
        return f"a policy that has no text ({len(policy.value)} bytes)"
