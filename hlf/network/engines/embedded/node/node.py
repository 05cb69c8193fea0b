"""
The embedded engine's process: every organisation's peers and orderers, until SIGTERM.

``python -m hlf.network.engines.embedded.node.node CONFIG.json`` starts it; the JSON
names the data folder, each peer and orderer with its address and key material,
and the file to write when every listener is bound. On SIGHUP it reads the JSON
and the list of nodes to stop again, so that nodes come and go while the others
run on, and carries out a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import functools
import gc
import hashlib
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
from hlf.network.engines.embedded.order.orderers import OrdererState
from hlf.network.engines.embedded.state.ledger import START_OVER
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.localmsp import LocalMsp
from hlf.network.engines.embedded.wire.settings import (
    NodeSettings,
    OrdererSettings,
    PeerNodeSettings,
    ProcessSettings,
    SettingsFileError,
    read,
)

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
        self._data = settings.data
        self.channels = Channels(settings.data / requests.CHANNELS)
        # Gateways, views and requests share these, so that they see peers come and go.
        self.peers: list[PeerState] = []
        self._endorsers: dict[str, Endorser] = {}
        self._views = Views(self.peers)
        self._told: dict[str, NodeSettings] = {}
        self._servers: dict[str, NodeServer] = {}
        for told in settings.peers:
            self._add(told)
        for each in settings.orderers:
            self._add_orderer(each)

    @property
    def stopped(self) -> list[str]:
        """The nodes that do not run, sorted."""
        return sorted(name for name, server in self._servers.items() if not server.running)

    async def start(self, without: Collection[str] = ()) -> None:
        """
        Open the ledgers and start all nodes but those named.

        Raises:
            ListenError: an address is taken.
            StateError: a ledger on disk is damaged.
        """
        await self.channels.open()
        for peer in self.peers:
            await self._catch_up(peer)
        await self.leave_out(without)

    async def follow(self, settings: ProcessSettings) -> None:
        """
        Take over other nodes: stop those that are gone, add new ones, and change others; what is unchanged runs on.

        Those that are added do not listen yet.

        Raises:
            IdentityError, StateError: key material or a package of a new one cannot be used.
        """
        wanted = {each.name: each for each in (*settings.peers, *settings.orderers)}
        for name in [name for name, told in self._told.items() if wanted.get(name) != told]:
            # Its endorser stays, closed: a gateway may have planned a call to it.
            await self._servers.pop(name).stop()
            if name in self.channels.orderers:
                if name not in wanted:
                    self.channels.remove_orderer(name)
            else:
                gone = next(peer for peer in self.peers if peer.name == name)
                self.peers.remove(gone)
                gone.leave()
            del self._told[name]
        for told in settings.peers:
            if told.name not in self._told:
                await self._catch_up(self._add(told))
        for each in settings.orderers:
            if each.name not in self._told:
                self._add_orderer(each)

    async def leave_out(self, names: Collection[str]) -> None:
        """
        Stop the named nodes that run, and start all others that do not.

        Raises:
            ListenError: another process has taken an address.
        """
        servers = [*self._servers.values()]
        await asyncio.gather(*(server.stop() for server in servers if server.name in names and server.running))
        for server in servers:
            if server.name not in names and not server.running:
                await server.start()

    async def stop(self) -> None:
        """Stop listening, close the streams to chaincodes, and finish the block being written."""
        await asyncio.gather(*(server.stop() for server in self._servers.values()))
        await self.channels.close()

    def _add(self, told: PeerNodeSettings) -> PeerState:
        """Add a peer, which does not listen yet."""
        peer = PeerState(
            name=told.name,
            local=LocalMsp(told.msp_id, told.msp_dir),
            address=told.address,
            tls_ca=told.tls_ca.read_bytes(),
            channels=self.channels,
            folder=self._data / requests.PEERS / told.name,
            chaincode_config=told.chaincode_config,
        )
        self.peers.append(peer)
        self._told[told.name] = told
        self._endorsers[told.name] = Endorser(peer, told.execute_seconds, self._views)
        self._servers[told.name] = PeerServer(told, peer, self._endorsers, self._views, self.channels)
        return peer

    def _add_orderer(self, told: OrdererSettings) -> None:
        """Add an orderer, which does not listen yet."""
        local, certificate = LocalMsp(told.msp_id, told.msp_dir), told.tls_cert.read_bytes()
        orderer = OrdererState(told.name, told.address, told.msp_id, local, certificate, self.channels.folder)
        self.channels.add_orderer(orderer)
        self._told[told.name] = told
        self._servers[told.name] = OrdererServer(told, local, orderer, self.channels)

    async def _catch_up(self, peer: PeerState) -> None:
        """Make a snapshot that the end of a process interrupted, before the next block."""
        for channel in self.channels:
            await channel.between_blocks(functools.partial(peer.catch_up, channel))


async def run(file: Path, settings: ProcessSettings) -> None:
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
        _write_ready(settings, node, asked_for)
        log.info("serving %d peers and %d orderers", len(settings.peers), len(settings.orderers))
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(_follow(asked, node, file, settings, asked_for))
            await stopping.wait()
            listening.cancel()
    finally:
        with contextlib.suppress(FileNotFoundError):
            settings.ready_file.unlink()
        await node.stop()


async def _follow(
    asked: asyncio.Event, node: Node, file: Path, settings: ProcessSettings, asked_for: requests.Requests
) -> None:
    """Take over the nodes in the file and the list of stopped ones at each signal, and carry out a request."""
    heard = 0
    while True:
        await asked.wait()
        asked.clear()
        heard += 1
        trouble = ""
        try:
            settings = _load(file)
            await node.follow(settings)
            await node.leave_out(settings.stopped())
        except (OSError, ValueError, hlf_errors.HlfError, errors.NetworkError, SettingsFileError, ListenError) as error:
            trouble = str(error)
            log.error("%s", error)
        log.info("stopped nodes: %s", ", ".join(node.stopped) or "none")
        await asked_for.look()
        _write_ready(settings, node, asked_for, heard, trouble)


def _load(file: Path) -> ProcessSettings:
    text = file.read_bytes()
    return read(json.loads(text), hashlib.sha256(text).hexdigest())


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
        settings = _load(Path(arguments[0]))
    except (OSError, ValueError, SettingsFileError) as error:
        log.error("the configuration %s cannot be used: %s", arguments[0], error)
        return 2
    try:
        asyncio.run(run(Path(arguments[0]), settings))
    except OSError as error:
        log.error("a file cannot be used: %s. Fix that, and start again", error)
        return 1
    except hlf_errors.HlfError as error:
        log.error("%s. %s", error, START_OVER)
        return 1
    except (ListenError, SettingsFileError, errors.NetworkError) as error:
        log.error("%s", error)
        return 1
    return 0


def _write_ready(
    settings: ProcessSettings, node: Node, asked_for: requests.Requests, heard: int = 0, trouble: str = ""
) -> None:
    told = {
        "pid": os.getpid(),
        "stopped": node.stopped,
        "answer": asked_for.answer,
        "configuration": settings.digest,
        "heard": heard,
        "trouble": trouble,
    }
    state.replace_file(settings.ready_file, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
