"""One organisation's peer: its identity, its channels and its chaincodes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hlf.network import errors
from hlf.network.engines.embedded.endorse import packages
from hlf.network.engines.embedded.order import bootstrapping, joining
from hlf.network.engines.embedded.state import lifecycle, snapshotrequests
from hlf.network.engines.embedded.wire.localmsp import LocalMsp
from hlf.wire import keys

if TYPE_CHECKING:
    from hlf.network.engines.embedded.order.channels import Channels, OrderedChannel
    from hlf.network.engines.embedded.state.snapshots import Snapshot

_LOG = logging.getLogger(__name__)
SYSTEM_VERSION = "syscc"
_PACKAGES, _SNAPSHOTS = "packages", "snapshots"
# The native engine's peers regard a silent one as dead after the same time (gossip's aliveExpirationTimeout).
ALIVE_SECONDS = 15.0


class UndefinedError(Exception):
    """A chaincode cannot be invoked at this peer; the text is Fabric's."""


@dataclasses.dataclass(frozen=True)
class Runnable:
    """The data with which a peer invokes a chaincode."""

    version: str
    package_id: str
    init_required: bool


class PeerState:
    """
    A peer's own state; the public ledgers belong to the channels.

    Attributes:
        incarnation: a number that is larger after each of its starts, as gossip has it.
        bootstrapping: the folder of the snapshot by which it is joining a channel at the moment; else empty.
    """

    def __init__(
        self,
        name: str,
        local: LocalMsp,
        address: str,
        tls_ca: bytes,
        channels: Channels,
        folder: Path,
        chaincode_config: Mapping[str, str],
    ) -> None:
        self.name = name
        self.local = local
        self.address = address
        self._tls_ca = tls_ca
        self.channels = channels
        self.bootstrapping = ""
        self._joining: asyncio.Task[None] | None = None
        self._stopped_at: float | None = None
        self.incarnation = time.time_ns()
        self._calls: set[asyncio.Timeout] = set()
        self.snapshots = snapshotrequests.SnapshotRequests(folder / _SNAPSHOTS)
        channels.written.append(self._written)
        self.packages = packages.PackageStore(folder / _PACKAGES, chaincode_config)
        self._approved: dict[tuple[str, str, int, bytes], str] = {}
        # A result for a height stays valid, because packages are never removed.
        self._runnables: dict[tuple[str, str], tuple[int, Runnable]] = {}

    @property
    def msp_id(self) -> str:
        return self.local.msp_id

    @property
    def running(self) -> bool:
        """Whether it listens at its address."""
        return self._stopped_at is None

    @property
    def presumed_alive(self) -> bool:
        """Whether the other peers regard it as alive; they do so for some time after it stopped."""
        return self._stopped_at is None or time.monotonic() < self._stopped_at + ALIVE_SECONDS

    def read_again(self, tls_ca: bytes) -> None:
        """Take over certificates that were renewed while it was stopped; *tls_ca* is its TLS authority (PEM)."""
        self.local.read_again()
        self._tls_ca = tls_ca

    def leave(self) -> None:
        """Follow the channels no longer: this peer is not of the network any more."""
        self.channels.written.remove(self._written)

    def started(self) -> None:
        """Record that it listens."""
        self.incarnation = time.time_ns()
        self._stopped_at = None

    def stopped(self) -> None:
        """Record that it no longer listens; calls of other peers' gateways end at once."""
        self._stopped_at = time.monotonic()
        for call in self._calls:
            if not call.expired():
                call.reschedule(asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def call(self, seconds: float) -> AsyncIterator[None]:
        """
        Run a call by another peer's gateway, over a connection that ends when this peer stops.

        Raises:
            TimeoutError: it took longer than *seconds*, or the peer has stopped.
        """
        async with asyncio.timeout(seconds) as limit:
            self._calls.add(limit)
            try:
                yield
            finally:
                self._calls.discard(limit)

    def save(self, folder: Path) -> None:
        """Copy the peer's own data into the new *folder*."""
        self.packages.save(folder / _PACKAGES)

    def bring_back(self, folder: Path) -> None:
        """Restore the data that :meth:`save` kept in *folder*; channels restore themselves."""
        self.packages.bring_back(folder / _PACKAGES)
        self.snapshots.forget()
        # Results for a height can differ when the restored ledger has that height again.
        self._runnables.clear()

    def forget_approvals(self) -> None:
        """Read again what its organisation has approved, as it has lost some of it with a channel that it left."""
        self._approved.clear()
        self._runnables.clear()

    def client_roots(self) -> bytes:
        """Return the TLS authorities (PEM) of its own organisation and of the members of its channels."""
        roots = {self._tls_ca: None}
        for channel_id in self.channels.joined(self.name):
            channel = self.channels.get(channel_id)
            for member in channel.bundle.msps if channel is not None else ():
                roots.update(dict.fromkeys((*member.config.tls_root_certs, *member.config.tls_intermediate_certs)))
        return b"\n".join(roots)

    def channel(self, channel_id: str) -> OrderedChannel | None:
        """Return the channel, if this peer joined it."""
        channel = self.channels.get(channel_id)
        return channel if channel is not None and self.name in channel.peers else None

    def chaincode(
        self,
        channel: OrderedChannel,
        snapshot: Snapshot,
        name: str,
        sequence: int,
        definition: lifecycle.ChaincodeDefinition,
    ) -> Runnable:
        """
        Return the data with which this peer runs a chaincode that *channel* defines.

        Raises:
            UndefinedError: its organisation did not approve the definition, or the package is not installed here.
        """
        height, known = self._runnables.get((channel.id, name), (-1, None))
        if known is not None and height == snapshot.height:
            return known
        package_id = self._approved_package(channel.id, snapshot, name, sequence, definition)
        if package_id is None:
            raise UndefinedError(
                f"chaincode definition for '{name}' at sequence {sequence} on channel '{channel.id}' has not yet been "
                "approved by this org"
            )
        if self.packages.get(package_id) is None:
            raise UndefinedError(f"chaincode definition for '{name}' exists, but chaincode is not installed")
        found = Runnable(definition.version, package_id, definition.init_required)
        self._runnables[channel.id, name] = (snapshot.height, found)
        return found

    def runnable(
        self, channel: OrderedChannel, snapshot: Snapshot, name: str, definition: lifecycle.ChaincodeDefinition
    ) -> Runnable | None:
        """Return as ``chaincode`` does, but None if this peer cannot run it."""
        try:
            return self.chaincode(channel, snapshot, name, definition.sequence, definition)
        except UndefinedError:
            return None

    def bootstrap(self, folder: str) -> None:
        """Begin to join the channel of a snapshot; as with real peers, errors go only to the log."""
        self.bootstrapping = folder
        self._joining = asyncio.get_running_loop().create_task(self._bootstrap(Path(folder)))

    async def _bootstrap(self, folder: Path) -> None:
        try:
            found = await asyncio.to_thread(bootstrapping.read, folder)
            if found.channel_id in self.channels.joined(self.name):
                raise joining.JoinError(f"ledger [{found.channel_id}] already exists with state [ACTIVE]")
            self.snapshots.begin(found.channel_id, found.last_block + 1)
            self.channels.join_by_snapshot(found, self.name, self.msp_id)
        except (joining.JoinError, errors.NetworkError) as error:
            _LOG.error("%s: no ledger from the snapshot at %s: %s", self.name, folder, error)
        finally:
            self.bootstrapping = ""

    def catch_up(self, channel: OrderedChannel) -> None:
        """Make the snapshot of the last block if it was requested and is missing; on the channel's commit thread."""
        self._written(channel, channel.ledger.last_written())

    def _written(self, channel: OrderedChannel, number: int) -> None:
        """Make the snapshot that was requested for a block; on the channel's commit thread."""
        if self.name in channel.peers:
            self.snapshots.make(channel.ledger, number)

    def _approved_package(
        self, channel_id: str, snapshot: Snapshot, name: str, sequence: int, definition: lifecycle.ChaincodeDefinition
    ) -> str | None:
        """
        Return the package this organisation approved for a committed sequence, None if it approved something else.
        """
        collection = keys.implicit_collection(self.msp_id)
        private_name = f"{name}#{sequence}"

        def hash_of(key: str) -> bytes | None:
            found = snapshot.private_hash(lifecycle.NAMESPACE, collection, keys.hash_key(key.encode()))
            return None if found is None else found[0]

        def read(key: str) -> bytes | None:
            found = snapshot.private(self.msp_id, lifecycle.NAMESPACE, collection, key)
            return None if found is None else found[0]

        source = lifecycle.field_key(lifecycle.SOURCES, private_name, "PackageID")
        approved = hash_of(source)
        if approved is None:
            return None
        # A committed sequence can only be approved again with equal parameters, so a cached answer stays valid as
        # long as the approved package is the same.
        identity = (channel_id, name, sequence, approved)
        known = self._approved.get(identity)
        if known is None:
            if lifecycle.mismatches(hash_of, private_name, definition):
                return None
            known = self._approved[identity] = lifecycle.package_id(read, private_name)
        return known


def is_system(name: str) -> bool:
    """Return whether *name* is a chaincode that every peer has built in."""
    return name in keys.SYSTEM_CHAINCODES
