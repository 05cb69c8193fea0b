"""
A channel's configuration as typed values: members, policies, batches, capabilities.

A :class:`Bundle` is immutable; a configuration update makes a new one. A configuration
that Fabric refuses to load is refused here with the same error text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import msp
from hlf.wire.config import channelpolicies, configvalues
from hlf.wire.config.capabilities import RequiredCapabilities
from hlf.wire.config.configvalues import Batch

__all__ = [
    "Batch",
    "Bundle",
    "RequiredCapabilities",
    "OrderingConfig",
    "MemberConfig",
    "ConfigValues",
    "check_channel_id",
    "config_envelope_of",
    "config_of",
]

ROOT = "Channel"
APPLICATION = "Application"
ORDERER = "Orderer"
CONSORTIUMS = "Consortiums"
_MAX_UINT32 = 0xFFFFFFFF
LONGEST_ID = 249
"""The longest name of a channel, or of a group, value or policy of its configuration."""

ENDORSEMENT = "/Channel/Application/Endorsement"
"""The endorsement policy of a chaincode whose definition has none."""

LIFECYCLE_ENDORSEMENT = "/Channel/Application/LifecycleEndorsement"
"""The policy by which functions of ``_lifecycle`` are endorsed, where a channel has it."""

_CHANNEL_ID = re.compile(r"[a-z][a-z0-9.-]*")
_ORGANISATION_ENDPOINTS = frozenset({"V1_4_2", "V1_4_3", "V2_0", "V3_0"})


@dataclass(frozen=True)
class MemberConfig:
    """A member: its name in the configuration, its MSP and where to reach it (host, port)."""

    name: str
    msp: msp.Msp
    anchor_peers: tuple[tuple[str, int], ...] = ()
    endpoints: tuple[str, ...] = ()

    @property
    def msp_id(self) -> str:
        """The organisation's MSP id."""
        return self.msp.id


@dataclass(frozen=True)
class OrderingConfig:
    """The orderer's part of the configuration."""

    batch: Batch
    consensus_type: str
    consensus_metadata: bytes
    maintenance: bool
    organisations: Mapping[str, MemberConfig]
    consenters: tuple[Any, ...] = ()


class _Members:
    """Builds each organisation's MSP once, although it may stand in several groups."""

    def __init__(self, *, ed25519_allowed: bool) -> None:
        self._ed25519_allowed = ed25519_allowed
        self._found: dict[str, tuple[bytes, msp.Msp]] = {}

    def add(self, organisation: str, config: Any) -> msp.Msp:
        if config.type == msp.IDEMIX:
            raise errors.ConfigError("creating the MSP manager failed: Idemix organisations are not supported")
        if config.type != msp.FABRIC:
            raise errors.ConfigError(f"Setup error: unsupported msp type {config.type}")
        try:
            built = msp.Msp.from_config(config.config, ed25519_allowed=self._ed25519_allowed)
        except errors.WireError as error:
            raise errors.ConfigError(f"setting up the MSP manager failed: {error}") from error
        if not built.id:
            raise errors.ConfigError(f"MSP for org {organisation} has empty MSP ID")
        encoded, known = self._found.setdefault(built.id, (config.config, built))
        if encoded != config.config:
            raise errors.ConfigError(f"Attempted to define two different versions of MSP: {built.id}")
        return known

    def msps(self) -> msp.Msps:
        return msp.Msps(built for _, built in self._found.values())


def _no_groups(group: Any, refusal: str) -> None:
    if group.groups:
        raise errors.ConfigError(refusal)


