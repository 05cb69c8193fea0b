"""A network's life in a state folder: up, down, and rendered for others to run."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hlf.network import channelconfig, engines, errors, material, ports, processes, profile, state, topology
from hlf.network.admin import chaincodes, definitions, deployment, observed, snapshots
from hlf.network.admin.chaincodes import PackagedChaincode
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs, ChannelDifference
from hlf.network.admin.runner import Runner
from hlf.network.engines import Engine
from hlf.network.engines.docker import compose
from hlf.network.engines.engine import FABRIC
from hlf.network.plan.leaving import with_added
from hlf.network.state import Folder, Record
from hlf.network.topology import Channel, Consortium

DEFAULT_ENGINE = "embedded"


@dataclass(frozen=True)
class RunningNetwork:
    """A running network; *differences* are those of its channels from the file, made by other admins."""

    folder: Folder
    engine: str
    version: str
    consortium: Consortium
    packaged: tuple[PackagedChaincode, ...]
    differences: tuple[ChannelDifference, ...] = ()

    @property
    def profiles(self) -> Path:
        """The folder of connection profiles, ``<MSP>.json`` each."""
        return self.folder.profiles

    @property
    def served_elsewhere(self) -> tuple[PackagedChaincode, ...]:
        """Chaincodes that others must serve, under their package ids at their addresses."""
        return tuple(each for each in self.packaged if each.chaincode.server is None)


def up(
    engine_name: str | None = None,
    root: Path = Path("build/network"),
    consortium: Path | None = None,
    *,
    default: Path | None = None,
) -> RunningNetwork:
    """
    Start a consortium and return when its chaincodes can be called.

    A known folder starts again with its ledgers, its engine and its file, which need not be named. A new folder takes
    the file *default*, or else the package's small network. A running network gets what is missing (new chaincodes,
    users) and stays as it is otherwise. If the start fails, the programs that ran before run again.

    Raises:
        NetworkError: names cause and cure; see :mod:`hlf.network.errors`.
        HlfError: a node refused a step of the deployment.
    """
    folder = Folder(root)
    snapshots.finish(folder)
    record = state.read(folder)
    known = record is not None and record.started
    wanted = state.held(folder) if known and consortium is None else topology.load(consortium or default)
    if engine_name is None:
        engine_name = (record.engine if record is not None else "") or DEFAULT_ENGINE
    return start(engine_name, root, wanted)


def start(engine_name: str, root: Path, wanted: Consortium) -> RunningNetwork:
    """Start as :func:`up` does, with a consortium that is loaded already."""
    folder = Folder(root)
    version = engines.by_name(engine_name).version(wanted)
    state.claim(folder)
    with state.alone(folder):
        _begin(folder, wanted)
        return bring_up(folder, wanted, engine_name, version, without_approvals=True)


def bring_up(
    folder: Folder,
    wanted: Consortium,
    engine_name: str,
    version: str,
    *,
    adopting: bool = True,
    leaving: bool = False,
    without_approvals: bool = False,
) -> RunningNetwork:
    """
    Start as :func:`start` does, for a command that has the folder to itself.

    *adopting* keeps the file, *leaving* ends nodes it no longer has, *without_approvals* accepts lost approvals.
    """
    kept = state.read(folder)
    if kept is not None:
        state.require_all_keys(folder, kept)
    record = record_for(folder, wanted, engine_name, version)
    if kept is None or not kept.started:
        _discard(folder, kept)
        kept = record
    record.orderers = {} if leaving else record.orderers
    base = base_of(folder, record)
    check_nodes(folder, base, wanted, leaving=leaving)
    ports.assign(record, wanted)
    packaged = chaincodes.package_all(record, wanted)
    with Runner(folder, record, base, kept) as runner:
        found, checked = _looked_at(folder, record, base, wanted, packaged, runner)
        material.set_aside(folder, wanted, found.has_member)
        material.make(folder, wanted)
        # Ports and addresses are kept now: if this process dies from here on, the next start takes the same ones.
        chaincodes.builder_configuration(record, packaged)
        state.write(folder, dataclasses.replace(kept, ports=record.ports, hosts=record.hosts, builder=record.builder))
        channelconfig.draft(
            folder, record, wanted, [each.name for each in wanted.channels if each.name not in found.configs]
        )
        present = observed.effective(wanted, found)
        runner.run(wanted, packaged)
        with Nodes(folder, record, wanted) as nodes:
            deployment.join(folder, present, nodes)
            runner.engine.wait_ordering(record, with_added(present, record.orderers))
            # With the present members of the channels, and without definitions that other admins changed.
            usable = {each.package_id for each in checked.packaged}
            deployable = [each for each in chaincodes.package_all(record, present) if each.package_id in usable]
            with runner.until_in_force(nodes, present, deployable):
                lost = deployment.deploy(present, nodes, deployable)
                missed = _missed(folder, packaged, lost, without_approvals=without_approvals)
            deployment.wait_discovered(present, nodes, deployable, lost)
        # Only now the servers of former versions have nothing left to do.
        chaincodes.settle(record, wanted, packaged)
        runner.end_others(wanted, packaged)
    profile.make(folder, record, wanted)
    chaincodes.keep(folder, record, packaged)
    if adopting:
        state.adopt(folder, wanted)
        record.orderers = {name: each for name, each in record.orderers.items() if name not in wanted.nodes}
    record.started = True
    state.write(folder, record)
    return RunningNetwork(folder, engine_name, version, wanted, tuple(packaged), (*checked.differences, *missed))


def _missed(
    folder: Folder, packaged: list[PackagedChaincode], lost: Mapping[str, list[str]], *, without_approvals: bool
) -> tuple[ChannelDifference, ...]:
    """Return which members have lost their approval of a definition; raise ApprovalLostError unless that may be."""
    found: list[ChannelDifference] = []
    losing: list[tuple[str, str]] = []
    for each in packaged:
        if msp_ids := lost.get(each.package_id):
            channel, name = each.chaincode.channel, each.chaincode.name
            what = (
                f"{', '.join(msp_ids)} has lost its approval of chaincode {name} with its ledger, and endorses nothing"
            )
            command = f"hlf network apply {errors.state_option(folder.root)}"
            cure = f"Let all approve the next sequence: {command}; or bring back its ledger from a backup"
            found.append(ChannelDifference(channel, what, False, cure))
            losing.append((channel, name))
    if losing and not without_approvals:
        raise errors.ApprovalLostError("; ".join(f"channel {each.channel}: {each.what}" for each in found), losing)
    return tuple(found)


def _looked_at(
    folder: Folder,
    record: Record,
    base: Consortium | None,
    wanted: Consortium,
    packaged: list[PackagedChaincode],
    runner: Runner,
) -> tuple[ChannelConfigs, definitions.CheckedDefinitions]:
    """Return the settings of the channels that exist, and which parts of the file can be applied to them."""
    if not record.started:
        return ChannelConfigs(), definitions.CheckedDefinitions(tuple(packaged), ())
    asked = base or wanted
    runner.run_nodes(asked)
    with Nodes(folder, record, asked) as nodes:
        found = look(folder, record, asked, nodes, runner.engine)

        def outline(consortium: Consortium, channel: Channel) -> object:
            return channelconfig.outline(record, consortium, channel)

        differences = observed.compare(base, wanted, found, outline)
        observed.refuse_asked(folder.root, differences)
        checked = definitions.check(folder.root, base, wanted, found, nodes, packaged)
    return found, dataclasses.replace(checked, differences=(*differences, *checked.differences))


def look(folder: Folder, record: Record, asked: Consortium, nodes: Nodes, engine: Engine) -> ChannelConfigs:
    """
    Return the channels' settings, after all orderers have joined them (an earlier start may have been interrupted).

    Those that an interrupted `apply` added join when it is run again: they begin with a later block.
    """
    everybody = with_added(asked, record.orderers)
    joined = observed.by_orderer(everybody, nodes)
    names = sorted({name for listed in joined.values() for name in listed})
    ours = [name for name in names if folder.genesis(name).exists()]
    deployment.join_orderers(folder, [each for each in asked.orderers if each.name not in record.orderers], nodes, ours)
    exist = dataclasses.replace(everybody, channels=tuple(Channel(name, ()) for name in names))
    engine.wait_ordering(record, exist)
    return observed.read(joined, nodes)


def render(root: Path = Path("build/network"), consortium: Path | None = None) -> Path:
    """
    Write all files for the docker engine, start nothing, and return the compose file.

    This is what is handed to an operator; no docker is needed to make it.

    Raises:
        NetworkError: names cause and cure.
    """
    wanted = topology.load(consortium)
    folder = Folder(root)
    state.claim(folder)
    with state.alone(folder):
        _begin(folder, wanted)
        record = record_for(folder, wanted, "docker", FABRIC)
        check_nodes(folder, base_of(folder, record), wanted)
        ports.assign(record, wanted)
        packaged = chaincodes.package_all(record, wanted)
        material.make(folder, wanted)
        missing = [each.name for each in wanted.channels if not folder.genesis(each.name).exists()]
        channelconfig.draft(folder, record, wanted, missing)
        profile.make(folder, record, wanted)
        chaincodes.keep(folder, record, packaged)
        programs = chaincodes.server_programs(folder, record, wanted, packaged)
        builder = chaincodes.builder_configuration(record, packaged)
        file = compose.write(folder, record, wanted, builder, programs)
        # Others may start what is handed over, so from now on it counts as started.
        state.adopt(folder, wanted)
        record.started = True
        state.write(folder, record)
        return file


def down(root: Path = Path("build/network")) -> list[str]:
    """
    Stop everything that runs from a state folder, ledgers kept; return the names of what was alive.

    Raises:
        StateError: the folder holds no network.
        ProcessError: the address of a stopped program is still in use.
    """
    folder = Folder(root)
    record = state.existing(folder)
    with state.alone(folder):
        servers = [each.name for each in processes.find(folder) if each.name.startswith(chaincodes.SERVER)]
        stopped = engines.by_name(record.engine).stop(folder) if record.engine else []
        return stopped + processes.stop(folder, servers)


def record_for(folder: Folder, consortium: Consortium, engine: str, version: str) -> Record:
    """
    Return the record of a folder for this engine and Fabric version, or a new one; nothing is written.

    Raises:
        StateError: the folder is another consortium's or engine's.
    """
    record = state.read(folder)
    if record is None or not record.started:
        record = Record(consortium.name, ports={} if record is None else record.ports)
    if record.name != consortium.name:
        raise errors.StateError(
            folder.root,
            f"holds the network of another consortium: its name is {record.name!r}, not {consortium.name!r}",
            "Name another folder with --state, or stop that network and remove the folder.",
        )
    if record.engine not in ("", engine):
        raise errors.StateError(
            folder.root,
            f"was started with the engine {record.engine}, and its ledgers are kept in that engine's form",
            f"Use --engine {record.engine}, or another folder with --state.",
        )
    record.engine, record.version = engine, version
    record.channel_capability = record.channel_capability or ("V2_0" if record.before_fabric_3 else "V3_0")
    _check_capabilities(record, consortium)
    return record


def _begin(folder: Folder, wanted: Consortium) -> None:
    """Note the owner of a new folder before anything else is in it: an interrupted command can continue."""
    if state.read(folder) is None:
        state.write(folder, Record(wanted.name))


def base_of(folder: Folder, record: Record) -> Consortium | None:
    """Return the file of the last complete start here, if it can still be read."""
    if not record.started:
        return None
    try:
        return state.held(folder)
    except errors.ConsortiumError:
        return None


def _check_capabilities(record: Record, consortium: Consortium) -> None:
    """Raise if capabilities are newer than the nodes: Fabric 2.5 cannot join such a channel and does not report it."""
    for channel in consortium.channels:
        capability = channel.capabilities.channel or record.channel_capability
        if record.before_fabric_3 and capability == "V3_0":
            raise errors.EngineError(
                f"channel {channel.name} has the capability V3_0, and Fabric {record.version} does not know it",
                "Use Fabric 3.x, or another folder (--state) and no `capabilities.channel` in the consortium file.",
            )


def check_nodes(folder: Folder, base: Consortium | None, wanted: Consortium, *, leaving: bool = False) -> None:
    """
    Refuse another domain of a member, or a member without one of its peers, unless *leaving* lets a peer go.

    Certificates and ledgers carry the names of nodes and domains.
    """
    now = {each.msp_id: each for each in wanted.organisations}
    for organisation in base.organisations if base is not None else ():
        same = now.get(organisation.msp_id)
        if same is None:
            continue
        if same.domain != organisation.domain:
            raise errors.StateError(
                folder.root,
                f"{organisation.msp_id} has the domain {organisation.domain}, not {same.domain}",
                f"Its certificates name it. Write `domain: {organisation.domain}`.",
            )
        names = {peer.name for peer in same.peers}
        for peer in organisation.peers:
            if peer.name not in names and not leaving:
                raise errors.StateError(
                    folder.root,
                    f"its peer {peer.name} is not in the file any more",
                    "Write it again, or take it away: hlf network peer-remove, or apply --yes. "
                    f"`hlf network stop {peer.name}` ends it for a while.",
                )


def _discard(folder: Folder, kept: Record | None) -> None:
    """
    Remove the ledgers of a first start that did not complete; nobody has used them.

    Keys, certificates, ports and logs stay.
    """
    if kept is None or not kept.engine:
        return
    engines.by_name(kept.engine).stop(folder)
    processes.stop(folder)
    for place in (folder.data(kept.engine), folder.genesis("any").parent):
        try:
            if place.exists():
                shutil.rmtree(place)
        except OSError as error:
            raise state.unusable(place, error) from error
