"""
The parts of a consortium as plain frozen values.

The values say what is wanted; ports, keys and package ids are chosen later and
kept in the state folder.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hlf.wire.config import channelwords

RAFT, BFT = channelwords.RAFT, channelwords.BFT


@dataclass(frozen=True)
class User:
    """A user of an organisation; the certificate has *attributes* in the form of a Fabric CA."""

    name: str
    role: str = "client"
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """One peer; *port* is None for any free one."""

    name: str
    msp_id: str
    port: int | None = None


@dataclass(frozen=True)
class PeerSettings:
    """The settings in the ``core.yaml`` of an organisation's peers that can differ; times are Go durations."""

    client_auth_required: bool = False
    gateway_enabled: bool = True
    endorsement_timeout: str = "30s"
    execute_timeout: str = "30s"
    endorser_concurrency: int = 2500
    deliver_concurrency: int = 2500
    gateway_concurrency: int = 500


@dataclass(frozen=True)
class Organisation:
    """
    A member of the consortium, with its peers and users (``Admin`` and ``User1`` always among them).

    *anchors* names the anchor peers on every channel. *host* is where other organisations reach its nodes; None if all
    nodes run on one machine.
    """

    msp_id: str
    domain: str
    role: str
    country: str
    peers: tuple[Peer, ...]
    users: tuple[User, ...]
    settings: PeerSettings = field(default_factory=PeerSettings)
    anchors: tuple[str, ...] = ()
    host: str | None = None

    def user(self, name: str) -> User:
        """Return the user of that name; KeyError where there is none."""
        return {user.name: user for user in self.users}[name]


@dataclass(frozen=True)
class Orderer:
    """One ordering node; *port* and *admin_port* are None for any free ones."""

    name: str
    msp_id: str
    port: int | None = None
    admin_port: int | None = None


@dataclass(frozen=True)
class OrdererOrganisation:
    """An organisation that runs ordering nodes; it is no member of any channel's application."""

    msp_id: str
    domain: str
    orderers: tuple[Orderer, ...]
    users: tuple[User, ...] = (User("Admin", "admin"),)
    host: str | None = None


@dataclass(frozen=True)
class OrderingService:
    """How orderers agree on blocks (``raft`` or ``bft``), and which orderers do."""

    consensus: str
    organisations: tuple[OrdererOrganisation, ...]


@dataclass(frozen=True)
class BatchSettings:
    """When a block is cut; *timeout* is a Go duration."""

    timeout: str = "50ms"
    max_messages: int = 100
    preferred_max_bytes: int = 2 << 20
    absolute_max_bytes: int = 99 << 20


@dataclass(frozen=True)
class Capabilities:
    """Capability levels; *channel* is None where the engine's Fabric version decides (V3_0, on Fabric 2.5 V2_0)."""

    channel: str | None = None
    orderer: str = "V2_0"
    application: str = "V2_5"


@dataclass(frozen=True)
class Channel:
    """One ledger and who shares it; *policies* overrides entries of ``/Channel/Application`` by name."""

    name: str
    members: tuple[str, ...]
    policies: Mapping[str, str] = field(default_factory=dict)
    acls: Mapping[str, str] = field(default_factory=dict)
    capabilities: Capabilities = field(default_factory=Capabilities)
    batch: BatchSettings = field(default_factory=BatchSettings)


@dataclass(frozen=True)
class Collection:
    """A private data collection; *endorsement* is None where the chaincode's policy holds."""

    name: str
    policy: str
    required_peer_count: int = 0
    max_peer_count: int = 1
    block_to_live: int = 0
    member_only_read: bool = True
    member_only_write: bool = True
    endorsement: str | None = None


