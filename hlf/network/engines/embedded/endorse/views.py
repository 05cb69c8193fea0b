"""
Views of a channel: its peers and the chaincodes that they run, at one state of definitions and configuration.

Results that are computed from a view are cached with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2

from hlf import errors
from hlf.network.engines.embedded.endorse.peer import is_system
from hlf.network.engines.embedded.state import endorsement, lifecycle
from hlf.wire import msp
from hlf.wire.config import channelconfig

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.order.channels import OrderedChannel
# A result can be a description of up to 10,000 layouts.
_MOST_KEPT = 64

Found = TypeVar("Found")


class ChannelView:
    """A channel's peers and chaincodes, until one of them or the configuration changes."""

    def __init__(self, channel: OrderedChannel, peers: Sequence[PeerState]) -> None:
        """*peers* are those that joined the channel."""
        self.channel = channel
        self.peers = peers
        self._definitions: dict[str, lifecycle.ChaincodeDefinition | None] = {}
        self._running: dict[str, tuple[PeerState, ...]] = {}
        self._kept: dict[bytes, Any] = {}

    @property
    def height(self) -> int:
        """The number of blocks that the members have."""
        return self.channel.ledger.height

    def definition(self, name: str) -> lifecycle.ChaincodeDefinition | None:
        """Return the committed definition of a chaincode, or None."""
        if name == lifecycle.NAMESPACE:
            return _lifecycle(self.channel.bundle)
        if name not in self._definitions:
            with self.channel.ledger.snapshot() as snapshot:
                self._definitions[name] = self.channel.definition(name, snapshot)
        return self._definitions[name]

    def defined(self, name: str) -> lifecycle.ChaincodeDefinition:
        """Return as ``definition`` does, but raise KeyError if there is none."""
        found = self.definition(name)
        if found is None:
            raise KeyError(f"{name} is not defined on {self.channel.id}")
        return found

    def running(self, name: str) -> tuple[PeerState, ...]:
        """Return the peers that can execute chaincode *name*."""
        known = self._running.get(name)
        if known is None:
            known = self._running[name] = self._find_running(name)
        return known

    def names(self) -> list[str]:
        """Return the chaincodes that the channel defines, sorted."""
        with self.channel.ledger.snapshot() as snapshot:
            return sorted(lifecycle.definitions(snapshot))

    def identity(self, peer: PeerState) -> msp.Identity | None:
        """Return the identity of *peer* as a member of the channel; None if it is not one."""
        try:
            return self.channel.bundle.msps.identity(peer.local.serialized)
        except errors.IdentityError:
            return None

    def kept(self, question: bytes, find: Callable[[], Found]) -> Found:
        """
        Return the result of *find*, cached by *question* while this view is valid; *find* may raise.

        Only the latest results are cached, because clients can ask about any number of key policies.
        """
        known: Found = self._kept.pop(question, None) or find()
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[question] = known
        return known

    def _find_running(self, name: str) -> tuple[PeerState, ...]:
        if is_system(name):
            return tuple(self.peers)
        definition = self.definition(name)
        if definition is None:
            return ()
        with self.channel.ledger.snapshot() as snapshot:
            return tuple(
                peer for peer in self.peers if peer.runnable(self.channel, snapshot, name, definition) is not None
            )


def _lifecycle(bundle: channelconfig.Bundle) -> lifecycle.ChaincodeDefinition:
    """Return a definition of the lifecycle, with the endorsement policy of the channel's configuration."""
    policy = endorsement.lifecycle_policy(bundle)
    return lifecycle.ChaincodeDefinition(
        chaincode_definition_pb2.ChaincodeEndorsementInfo(version="syscc", endorsement_plugin="escc"),
        chaincode_definition_pb2.ChaincodeValidationInfo(
            validation_plugin="vscc", validation_parameter=policy.SerializeToString()
        ),
        collection_pb2.CollectionConfigPackage(),
        sequence=1,
    )


class Views:
    """The present view of every channel, shared by all gateways of the process."""

    def __init__(self, peers: Sequence[PeerState]) -> None:
        self._peers = peers
        self._views: dict[str, tuple[tuple[object, ...], ChannelView]] = {}

    @property
    def peers(self) -> list[PeerState]:
        """The peers of the network that are presumed alive."""
        return [peer for peer in self._peers if peer.presumed_alive]

    def of(self, channel: OrderedChannel) -> ChannelView:
        """Return the view of *channel*; after a change of its peers, chaincodes or configuration it is a new one."""
        alive = self.peers
        packages = sum(len(peer.packages) for peer in alive)
        state = (channel, channel.bundle, channel.defined_at, len(channel.peers), packages, *alive)
        known = self._views.get(channel.id)
        if known is None or known[0] != state:
            members = [peer for peer in alive if peer.name in channel.peers]
            known = self._views[channel.id] = (state, ChannelView(channel, members))
        return known[1]
