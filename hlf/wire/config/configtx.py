"""
Make genesis blocks and the groups of channel configurations.

The builders return configuration groups with the policies of Fabric's own
sample configuration; a caller may add to or replace their content before
making a genesis block of them. Structure and values follow the configuration
reference of Fabric 3.x (configtx.yaml), and are valid for 2.5 as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2, msp_principal_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_configuration_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as etcdraft_pb2
from fabric_protos.orderer.smartbft import configuration_pb2 as smartbft_pb2
from fabric_protos.peer import configuration_pb2 as peer_configuration_pb2

from hlf.wire import blocks, envelopes, keys, policies, signatures
from hlf.wire.config import configvalues

ADMINS = "Admins"
_ROLE = msp_principal_pb2.MSPRole
_META = policies_pb2.ImplicitMetaPolicy


@dataclass(frozen=True)
class OrganisationGroup:
    """A channel's data about an organisation; certificates are PEM."""

    msp_id: str
    root_certificates: tuple[bytes, ...]
    tls_root_certificates: tuple[bytes, ...]
    intermediate_certificates: tuple[bytes, ...] = ()
    tls_intermediate_certificates: tuple[bytes, ...] = ()
    anchor_peers: tuple[tuple[str, int], ...] = ()
    orderer_endpoints: tuple[str, ...] = ()
    revocation_lists: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Consenter:
    """An ordering node that takes part in consensus; certificates in PEM, *identity* needed for BFT only."""

    host: str
    port: int
    msp_id: str
    tls_certificate: bytes
    identity: bytes = b""


def application_organisation(organisation: OrganisationGroup) -> configtx_pb2.ConfigGroup:
    """Return the group of a member under ``/Channel/Application``."""
    group = _organisation(organisation)
    msp_id = organisation.msp_id
    _add_policy(group, "Readers", _any_role(msp_id, _ROLE.ADMIN, _ROLE.PEER, _ROLE.CLIENT))
    _add_policy(group, "Writers", _any_role(msp_id, _ROLE.ADMIN, _ROLE.CLIENT))
    _add_policy(group, ADMINS, _any_role(msp_id, _ROLE.ADMIN))
    _add_policy(group, "Endorsement", _any_role(msp_id, _ROLE.PEER))
    if organisation.anchor_peers:
        add_anchor_peers(group, organisation.anchor_peers)
    return group


def orderer_organisation(organisation: OrganisationGroup) -> configtx_pb2.ConfigGroup:
    """Return the group of an organisation under ``/Channel/Orderer``."""
    group = _organisation(organisation)
    _add_policy(group, "Readers", _any_role(organisation.msp_id, _ROLE.MEMBER))
    _add_policy(group, "Writers", _any_role(organisation.msp_id, _ROLE.MEMBER))
    _add_policy(group, ADMINS, _any_role(organisation.msp_id, _ROLE.ADMIN))
    addresses = configuration_pb2.OrdererAddresses(addresses=organisation.orderer_endpoints)
    add_value(group, "Endpoints", addresses)
    return group


def application(
    organisations: Iterable[OrganisationGroup],
    *,
    capabilities: Iterable[str] = ("V2_5",),
    acls: Mapping[str, str] | None = None,
) -> configtx_pb2.ConfigGroup:
    """Return the group ``/Channel/Application`` with its members."""
    group = configtx_pb2.ConfigGroup(mod_policy=ADMINS)
    _add_meta_policies(group)
    _add_policy(group, "Endorsement", _meta(_META.MAJORITY, "Endorsement"))
    _add_policy(group, "LifecycleEndorsement", _meta(_META.MAJORITY, "Endorsement"))
    add_capabilities(group, capabilities)
    if acls:
        listed = peer_configuration_pb2.ACLs()
        for resource, policy in acls.items():
            listed.acls[resource].policy_ref = policy
        add_value(group, "ACLs", listed)
    for organisation in organisations:
        group.groups[organisation.msp_id].CopyFrom(application_organisation(organisation))
    return group


def orderer(
    organisations: Iterable[OrganisationGroup],
    *,
    batch_timeout: str,
    max_message_count: int,
    preferred_max_bytes: int,
    absolute_max_bytes: int,
    capabilities: Iterable[str] = ("V2_0",),
) -> configtx_pb2.ConfigGroup:
    """Return the group ``/Channel/Orderer`` without consensus: add it by :func:`add_raft` or :func:`add_bft`."""
    group = configtx_pb2.ConfigGroup(mod_policy=ADMINS)
    _add_meta_policies(group)
    _add_policy(group, "BlockValidation", _meta(_META.ANY, "Writers"))
    size = orderer_configuration_pb2.BatchSize(
        max_message_count=max_message_count,
        absolute_max_bytes=absolute_max_bytes,
        preferred_max_bytes=preferred_max_bytes,
    )
    add_value(group, "BatchSize", size)
    add_value(group, "BatchTimeout", orderer_configuration_pb2.BatchTimeout(timeout=batch_timeout))
    add_value(group, "ChannelRestrictions", orderer_configuration_pb2.ChannelRestrictions())
    add_capabilities(group, capabilities)
    for organisation in organisations:
        group.groups[organisation.msp_id].CopyFrom(orderer_organisation(organisation))
    return group


