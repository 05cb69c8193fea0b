"""
What comes of the blocks that channels are joined with, beyond what is said of them at once.

Which blocks are taken, and in which words others are refused, is asked in tests/conformance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fabric_protos.common import common_pb2, configuration_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2

from hlf.network import errors
from hlf.network.engines.embedded.order.channels import Channels
from hlf.network.engines.embedded.order.followers import ChannelParticipation
from hlf.network.engines.embedded.order.joining import JoinError, ParticipationRefused
from hlf.wire import blocks
from hlf.wire.config import channelconfig, configtx
from tests.support.runningchannel import consortium

FOLLOWER = ChannelParticipation("trade", "follower", "onboarding")


def play(folder, scenario: Callable[[Channels], Awaitable[None]]) -> None:
    """One life of the orderer on *folder*."""

    async def life() -> None:
        channels = consortium().channels(folder)
        await channels.open()
        try:
            await scenario(channels)
        finally:
            await channels.close()

    asyncio.run(life())


def of_others() -> bytes:
    """Return the genesis block of a channel that somebody else orders."""
    who = consortium()
    return who.genesis(consenter=who.tls("somebody")).SerializeToString()


def refusal(folder, block: bytes) -> str:
    """Why the orderer does not join with *block*, which leaves nothing behind."""
    reasons = []

    async def scenario(channels: Channels) -> None:
        with pytest.raises(ParticipationRefused) as refused:
            await channels.join_orderer(channels.orderers["orderer0"], block)
        reasons.append(refused.value.reason)

    play(folder, scenario)
    assert list(folder.iterdir()) == []
    return reasons[0]


def test_a_follower_is_one_after_a_restart(tmp_path):
    """The block it joined with is kept until it leaves; what peers know of the channel is theirs."""
    block = of_others()

    async def first(channels: Channels) -> None:
        assert await channels.join_orderer(channels.orderers["orderer0"], block) == FOLLOWER
        await channels.join_peer(block, "peer0.AMSP", "AMSP")

    async def second(channels: Channels) -> None:
        assert channels.standings(channels.orderers["orderer0"]) == [FOLLOWER]
        with pytest.raises(ParticipationRefused, match="channel already exists"):
            await channels.join_orderer(channels.orderers["orderer0"], block)
        await channels.leave_orderer(channels.orderers["orderer0"], "trade")
        assert channels.standing(channels.orderers["orderer0"], "trade") is None

    async def third(channels: Channels) -> None:
        assert channels.standings(channels.orderers["orderer0"]) == []
        assert channels.joined("peer0.AMSP") == ["trade"]

    for life in (first, second, third):
        play(tmp_path, life)


def test_a_block_that_cannot_be_joined_with_again(tmp_path):
    """A damaged file is named, not taken for a channel that is gone."""
    (tmp_path / "trade@orderer0.join").write_bytes(b"junk")

    async def never(channels: Channels) -> None:
        raise AssertionError("it opened")

    with pytest.raises(errors.StateError, match="trade@orderer0.join: cannot be joined with again"):
        play(tmp_path, never)


def configured(change: Callable[[Any], None]) -> bytes:
    """Return the genesis block with another configuration."""
    channel_id, envelope = channelconfig.config_of(channelconfig.config_envelope_of(consortium().genesis()))
    change(envelope.config.channel_group)
    return configtx.genesis_block(channel_id, envelope.config.channel_group).SerializeToString()


def changed(change: Callable[[common_pb2.Block], None]) -> bytes:
    block = consortium().genesis()
    change(block)
    block.header.data_hash = blocks.data_hash(block.data.data)
    return block.SerializeToString()


def test_bft_is_refused_where_the_orderer_would_take_part(tmp_path):
    """The engine has no consensus for it."""
    who = consortium()

    def to_bft(group: Any) -> None:
        configtx.add_value(group.groups["Orderer"], "ConsensusType", orderer_pb2.ConsensusType(type="BFT"))
        orderers = configuration_pb2.Orderers()
        orderers.consenter_mapping.add(id=1, identity=who.ordering.orderer.issued.certificate_pem)
        configtx.add_value(group.groups["Orderer"], "Orderers", orderers)

    assert refusal(tmp_path, configured(to_bft)) == "cannot join: the embedded engine has no BFT consensus"


def test_a_negative_tick_is_refused(tmp_path):
    """A real orderer takes the block and ends with it, so nobody should find it good here."""

    def backwards(group: Any) -> None:
        value = group.groups["Orderer"].values["ConsensusType"]
        consensus = orderer_pb2.ConsensusType.FromString(value.value)
        metadata = raft_pb2.ConfigMetadata.FromString(consensus.metadata)
        metadata.options.tick_interval = "-100ms"
        consensus.metadata = metadata.SerializeToString()
        value.value = consensus.SerializeToString()

    assert refusal(tmp_path, configured(backwards)).endswith("TickInterval (-100ms) cannot be negative")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda block: block.metadata.Clear(), "no metadata for the validation codes"),
        (lambda block: block.data.data.append(block.data.data[0]), "takes no further transactions"),
    ],
)
def test_what_real_peers_should_refuse(tmp_path, change, words):
    """A real peer ends with the one and takes whatever is in the other."""

    async def scenario(channels: Channels) -> None:
        with pytest.raises(JoinError, match=words):
            await channels.join_peer(changed(change), "peer0.AMSP", "AMSP")

    play(tmp_path, scenario)
    assert list(tmp_path.iterdir()) == []


def test_a_block_with_little_metadata_is_given_out_as_it_came(tmp_path):
    """Entries that peers would fill in are not looked for where there are none."""
    block = changed(lambda block: block.metadata.metadata.__delitem__(slice(3, None)))

    async def scenario(channels: Channels) -> None:
        await channels.join_orderer(channels.orderers["orderer0"], block)
        assert channels.get("trade").ledger.orderer_block(0) == block

    play(tmp_path, scenario)
