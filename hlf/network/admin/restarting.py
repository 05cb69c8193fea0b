"""Stop, start and restart single peers, orderers and chaincode servers of a running network."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hlf.network import engines, errors, ports, processes, state
from hlf.network.admin import chaincodes, rejoining
from hlf.network.admin.chaincodes import PackagedChaincode
from hlf.network.engines import Engine
from hlf.network.plan import leaving
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

_SERVER_SECONDS = 60.0


def stop_nodes(names: Collection[str], root: Path = Path("build/network")) -> list[str]:
    """
    End single peers, orderers or chaincode servers of a running network; return the names of what ran.

    The others go on, as they do when a node fails.

    Raises:
        StateError: the folder holds no such network, or it does not run.
        EngineError: there is no node of that name.
    """
    folder = Folder(root)
    record = state.existing(folder)
    with state.alone(folder):
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
        ProcessError: one did not start.
    """
    folder = Folder(root)
    record = state.existing(folder)
    with state.alone(folder):
        chosen = _choose(folder, record, names)
        processes.wait_ready(processes.start_missing(folder, chosen.servers), _SERVER_SECONDS)
        if chosen.nodes:
            builder = chaincodes.builder_configuration(record, chosen.packaged)
            chosen.engine.start(folder, record, chosen.consortium, builder, chosen.programs, chosen.nodes)


def restart(names: Collection[str], root: Path = Path("build/network")) -> None:
    """
    End nodes and start them again, those that run; for a command that has the folder to itself.

    The next node stops only when all others work with the last one again, so that no channel ever lacks two.

    The next call finishes one that was interrupted.
    """
    folder = Folder(root)
    record = state.existing(folder)
    engine, consortium = engines.by_name(record.engine), state.operated(folder)
    marks = {name: folder.run / f"{name}.again" for name in names}
    stopped = engine.stopped(folder, consortium)
    runs = any(engine.running(folder).values())
    chosen = [name for name in names if marks[name].exists() or (runs and name not in stopped)]
    if not chosen:
        return
    packaged = chaincodes.package_all(record, consortium)
    programs = chaincodes.server_programs(folder, record, consortium, packaged)
    builder = chaincodes.builder_configuration(record, packaged)
    for name in chosen:
        before = rejoining.known(folder, record, consortium, engine, name)
        state.replace_file(marks[name], b"")
        engine.stop(folder, [name])
        engine.start(folder, record, consortium, builder, programs, [name])
        rejoining.wait(folder, record, consortium, engine, name, before)
        marks[name].unlink()


@dataclass(frozen=True)
class _ChosenPrograms:
    """Some of a running network's nodes and chaincode servers, with what is needed to start them."""

    engine: Engine
    consortium: Consortium
    packaged: list[PackagedChaincode]
    programs: list[Program]
    nodes: list[str]
    servers: list[Program]


def _choose(folder: Folder, record: Record, names: Collection[str]) -> _ChosenPrograms:
    engine = engines.by_name(record.engine)
    if not any(engine.running(folder).values()):
        raise errors.not_running(folder.root)
    consortium = leaving.with_added(state.operated(folder), record.orderers)
    ports.assign(record, consortium)
    packaged = chaincodes.package_all(record, consortium)
    programs = chaincodes.server_programs(folder, record, consortium, packaged)
    servers = {} if engine.containers else {program.name: program for program in programs}
    known = (*consortium.nodes, *servers)
    for name in names:
        if name not in known:
            raise errors.EngineError(f"this network has no node {name!r}", f"Its nodes: {', '.join(known)}.")
    nodes = [name for name in names if name in consortium.nodes]
    return _ChosenPrograms(
        engine, consortium, packaged, programs, nodes, [servers[name] for name in names if name in servers]
    )
