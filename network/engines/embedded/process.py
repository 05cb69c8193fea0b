"""The embedded engine seen from outside: one Python process for all peers and the orderer."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from network import errors, processes, state
from network.engines import BuilderConfig
from network.processes import Program
from network.state import Folder, Record
from network.topology import BFT, Consortium

# What it is compatible with: the observations of tests/conformance were recorded from this version.
FABRIC = "3.1.5"
_PROGRAM = "embedded"
_START_SECONDS = 60.0


class Embedded:
    """A Fabric-compatible development network in one process; see docs/design.md for what it is and is not."""

    name = "embedded"
    containers = False

    def version(self, consortium: Consortium) -> str:
        """The Fabric version it answers like; refuses more than one orderer, which it has no consensus for."""
        if consortium.ordering.consensus == BFT or len(consortium.orderers) != 1:
            raise errors.EngineError(
                f"the embedded engine runs one Raft orderer, and the consortium wants {len(consortium.orderers)} "
                f"with {consortium.ordering.consensus}",
                "Write `orderers: raft`, or use --engine native.",
            )
        return FABRIC

    def start(
        self,
        folder: Folder,
        record: Record,
        consortium: Consortium,
        builder: BuilderConfig,
        servers: Sequence[Program] = (),
    ) -> None:
        """Start the process and wait for its ready file."""
        place = folder.root / "embedded.json"
        configuration = _configuration(folder, record, consortium, builder)
        text = json.dumps(configuration, indent=2).encode() + b"\n"
        state.replace_file(place, text, 0o600)
        program = Program(
            _PROGRAM,
            [sys.executable, "-m", "network.engines.embedded.node", str(place.absolute())],
            addresses=(
                *(record.address(peer.name) for peer in consortium.peers),
                *(record.address(orderer.name, use) for orderer in consortium.orderers for use in ("listen", "admin")),
            ),
            ready_file=Path(configuration["ready_file"]),
            configuration=text,
        )
        processes.wait_ready(processes.start_missing(folder, [program]), _START_SECONDS)

    def wait_ordering(self, record: Record, consortium: Consortium) -> None:
        """At once: its one orderer elects nobody."""

    def stop(self, folder: Folder) -> list[str]:
        """End the process."""
        return processes.stop(folder, [_PROGRAM])

    def running(self, folder: Folder) -> dict[str, bool]:
        """The one process."""
        return {each.name: each.alive for each in processes.find(folder) if each.name == _PROGRAM}


def _configuration(folder: Folder, record: Record, consortium: Consortium, builder: BuilderConfig) -> dict[str, Any]:
    peers = []
    for peer in consortium.peers:
        place = folder.peer(peer.msp_id, peer.name)
        node = _node(peer.name, peer.msp_id, record.address(peer.name), place)
        peers.append({**node, "chaincode_config": dict(builder.get(peer.name, {}))})
    (orderer,) = consortium.orderers
    return {
        "data": str(folder.data("embedded").absolute()),
        "peers": peers,
        "orderer": {
            **_node(orderer.name, orderer.msp_id, record.address(orderer.name), folder.orderer(orderer.name)),
            "admin_address": record.address(orderer.name, "admin"),
            "admin_client_ca": str((folder.organisation(orderer.msp_id) / "tlsca" / "cert.pem").absolute()),
        },
        "execute_timeout_seconds": 30,
        "ready_file": str((folder.run / "embedded.ready").absolute()),
    }


def _node(name: str, msp_id: str, address: str, place: Path) -> dict[str, str]:
    tls = (place / "tls").absolute()
    return {
        "msp_id": msp_id,
        "name": name,
        "address": address,
        "msp_dir": str((place / "msp").absolute()),
        "tls_cert": str(tls / "server.crt"),
        "tls_key": str(tls / "server.key"),
        "tls_ca": str(tls / "ca.crt"),
    }
