"""Start and stop programs until they match a consortium file; if that fails, restore the former programs."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterator, Sequence
from types import TracebackType
from typing import Self

from hlf import errors as hlf_errors
from hlf.network import engines, errors, ports, processes
from hlf.network.admin import chaincodes, definitions
from hlf.network.admin.chaincodes import PackagedChaincode
from hlf.network.admin.nodes import Nodes
from hlf.network.plan import leaving
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

_SERVER_SECONDS = 60.0


class Runner:
    """
    Starts missing programs; after an error in its ``with`` block it stops what it started and restarts what it ended.

    *base* is the file of the last complete start, *kept* its record.
    """

    def __init__(self, folder: Folder, record: Record, base: Consortium | None, kept: Record) -> None:
        self.engine = engines.by_name(record.engine)
        self._folder = folder
        self._record = record
        if base is not None:
            base = leaving.with_added(base, kept.orderers)
            # A network of an earlier version of this package has one port for each server.
            ports.assign(record, base)
        self._base = base
        self._kept = dataclasses.replace(kept, ports=record.ports)
        found = [each for each in processes.find(folder) if each.alive]
        nodes = self.engine.running(folder)
        self._pids = {each.pid for each in found}
        self._ran = {each.name for each in found} | {name for name, alive in nodes.items() if alive}
        self._stopped = self.engine.stopped(folder, base) if base is not None and nodes else []
        self._keep = False
        if not self._ran:
            # Nothing runs, so one program can serve all chaincodes of a server again.
            record.serving.clear()

    def run_nodes(self, consortium: Consortium) -> None:
        """Start the nodes of a file. If nothing ran, start its chaincode servers too, without waiting for them."""
        consortium = self._with_added(consortium)
        packaged = chaincodes.package_all(self._record, consortium)
        programs = self._programs(self._record, consortium, packaged)
        if not self._ran and not self.engine.containers:
            processes.start_missing(self._folder, programs)
        # Containers of servers are started together with those of nodes.
        self._start(consortium, packaged, programs, None if self.engine.containers else consortium.nodes)

    def run(self, consortium: Consortium, packaged: Sequence[PackagedChaincode]) -> None:
        """Start every program of a file and stop all others, except servers of versions in force."""
        consortium = self._with_added(consortium)
        programs = chaincodes.server_programs(self._folder, self._record, consortium, list(packaged), current=True)
        servers = [] if self.engine.containers else processes.start_missing(self._folder, programs)
        self._start(consortium, packaged, programs)
        processes.wait_ready(servers, _SERVER_SECONDS)
        self.end_others(consortium, packaged)

    def end_others(self, consortium: Consortium, packaged: Sequence[PackagedChaincode]) -> None:
        """Stop programs that the file does not have, and servers of versions that are not in force."""
        programs = self._programs(self._record, consortium, packaged)
        wanted = {*self._with_added(consortium).nodes, *(program.name for program in programs)}
        known = set() if self._base is None else {*self._base.nodes}
        left = [
            each.name
            for each in processes.find(self._folder)
            if each.name not in wanted and (each.name in known or each.name.startswith(chaincodes.SERVER))
        ]
        processes.stop(self._folder, left)

    @contextlib.contextmanager
    def until_in_force(
        self, nodes: Nodes, consortium: Consortium, packaged: Sequence[PackagedChaincode]
    ) -> Iterator[None]:
        """After a definition is in force, let a failure stop nothing: the definition needs its server."""
        before = definitions.sequences(consortium, nodes)
        try:
            yield
        except BaseException:
            with contextlib.suppress(hlf_errors.HlfError):
                self._keep = bool(self._ran) and definitions.sequences(consortium, nodes) != before
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or self._keep or self._untouched():
            return
        try:
            self._put_back()
        except (errors.NetworkError, hlf_errors.HlfError) as again:
            raise errors.NetworkError(
                f"{error} And what ran before could not be started again: {again}",
                f"Fix the first cause, then run: hlf network up {errors.state_option(self._folder.root)}",
            ) from error

    def _untouched(self) -> bool:
        """Return whether exactly the programs that ran before are running."""
        if not self._ran or self.engine.containers or self._base is None:
            return False
        found = processes.find(self._folder)
        if {each.pid for each in found} != self._pids or not all(each.alive for each in found):
            return False
        return self.engine.stopped(self._folder, self._base) == self._stopped

    def _put_back(self) -> None:
        new = [
            each.name
            for each in processes.find(self._folder)
            if each.pid not in self._pids and each.name not in self._record.orderers
        ]
        if not self._ran:
            self.engine.stop(self._folder)
        processes.stop(self._folder, new)
        if not self._ran or self._base is None:
            return
        base = self._with_added(self._base)
        packaged = chaincodes.package_all(self._kept, base)
        programs = self._programs(self._kept, base, packaged)
        servers = []
        if not self.engine.containers:
            servers = processes.start_missing(self._folder, [each for each in programs if each.name in self._ran])
        if self.engine.running(self._folder) or self._nodes_ran():
            running = [name for name in base.nodes if name not in self._stopped] if self._stopped else None
            builder = chaincodes.builder_configuration(self._record, packaged)
            self.engine.start(self._folder, self._kept, base, builder, programs, running)
            if self._stopped:
                self.engine.stop(self._folder, self._stopped)
        processes.wait_ready(servers, _SERVER_SECONDS)

    def _with_added(self, consortium: Consortium) -> Consortium:
        return leaving.with_added(consortium, self._record.orderers)

    def _nodes_ran(self) -> bool:
        return any(not name.startswith(chaincodes.SERVER) for name in self._ran)

    def _start(
        self,
        consortium: Consortium,
        packaged: Sequence[PackagedChaincode],
        programs: Sequence[Program],
        nodes: Collection[str] | None = None,
    ) -> None:
        builder = chaincodes.builder_configuration(self._record, packaged)
        self.engine.start(self._folder, self._record, consortium, builder, programs, nodes)

    def _programs(self, record: Record, consortium: Consortium, packaged: Sequence[PackagedChaincode]) -> list[Program]:
        return chaincodes.server_programs(self._folder, record, consortium, list(packaged))
