"""The nodes of a state folder as :mod:`hlf.admin` talks to them, each in its organisation's admin's name."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from hlf import identity
from hlf.admin.orderer import Orderer as OrdererConnection
from hlf.admin.participation import OrdererAdmin
from hlf.admin.peer import Peer as PeerConnection
from hlf.client.session import TlsIdentity
from hlf.network import errors, material, processes
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer, Peer
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.wire import certificates
from hlf.wire.certificates import Certificate

# A node that has not answered by then counts as absent.
ANSWER_SECONDS = 5.0


class Nodes:
    """Connections to every node, opened when first asked for and closed together."""

    def __init__(self, folder: Folder, record: Record, consortium: Consortium, *, timeout: float = 60.0) -> None:
        self._folder = folder
        self._record = record
        self._consortium = consortium
        self._timeout = timeout
        self._open = ExitStack()
        self._lock = threading.Lock()
        self._known = {peer.name: peer for peer in consortium.peers}
        self._peers: dict[str, PeerConnection] = {}
        self._first = {each.msp_id: each.peers[0].name for each in consortium.organisations}

    def peer(self, name: str) -> PeerConnection:
        """Return a peer."""
        with self._lock:
            if name not in self._peers:
                self._peers[name] = self._peer(self._known[name])
            return self._peers[name]

    def knows(self, msp_id: str) -> bool:
        """Return whether an organisation of that MSP id is in the consortium asked."""
        return msp_id in self._first

    def first_peer(self, msp_id: str) -> PeerConnection:
        """Return an organisation's first peer."""
        return self.peer(self._first[msp_id])

    def require_listening(self, names: Iterable[str]) -> None:
        """
        Raise StateError unless a node listens.

        Without this check a command would wait for every node in turn.

        Raises:
            StateError: none does.
        """
        if not any(processes.listens(self._record.address(name)) for name in names):
            raise errors.not_running(self._folder.root)

    def orderer(self, orderer: Orderer, msp_id: str | None = None, user: str = "Admin") -> OrdererConnection:
        """Return an orderer's gRPC side, called by its own organisation's admin or by another organisation's user."""
        called_by = msp_id or orderer.msp_id
        folder = self._folder.user(called_by, user)
        return self._open.enter_context(
            OrdererConnection(
                self._endpoint(orderer.name, orderer.msp_id),
                *valid_user(folder, called_by),
                timeout=self._timeout,
                tls_identity=TlsIdentity.load(folder),
            )
        )

    def orderer_admin(self, orderer: Orderer) -> OrdererAdmin:
        """
        Return an orderer's admin listener.

        Raises:
            StateError: the client certificate has expired; the listener would only hang up.
        """
        place = self._folder.user(orderer.msp_id, "Admin")
        tls = place / "tls"
        if (tls / "client.crt").exists():
            _require_valid(place, certificates.read((tls / "client.crt").read_bytes()))
        return self._open.enter_context(
            OrdererAdmin(
                self._record.address(orderer.name, "admin"),
                ca=tls / "ca.crt",
                certificate=tls / "client.crt",
                key=tls / "client.key",
                timeout=self._timeout,
            )
        )

    def close(self) -> None:
        """Close all connections."""
        self._open.close()

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _peer(self, peer: Peer) -> PeerConnection:
        folder = self._folder.user(peer.msp_id, "Admin")
        has_gateway = self._consortium.organisation(peer.msp_id).settings.gateway_enabled
        return self._open.enter_context(
            PeerConnection(
                self._endpoint(peer.name, peer.msp_id),
                *valid_user(folder, peer.msp_id),
                timeout=self._timeout,
                tls_identity=TlsIdentity.load(folder),
                orderer=None if has_gateway else self.orderer(self._consortium.orderers[0], peer.msp_id),
            )
        )

    def _endpoint(self, name: str, msp_id: str) -> Endpoint:
        roots = material.tls_roots(self._folder, msp_id)
        return Endpoint(name, self._record.address(name), roots, msp_id, override_hostname=name)


def valid_user(folder: Path, msp_id: str) -> tuple[identity.Identity, Signer]:
    """
    Return a user's identity with its signer.

    Raises:
        StateError: the certificate has expired.
    """
    found = identity.load_user(folder, msp_id)
    _require_valid(folder, found[0].certificate)
    return found


def _require_valid(folder: Path, certificate: Certificate) -> None:
    ends = certificate.not_after
    if ends < datetime.now(UTC):
        user = f"{folder.parents[1].name}/{folder.name}"
        raise errors.StateError(
            folder, f"has a certificate that expired on {ends:%Y-%m-%d}", f"Renew it: hlf network renew {user}"
        )
