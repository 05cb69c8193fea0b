"""One orderer of the process: its identity, and the channels that it waits for."""

from __future__ import annotations

from pathlib import Path

from hlf.network.engines.embedded.order.consenters import OwnIdentity
from hlf.network.engines.embedded.order.followers import Followers
from hlf.network.engines.embedded.order.ordering import OrdererSigner


class OrdererState:
    """
    An orderer; the channels that it joined know it.

    Attributes:
        name, address, msp_id: whose it is, and where clients reach it.
        signer, own: its identity, and how it finds itself among consenters.
        waiting: the channels whose blocks it does not have yet.
        running: whether it listens.
    """

    def __init__(
        self, name: str, address: str, msp_id: str, signer: OrdererSigner, tls_certificate: bytes, folder: Path
    ) -> None:
        """*tls_certificate* is its listener's; *folder* is that of the channels."""
        self.name = name
        self.address = address
        self.msp_id = msp_id
        self.signer = signer
        self.own = OwnIdentity(tls_certificate, signer.serialized)
        self.waiting = Followers(folder, name)
        self.running = False
