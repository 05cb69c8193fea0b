"""The channels of one network: orderers and peers join them, and a restart opens them again."""

from __future__ import annotations

import asyncio
import functools
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc

from hlf import errors
from hlf.network.engines.embedded.order import joining
from hlf.network.engines.embedded.order.bootstrapping import Bootstrap
from hlf.network.engines.embedded.order.channel import OrderedChannel
from hlf.network.engines.embedded.order.followers import (
    ACTIVE,
    CONSENTER,
    FAILED,
    FOLLOWER,
    ONBOARDING,
    ChannelParticipation,
)
from hlf.network.engines.embedded.order.joining import JoinError, ParticipationRefused
from hlf.network.engines.embedded.order.orderers import OrdererState
from hlf.network.engines.embedded.state import copies
from hlf.network.engines.embedded.state.ledger import START_OVER, ChannelLedger
from hlf.network.engines.embedded.state.privatedata import PrivateWrites
from hlf.network.engines.embedded.state.updates import Updates
from hlf.network.engines.embedded.state.validation import EnvelopeVerdict, ValidatedBlock
from hlf.network.engines.embedded.wire.statuses import StatusError
from hlf.network.errors import StateError
from hlf.wire import blocks
from hlf.wire.config import channelconfig

__all__ = ["OrderedChannel", "Channels"]

log = logging.getLogger(__name__)

WENT_BACK = "the network went back to a snapshot, and what was asked for is not part of it"
_EXISTS = 405
_UNKNOWN = 404


