"""The channels of one network: joined by the orderer, joined by peers, opened again after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import blocks, channelconfig
from network.engines.embedded import consenters
from network.engines.embedded.channel import Channel
from network.engines.embedded.ledger import Ledger
from network.engines.embedded.ordering import Signer
from network.engines.embedded.privatedata import PrivateWrites
from network.engines.embedded.updates import Updates
from network.engines.embedded.validation import Validated, Verdict

__all__ = ["Channel", "Channels", "JoinError", "ParticipationRefused"]

_EXISTS = 405
_UNKNOWN = 404
_BAD = 400


class ParticipationRefused(Exception):  # noqa: N818 - the participation interface's answer, not a program's failure.
    """The orderer does not join: *status* is that of HTTP, *reason* Fabric's words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class JoinError(errors.HlfError):
    """A peer cannot join; the text is Fabric's."""


class Channels:
    """All channels, by name."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        """*folder* holds one ledger a channel; *signer* is the orderer's identity."""
        self._folder = folder
        self._signer = signer
        self._channels: dict[str, Channel] = {}

    async def open(self) -> None:
        """
        Open every channel that is on disk and start it.

        Raises:
            StateError: a ledger is damaged.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob("*.ledger")):
            ledger = Ledger(path, path.stem)
            if ledger.height == 0:
                # The process died while the file was being made; joining starts again.
                ledger.close()
                ledger.remove()
                continue
            config_block = ledger.block(ledger.config_block)
            self._start(ledger, channelconfig.Bundle.from_config_block(config_block or b""))

    def get(self, channel_id: str) -> Channel | None:
        """Return the channel of that name, or None."""
        return self._channels.get(channel_id)

    def __iter__(self) -> Any:
        return iter(list(self._channels.values()))

    def joined(self, peer_name: str) -> list[str]:
        """Return the names of the channels a peer joined, sorted."""
        return sorted(channel.id for channel in self._channels.values() if peer_name in channel.peers)

    async def join_orderer(self, genesis: bytes) -> Channel:
        """
        Let the orderer join the channel that a genesis block begins.

        Raises:
            ParticipationRefused: the block cannot be used or the channel exists.
        """
        block, bundle = _join_block(genesis)
        known = self._channels.get(bundle.channel_id)
        if known is not None and known.ordering:
            raise ParticipationRefused(_EXISTS, "cannot join: channel already exists")
        _check_ordering(block, bundle)
        if known is None:
            known = self._create(block, bundle)
        elif known.ledger.block_by_hash(blocks.header_hash(block.header)) is None:
            raise ParticipationRefused(_BAD, "cannot join: peers have joined this channel with another genesis block")
        known.ledger.set_ordering(True)
        known.start_ordering()
        return known

    async def leave_orderer(self, channel_id: str) -> None:
        """
        Let the orderer leave a channel; peers that joined keep what is committed.

        Raises:
            ParticipationRefused: it is not on that channel.
        """
        channel = self._channels.get(channel_id)
        if channel is None or not channel.ordering:
            raise ParticipationRefused(_UNKNOWN, "cannot remove: channel does not exist")
        await channel.stop_ordering()
        channel.ledger.set_ordering(False)
        if not channel.peers:
            del self._channels[channel_id]
            await channel.close()
            channel.ledger.remove()

    async def join_peer(self, genesis: bytes, peer_name: str, msp_id: str) -> Channel:
        """
        Let a peer join; what was committed before is there at once.

        Raises:
            JoinError: the block cannot be used.
            ConfigError: its configuration cannot be used.
        """
        try:
            block = common_pb2.Block.FromString(genesis)
            bundle = channelconfig.Bundle.from_config_block(block)
        except DecodeError as error:
            raise JoinError(f"Failed to reconstruct the genesis block, {error}") from error
        except errors.WireError as error:
            raise JoinError(str(error)) from error
        channel = self._channels.get(bundle.channel_id)
        if channel is None:
            if block.header.number != 0:
                raise JoinError(
                    "cannot create ledger from genesis block: expected block number=0, "
                    f"received block number={block.header.number}"
                )
            channel = self._create(block, bundle)
        elif channel.ledger.block_by_hash(blocks.header_hash(block.header)) is None:
            raise JoinError(f"channel {channel.id} began with another genesis block")
        channel.ledger.add_member(peer_name, msp_id)
        channel.peers[peer_name] = msp_id
        return channel

    async def close(self) -> None:
        """Finish the blocks being written and close all ledgers."""
        for channel in self._channels.values():
            await channel.close()
        self._channels.clear()

    def _create(self, block: Any, bundle: channelconfig.Bundle) -> Channel:
        self._folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(self._folder / f"{bundle.channel_id}.ledger", bundle.channel_id)
        try:
            with ledger.committing() as state:
                # Members take a genesis block as it is: it is what they agreed on.
                verdict = Verdict(0, config=block.data.data[0])
                validated = Validated([verdict], Updates(state), config=verdict.config)
                committed = ledger.write(block, validated, PrivateWrites())
        except BaseException:
            ledger.close()
            ledger.remove()
            raise
        ledger.publish(committed)
        return self._start(ledger, bundle)

    def _start(self, ledger: Ledger, bundle: channelconfig.Bundle) -> Channel:
        channel = self._channels[bundle.channel_id] = Channel(ledger, bundle, self._signer)
        if ledger.is_ordering():
            channel.start_ordering()
        return channel


def _join_block(genesis: bytes) -> tuple[Any, channelconfig.Bundle]:
    """Check what the participation interface checks before it looks at the ordering service."""
    try:
        block = common_pb2.Block.FromString(genesis)
        channelconfig.config_of(channelconfig.config_envelope_of(block))
    except (DecodeError, errors.WireError) as error:
        raise ParticipationRefused(_BAD, "invalid join block: block is not a config block") from error
    if not block.metadata.metadata:
        raise ParticipationRefused(_BAD, "invalid join block: invalid block: does not have metadata")
    if blocks.data_hash(block.data.data) != block.header.data_hash:
        raise ParticipationRefused(
            _BAD, "invalid join block: invalid block: Header.DataHash is different from Hash(block.Data)"
        )
    try:
        bundle = channelconfig.Bundle.from_config_block(block)
    except errors.ConfigError as error:
        raise ParticipationRefused(_BAD, f"invalid join block: {error}") from error
    if not bundle.has_application:
        raise ParticipationRefused(
            _BAD, "invalid join block: invalid config: must contain application config"
        )
    return block, bundle


def _check_ordering(block: Any, bundle: channelconfig.Bundle) -> None:
    """Check what an orderer checks when it sets a channel up."""
    refuse = "cannot join: "
    resources = f"{refuse}failed creating ledger resources: "
    ordering = bundle.ordering
    if ordering is None:
        raise ParticipationRefused(_BAD, f"{resources}config does not contain orderer config")
    for level in ("Orderer", "Channel"):
        unsupported = bundle.capabilities.unsupported(level)
        if unsupported is not None:
            raise ParticipationRefused(
                _BAD,
                f"{resources}error checking bundle for channel: {bundle.channel_id}: config requires unsupported "
                f"{level.lower()} capabilities: {unsupported}: {unsupported}",
            )
    if ordering.consensus_type not in (consenters.RAFT, consenters.BFT):
        raise ParticipationRefused(
            _BAD, f"{refuse}failed to find a consenter for consensus type: {ordering.consensus_type}"
        )
    if bundle.policies.find("/Channel/Orderer/BlockValidation") is None:
        raise ParticipationRefused(_BAD, f"{resources}no policies in config block")
    try:
        consenters.check(ordering)
    except errors.ConfigError as error:
        raise ParticipationRefused(
            _BAD,
            f"{refuse}failed to determine cluster membership from join-block: failed to validate config metadata of "
            f"ordering config: {error}",
        ) from error
    if block.header.number != 0:
        raise ParticipationRefused(
            _BAD, f"{refuse}the embedded engine begins channels with block 0, this is block {block.header.number}"
        )
    if block.header.previous_hash:
        raise ParticipationRefused(
            _BAD,
            f"{refuse}failed to append join block to the ledger: unexpected Previous block hash. Expected "
            f"PreviousHash = [], PreviousHash referred in the latest block= [{block.header.previous_hash.hex()}]",
        )
