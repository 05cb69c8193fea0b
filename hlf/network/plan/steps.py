"""
The steps that make a running network match a file.

A step is a value: it says what it changes, and gives the network that it
leaves behind. So a plan can be checked without any network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hlf.network.plan.model import ChannelFacts, NetworkFacts

NOT_SET = "not set"


@dataclass(frozen=True)
class SettingChange:
    """One thing that becomes another; *before* or *after* is "not set" where it is new or removed."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before} -> {self.after}"


class PlanStep(Protocol):
    """One step of a plan; *destructive* ones take something away from somebody."""

    @property
    def destructive(self) -> bool:
        """Whether it takes something away from somebody."""

    def after(self, network: NetworkFacts) -> NetworkFacts:
        """Return the network with the step done."""

    def head(self) -> str:
        """Return what the step does, in one line."""

    def details(self) -> list[str]:
        """Return what the step changes, one line each."""

    def values(self) -> dict[str, Any]:
        """Return the step for machines."""


@dataclass(frozen=True)
class _Step:
    @property
    def destructive(self) -> bool:
        return False

    def details(self) -> list[str]:
        return []

    def values(self) -> dict[str, Any]:
        named = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {"step": type(self).__name__.lower(), **{name: _plain(value) for name, value in named.items()}}


@dataclass(frozen=True)
class Enrol(_Step):
    """Make keys and certificates of users."""

    users: tuple[str, ...]

    def after(self, network: NetworkFacts) -> NetworkFacts:
        return dataclasses.replace(network, users=network.users | set(self.users))

    def head(self) -> str:
        return f"make keys and certificates of {', '.join(self.users)}"


@dataclass(frozen=True)
class Start(_Step):
    """Start further nodes."""

    nodes: tuple[str, ...]

    def after(self, network: NetworkFacts) -> NetworkFacts:
        return dataclasses.replace(network, nodes=network.nodes | set(self.nodes))

    def head(self) -> str:
        return f"start {', '.join(self.nodes)}"


@dataclass(frozen=True)
class Restart(_Step):
    """Start the peers of an organisation again with other settings."""

    msp_id: str
    changes: tuple[SettingChange, ...]

    def after(self, network: NetworkFacts) -> NetworkFacts:
        changed = {f"{self.msp_id}/{each.what}": each.after for each in self.changes}
        return dataclasses.replace(network, node_settings={**network.node_settings, **changed})

    def head(self) -> str:
        return f"start the peers of {self.msp_id} again, with other settings"

    def details(self) -> list[str]:
        return [*map(str, self.changes)]


@dataclass(frozen=True)
class Serve(_Step):
    """Start the programs that serve chaincodes, or start them again as the file has them now."""

    servers: Mapping[str, str]
    again: tuple[str, ...] = ()

    def after(self, network: NetworkFacts) -> NetworkFacts:
        return dataclasses.replace(network, servers={**network.servers, **self.servers})

    def head(self) -> str:
        new = sorted(self.servers.keys() - set(self.again))
        parts = [f"start {', '.join(new)}"] if new else []
        return "; ".join([*parts, f"start {', '.join(self.again)} again"] if self.again else parts)

    def values(self) -> dict[str, Any]:
        return {"step": "serve", "servers": sorted(self.servers), "again": list(self.again)}


@dataclass(frozen=True)
class StopNodes(_Step):
    """Stop nodes and servers that the file does not have any more; ledgers and keys stay in the folder."""

    programs: tuple[str, ...]

    @property
    def destructive(self) -> bool:
        return True

    def after(self, network: NetworkFacts) -> NetworkFacts:
        return dataclasses.replace(
            network,
            nodes=network.nodes - set(self.programs),
            servers={name: held for name, held in network.servers.items() if name not in self.programs},
            installed={name: held for name, held in network.installed.items() if name not in self.programs},
        )

    def head(self) -> str:
        return f"stop {', '.join(self.programs)}; ledgers and keys stay"


@dataclass(frozen=True)
class Create(_Step):
    """Make a channel that does not exist yet."""

    channel: str
    members: frozenset[str]
    settings: Mapping[str, str] = field(repr=False)
    orderers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def after(self, network: NetworkFacts) -> NetworkFacts:
        made = ChannelFacts(members=self.members, settings=self.settings, orderers=self.orderers)
        return _with(network, self.channel, made)

    def head(self) -> str:
        return f"create channel {self.channel} with {', '.join(sorted(self.members))}"


@dataclass(frozen=True)
class Configure(_Step):
    """Change the configuration of a running channel in one update, which its own policies say who must sign."""

    channel: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changes: tuple[SettingChange, ...] = ()

    @property
    def destructive(self) -> bool:
        return bool(self.removed)

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        settings = {**had.settings, **{each.what: each.after for each in self.changes if each.after != NOT_SET}}
        for each in self.changes:
            if each.after == NOT_SET:
                settings.pop(each.what, None)
        for msp_id in self.removed:
            settings.pop(f"anchors.{msp_id}", None)
        members = (had.members | set(self.added)) - set(self.removed)
        approvals = {
            name: {msp_id: package for msp_id, package in held.items() if msp_id not in self.removed}
            for name, held in had.approvals.items()
        }
        changed = dataclasses.replace(had, members=members, settings=settings, approvals=approvals)
        return _with(network, self.channel, changed)

    def head(self) -> str:
        return f"update the configuration of channel {self.channel}"

    def details(self) -> list[str]:
        return [
            *(f"+ member {msp_id}: it sees every block, the former ones too" for msp_id in self.added),
            *(f"- member {msp_id}: it gets no further block" for msp_id in self.removed),
            *map(str, self.changes),
        ]


