"""One node of the process with its listeners; it can stop and start again while the others run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from fabric_protos.discovery import protocol_pb2_grpc
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2_grpc
from fabric_protos.peer import events_pb2_grpc, peer_pb2_grpc, snapshot_pb2_grpc

from hlf.network.engines.embedded.node.listeners import Listener, ListenError
from hlf.network.engines.embedded.services import participation
from hlf.network.engines.embedded.services.broadcast import BroadcastService
from hlf.network.engines.embedded.services.discovery import Discovery
from hlf.network.engines.embedded.services.endorserservice import EndorserService
from hlf.network.engines.embedded.services.events import PeerEvents
from hlf.network.engines.embedded.services.gateway import GatewayService
from hlf.network.engines.embedded.services.snapshotservice import SnapshotService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hlf.network.engines.embedded.endorse.endorser import Endorser
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import Views
    from hlf.network.engines.embedded.order.channels import Channels
    from hlf.network.engines.embedded.order.orderers import OrdererState
    from hlf.network.engines.embedded.wire.localmsp import LocalMsp
    from hlf.network.engines.embedded.wire.settings import OrdererSettings, PeerNodeSettings


class NodeServer:
    """A node: a name, and a listener while it runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._listener: Listener | None = None

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._listener is not None

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            ListenError: an address is taken.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop listening."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()


class PeerServer(NodeServer):
    """A peer's services: endorser, gateway, events and discovery."""

    def __init__(
        self,
        own: PeerNodeSettings,
        peer: PeerState,
        endorsers_by_peer: Mapping[str, Endorser],
        views: Views,
        channels: Channels,
    ) -> None:
        super().__init__(own.name)
        self._own = own
        self._peer = peer
        self._endorsers = endorsers_by_peer
        self._views = views
        self._channels = channels
        peer.stopped()

    async def start(self) -> None:
        """Begin to listen, with the services in the peer's settings."""
        own, peer = self._own, self._peer
        peer.read_again(own.tls_ca.read_bytes())
        listener = Listener(own, peer.client_roots if own.client_auth_required else None)
        endorser = EndorserService(self._endorsers[own.name], own.endorser_calls)
        events = PeerEvents(peer, own.deliver_streams)
        discovery = Discovery(peer, self._views)
        snapshots = SnapshotService(peer)
        listener.add("protos.Endorser", lambda server: peer_pb2_grpc.add_EndorserServicer_to_server(endorser, server))
        listener.add("protos.Deliver", lambda server: events_pb2_grpc.add_DeliverServicer_to_server(events, server))
        listener.add(
            "discovery.Discovery",
            lambda server: protocol_pb2_grpc.add_DiscoveryServicer_to_server(discovery, server),
        )
        listener.add(
            "protos.Snapshot", lambda server: snapshot_pb2_grpc.add_SnapshotServicer_to_server(snapshots, server)
        )
        if own.gateway_enabled:
            gateway = GatewayService(peer, self._endorsers, self._views, self._channels, own)
            listener.add(
                "gateway.Gateway", lambda server: gateway_pb2_grpc.add_GatewayServicer_to_server(gateway, server)
            )
        await listener.start()
        self._listener = listener
        peer.started()

    async def stop(self) -> None:
        """Stop listening and close the streams to chaincodes; its data stay."""
        self._peer.stopped()
        await super().stop()
        await self._endorsers[self.name].close()


class OrdererServer(NodeServer):
    """An orderer's services, and its administrators' REST interface."""

    def __init__(self, own: OrdererSettings, local: LocalMsp, orderer: OrdererState, channels: Channels) -> None:
        super().__init__(own.name)
        self._own = own
        self._local = local
        self._orderer = orderer
        self._channels = channels
        self._rest: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to listen for clients, then for administrators."""
        self._local.read_again()
        listener, service = Listener(self._own), BroadcastService(self._channels, self._orderer)
        listener.add(
            "orderer.AtomicBroadcast",
            lambda server: ab_pb2_grpc.add_AtomicBroadcastServicer_to_server(service, server),
        )
        await listener.start()
        self._listener = listener
        try:
            await self._start_rest()
        except ListenError:
            await self.stop()
            raise
        self._orderer.running = True

    async def stop(self) -> None:
        """Stop listening; accepted messages are still ordered."""
        self._orderer.running = False
        rest, self._rest = self._rest, None
        if rest is not None:
            await rest.cleanup()
        await super().stop()

    async def _start_rest(self) -> None:
        self._rest = web.AppRunner(
            participation.ParticipationService(self._channels, self._orderer).application(), access_log=None
        )
        await self._rest.setup()
        host, _, port = self._own.admin_address.rpartition(":")
        context = participation.tls(self._own.tls_cert, self._own.tls_key, self._own.tls_ca)
        try:
            await web.TCPSite(self._rest, host, int(port), ssl_context=context).start()
        except OSError as error:
            raise ListenError(f"cannot listen on {self._own.admin_address}: {error.strerror}") from None
