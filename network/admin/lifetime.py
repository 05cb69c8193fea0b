"""A network's life in a state folder: up, down, and what is running."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from network import channelconfig, engines, errors, material, ports, processes, profile, state, topology
from network.admin import chaincodes, deployment, troubles
from network.admin.chaincodes import Packaged
from network.admin.nodes import Nodes
from network.engines import Engine
from network.engines.docker import compose, images
from network.processes import Program
from network.state import Folder, Record
from network.topology import Consortium

_SERVER_SECONDS = 60.0


@dataclass(frozen=True)
class Network:
    """A network that is up."""

    folder: Folder
    engine: str
    version: str
    consortium: Consortium
    packaged: tuple[Packaged, ...]

    @property
    def profiles(self) -> Path:
        """The folder of connection profiles, ``<MSP>.json`` each."""
        return self.folder.profiles

    @property
    def served_elsewhere(self) -> tuple[Packaged, ...]:
        """Chaincodes that somebody else must serve, under their package id at their addresses."""
        return tuple(each for each in self.packaged if each.chaincode.server is None)


@dataclass(frozen=True)
class Status:
    """
    What is known of a state folder: engine ("" if it was never started) and programs by name, alive or not.

    *stopped* are nodes that were ended one by one with :func:`stop_nodes`; *troubles* say in words which orderer does
    not answer, and which channel it cannot go on with.
    """

    engine: str
    version: str
    programs: dict[str, bool]
    stopped: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether there are programs, all are alive, no node is stopped, and nothing is in trouble."""
        return bool(self.programs) and all(self.programs.values()) and not self.stopped and not self.troubles


def up(engine_name: str = "embedded", root: Path = Path("build/network"), consortium: Path | None = None) -> Network:
    """
    Start a consortium and return when its chaincodes can be called.

    A folder that holds it already is started again with all its ledgers; one
    that is running is completed (new chaincodes, users) and otherwise left
    alone. When the start fails, what it started is stopped again.

    Raises:
        NetworkError: names cause and cure; see :mod:`network.errors`.
        HlfError: a node refused a step of the deployment.
    """
    return start(engine_name, root, topology.load(consortium))


def start(engine_name: str, root: Path, wanted: Consortium) -> Network:
    """As :func:`up`, with a consortium that is loaded already."""
    engine = engines.by_name(engine_name)
    version = engine.version(wanted)
    folder = Folder(root)
    record = record_for(folder, wanted, engine_name, version)
    state.adopt(folder, wanted)
    with _alone(folder):
        packaged = _prepare(folder, record, wanted)
        programs = chaincodes.server_programs(folder, record, wanted, packaged)
        already = {each.pid for each in processes.find(folder) if each.alive}
        try:
            servers = [] if engine.containers else processes.start_missing(folder, programs)
            engine.start(folder, record, wanted, chaincodes.builder_configuration(packaged), programs)
            processes.wait_ready(servers, _SERVER_SECONDS)
            with Nodes(folder, record, wanted) as nodes:
                deployment.join(folder, wanted, nodes)
                engine.wait_ordering(record, wanted)
                deployment.deploy(wanted, nodes, packaged)
                deployment.wait_discovered(wanted, nodes, packaged)
        except BaseException:
            processes.stop(folder, [each.name for each in processes.find(folder) if each.pid not in already])
            raise
    return Network(folder, engine_name, version, wanted, tuple(packaged))


def stop_nodes(names: Collection[str], root: Path = Path("build/network")) -> list[str]:
    """
    End single peers, orderers or chaincode servers of a running network; return the names of what ran.

    The others go on without them, as they would without any that failed.

    Raises:
        StateError: the folder holds no such network, or it does not run.
        EngineError: there is no node of that name.
    """
    folder = Folder(root)
    record = _existing(folder)
    with _alone(folder):
        chosen = _choose(folder, record, names)
        ended = chosen.engine.stop(folder, chosen.nodes) if chosen.nodes else []
        return ended + processes.stop(folder, [server.name for server in chosen.servers])


def start_nodes(names: Collection[str], root: Path = Path("build/network")) -> None:
    """
    Start again what :func:`stop_nodes` ended, and return when it listens.

    Raises:
        StateError: the folder holds no such network, or it does not run.
        EngineError: there is no node of that name.
        PortTakenError: somebody else listens there by now.
        ProcessError: one did not come up.
    """
    folder = Folder(root)
    record = _existing(folder)
    with _alone(folder):
        chosen = _choose(folder, record, names)
        processes.wait_ready(processes.start_missing(folder, chosen.servers), _SERVER_SECONDS)
        if chosen.nodes:
            builder = chaincodes.builder_configuration(chosen.packaged)
            chosen.engine.start(folder, record, chosen.consortium, builder, chosen.programs, chosen.nodes)


def render(root: Path = Path("build/network"), consortium: Path | None = None) -> Path:
    """
    Write all that the docker engine needs, start nothing, and return the compose file.

    This is what is handed to an operator; no docker is needed to make it.

    Raises:
        NetworkError: names cause and cure.
    """
    wanted = topology.load(consortium)
    folder = Folder(root)
    record = record_for(folder, wanted, "docker", images.FABRIC)
    state.adopt(folder, wanted)
    with _alone(folder):
        packaged = _prepare(folder, record, wanted)
        programs = chaincodes.server_programs(folder, record, wanted, packaged)
        return compose.write(folder, record, wanted, chaincodes.builder_configuration(packaged), programs)