class ConfigValues:
    """
    The groups and values of a configuration, without its policies.

    Attributes:
        msps: the channel's organisations.
        capabilities: what nodes of the channel must be able to do.
        application_organisations: members by their name in the configuration.
        has_application, has_consortiums: whether the configuration has these groups.
        ordering: the orderer's part, or None.
        acls: policy paths by resource, where the configuration overrides the defaults.
    """

    def __init__(self, group: Any) -> None:
        """
        Read *group*, the ``ConfigGroup`` of a channel.

        Raises:
            ConfigError: what Fabric would refuse to load, in its words.
        """
        self.ordering: OrderingConfig | None = None
        self.acls: Mapping[str, str] = {}
        self.application_organisations: Mapping[str, MemberConfig] = {}
        self.has_application = APPLICATION in group.groups
        self.has_consortiums = CONSORTIUMS in group.groups
        self._read(group)

    @property
    def batch(self) -> Batch:
        """When to cut a block; raises ConfigError on a channel without an orderer group."""
        if self.ordering is None:
            raise errors.ConfigError("the channel has no orderer configuration")
        return self.ordering.batch

    @property
    def orderer_endpoints(self) -> Mapping[str, tuple[str, ...]]:
        """Orderer addresses (``host:port``) by MSP id."""
        if self.ordering is None:
            return {}
        return {member.msp_id: member.endpoints for member in self.ordering.organisations.values()}

    @property
    def application_msp_ids(self) -> tuple[str, ...]:
        """The members' MSP ids, sorted."""
        return tuple(sorted(member.msp_id for member in self.application_organisations.values()))

    def _read(self, group: Any) -> None:
        values = configvalues.decode(group, configvalues.CHANNEL_VALUES)
        channel = frozenset(values["Capabilities"].capabilities)
        _check_channel(values, channel)
        self.capabilities = RequiredCapabilities(channel)
        members = _Members(ed25519_allowed=self.capabilities.v3)
        readers = {
            APPLICATION: self._read_application,
            ORDERER: self._read_orderer,
            CONSORTIUMS: _read_consortiums,
        }
        for name, below in sorted(group.groups.items()):
            if name not in readers:
                raise errors.ConfigError(f"Disallowed channel group: {name}")
            try:
                readers[name](below, members)
            except errors.ConfigError as error:
                raise errors.ConfigError(f"could not create channel {name} sub-group config: {error}") from error
        self.msps = members.msps()

    def _read_application(self, group: Any, members: _Members) -> None:
        values = configvalues.decode(group, configvalues.APPLICATION_VALUES)
        capabilities = frozenset(values["Capabilities"].capabilities)
        if "ACLs" in group.values and not capabilities & {"V1_2", "V1_3", "V1_4_2", "V2_0", "V2_5"}:
            raise errors.ConfigError("ACLs may not be specified without the required capability")
        self.capabilities = RequiredCapabilities(self.capabilities.channel, self.capabilities.orderer, capabilities)
        self.acls = {name: _absolute(acl.policy_ref) for name, acl in values["ACLs"].acls.items() if acl.policy_ref}
        found = {}
        for name, below in sorted(group.groups.items()):
            _no_groups(below, "ApplicationOrg config does not allow sub-groups")
            own = configvalues.decode(below, configvalues.APPLICATION_ORGANISATION_VALUES)
            anchors = tuple((anchor.host, anchor.port) for anchor in own["AnchorPeers"].anchor_peers)
            found[name] = MemberConfig(name, members.add(name, own["MSP"]), anchor_peers=anchors)
        self.application_organisations = found

    def _read_orderer(self, group: Any, members: _Members) -> None:
        values = configvalues.decode(group, configvalues.ORDERER_VALUES)
        capabilities = frozenset(values["Capabilities"].capabilities)
        self.capabilities = RequiredCapabilities(self.capabilities.channel, capabilities, self.capabilities.application)
        batch = configvalues.batch(values["BatchSize"], values["BatchTimeout"])
        found = {}
        for name, below in sorted(group.groups.items()):
            _no_groups(below, "OrdererOrg config does not allow sub-groups")
            if "Endpoints" in below.values and not self.capabilities.channel & _ORGANISATION_ENDPOINTS:
                raise errors.ConfigError(
                    f"Orderer Org {name} cannot contain endpoints value until V1_4_2+ capabilities have been enabled"
                )
            own = configvalues.decode(below, configvalues.ORDERER_ORGANISATION_VALUES)
            endpoints = tuple(own["Endpoints"].addresses)
            found[name] = MemberConfig(name, members.add(name, own["MSP"]), endpoints=endpoints)
        without = [name for name, member in found.items() if not member.endpoints]
        if without and self.capabilities.v3:
            raise errors.ConfigError(f"some orderer organizations endpoints are empty: [{' '.join(without)}]")
        consensus = values["ConsensusType"]
        self.ordering = OrderingConfig(
            batch=batch,
            consensus_type=consensus.type,
            consensus_metadata=consensus.metadata,
            maintenance=consensus.state == orderer_pb2.ConsensusType.STATE_MAINTENANCE,
            organisations=found,
            consenters=tuple(values["Orderers"].consenter_mapping),
        )


class Bundle(ConfigValues):
    """
    One version of a channel's configuration.

    Attributes:
        channel_id, sequence, config: the channel, the configuration's number and the configuration itself.
        policies: all policies; :meth:`policy` finds one.
    """

    def __init__(self, channel_id: str, config: configtx_pb2.Config) -> None:
        """
        Read *config*, a ``common.Config``.

        Raises:
            ConfigError: what Fabric would refuse to load, in its words.
        """
        _check_levels(config)
        self.channel_id = channel_id
        self.config = config
        self.sequence: int = config.sequence
        try:
            super().__init__(config.channel_group)
        except errors.ConfigError as error:
            raise errors.ConfigError(f"initializing channelconfig failed: {error}") from error
        try:
            self.policies = channelpolicies.PolicyTree(ROOT, config.channel_group)
        except errors.ConfigError as error:
            raise errors.ConfigError(f"initializing policymanager failed: {error}") from error
        try:
            check_channel_id(channel_id)
        except errors.ConfigError as error:
            raise errors.ConfigError(f"initializing configtx manager failed: bad channel ID: {error}") from error

    @classmethod
    def from_envelope(cls, envelope: Any) -> Bundle:
        """
        Return the configuration in a CONFIG envelope.

        Raises:
            WireError: it is none.
            ConfigError: its configuration cannot be used.
        """
        channel_id, config_envelope = config_of(envelope)
        return cls(channel_id, config_envelope.config)

    @classmethod
    def from_config_block(cls, block: bytes | Any) -> Bundle:
        """
        Return the configuration in a configuration block, encoded or decoded.

        Raises:
            WireError: it is none.
            ConfigError: its configuration cannot be used.
        """
        return cls.from_envelope(config_envelope_of(block))

    def policy(self, path: str) -> channelpolicies.Policy:
        """Return the policy at an absolute *path*; if there is none, one that refuses everybody."""
        return self.policies.policy(path)

    def refusal(self, path: str, signed: Iterable[msp.SignedData]) -> str | None:
        """Return why these signatures do not satisfy the policy at *path*, in Fabric's words; None when they do."""
        return self.policy(path).refusal(self.msps.signers(signed))


