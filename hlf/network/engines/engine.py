"""The interface of engines."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

UNPRIVILEGED = 10_001
"""The user and group of containers where the engine chooses them: no container is root."""

FABRIC = "3.1.5"
"""The version that the embedded engine answers like, and that the others run or suggest."""

# For each peer's name, the values its chaincode builder fills into package addresses.
BuilderConfig = Mapping[str, Mapping[str, str]]


class Engine(Protocol):
    """
    What every engine can do.

    One with *containers* runs the chaincodes' servers beside its nodes.
    """

    name: str
    containers: bool

    def version(self, consortium: Consortium) -> str:
        """
        Return the Fabric version its nodes are compatible with, such as ``3.1.5``.

        Raises:
            EngineError: it cannot run this consortium on this machine; the cure says what is missing.
        """

    def start(
        self,
        folder: Folder,
        record: Record,
        consortium: Consortium,
        builder: BuilderConfig,
        servers: Sequence[Program] = (),
        nodes: Collection[str] | None = None,
    ) -> None:
        """
        Start every peer and orderer that does not run yet, or only *nodes*, and return when they listen.

        With *nodes*, others that run go on, also those that the file does not have.
        *servers* are given to engines with containers only.

        Raises:
            PortTakenError: somebody else listens where one of them should.
            ProcessError: one did not start; with the end of its log.
        """

    def wait_ordering(self, record: Record, consortium: Consortium) -> None:
        """
        Return when the orderers, joined to every channel, take transactions.

        Raises:
            ProcessError: they do not agree on a leader in time.
        """

    def agreeing(self, record: Record, consortium: Consortium) -> dict[str, int]:
        """Return how many orderers take part in the consensus of each channel, as far as the engine can tell."""

    def stop(self, folder: Folder, nodes: Collection[str] | None = None) -> list[str]:
        """
        End every node of the folder, or only *nodes*, ledgers kept; return the names of what ran.

        Raises:
            ProcessError: one did not stop.
        """

    def running(self, folder: Folder) -> dict[str, bool]:
        """Return the node processes of the folder by name, and whether each is alive."""

    def save(self, folder: Folder, place: Path) -> None:
        """
        Copy the data of the nodes into *place*, which does not exist yet.

        Raises:
            EngineError: it cannot be copied, or not while they run; the cure says how else.
            ProcessError: the nodes did not answer.
        """

    def bring_back(self, folder: Folder, place: Path) -> None:
        """
        Bring the nodes back to the copy that :meth:`save` made in *place*; it may be repeated after an interruption.

        Raises:
            EngineError, ProcessError: as for :meth:`save`.
        """

    def unjoin(self, folder: Folder, peers: Collection[str], channel: str) -> None:
        """
        Take a channel and its ledger off stopped peers; one that is not on it stays as it is.

        Raises:
            EngineError, ProcessError: a peer did not do so; it may be asked again.
        """

    def stopped(self, folder: Folder, consortium: Consortium) -> list[str]:
        """Return the nodes that were stopped one by one while the others run."""

    def log(self, folder: Folder, name: str, lines: int) -> tuple[str, ...] | None:
        """Return the last lines that a program wrote; None where the folder's ``logs/`` have them, or nothing has."""


def replace_tree(target: Path, source: Path) -> None:
    """Make a folder a copy of another; if interrupted, do it again."""
    draft = target.with_name(f"{target.name}.part")
    for left in (draft, target):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(source, draft)
    draft.rename(target)