class Channels:
    """
    All channels, by name.

    Attributes:
        folder: it has one ledger for each channel.
        orderers: by name.
        written: called with a channel and the number of each block of it, on its commit thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orderers: dict[str, OrdererState] = {}
        self._channels: dict[str, OrderedChannel] = {}
        self.written: list[Callable[[OrderedChannel, int], None]] = []

    async def open(self) -> None:
        """
        Open every channel that is on disk and start it.

        Raises:
            StateError: a ledger is damaged.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.glob("*.ledger")):
            ledger = ChannelLedger(path, path.stem)
            if ledger.height == 0:
                # The process ended while the file was made; the join starts again.
                log.warning("%s holds no block: its channel is joined again", path)
                ledger.close()
                ledger.remove()
                continue
            try:
                bundle = channelconfig.Bundle.from_config_block(ledger.block(ledger.config_block) or b"")
            except errors.HlfError as error:
                ledger.close()
                problem = f"block {ledger.config_block} holds no configuration that can be used: {error}"
                raise StateError(path, problem, START_OVER) from error
            self._start(ledger, bundle)

    def add_orderer(self, orderer: OrdererState) -> None:
        """
        Add an orderer, or put it in place of one of the same name; it is on the channels that it joined before.

        Raises:
            StateError: the block of a join is damaged.
        """
        self._wait_again(orderer)
        self.orderers[orderer.name] = orderer
        for channel in self:
            channel.admit(orderer)

    def remove_orderer(self, name: str) -> None:
        """Go on without an orderer; what it joined is kept, in case it comes back."""
        del self.orderers[name]
        for channel in self:
            channel.orderers.discard(name)

    def get(self, channel_id: str) -> OrderedChannel | None:
        """Return the channel of that name, or None."""
        return self._channels.get(channel_id)

    def __iter__(self) -> Iterator[OrderedChannel]:
        return iter(list(self._channels.values()))

    def joined(self, peer_name: str) -> list[str]:
        """Return the names of the channels a peer joined, sorted."""
        return sorted(channel.id for channel in self._channels.values() if peer_name in channel.peers)

    def ordered(self, orderer: OrdererState, channel_id: str) -> OrderedChannel | None:
        """Return a channel, if the orderer is one of its consenters."""
        channel = self._channels.get(channel_id)
        return channel if channel is not None and orderer in channel.orderers.agreeing else None

    def standing(self, orderer: OrdererState, channel_id: str) -> ChannelParticipation | None:
        """Return how an orderer takes part in a channel; None if it does not."""
        channel = self._channels.get(channel_id)
        if channel is None or orderer not in channel.orderers:
            return orderer.waiting.get(channel_id)
        return _standing(channel, orderer)

    def standings(self, orderer: OrdererState) -> list[ChannelParticipation]:
        """Return how an orderer takes part in each of its channels."""
        return [*(_standing(each, orderer) for each in self if orderer in each.orderers), *orderer.waiting]

    async def join_orderer(self, orderer: OrdererState, encoded: bytes) -> ChannelParticipation:
        """
        Let an orderer join the channel of a configuration block.

        It orders the channel, gets the blocks from those who do, or waits for them.

        Raises:
            ParticipationRefused: the block cannot be used, or the orderer has joined before.
        """
        block, bundle = joining.participation_block(encoded)
        if self.standing(orderer, bundle.channel_id) is not None:
            raise ParticipationRefused(_EXISTS, "cannot join: channel already exists")
        consenter = joining.takes_part(block, bundle, orderer.own)
        begins = consenter and block.header.number == 0
        channel = self._channels.get(bundle.channel_id)
        if channel is None and begins:
            channel = self._create(block, bundle)
        held = channel is not None and channel.ledger.block_by_hash(blocks.header_hash(block.header)) is not None
        if channel is None or not begins and not (held and channel.ordering):
            return _wait(orderer, bundle, consenter, encoded)
        if not held:
            raise ParticipationRefused(
                joining.BAD_REQUEST, "cannot join: peers have joined this channel with another genesis block"
            )
        await channel.join(orderer)
        return _standing(channel, orderer)

    async def leave_orderer(self, orderer: OrdererState, channel_id: str) -> None:
        """
        Let an orderer leave a channel; its peers and other orderers keep the committed blocks.

        Raises:
            ParticipationRefused: it is not on that channel.
        """
        if self.standing(orderer, channel_id) is None:
            raise ParticipationRefused(_UNKNOWN, "cannot remove: channel does not exist")
        orderer.waiting.remove(channel_id)
        channel = self._channels.get(channel_id)
        if channel is not None:
            await channel.leave(orderer)
            await self._remove_unused(channel)

    async def join_peer(self, genesis: bytes, peer_name: str, msp_id: str) -> OrderedChannel:
        """
        Let a peer join; it has all earlier blocks at once.

        Raises:
            JoinError: the block or its configuration cannot be used.
        """
        channel_id, block = joining.peer_block(genesis)
        bundle = joining.first_block(block)
        channel = self._channels.get(channel_id)
        if channel is None:
            channel = self._create(block, bundle)
        elif channel.ledger.block_by_hash(blocks.header_hash(block.header)) is None:
            raise JoinError(f"channel {channel.id} began with another genesis block")
        channel.ledger.add_member(peer_name, msp_id)
        channel.peers[peer_name] = msp_id
        return channel

    async def leave_peer(self, channel_id: str, peer_name: str) -> None:
        """Let a peer leave, if it is on the channel; the ledger is removed when nobody is on it any more."""
        channel = self._channels.get(channel_id)
        if channel is None or peer_name not in channel.peers:
            return
        await channel.between_blocks(functools.partial(channel.ledger.remove_member, peer_name))
        del channel.peers[peer_name]
        await self._remove_unused(channel)

    def join_by_snapshot(self, bootstrap: Bootstrap, peer_name: str, msp_id: str) -> None:
        """
        Let a peer join a channel of this network by a snapshot, from a later block on.

        Raises:
            JoinError: no peer of the network is on that channel, or the channel has no such block.
        """
        channel = self._channels.get(bootstrap.channel_id)
        content = None if channel is None else channel.ledger.block_by_hash(bootstrap.last_hash)
        if channel is None or content is None:
            raise JoinError(
                f"no peer of this network has block {bootstrap.last_block} of channel {bootstrap.channel_id} as the "
                "snapshot has it; the embedded engine joins channels by snapshots of its own network"
            )
        channel.ledger.add_member(peer_name, msp_id)
        channel.peers[peer_name] = msp_id

    async def save(self, folder: Path) -> None:
        """Copy every channel into the new *folder*, each at the end of a block."""
        folder.mkdir(parents=True)
        for channel in self:
            await asyncio.to_thread(channel.ledger.copy_to, folder)
        for path in self.folder.glob("*.join"):
            shutil.copy2(path, folder)

    async def bring_back(self, folder: Path) -> None:
        """
        Restore the channels that :meth:`save` kept in *folder*; calls that wait for later blocks get an error.

        Raises:
            StateError: a ledger there is damaged.
        """
        kept = {path.name for path in folder.iterdir() if path.suffix in (".ledger", ".transient", ".join")}
        for channel in self:
            del self._channels[channel.id]
            await channel.close()
            channel.ledger.end(StatusError(grpc.StatusCode.OUT_OF_RANGE, WENT_BACK))
            if channel.ledger.path.name not in kept:
                channel.ledger.remove()
        for orderer in self.orderers.values():
            for standing in orderer.waiting:
                orderer.waiting.remove(standing.channel_id)
        for name in sorted(kept):
            if name.endswith(".join"):
                shutil.copy2(folder / name, self.folder)
            else:
                await asyncio.to_thread(copies.copy, folder / name, self.folder / name)
        await self.open()
        for orderer in self.orderers.values():
            self._wait_again(orderer)

    async def close(self) -> None:
        """Finish the blocks being written and close all ledgers."""
        for channel in self._channels.values():
            await channel.close()
        self._channels.clear()

    async def _remove_unused(self, channel: OrderedChannel) -> None:
        if channel.peers or channel.orderers.names:
            return
        del self._channels[channel.id]
        await channel.close()
        channel.ledger.remove()

    def _create(self, block: Any, bundle: channelconfig.Bundle) -> OrderedChannel:
        self.folder.mkdir(parents=True, exist_ok=True)
        ledger = ChannelLedger(self.folder / f"{bundle.channel_id}.ledger", bundle.channel_id)
        try:
            with ledger.committing() as state:
                # Members use a genesis block unchanged, because they agreed on it.
                verdict = EnvelopeVerdict(0, tx_id=joining.transaction_id(block), config=block.data.data[0])
                validated = ValidatedBlock([verdict], Updates(state), config=verdict.config)
                committed = ledger.write(block, validated, PrivateWrites())
        except BaseException:
            ledger.close()
            ledger.remove()
            raise
        ledger.publish(committed)
        return self._start(ledger, bundle)

    def _start(self, ledger: ChannelLedger, bundle: channelconfig.Bundle) -> OrderedChannel:
        names = ledger.orderers(next(iter(self.orderers), ""))
        channel = self._channels[bundle.channel_id] = OrderedChannel(ledger, bundle, names, self.written)
        for orderer in self.orderers.values():
            channel.admit(orderer)
        return channel

    def _wait_again(self, orderer: OrdererState) -> None:
        """Let an orderer go on to wait for channels."""
        for path in orderer.waiting.files():
            try:
                block, bundle = joining.participation_block(path.read_bytes())
                _wait(orderer, bundle, joining.takes_part(block, bundle, orderer.own))
            except ParticipationRefused as refused:
                raise StateError(path, f"cannot be joined with again: {refused}", "Remove it to leave.") from refused


def _wait(
    orderer: OrdererState, bundle: channelconfig.Bundle, consenter: bool, block: bytes = b""
) -> ChannelParticipation:
    relation = CONSENTER if consenter else FOLLOWER
    return orderer.waiting.add(ChannelParticipation(bundle.channel_id, relation, ONBOARDING), block)


def _standing(channel: OrderedChannel, orderer: OrdererState) -> ChannelParticipation:
    """Return the standing of an orderer that has the channel's blocks."""
    trouble = channel.trouble
    return ChannelParticipation(
        channel.id,
        relation=CONSENTER if orderer in channel.orderers.agreeing else FOLLOWER,
        status=ACTIVE if trouble is None else FAILED,
        height=channel.ledger.height,
        reason="" if trouble is None else str(trouble),
    )
