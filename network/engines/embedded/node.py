"""
The embedded engine's process: every organisation's peer and one orderer, until SIGTERM.

``python -m network.engines.embedded.node CONFIG.json`` starts it; the JSON
names the data folder, each peer with its address and key material, the
orderer, and the file to write once every listener is bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import web
from fabric_protos.discovery import protocol_pb2_grpc
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2_grpc
from fabric_protos.peer import events_pb2_grpc, peer_pb2_grpc

from hlf import errors as hlf_errors
from network import errors
from network.engines.embedded import participation, statuses
from network.engines.embedded.broadcast import Orderer
from network.engines.embedded.channels import Channels
from network.engines.embedded.discovery import Discovery
from network.engines.embedded.endorser import Endorser
from network.engines.embedded.endorsers import Views
from network.engines.embedded.endorserservice import EndorserService
from network.engines.embedded.events import PeerEvents
from network.engines.embedded.gateway import Gateway
from network.engines.embedded.listeners import Listener, ListenError
from network.engines.embedded.localmsp import LocalMsp
from network.engines.embedded.peer import Peer
from network.engines.embedded.settings import NodeSettings, Settings, SettingsError, read

log = logging.getLogger(__name__)


class Node:
    """Everything one process serves."""

    def __init__(self, settings: Settings) -> None:
        """
        Read key material and packages; nothing listens yet.

        Raises:
            IdentityError: a node's MSP folder cannot be used.
            StateError: an installed package on disk is damaged.
        """
        self._settings = settings
        orderer = settings.orderer
        self.channels = Channels(settings.data / "channels", LocalMsp(orderer.msp_id, orderer.msp_dir))
        self._orderer = Orderer(self.channels, settings.deliver_streams)
        self._peers = [
            Peer(
                name=peer.name,
                local=LocalMsp(peer.msp_id, peer.msp_dir),
                address=peer.address,
                channels=self.channels,
                folder=settings.data / "peers" / peer.name,
                chaincode_config=peer.chaincode_config,
            )
            for peer in settings.peers
        ]
        self._endorsers = {peer.name: Endorser(peer, settings.execute_seconds) for peer in self._peers}
        self._views = Views(self._peers)
        self._listeners = [
            self._peer_listener(peer, own) for peer, own in zip(self._peers, settings.peers, strict=True)
        ]
        self._listeners.append(self._orderer_listener(orderer))
        self._rest: web.AppRunner | None = None

    async def start(self) -> None:
        """
        Open the ledgers and begin to listen everywhere.

        Raises:
            ListenError: an address is taken.
            StateError: a ledger on disk is damaged.
        """
        await self.channels.open()
        for listener in self._listeners:
            await listener.start()
        await self._start_rest(self._settings.orderer)

    async def stop(self) -> None:
        """Stop listening, end conversations with chaincodes, and finish what is being written."""
        if self._rest is not None:
            await self._rest.cleanup()
        await asyncio.gather(*(listener.stop() for listener in self._listeners))
        for endorser in self._endorsers.values():
            await endorser.close()
        await self.channels.close()

    def _peer_listener(self, peer: Peer, own: NodeSettings) -> Listener:
        listener = Listener(own)
        settings = self._settings
        endorser = EndorserService(self._endorsers[peer.name], settings.endorser_calls)
        gateway = Gateway(peer, self._endorsers, self._views, self._orderer, settings)
        events = PeerEvents(peer, settings.deliver_streams)
        discovery = Discovery(peer, self._views)
        listener.add("protos.Endorser", lambda server: peer_pb2_grpc.add_EndorserServicer_to_server(endorser, server))
        listener.add("gateway.Gateway", lambda server: gateway_pb2_grpc.add_GatewayServicer_to_server(gateway, server))
        listener.add("protos.Deliver", lambda server: events_pb2_grpc.add_DeliverServicer_to_server(events, server))
        listener.add(
            "discovery.Discovery",
            lambda server: protocol_pb2_grpc.add_DiscoveryServicer_to_server(discovery, server),
        )
        return listener

    def _orderer_listener(self, own: NodeSettings) -> Listener:
        listener = Listener(own)
        listener.add(
            "orderer.AtomicBroadcast",
            lambda server: ab_pb2_grpc.add_AtomicBroadcastServicer_to_server(self._orderer, server),
        )
        return listener

    async def _start_rest(self, own: NodeSettings) -> None:
        self._rest = web.AppRunner(participation.Participation(self.channels).application(), access_log=None)
        await self._rest.setup()
        host, _, port = own.admin_address.rpartition(":")
        context = participation.tls(own.tls_cert, own.tls_key, own.admin_client_ca)
        try:
            await web.TCPSite(self._rest, host, int(port), ssl_context=context).start()
        except OSError as error:
            raise ListenError(f"cannot listen on {own.admin_address}: {error.strerror}") from None


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; the ready file exists exactly while everything is served."""
    node = Node(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        await node.start()
        # What lives now lives until the end; the collector need not look at it again.
        gc.collect()
        gc.freeze()
        _write_ready(settings.ready_file)
        log.info("serving %d peers and the orderer", len(settings.peers))
        await stopping.wait()
    finally:
        with contextlib.suppress(FileNotFoundError):
            settings.ready_file.unlink()
        await node.stop()


def main(arguments: list[str]) -> int:
    """Run the process; answers its exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m network.engines.embedded.node CONFIG.json\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("grpc").setLevel(logging.WARNING)
    logging.getLogger("grpc._cython.cygrpc").addFilter(statuses.keep_quiet)
    # `kill -USR1` writes where every thread is to the log: the way to see why a node does not answer.
    faulthandler.register(signal.SIGUSR1)
    try:
        settings = read(json.loads(Path(arguments[0]).read_bytes()))
    except (OSError, ValueError, SettingsError) as error:
        log.error("the configuration %s cannot be used: %s", arguments[0], error)
        return 2
    try:
        asyncio.run(run(settings))
    except OSError as error:
        log.error("a file cannot be used: %s", error)
        return 1
    except (ListenError, hlf_errors.HlfError, errors.NetworkError) as error:
        log.error("%s", error)
        return 1
    return 0


def _write_ready(file: Path) -> None:
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps({"pid": os.getpid()}) + "\n")
    draft.rename(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
