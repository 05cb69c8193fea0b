"""The programs of a state folder: those that run, and those that should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hlf import errors as hlf_errors
from hlf.network import engines, errors, ports, processes, state
from hlf.network.admin import chaincodes, troubles
from hlf.network.admin.nodes import ANSWER_SECONDS, Nodes
from hlf.network.engines import Engine
from hlf.network.plan import leaving
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium


@dataclass(frozen=True)
class NetworkStatus:
    """
    What is known of a state folder: engine ("" if it was never started) and programs by name, alive or not.

    *stopped* are nodes and chaincode servers that should run and have no
    process. *troubles* are sentences about running programs with a fault. *heights*
    are the blocks of each channel by peer, where they were asked for.
    """

    engine: str
    version: str
    programs: dict[str, bool]
    stopped: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    heights: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether every program runs that should, without troubles."""
        return bool(self.programs) and all(self.programs.values()) and not self.stopped and not self.troubles


def status(root: Path = Path("build/network"), *, heights: bool = False) -> NetworkStatus:
    """
    Return what runs from a state folder, and with *heights* what its peers answer.

    Raises:
        StateError: the folder holds no network.
    """
    folder = Folder(root)
    record = state.existing(folder)
    programs = {each.name: each.alive for each in processes.find(folder)}
    if not record.engine:
        return NetworkStatus("", record.version, programs)
    engine = engines.by_name(record.engine)
    nodes = engine.running(folder)
    programs = {**nodes, **programs}
    if not programs:
        return NetworkStatus(record.engine, record.version, programs)
    if not record.started:
        trouble = "the first start was interrupted: `hlf network up` with the same file begins it again"
        return NetworkStatus(record.engine, record.version, programs, troubles=(trouble,))
    consortium = leaving.with_added(state.operated(folder), record.orderers)
    stopped = engine.stopped(folder, consortium) if nodes else [*consortium.nodes]
    stopped += [name for name in _servers(folder, record, consortium, engine) if name not in programs]
    asked = [
        each
        for each in consortium.orderers
        # An engine that runs all its nodes in one process has none of an orderer's name.
        if each.name not in stopped and nodes.get(each.name, any(nodes.values()))
    ]
    unwell = troubles.of(folder, record, consortium, asked)
    found: dict[str, dict[str, int]] = {}
    if heights and any(nodes.values()):
        found, silent = _heights(folder, record, consortium, stopped)
        unwell = [*unwell, *silent]
    return NetworkStatus(record.engine, record.version, programs, tuple(stopped), tuple(unwell), found)


def _servers(folder: Folder, record: Record, consortium: Consortium, engine: Engine) -> list[str]:
    """Return the programs that serve the chaincodes of the file of the last complete start."""
    if engine.containers:
        return []
    ports.assign(record, consortium)
    packaged = chaincodes.package_all(record, consortium)
    return [program.name for program in chaincodes.server_programs(folder, record, consortium, packaged)]


def _heights(
    folder: Folder, record: Record, consortium: Consortium, stopped: list[str]
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """
    Return the height of every channel at every peer that should be in it, and the peers that do not answer or are not.
    """
    found: dict[str, dict[str, int]] = {channel.name: {} for channel in consortium.channels}
    silent = []
    with Nodes(folder, record, consortium, timeout=ANSWER_SECONDS) as nodes:
        for organisation in consortium.organisations:
            for peer in organisation.peers:
                if peer.name in stopped:
                    continue
                for channel in consortium.channels_of(organisation.msp_id):
                    try:
                        found[channel.name][peer.name] = nodes.peer(peer.name).height(channel.name)
                    except (hlf_errors.HlfError, errors.NetworkError) as refused:
                        silent.append(f"{peer.name} does not tell the height of channel {channel.name}: {refused}")
    return found, silent
