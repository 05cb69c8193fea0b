"""The native engine: one process for each peer and each orderer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hlf.network import errors, ports, processes, state
from hlf.network.engines.engine import BuilderConfig, replace_tree
from hlf.network.engines.native import binaries, config, leaders
from hlf.network.engines.native.binaries import Release
from hlf.network.engines.native.config import Placement
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import BFT, Consortium, Orderer, Organisation, Peer

_START_SECONDS = 60.0
_UNJOIN_SECONDS = 120.0


class NativeEngine:
    """Real `peer` and `orderer` processes on loopback, from ``FABRIC_HOME`` or ``PATH``."""

    name = "native"
    containers = False

    def __init__(self) -> None:
        self._found: Release | None = None

    def version(self, consortium: Consortium) -> str:
        """Return the version of the release on this machine; BFT needs 3.x."""
        release = self._release()
        if consortium.ordering.consensus == BFT and release.version < (3, 0, 0):
            raise errors.EngineError(
                f"Fabric {release.version_text} has no BFT ordering", "Write `orderers: raft`, or use Fabric 3.x."
            )
        return release.version_text

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
        Start the orderers, then the peers, and wait until each listens.

        A restarted peer dials the orderers of its channels at once; one that is
        not there yet it tries again only after a while, and refuses meanwhile.
        """
        release = self._release()
        if release.version_text != record.version:
            raise errors.EngineError(
                f"this network runs Fabric {record.version}, and {release.peer} is {release.version_text}",
                "Set FABRIC_HOME to the release it runs; `hlf network down` and `up` move all of it to another.",
            )
        orderers = [self._orderer(folder, record, release, orderer) for orderer in consortium.orderers]
        peers = [
            self._peer(folder, record, release, peer, organisation, builder.get(peer.name, {}))
            for organisation in consortium.organisations
            for peer in organisation.peers
        ]
        for kind in (orderers, peers):
            programs = [program for program in kind if nodes is None or program.name in nodes]
            processes.wait_ready(processes.start_missing(folder, programs), _START_SECONDS)

    def wait_ordering(self, record: Record, consortium: Consortium) -> None:
        """Wait for what the orderers' metrics say."""
        leaders.wait(record, consortium)

    def agreeing(self, record: Record, consortium: Consortium) -> dict[str, int]:
        """Return what the orderers' metrics say."""
        return leaders.agreeing(record, consortium)

    def stop(self, folder: Folder, nodes: Collection[str] | None = None) -> list[str]:
        """End processes: peers and orderers flush and close their ledgers on SIGTERM."""
        return processes.stop(folder, self.running(folder) if nodes is None else nodes)

    def running(self, folder: Folder) -> dict[str, bool]:
        """Return every peer and orderer process."""
        nodes = {place.name for place in folder.data(self.name).glob("*") if place.is_dir()}
        return {each.name: each.alive for each in processes.find(folder) if each.name in nodes}

    def save(self, folder: Folder, place: Path) -> None:
        """Copy the ledgers of nodes that do not run: those that do write several databases at once."""
        self._check_still(folder)
        shutil.copytree(folder.data(self.name), place)

    def bring_back(self, folder: Folder, place: Path) -> None:
        """Put a copy in place, while nothing runs."""
        self._check_still(folder)
        replace_tree(folder.data(self.name), place)

    def unjoin(self, folder: Folder, peers: Collection[str], channel: str) -> None:
        """Run `peer node unjoin` for each peer."""
        for name in peers:
            place = folder.data(self.name) / name
            words = binaries.unjoin_command(str(self._release().peer), channel)
            environment = {**processes.environment(), **config.LOGGING, "FABRIC_CFG_PATH": str(place.absolute())}
            answer = subprocess.run(  # noqa: S603 - the release that the user named
                words, env=environment, capture_output=True, text=True, timeout=_UNJOIN_SECONDS, check=False
            )
            if answer.returncode != 0 and not binaries.has_left(answer.stderr):
                said = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise errors.EngineError(
                    f"{name} does not leave channel {channel}: {said}", "Fix that, then run the same command again."
                )

    def _check_still(self, folder: Folder) -> None:
        if any(self.running(folder).values()):
            raise errors.EngineError(
                "real peers and orderers cannot be copied while they run",
                f"Stop them first: hlf network down {errors.state_option(folder.root)}; `up` goes on afterwards.",
            )

    def stopped(self, folder: Folder, consortium: Consortium) -> list[str]:
        """Return the nodes without a process, where others have one."""
        running = self.running(folder)
        return [name for name in consortium.nodes if name not in running] if running else []

    def log(self, folder: Folder, name: str, lines: int) -> tuple[str, ...] | None:
        """Return None: each process writes into the folder's ``logs/``."""
        return None

    def _release(self) -> Release:
        self._found = self._found or binaries.find()
        return self._found

    def _orderer(self, folder: Folder, record: Record, release: Release, orderer: Orderer) -> Program:
        place = folder.data(self.name) / orderer.name
        placement = Placement(material=folder.orderer(orderer.name).absolute(), data=(place / "data").absolute())
        text = config.text(config.orderer(record, orderer, placement))
        state.replace_file(place / "orderer.yaml", text)
        return Program(
            orderer.name,
            [str(release.orderer)],
            environment={**config.LOGGING, "FABRIC_CFG_PATH": str(place.absolute())},
            addresses=tuple(record.local(orderer.name, use) for use in ports.ORDERER_USES),
            configuration=text,
        )

    def _peer(
        self,
        folder: Folder,
        record: Record,
        release: Release,
        peer: Peer,
        organisation: Organisation,
        builder: Mapping[str, str],
    ) -> Program:
        place = folder.data(self.name) / peer.name
        placement = Placement(material=folder.peer(peer.msp_id, peer.name).absolute(), data=(place / "data").absolute())
        values = config.peer(record, peer, organisation.settings, placement, release.builder, organisation.peers[0])
        text = config.text(values)
        state.replace_file(place / "core.yaml", text)
        return Program(
            peer.name,
            [str(release.peer), "node", "start"],
            environment={
                **config.LOGGING,
                "FABRIC_CFG_PATH": str(place.absolute()),
                **config.builder_environment(builder),
            },
            addresses=tuple(record.local(peer.name, use) for use in ports.PEER_USES),
            configuration=text,
        )