def check_channel_id(channel_id: str) -> None:
    """
    Check the name of a channel.

    Raises:
        ConfigError: it is empty, too long or not made of lower-case letters, digits, dots and dashes.
    """
    if not channel_id:
        raise errors.ConfigError("channel ID illegal, cannot be empty")
    if len(channel_id) > LONGEST_ID:
        raise errors.ConfigError(f"channel ID illegal, cannot be longer than {LONGEST_ID}")
    if not _CHANNEL_ID.fullmatch(channel_id):
        raise errors.ConfigError(f"'{channel_id}' contains illegal characters")


def config_envelope_of(block: bytes | Any) -> common_pb2.Envelope:
    """
    Return the one envelope of a configuration block.

    Raises:
        WireError: the block cannot be decoded or does not hold exactly one envelope.
    """
    try:
        if isinstance(block, bytes):
            block = common_pb2.Block.FromString(block)
        if len(block.data.data) != 1:
            raise errors.WireError("block is not a config block")
        return common_pb2.Envelope.FromString(block.data.data[0])
    except DecodeError as error:
        raise errors.WireError(f"block cannot be decoded: {error}") from error


def config_of(envelope: common_pb2.Envelope) -> tuple[str, configtx_pb2.ConfigEnvelope]:
    """
    Return the channel id and ``ConfigEnvelope`` that a CONFIG envelope carries.

    Raises:
        WireError: it cannot be decoded or is of another type.
    """
    try:
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        if header.type != common_pb2.CONFIG:
            raise errors.WireError("block is not a config block")
        return header.channel_id, configtx_pb2.ConfigEnvelope.FromString(payload.data)
    except DecodeError as error:
        raise errors.WireError(f"config envelope cannot be decoded: {error}") from error


def _absolute(reference: str) -> str:
    """Return the path of an access rule's policy; a relative one starts at the application group."""
    return reference if reference.startswith("/") else f"/{ROOT}/{APPLICATION}/{reference}"


def _read_consortiums(group: Any, members: _Members) -> None:
    """Read the consortiums of a former system channel; Fabric uses only their members' MSPs."""
    for _, consortium in sorted(group.groups.items()):
        configvalues.decode(consortium, configvalues.CONSORTIUM_VALUES)
        for name, below in sorted(consortium.groups.items()):
            _no_groups(below, "organizations do not support sub-groups")
            members.add(name, configvalues.decode(below, configvalues.ORGANISATION_VALUES)["MSP"])


def _check_levels(config: Any) -> None:
    if not config.HasField("channel_group"):
        raise errors.ConfigError("config must contain a channel group")
    groups = config.channel_group.groups
    if ORDERER in groups and "Capabilities" not in groups[ORDERER].values:
        if "Capabilities" in config.channel_group.values:
            raise errors.ConfigError("cannot enable channel capabilities without orderer support first")
        if APPLICATION in groups and "Capabilities" in groups[APPLICATION].values:
            raise errors.ConfigError("cannot enable application capabilities without orderer support first")


def _check_channel(values: Mapping[str, Any], capabilities: frozenset[str]) -> None:
    algorithm = values["HashingAlgorithm"].name
    if algorithm not in ("SHA256", "SHA3_256"):
        raise errors.ConfigError(f"Unknown hashing algorithm type: {algorithm}")
    if values["BlockDataHashingStructure"].width != _MAX_UINT32:
        raise errors.ConfigError("BlockDataHashStructure width only supported at MaxUint32 in this version")
    addresses: Sequence[str] = values["OrdererAddresses"].addresses
    if not addresses and not capabilities & _ORGANISATION_ENDPOINTS:
        raise errors.ConfigError("Must set some OrdererAddresses")
    if addresses and "V3_0" in capabilities:
        raise errors.ConfigError(
            "global OrdererAddresses are not allowed with V3_0 capability, use org specific addresses only"
        )