@dataclass(frozen=True)
class ServerProgram:
    """
    A program that serves chaincodes: ``command``, then ``each`` once for every chaincode of it.

    Words may hold ``{python}``, ``{state}``, ``{organisation}`` and, in *each*
    and *environment*, ``{chaincode}``, ``{package_id}``, ``{address}``,
    ``{host}``, ``{port}``. With ``per_organisation`` each organisation's peers
    get a process of their own. *image* is what engines with containers run it
    in; a Python of this package needs none.
    """

    name: str
    command: tuple[str, ...]
    each: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    image: str | None = None
    per_organisation: bool = False


@dataclass(frozen=True)
class Chaincode:
    """
    A chaincode and its definition on one channel.

    *server* names who runs it. Without one it is served by others at
    *addresses*: one entry ``""`` for all peers, or one a peer or MSP id.
    *installed_by* are the members whose peers run it, all of them unless said
    otherwise; the others approve its definition and endorse nothing.
    """

    name: str
    channel: str
    version: str = "1.0"
    sequence: int = 1
    endorsement: str | None = None
    collections: tuple[Collection, ...] = ()
    init_required: bool = False
    server: str | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    installed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Consortium:
    """A consortium; *source* is the text of its file, *base* the folder that relative paths start from."""

    name: str
    organisations: tuple[Organisation, ...]
    ordering: OrderingService
    channels: tuple[Channel, ...]
    chaincodes: tuple[Chaincode, ...]
    servers: tuple[ServerProgram, ...] = ()
    source: str = ""
    base: Path = Path()

    @property
    def orderers(self) -> tuple[Orderer, ...]:
        """Every ordering node."""
        return tuple(orderer for organisation in self.ordering.organisations for orderer in organisation.orderers)

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Every peer."""
        return tuple(peer for organisation in self.organisations for peer in organisation.peers)

    @property
    def msp_ids(self) -> tuple[str, ...]:
        """The MSP id of every organisation, members first."""
        return (*(each.msp_id for each in self.organisations), *(each.msp_id for each in self.ordering.organisations))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The name of every peer and every orderer."""
        return (*(peer.name for peer in self.peers), *(orderer.name for orderer in self.orderers))

    @property
    def hosts(self) -> dict[str, str]:
        """The host of every node whose organisation names one."""
        members = {peer.name: each.host for each in self.organisations for peer in each.peers}
        ordering = {orderer.name: each.host for each in self.ordering.organisations for orderer in each.orderers}
        return {name: host for name, host in (members | ordering).items() if host is not None}

    def organisation(self, msp_id: str) -> Organisation:
        """Return the member of that MSP id; KeyError where there is none."""
        return {organisation.msp_id: organisation for organisation in self.organisations}[msp_id]

    def channel(self, name: str) -> Channel:
        """Return the channel of that name; KeyError where there is none."""
        return {channel.name: channel for channel in self.channels}[name]

    def only(self, msp_ids: Container[str]) -> Consortium:
        """Return these organisations' part: nodes, users, servers, and all channels without other members."""
        members = {each.msp_id for each in self.organisations if each.msp_id in msp_ids}
        ordering = tuple(each for each in self.ordering.organisations if each.msp_id in msp_ids)
        return dataclasses.replace(
            self,
            organisations=tuple(each for each in self.organisations if each.msp_id in members),
            ordering=dataclasses.replace(self.ordering, organisations=ordering),
            channels=tuple(
                dataclasses.replace(each, members=tuple(one for one in each.members if one in members))
                for each in self.channels
            ),
            chaincodes=tuple(
                dataclasses.replace(each, installed_by=tuple(one for one in each.installed_by if one in members))
                for each in self.chaincodes
                if members & {*each.installed_by}
            ),
        )

    def channels_of(self, msp_id: str) -> tuple[Channel, ...]:
        """Return the channels an organisation is a member of."""
        return tuple(channel for channel in self.channels if msp_id in channel.members)

    def chaincodes_of(self, channel: str) -> tuple[Chaincode, ...]:
        """Return the chaincodes defined on a channel."""
        return tuple(chaincode for chaincode in self.chaincodes if chaincode.channel == channel)