@dataclass(frozen=True)
class AddOrderer(_Step):
    """
    Let a further orderer take part in a channel: it follows first, and is then one of those that agree.

    *orderers* is their number after the step; *quorum* of them must agree on a block.
    """

    channel: str
    address: str
    msp_id: str
    orderers: int
    quorum: int

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        orderers = {**had.orderers, self.address: self.msp_id}
        return _with(network, self.channel, dataclasses.replace(had, orderers=orderers))

    def head(self) -> str:
        return f"add the orderer {self.address} of {self.msp_id} to channel {self.channel}"

    def details(self) -> list[str]:
        return ["it gets every block", _agreement(self.orderers, self.quorum)]


@dataclass(frozen=True)
class RemoveOrderer(_Step):
    """Take an orderer out of a channel; *orderers* are left, and *quorum* of them must agree on a block."""

    channel: str
    address: str
    orderers: int
    quorum: int

    @property
    def destructive(self) -> bool:
        return True

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        orderers = {address: msp_id for address, msp_id in had.orderers.items() if address != self.address}
        return _with(network, self.channel, dataclasses.replace(had, orderers=orderers))

    def head(self) -> str:
        return f"remove the orderer {self.address} from channel {self.channel}"

    def details(self) -> list[str]:
        return [_agreement(self.orderers, self.quorum)]


@dataclass(frozen=True)
class Join(_Step):
    """Let peers join a channel."""

    channel: str
    peers: tuple[str, ...]

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        return _with(network, self.channel, dataclasses.replace(had, peers=had.peers | set(self.peers)))

    def head(self) -> str:
        return f"join {', '.join(self.peers)} to channel {self.channel}"


@dataclass(frozen=True)
class Leave(_Step):
    """Take a channel and its ledger off peers whose organisation is no member of it any more."""

    channel: str
    peers: tuple[str, ...]

    @property
    def destructive(self) -> bool:
        return True

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        return _with(network, self.channel, dataclasses.replace(had, peers=had.peers - set(self.peers)))

    def head(self) -> str:
        return f"take {', '.join(self.peers)} off channel {self.channel}"

    def details(self) -> list[str]:
        return [
            "their ledgers of it are removed: keep one with `audit export` first, if you need it",
            "who comes back later approves the next sequence of each chaincode: its approvals go with its ledgers",
        ]


@dataclass(frozen=True)
class Install(_Step):
    """Install a chaincode package on peers."""

    chaincode: str
    package_id: str
    peers: tuple[str, ...]

    def after(self, network: NetworkFacts) -> NetworkFacts:
        held = {name: network.installed.get(name, frozenset()) | {self.package_id} for name in self.peers}
        return dataclasses.replace(network, installed={**network.installed, **held})

    def head(self) -> str:
        return f"install {self.package_id.partition(':')[0]} on {', '.join(self.peers)}"


@dataclass(frozen=True)
class Define(_Step):
    """Approve a definition by all members, each with its package, and put it in force."""

    channel: str
    chaincode: str
    changes: tuple[SettingChange, ...]
    definition: Mapping[str, str] = field(repr=False)
    approvals: Mapping[str, str] = field(repr=False)

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        definitions = {**had.definitions, self.chaincode: self.definition}
        approvals = {**had.approvals, self.chaincode: self.approvals}
        return _with(network, self.channel, dataclasses.replace(had, definitions=definitions, approvals=approvals))

    def head(self) -> str:
        sequence = self.definition["sequence"]
        return f"approve and commit {self.chaincode} on channel {self.channel}, sequence {sequence}"

    def details(self) -> list[str]:
        return [*map(str, self.changes), *self._afterwards()]

    def _afterwards(self) -> list[str]:
        """Return who sees and who endorses what after the step."""
        said = [f"afterwards its transactions need {self.definition['endorsement']}"]
        for name, value in sorted(self.definition.items()):
            start, _, last = name.rpartition(".")
            if last == "policy":
                collection = start.partition(".")[2]
                policy = self.definition.get(f"{start}.endorsement")
                need = f", and its writes need {policy}" if policy else ""
                said.append(f"afterwards {collection} is seen by {value}{need}")
        return said


@dataclass(frozen=True)
class Approve(_Step):
    """Let organisations approve a definition in force, each with the package its peers run."""

    channel: str
    chaincode: str
    approvals: Mapping[str, str]

    def after(self, network: NetworkFacts) -> NetworkFacts:
        had = network.channels[self.channel]
        approvals = {**had.approvals.get(self.chaincode, {}), **self.approvals}
        changed = dataclasses.replace(had, approvals={**had.approvals, self.chaincode: approvals})
        return _with(network, self.channel, changed)

    def head(self) -> str:
        return f"approve {self.chaincode} on channel {self.channel} by {', '.join(sorted(self.approvals))}"

    def details(self) -> list[str]:
        return [
            f"{msp_id} {'runs it and can endorse' if package else 'agrees and does not run it'}"
            for msp_id, package in sorted(self.approvals.items())
        ]


def _agreement(orderers: int, quorum: int) -> str:
    return f"afterwards {quorum} of {orderers} orderers must agree on each block"


def _with(network: NetworkFacts, name: str, channel: ChannelFacts) -> NetworkFacts:
    return dataclasses.replace(network, channels={**network.channels, name: channel})


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [dataclasses.asdict(each) if isinstance(each, SettingChange) else each for each in value]
    return dict(value) if isinstance(value, Mapping) else value