def add_raft(group: Any, consenters: Iterable[Consenter], *, tick_interval: str = "500ms") -> None:
    """Give an orderer group Raft consensus; elections start after ten ticks without a heartbeat."""
    metadata = etcdraft_pb2.ConfigMetadata(
        options=etcdraft_pb2.Options(
            tick_interval=tick_interval,
            election_tick=10,
            heartbeat_tick=1,
            max_inflight_blocks=5,
            snapshot_interval_size=16 << 20,
        )
    )
    for each in consenters:
        metadata.consenters.add(
            host=each.host, port=each.port, client_tls_cert=each.tls_certificate, server_tls_cert=each.tls_certificate
        )
    _add_consensus(group, configvalues.RAFT, metadata)


def add_bft(
    group: Any, consenters: Sequence[Consenter], *, batch_interval: str = "50ms", batch_count: int = 100
) -> None:
    """
    Give an orderer group SmartBFT consensus.

    Blocks are then valid with the signatures of 2f+1 of the 3f+1 consenters,
    each known by its certificate; the channel needs the capability V3_0.
    """
    mapping = configuration_pb2.Orderers()
    for number, each in enumerate(consenters, start=1):
        mapping.consenter_mapping.add(
            id=number,
            host=each.host,
            port=each.port,
            msp_id=each.msp_id,
            identity=each.identity,
            client_tls_cert=each.tls_certificate,
            server_tls_cert=each.tls_certificate,
        )
    add_value(group, "Orderers", mapping)
    options = smartbft_pb2.Options(
        request_batch_max_count=batch_count,
        request_batch_max_bytes=10 << 20,
        request_batch_max_interval=batch_interval,
        incoming_message_buffer_size=200,
        request_pool_size=100_000,
        request_forward_timeout="2s",
        request_complain_timeout="20s",
        request_auto_remove_timeout="3m0s",
        view_change_resend_interval="5s",
        view_change_timeout="20s",
        leader_heartbeat_timeout="1m0s",
        leader_heartbeat_count=10,
        collect_timeout="1s",
    )
    _add_consensus(group, configvalues.BFT, options)
    _add_policy(group, "BlockValidation", quorum_policy(consenters))


def quorum_policy(consenters: Sequence[Any]) -> policies_pb2.Policy:
    """Return who signs a block that BFT orders, as Fabric wants it of exactly these consenters in this order."""
    envelope = policies_pb2.SignaturePolicyEnvelope(version=0)
    envelope.rule.n_out_of.n = configvalues.quorum(len(consenters), bft=True)
    for index, each in enumerate(consenters):
        envelope.rule.n_out_of.rules.add(signed_by=index)
        envelope.identities.add(
            principal_classification=msp_principal_pb2.MSPPrincipal.IDENTITY,
            principal=signatures.serialized_identity(each.msp_id, each.identity),
        )
    return _signature(envelope)


def channel(
    application_group: Any, orderer_group: Any, *, capabilities: Iterable[str] = ("V3_0",)
) -> configtx_pb2.ConfigGroup:
    """Return the root group of a channel."""
    group = configtx_pb2.ConfigGroup(mod_policy=ADMINS)
    _add_meta_policies(group)
    add_value(group, "HashingAlgorithm", configuration_pb2.HashingAlgorithm(name="SHA256"))
    # A Merkle tree of this width is a plain hash over all transactions, the only structure that Fabric supports.
    add_value(group, "BlockDataHashingStructure", configuration_pb2.BlockDataHashingStructure(width=0xFFFFFFFF))
    add_capabilities(group, capabilities)
    group.groups["Application"].CopyFrom(application_group)
    group.groups["Orderer"].CopyFrom(orderer_group)
    return group


def genesis_block(channel_id: str, group: Any) -> common_pb2.Block:
    """Return block 0 of a channel with that configuration; orderers and peers join the channel by it."""
    envelope = configtx_pb2.ConfigEnvelope(config=configtx_pb2.Config(channel_group=group))
    nonce = envelopes.fresh_nonce()
    header = envelopes.channel_header(common_pb2.CONFIG, channel_id, tx_id=keys.transaction_id(nonce, b""))
    payload = envelopes.payload(header, b"", nonce, envelope.SerializeToString(deterministic=True))
    block = blocks.new_block(0, b"", [common_pb2.Envelope(payload=payload).SerializeToString()])
    value = common_pb2.OrdererBlockMetadata(last_config=common_pb2.LastConfig(index=0)).SerializeToString()
    block.metadata.metadata[common_pb2.SIGNATURES] = common_pb2.Metadata(value=value).SerializeToString()
    return block