def down(root: Path = Path("build/network")) -> list[str]:
    """
    Stop everything that runs from a state folder, ledgers kept; return the names of what was alive.

    Raises:
        StateError: the folder holds no network.
    """
    folder = Folder(root)
    record = _existing(folder)
    with _alone(folder):
        servers = [each.name for each in processes.find(folder) if each.name.startswith("chaincode-")]
        stopped = engines.by_name(record.engine).stop(folder) if record.engine else []
        return stopped + processes.stop(folder, servers)


def status(root: Path = Path("build/network")) -> Status:
    """
    What runs from a state folder.

    Raises:
        StateError: the folder holds no network.
    """
    folder = Folder(root)
    record = _existing(folder)
    programs = {each.name: each.alive for each in processes.find(folder)}
    stopped: list[str] = []
    troubled: list[str] = []
    if record.engine:
        engine = engines.by_name(record.engine)
        running = engine.running(folder)
        programs = {**running, **programs}
        if programs:
            consortium = state.held(folder)
            stopped = engine.stopped(folder, consortium)
            asked = [
                each
                for each in consortium.orderers
                # An engine that runs all its nodes in one process has none of an orderer's name.
                if each.name not in stopped and running.get(each.name, any(running.values()))
            ]
            troubled = troubles.of(folder, record, consortium, asked)
    return Status(record.engine, record.version, programs, tuple(stopped), tuple(troubled))


def _prepare(folder: Folder, record: Record, consortium: Consortium) -> list[Packaged]:
    """Everything that is needed before a node starts, as far as it is not there."""
    material.make(folder, consortium)
    ports.assign(record, consortium)
    channelconfig.make(folder, record, consortium)
    profile.make(folder, record, consortium)
    packaged = chaincodes.package_all(folder, record, consortium)
    state.write(folder, record)
    return packaged


def record_for(folder: Folder, consortium: Consortium, engine: str, version: str) -> Record:
    """
    The record of a folder for that engine and Fabric version, a new one where there is none; writes nothing.

    Raises:
        StateError: the folder is another consortium's or engine's, or a channel lacks a member of the file.
    """
    record = state.read(folder)
    if record is None:
        record = Record(consortium.name)
    else:
        state.check_same(folder, consortium)
        _check_members(folder, record, consortium)
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


def _check_capabilities(record: Record, consortium: Consortium) -> None:
    """A node of Fabric 2.5 cannot take part in a channel that asks for what came with 3.0, and does not say so."""
    for channel in consortium.channels:
        capability = channel.capabilities.channel or record.channel_capability
        if record.before_fabric_3 and capability == "V3_0":
            raise errors.EngineError(
                f"channel {channel.name} has the capability V3_0, and Fabric {record.version} does not know it",
                "Use Fabric 3.x, or another folder (--state) and no `capabilities.channel` in the consortium file.",
            )


def _check_members(folder: Folder, record: Record, consortium: Consortium) -> None:
    """A channel that exists takes a further member by the vote of the present ones only."""
    for channel in consortium.channels:
        for msp_id in channel.members:
            if channel.name in record.members and msp_id not in record.members[channel.name]:
                raise errors.StateError(
                    folder.root,
                    f"its channel {channel.name} has no member {msp_id} yet",
                    f"Start it with the file it had, then: selat network add-organisation --channel {channel.name} "
                    f"--msp {msp_id} --consortium FILE",
                )


@dataclass(frozen=True)
class _Chosen:
    """Some of a running network's nodes and chaincode servers, with what is needed to start them."""

    engine: Engine
    consortium: Consortium
    packaged: list[Packaged]
    programs: list[Program]
    nodes: list[str]
    servers: list[Program]


def _choose(folder: Folder, record: Record, names: Collection[str]) -> _Chosen:
    engine = engines.by_name(record.engine)
    if not any(engine.running(folder).values()):
        raise errors.StateError(folder.root, "is not running", f"Start it: selat network up --state {folder.root}")
    consortium = state.held(folder)
    packaged = _prepare(folder, record, consortium)
    programs = chaincodes.server_programs(folder, record, consortium, packaged)
    servers = {} if engine.containers else {program.name: program for program in programs}
    known = (*consortium.nodes, *servers)
    for name in names:
        if name not in known:
            raise errors.EngineError(f"this network has no node {name!r}", f"Its nodes: {', '.join(known)}.")
    nodes = [name for name in names if name in consortium.nodes]
    return _Chosen(
        engine, consortium, packaged, programs, nodes, [servers[name] for name in names if name in servers]
    )


def _existing(folder: Folder) -> Record:
    record = state.read(folder)
    if record is None:
        raise errors.StateError(folder.root, "holds no network", "Start one: selat network up --state FOLDER.")
    return record


@contextlib.contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Keep a second command away from the folder while this one changes it."""
    with (folder.root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise errors.StateError(
                folder.root, "is being changed by another `selat network` command", "Wait until that one has ended."
            ) from error
        yield
