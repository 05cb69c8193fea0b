"""
The embedded engine's process: every organisation's peer and one orderer, until SIGTERM.

``python -m hlf.network.engines.embedded.node.node CONFIG.json`` starts it; the JSON
names the data folder, each peer with its address and key material, the
orderer, and the file to write when every listener is bound. On SIGHUP it reads
the list of nodes to stop again, and carries out a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import functools
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from hlf import errors as hlf_errors
from hlf.network import errors, state
from hlf.network.engines.embedded.endorse.endorser import Endorser
from hlf.network.engines.embedded.endorse.peer import PeerState
from hlf.network.engines.embedded.endorse.views import Views
from hlf.network.engines.embedded.node import requests
from hlf.network.engines.embedded.node.listeners import ListenError
from hlf.network.engines.embedded.node.serving import NodeServer, OrdererServer, PeerServer
from hlf.network.engines.embedded.order.channels import Channels
from hlf.network.engines.embedded.services.broadcast import BroadcastService
from hlf.network.engines.embedded.state.ledger import START_OVER
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.localmsp import LocalMsp
from hlf.network.engines.embedded.wire.settings import ProcessSettings, SettingsFileError, read

log = logging.getLogger(__name__)


class Node:
    """The nodes of one process."""

    def __init__(self, settings: ProcessSettings) -> None:
        """
        Read key material and packages; nothing listens yet.

        Raises:
            IdentityError: a node's MSP folder cannot be used.
            StateError: an installed package on disk is damaged.
        """
        own = settings.orderer
        self.channels = Channels(
            settings.data / requests.CHANNELS, LocalMsp(own.msp_id, own.msp_dir), own.tls_cert.read_bytes()
        )
        orderer = BroadcastService(self.channels, own.address, own.msp_id)
        self.peers = peers = [
            PeerState(
                name=peer.name,
                local=LocalMsp(peer.msp_id, peer.msp_dir),
                address=peer.address,
                tls_ca=peer.tls_ca.read_bytes(),
                channels=self.channels,
                folder=settings.data / requests.PEERS / peer.name,
                chaincode_config=peer.chaincode_config,
            )
            for peer in settings.peers
        ]
        views = Views(peers)
        endorsers = {
            peer.name: Endorser(peer, told.execute_seconds, views)
            for peer, told in zip(peers, settings.peers, strict=True)
        }
        self._servers: list[NodeServer] = [
            PeerServer(told, peer, endorsers, views, orderer) for peer, told in zip(peers, settings.peers, strict=True)
        ]
        self._servers.append(OrdererServer(own, orderer, self.channels))

    @property
    def stopped(self) -> list[str]:
        """The nodes that do not run, sorted."""
        return sorted(server.name for server in self._servers if not server.running)

    async def start(self, without: Collection[str] = ()) -> None:
        """
        Open the ledgers and start all nodes but those named.

        Raises:
            ListenError: an address is taken.
            StateError: a ledger on disk is damaged.
        """
        await self.channels.open()
        for channel in self.channels:
            # A snapshot that the end of the process interrupted is made before the next block.
            for peer in self.peers:
                await channel.between_blocks(functools.partial(peer.catch_up, channel))
        await self.leave_out(without)

    async def leave_out(self, names: Collection[str]) -> None:
        """
        Stop the named nodes that run, and start all others that do not.

        Raises:
            ListenError: another process has taken an address.
        """
        await asyncio.gather(*(server.stop() for server in self._servers if server.name in names and server.running))
        for server in self._servers:
            if server.name not in names and not server.running:
                await server.start()

    async def stop(self) -> None:
        """Stop listening, close the streams to chaincodes, and finish the block being written."""
        await asyncio.gather(*(server.stop() for server in self._servers))
        await self.channels.close()


async def run(settings: ProcessSettings) -> None:
    """Serve until SIGTERM or SIGINT; the ready file exists exactly while all wanted nodes listen."""
    node = Node(settings)
    asked_for = requests.Requests(settings.request_file, node.channels, node.peers)
    stopping, asked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        await node.start(settings.stopped())
        # The present objects stay until the end, so the garbage collector need not check them again.
        gc.collect()
        gc.freeze()
        _write_ready(settings.ready_file, node, asked_for)
        log.info("serving %d peers and the orderer", len(settings.peers))
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(_follow(asked, node, settings, asked_for))
            await stopping.wait()
            listening.cancel()
    finally:
        with contextlib.suppress(FileNotFoundError):
            settings.ready_file.unlink()
        await node.stop()


async def _follow(asked: asyncio.Event, node: Node, settings: ProcessSettings, asked_for: requests.Requests) -> None:
    """At each signal, stop and start nodes by the file of stopped ones, and carry out a request."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            await node.leave_out(settings.stopped())
        except (SettingsFileError, ListenError) as error:
            log.error("%s", error)
        log.info("stopped nodes: %s", ", ".join(node.stopped) or "none")
        await asked_for.look()
        _write_ready(settings.ready_file, node, asked_for)


def main(arguments: list[str]) -> int:
    """Run the process; return its exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m hlf.network.engines.embedded.node.node CONFIG.json\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("grpc").setLevel(logging.WARNING)
    logging.getLogger("grpc._cython.cygrpc").addFilter(statuses.keep_quiet)
    # `kill -USR1` writes the stack of every thread to the log, to see why a node does not answer.
    faulthandler.register(signal.SIGUSR1)
    try:
        settings = read(json.loads(Path(arguments[0]).read_bytes()))
    except (OSError, ValueError, SettingsFileError) as error:
        log.error("the configuration %s cannot be used: %s", arguments[0], error)
        return 2
    try:
        asyncio.run(run(settings))
    except OSError as error:
        log.error("a file cannot be used: %s. Mend that, and start again", error)
        return 1
    except hlf_errors.HlfError as error:
        log.error("%s. %s", error, START_OVER)
        return 1
    except (ListenError, SettingsFileError, errors.NetworkError) as error:
        log.error("%s", error)
        return 1
    return 0


def _write_ready(file: Path, node: Node, asked_for: requests.Requests) -> None:
    told = {"pid": os.getpid(), "stopped": node.stopped, "answer": asked_for.answer}
    state.replace_file(file, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
