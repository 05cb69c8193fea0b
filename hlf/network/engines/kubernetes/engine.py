"""The engine for clusters: it writes manifests, and waits for nodes that the cluster's operator starts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NoReturn

from hlf import waiting
from hlf.network import errors, processes
from hlf.network.engines.engine import FABRIC, BuilderConfig
from hlf.network.engines.kubernetes import manifests
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

_START_SECONDS = 60.0
# A node is in another network, perhaps far away.
_REACH_SECONDS = 3.0


class KubernetesEngine:
    """An organisation's own nodes in a cluster, where `kubectl` starts and ends them."""

    name = "kubernetes"
    containers = True

    def version(self, consortium: Consortium) -> str:
        """Return the Fabric version of the images."""
        return FABRIC

    def start(
        self,
        folder: Folder,
        record: Record,
        consortium: Consortium,
        builder: BuilderConfig,
        servers: Sequence[Program] = (),
        nodes: Collection[str] | None = None,
    ) -> None:
        """Write the manifests, and wait until the nodes are reached at their organisations' hosts."""
        place = manifests.write(folder, record, consortium, builder, servers)
        asked = [record.address(name) for name in consortium.nodes if nodes is None or name in nodes]
        if not waiting.until(lambda: all(map(_reached, asked)), _START_SECONDS, every=1):
            silent = ", ".join(address for address in asked if not _reached(address))
            raise errors.EngineError(
                f"after {_START_SECONDS:g} s nobody answers at {silent}",
                f"Start the nodes, and point their host at their services: kubectl apply -f {place}; then try again.",
            )

    def wait_ordering(self, record: Record, consortium: Consortium) -> None:
        """Return at once: the cluster does not show an orderer's metrics to others."""

    def agreeing(self, record: Record, consortium: Consortium) -> dict[str, int]:
        """Return an empty mapping: the cluster does not show an orderer's metrics to others."""
        return {}

    def stop(self, folder: Folder, nodes: Collection[str] | None = None) -> list[str]:
        """Raise EngineError: the cluster would start them again."""
        self._refuse(folder, f"kubectl delete -f {folder.data(self.name) / 'network.yaml'} (volumes stay)")

    def running(self, folder: Folder) -> dict[str, bool]:
        """Return an empty mapping; ask the cluster what runs."""
        return {}

    def save(self, folder: Folder, place: Path) -> None:
        """Raise EngineError: copy the volumes with the cluster's own tools."""
        self._refuse(folder, "Use snapshots of the cluster's volumes.")

    def bring_back(self, folder: Folder, place: Path) -> None:
        """Raise EngineError, as :meth:`save` does."""
        self.save(folder, place)

    def unjoin(self, folder: Folder, peers: Collection[str], channel: str) -> None:
        """Raise EngineError: only the cluster can reach the volume of a stopped peer."""
        self._refuse(
            folder, f"Run `peer node unjoin -c {channel}` on the volume of {', '.join(peers)}, while it is stopped."
        )

    def stopped(self, folder: Folder, consortium: Consortium) -> list[str]:
        """Return an empty list; ask the cluster what does not run."""
        return []

    def log(self, folder: Folder, name: str, lines: int) -> tuple[str, ...] | None:
        """Raise EngineError: the cluster keeps the logs of its containers."""
        self._refuse(folder, f"kubectl logs --tail {lines} --selector app={manifests.label(name)}")

    def _refuse(self, folder: Folder, cure: str) -> NoReturn:
        raise errors.EngineError(f"the nodes of {folder.root} run in a cluster, which starts and keeps them", cure)


def _reached(address: str) -> bool:
    return processes.listens(address, _REACH_SECONDS)