def add_value(group: Any, name: str, message: Any) -> None:
    """Set a configuration value of a group, changeable by its admins."""
    group.values[name].mod_policy = ADMINS
    group.values[name].value = message.SerializeToString(deterministic=True)


def add_capabilities(group: Any, capabilities: Iterable[str]) -> None:
    """Set the capability levels of a group."""
    message = configuration_pb2.Capabilities()
    for capability in capabilities:
        message.capabilities[capability].SetInParent()
    add_value(group, "Capabilities", message)


def add_anchor_peers(group: Any, addresses: Iterable[tuple[str, int]]) -> None:
    """Set the anchor peers of a member's group, each as host and port."""
    anchors = peer_configuration_pb2.AnchorPeers()
    for host, port in addresses:
        anchors.anchor_peers.add(host=host, port=port)
    add_value(group, "AnchorPeers", anchors)


def add_policy(group: Any, name: str, text: str) -> None:
    """
    Set a policy of a group from ``MAJORITY Admins`` (ANY, ALL, MAJORITY) or a signature policy's text.

    Raises:
        PolicyError: it is neither.
    """
    words = text.split()
    if len(words) == 2 and words[0] in ("ANY", "ALL", "MAJORITY"):
        _add_policy(group, name, _meta(_META.Rule.Value(words[0]), words[1]))
    else:
        _add_policy(group, name, _signature(policies.from_dsl(text)))


def _organisation(organisation: OrganisationGroup) -> configtx_pb2.ConfigGroup:
    group = configtx_pb2.ConfigGroup(mod_policy=ADMINS)
    issuers = organisation.intermediate_certificates or organisation.root_certificates
    units = msp_config_pb2.FabricNodeOUs(enable=True)
    for unit in ("client", "peer", "admin", "orderer"):
        identifier = getattr(units, f"{unit}_ou_identifier")
        # With several, a unit counts whichever of them issued the certificate.
        identifier.certificate = issuers[0] if len(issuers) == 1 else b""
        identifier.organizational_unit_identifier = unit
    config = msp_config_pb2.FabricMSPConfig(
        name=organisation.msp_id,
        root_certs=organisation.root_certificates,
        intermediate_certs=organisation.intermediate_certificates,
        revocation_list=organisation.revocation_lists,
        tls_root_certs=organisation.tls_root_certificates,
        tls_intermediate_certs=organisation.tls_intermediate_certificates,
        crypto_config=msp_config_pb2.FabricCryptoConfig(
            signature_hash_family="SHA2", identity_identifier_hash_function="SHA256"
        ),
        fabric_node_ous=units,
    )
    add_value(group, "MSP", msp_config_pb2.MSPConfig(type=0, config=config.SerializeToString(deterministic=True)))
    return group


def _add_consensus(group: Any, kind: str, metadata: Any) -> None:
    consensus = orderer_configuration_pb2.ConsensusType(
        type=kind, metadata=metadata.SerializeToString(deterministic=True)
    )
    add_value(group, "ConsensusType", consensus)


def _add_meta_policies(group: Any) -> None:
    _add_policy(group, "Readers", _meta(_META.ANY, "Readers"))
    _add_policy(group, "Writers", _meta(_META.ANY, "Writers"))
    _add_policy(group, ADMINS, _meta(_META.MAJORITY, ADMINS))


def _add_policy(group: Any, name: str, policy: Any) -> None:
    group.policies[name].mod_policy = ADMINS
    group.policies[name].policy.CopyFrom(policy)


def _meta(rule: int, sub_policy: str) -> policies_pb2.Policy:
    value = _META(rule=rule, sub_policy=sub_policy)
    return policies_pb2.Policy(type=policies_pb2.Policy.IMPLICIT_META, value=value.SerializeToString())


def _signature(envelope: Any) -> policies_pb2.Policy:
    value = envelope.SerializeToString(deterministic=True)
    return policies_pb2.Policy(type=policies_pb2.Policy.SIGNATURE, value=value)


def _any_role(msp_id: str, *roles: int) -> policies_pb2.Policy:
    envelope = policies_pb2.SignaturePolicyEnvelope(version=0)
    envelope.rule.n_out_of.n = 1
    for index, role in enumerate(roles):
        envelope.rule.n_out_of.rules.add(signed_by=index)
        principal = _ROLE(msp_identifier=msp_id, role=role).SerializeToString()
        envelope.identities.add(principal_classification=msp_principal_pb2.MSPPrincipal.ROLE, principal=principal)
    return _signature(envelope)
