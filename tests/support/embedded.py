"""The embedded engine's node inside a test's own process, so that its log and its failures are in sight."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import grpc

from hlf.network import certificates
from hlf.network.engines.embedded.node.node import Node
from hlf.network.engines.embedded.wire import settings
from tests.support.members import Consortium, Person

_NODE_UNITS = "NodeOUs:\n  Enable: true\n" + "".join(
    f"  {role}OUIdentifier:\n    OrganizationalUnitIdentifier: {unit}\n"
    for role, unit in (("Client", "client"), ("Peer", "peer"), ("Admin", "admin"), ("Orderer", "orderer"))
)


class Engine:
    """A node that serves a consortium of one peer an organisation."""

    def __init__(self, folder: Path, who: Consortium, **settings_of_peers: Any) -> None:
        """*settings_of_peers* go into each peer's JSON."""
        self.who = who
        self._folder = folder
        document = {
            "data": str(folder / "data"),
            "peers": [
                self._describe(member.peer, f"peer0.{name}") | settings_of_peers for name, member in who.members.items()
            ],
            "orderers": [
                {**self._describe(who.ordering.orderer, "orderer0"), "admin_address": free_address()},
            ],
            "ready_file": str(folder / "ready"),
            "stopped_file": str(folder / "stopped.json"),
        }
        self.document = document
        # Through JSON, as a real process gets it.
        self.settings = settings.read(json.loads(json.dumps(document)))
        self._node: Node | None = None

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine")
        self._thread.start()

        async def begin() -> None:
            self._node = Node(self.settings)
            await self._node.start()

        self.run(begin())

    @property
    def node(self) -> Node:
        """The node, once it has started."""
        assert self._node is not None
        return self._node

    def stop(self) -> None:
        self.run(self.node.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do *work* on the engine's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def join(self) -> None:
        """Make the consortium's channel and let everybody join."""
        genesis = self.who.genesis().SerializeToString()
        self.run(self.node.channels.join_orderer(self.node.channels.orderers["orderer0"], genesis))
        for name in self.who.members:
            self.run(self.node.channels.join_peer(genesis, f"peer0.{name}", name))

    @contextlib.contextmanager
    def channel(self, index: int = 0, client: certificates.IssuedCertificate | None = None) -> Iterator[grpc.Channel]:
        """Yield a connection to a peer, or to the orderer as the last; *client* is the caller's own TLS certificate."""
        own = (*self.settings.peers, *self.settings.orderers)[index]
        credentials = grpc.ssl_channel_credentials(
            (self._folder / own.name / "ca.pem").read_bytes(),
            client.key_pem if client else None,
            client.certificate_pem if client else None,
        )
        with grpc.secure_channel(own.address, credentials) as opened:
            yield opened

    def _describe(self, person: Person, name: str) -> dict[str, str]:
        member = self.who.members.get(person.msp_id, self.who.ordering)
        tls = certificates.tls(member.tlsca, name, member.domain, "SG", ["127.0.0.1"])
        if member is self.who.ordering:
            tls = self.who.consenter
        self._write(f"{name}/msp/cacerts/ca.pem", member.ca.certificate_pem)
        self._write(f"{name}/msp/signcerts/cert.pem", person.issued.certificate_pem)
        self._write(f"{name}/msp/keystore/key.pem", person.issued.key_pem)
        self._write(f"{name}/msp/config.yaml", _NODE_UNITS.encode())
        ca = self._write(f"{name}/ca.pem", member.tlsca.certificate_pem)
        return {
            "tls_ca": str(ca),
            "msp_id": person.msp_id,
            "name": name,
            "address": free_address(),
            "msp_dir": str(self._folder / name / "msp"),
            "tls_cert": str(self._write(f"{name}/tls/server.crt", tls.certificate_pem)),
            "tls_key": str(self._write(f"{name}/tls/server.key", tls.key_pem)),
        }

    def _write(self, name: str, content: bytes) -> Path:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file


def free_address() -> str:
    """Return an address that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
