"""Compare the running network with the wanted one: the steps between them in their order, and what no step can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hlf.network.consortiummodel import BFT
from hlf.network.plan import model
from hlf.network.plan.model import ChannelFacts, NetworkFacts
from hlf.network.plan.steps import (
    NOT_SET,
    AddOrderer,
    Approve,
    Configure,
    Create,
    Define,
    Enrol,
    Install,
    Join,
    Leave,
    PlanStep,
    RemoveOrderer,
    Restart,
    Serve,
    SettingChange,
    Start,
    StopNodes,
)
from hlf.wire.config import channelwords, configvalues

NOTHING = NetworkFacts()
"""The network before its first start."""

# Settings that can only be chosen when a channel is made.
_FIXED = {"orderers.consensus": "Write the consensus that the channel has; another one needs a new network."}


@dataclass(frozen=True)
class PlanProblem:
    """A change that the file asks for and no step can make."""

    what: str
    cure: str
    lost: tuple[str, str] | None = None
    """Channel and name of a chaincode whose approval a member has lost; the next sequence cures that."""

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}"


@dataclass(frozen=True)
class Steps:
    """
    The way from one network to another.

    Attributes:
        first: what is done while all present members are still members.
        last: what takes members and nodes away.
        problems: what must be changed in the file before anything is done.
        notes: what differs and stays.
    """

    first: tuple[PlanStep, ...] = ()
    last: tuple[PlanStep, ...] = ()
    problems: tuple[PlanProblem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[PlanStep, ...]:
        """All steps in their order."""
        return self.first + self.last


def between(actual: NetworkFacts, wanted: NetworkFacts) -> Steps:
    """
    Return the steps from *actual* to *wanted*.

    Members come before the definitions that may name them, and leave after: until then their endorsement may be needed.
    """
    first: list[PlanStep] = []
    last: list[PlanStep] = []
    problems: list[PlanProblem] = []
    notes: list[str] = []
    orderers: list[PlanStep] = []
    if users := sorted(wanted.users - actual.users):
        first.append(Enrol(tuple(users)))
    for name, channel in wanted.channels.items():
        present = actual.channels.get(name)
        if present is None:
            first.append(Create(name, channel.members, channel.settings, channel.orderers))
            continue
        problems += _unchangeable(name, present, channel)
        first += _configure(name, present, channel)
        last += _removal(name, present, channel)
        problems += _unendorsable(name, present, channel)
        # The ledger of a peer that goes altogether stays with it.
        if outside := sorted((present.peers - channel.peers) & wanted.nodes):
            last.append(Leave(name, tuple(outside)))
        coming, going = _orderers(name, present, channel)
        orderers += coming
        last += going
    if nodes := sorted(wanted.nodes - actual.nodes):
        first.append(Start(tuple(nodes)))
    first += orderers
    first += _programs(actual, wanted)
    for name, channel in wanted.channels.items():
        joined = actual.channels[name].peers if name in actual.channels else frozenset()
        if peers := sorted(channel.peers - joined):
            first.append(Join(name, tuple(peers)))
    first += _installs(actual, wanted)
    for name, channel in wanted.channels.items():
        present = actual.channels.get(name, ChannelFacts())
        for chaincode in channel.definitions:
            trouble = _sequence(name, chaincode, present, channel) or _collections(name, chaincode, present, channel)
            if trouble is not None:
                problems.append(trouble)
                continue
            first += _definition(name, chaincode, present, channel)
        for left in sorted(set(present.definitions) - set(channel.definitions)):
            notes.append(
                f"chaincode {left} on channel {name} is not in the file: its definition stays in force, as Fabric "
                "removes none, and no server of it runs here"
            )
    for gone in sorted(set(actual.channels) - set(wanted.channels)):
        notes.append(f"channel {gone} is not in the file: it goes on, and nothing of it is changed")
    if left_over := sorted((actual.nodes - wanted.nodes) | (actual.servers.keys() - wanted.servers.keys())):
        last.append(StopNodes(tuple(left_over)))
    return Steps(tuple(first), tuple(last), tuple(problems), tuple(notes))


def _programs(actual: NetworkFacts, wanted: NetworkFacts) -> Iterator[PlanStep]:
    changes: dict[str, list[SettingChange]] = {}
    for each in _changes(actual.node_settings, wanted.node_settings):
        msp_id, _, name = each.what.partition("/")
        if NOT_SET not in (each.before, each.after):
            changes.setdefault(msp_id, []).append(SettingChange(name, each.before, each.after))
    for msp_id, listed in changes.items():
        yield Restart(msp_id, tuple(listed))
    servers = {name: value for name, value in wanted.servers.items() if actual.servers.get(name) != value}
    if servers:
        yield Serve(servers, tuple(sorted(servers.keys() & actual.servers.keys())))


def _unchangeable(name: str, present: ChannelFacts, wanted: ChannelFacts) -> Iterator[PlanProblem]:
    for what, cure in _FIXED.items():
        has, wants = present.settings.get(what, NOT_SET), wanted.settings.get(what, NOT_SET)
        if has != wants:
            yield PlanProblem(f"channel {name}: {what} is {has}, and the file says {wants}", cure)


def _configure(name: str, present: ChannelFacts, wanted: ChannelFacts) -> list[PlanStep]:
    added = tuple(sorted(wanted.members - present.members))
    # A new member comes with its anchor peers, and one that leaves takes them along.
    apart = {f"anchors.{msp_id}" for msp_id in wanted.members ^ present.members}
    asked = channelwords.completed(wanted.settings, present.settings)
    changes = tuple(each for each in _changes(present.settings, asked) if each.what not in _FIXED.keys() | apart)
    brought = tuple(
        SettingChange(what, NOT_SET, value)
        for what, value in sorted(wanted.settings.items())
        if what.removeprefix("anchors.") in added
    )
    return [Configure(name, added=added, changes=(*changes, *brought))] if added or changes else []


def _orderers(name: str, present: ChannelFacts, wanted: ChannelFacts) -> tuple[list[PlanStep], list[PlanStep]]:
    """Return the steps by which orderers come to a channel, one at a time, and those by which others leave it."""
    count, bft = len(present.orderers), wanted.settings.get("orderers.consensus") == BFT
    coming: list[PlanStep] = []
    going: list[PlanStep] = []
    for address, msp_id in sorted(wanted.orderers.items()):
        # One that agrees on blocks without an address in the channel was interrupted half way.
        if present.orderers.get(address) != msp_id:
            count += address not in present.orderers
            coming.append(AddOrderer(name, address, msp_id, count, configvalues.quorum(count, bft=bft)))
    for address in sorted(present.orderers.keys() - wanted.orderers.keys()):
        count -= 1
        going.append(RemoveOrderer(name, address, count, configvalues.quorum(count, bft=bft)))
    return coming, going


def _removal(name: str, present: ChannelFacts, wanted: ChannelFacts) -> list[PlanStep]:
    removed = tuple(sorted(present.members - wanted.members))
    return [Configure(name, removed=removed)] if removed else []


def _unendorsable(name: str, present: ChannelFacts, wanted: ChannelFacts) -> Iterator[PlanProblem]:
    """Find chaincodes that nobody can write to any more without the members that leave."""
    removed = ", ".join(sorted(present.members - wanted.members))
    for chaincode, words in wanted.definitions.items() if removed else ():
        for what, text in sorted(words.items()):
            asks = what == "endorsement" or what.endswith(".endorsement")
            if asks and model.satisfiable(text, present.members) and not model.satisfiable(text, wanted.members):
                yield PlanProblem(
                    f"channel {name}: without {removed} nobody can satisfy {what} of chaincode {chaincode}, {text}",
                    "Give it another policy first: hlf network chaincode-upgrade.",
                )


def _installs(actual: NetworkFacts, wanted: NetworkFacts) -> list[PlanStep]:
    peers: dict[str, list[str]] = {}
    for peer, packages in sorted(wanted.installed.items()):
        for package_id in packages - actual.installed.get(peer, frozenset()):
            peers.setdefault(package_id, []).append(peer)
    return [Install(package_id.partition(":")[0], package_id, tuple(at)) for package_id, at in sorted(peers.items())]


def _sequence(name: str, chaincode: str, present: ChannelFacts, wanted: ChannelFacts) -> PlanProblem | None:
    wants, has = wanted.definitions[chaincode], present.definitions.get(chaincode)
    held, asked = int(has["sequence"]) if has else 0, int(wants["sequence"])
    if asked not in (held, held + 1):
        return PlanProblem(
            f"channel {name}: chaincode {chaincode} has sequence {asked} in the file, and {held} is in force",
            f"Write `sequence: {held + 1}` to change it, or {held or 1} to leave it.",
        )
    lost = sorted(
        msp_id
        for msp_id, package in present.approvals.get(chaincode, {}).items()
        if package == model.LOST and msp_id in wanted.members
    )
    if asked == held and lost:
        return PlanProblem(
            f"channel {name}: {', '.join(lost)} has lost its approval of {chaincode}, sequence {held}, with its ledger",
            f"Write `sequence: {held + 1}`: all approve that one.",
            lost=(name, chaincode),
        )
    if has is not None and asked == held and has != wants:
        differs = "; ".join(map(str, _changes(has, wants)))
        return PlanProblem(
            f"channel {name}: chaincode {chaincode} is in force otherwise with the same sequence {held} ({differs})",
            f"Write `sequence: {held + 1}` to put the changed definition in force.",
        )
    return None


def _collections(name: str, chaincode: str, present: ChannelFacts, wanted: ChannelFacts) -> PlanProblem | None:
    """Find what Fabric refuses to change about the collections of a definition in force."""
    wants, has = wanted.definitions[chaincode], present.definitions.get(chaincode, {})
    for what, value in sorted(has.items()):
        collection, _, field = what.removeprefix("collections.").rpartition(".")
        if field != "block_to_live" or wants.get(what) == value:
            continue
        where = f"channel {name}: collection {collection} of chaincode {chaincode}"
        if what not in wants:
            return PlanProblem(
                f"{where} is not in the file, and Fabric takes none away", "Write it again; its members may change."
            )
        return PlanProblem(
            f"{where} has block_to_live {value}, which Fabric does not change", f"Write `block_to_live: {value}`."
        )
    return None


def _definition(name: str, chaincode: str, present: ChannelFacts, wanted: ChannelFacts) -> list[PlanStep]:
    wants, has = wanted.definitions[chaincode], present.definitions.get(chaincode)
    approvals = wanted.approvals.get(chaincode, {})
    if has != wants:
        return [Define(name, chaincode, _changes(has or {}, wants), wants, approvals)]
    held = present.approvals.get(chaincode, {})
    missing = {msp_id: package for msp_id, package in approvals.items() if held.get(msp_id) != package}
    return [Approve(name, chaincode, missing)] if missing else []


def _changes(has: Mapping[str, str], wants: Mapping[str, str]) -> tuple[SettingChange, ...]:
    return tuple(
        SettingChange(what, has.get(what, NOT_SET), wants.get(what, NOT_SET))
        for what in sorted(has.keys() | wants.keys())
        if has.get(what, NOT_SET) != wants.get(what, NOT_SET)
    )
