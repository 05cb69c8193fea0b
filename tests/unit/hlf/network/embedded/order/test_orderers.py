"""Several orderers of one process: who leads, who only follows, and what each of them answers."""

from __future__ import annotations

import asyncio
import copy
import types

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import metadata_pb2

from hlf.network.engines.embedded.order import consenterids
from hlf.network.engines.embedded.order.followers import CONSENTER, FOLLOWER, ONBOARDING, ChannelParticipation
from hlf.network.engines.embedded.order.ordering import NotOrderedError
from hlf.network.engines.embedded.services.broadcast import BroadcastService, broadcast
from hlf.wire import blocks, envelopes
from hlf.wire.config import channelconfig, configvalues
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, again, consortium, run
from tests.unit.hlf.network.embedded.order.test_configuration import ORDERING, signed, updated

WHO = consortium()
FIRST, SECOND, THIRD = WHO.consenter, WHO.tls("orderer1"), WHO.tls("orderer2")
OLDEST, NEWEST = ab_pb2.SeekPosition(oldest={}), ab_pb2.SeekPosition(newest={})


def consenters(*issued):
    """Return a change of a channel after which these certificates order it."""

    def change(root):
        consensus = orderer_pb2.ConsensusType.FromString(root.groups["Orderer"].values["ConsensusType"].value)
        metadata = configvalues.raft_metadata(consensus.metadata)
        del metadata.consenters[:]
        for each in issued:
            pem = each.certificate_pem
            metadata.consenters.add(host="127.0.0.1", port=7050, client_tls_cert=pem, server_tls_cert=pem)
        consensus.metadata = metadata.SerializeToString()
        root.groups["Orderer"].values["ConsensusType"].value = consensus.SerializeToString()

    return change


async def order_by(channel: RunningChannel, *issued) -> None:
    await channel.raw_block([signed(updated(channel.channel.bundle, consenters(*issued)), ORDERING)])


def genesis(channel: RunningChannel) -> bytes:
    return channel.ledger.stored(0)


def signer_of(channel: RunningChannel) -> bytes:
    """Return who signed the last block."""
    return blocks.decode(channel.ledger.stored(channel.ledger.height - 1)).signatures[0].creator


def numbers(channel: RunningChannel) -> tuple[list[int], int]:
    """Return the consenters' numbers in the last block, and the next one."""
    told = consenterids.of_block(channel.ledger.stored(channel.ledger.height - 1))
    return list(told.consenter_ids), told.next_consenter_id


def test_an_orderer_comes_and_the_first_one_goes(tmp_path):
    """It follows, then agrees; when the leader is removed it hands the lead on first, and a restart keeps all that."""

    async def scenario(channel: RunningChannel):
        first = channel.channels.orderers["orderer0"]
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        assert channel.channels.standing(second, "trade") is None
        transaction = WHO.transaction(put(k=b"v"), ["AMSP", "BMSP"]).envelope()
        assert (await broadcast(channel.channels, second, transaction)).info == "channel does not exist"
        standing = await channel.channels.join_orderer(second, genesis(channel))
        assert standing == ChannelParticipation("trade", FOLLOWER, height=1)
        assert channel.channels.ordered(second, "trade") is None
        assert numbers(channel) == ([], 0)
        await order_by(channel, FIRST, SECOND)
        assert channel.channels.standing(second, "trade").relation == CONSENTER
        assert (signer_of(channel), numbers(channel)) == (first.signer.serialized, ([1, 2], 3))
        assert (await broadcast(channel.channels, second, transaction)).status == common_pb2.SUCCESS
        await channel.ledger.wait_height(3)
        assert signer_of(channel) == first.signer.serialized
        await order_by(channel, SECOND)
        assert (signer_of(channel), numbers(channel)) == (second.signer.serialized, ([2], 3))
        assert channel.channels.standing(first, "trade") == ChannelParticipation("trade", FOLLOWER, height=4)
        assert (await broadcast(channel.channels, first, transaction)).info == "channel does not exist"
        await order_by(channel, SECOND, FIRST)
        assert numbers(channel) == ([2, 3], 4)
        await order_by(channel, SECOND)

    async def later(channel: RunningChannel):
        assert not channel.channel.ordering
        assert channel.channels.standing(channel.channels.orderers["orderer0"], "trade").relation == FOLLOWER
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        await order_by(channel, SECOND, THIRD)
        assert (signer_of(channel), numbers(channel)) == (second.signer.serialized, ([2, 4], 5))

    run(tmp_path, scenario)
    again(tmp_path, later)


def test_another_leads_while_the_leader_is_away(tmp_path):
    """The lead changes only when it must: with the leader's stop, and when it leaves the channel."""

    async def scenario(channel: RunningChannel):
        first = channel.channels.orderers["orderer0"]
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        await channel.channels.join_orderer(second, genesis(channel))
        await order_by(channel, FIRST, SECOND)
        leads = channel.channel.orderers
        assert leads.leader is first
        first.running = False
        assert leads.leader is second
        first.running = True
        assert leads.leader is second
        second.running = first.running = False
        assert leads.leader is second
        first.running = second.running = True
        await channel.channels.leave_orderer(second, "trade")
        assert leads.leader is first
        await channel.channels.leave_orderer(first, "trade")
        assert not channel.channel.ordering
        # Blocks from the middle of a channel are no use to the only one.
        last = channel.ledger.stored(channel.ledger.config_block)
        assert (await channel.channels.join_orderer(first, last)) == ChannelParticipation(
            "trade", CONSENTER, ONBOARDING
        )
        await channel.channels.leave_orderer(first, "trade")
        assert (await channel.channels.join_orderer(first, genesis(channel))).height == channel.ledger.height

    run(tmp_path, scenario)


def test_nobody_leads_without_most_consenters(tmp_path):
    """One of two that is away, or is not on the channel, is one too many; with it, the channel goes on."""

    async def scenario(channel: RunningChannel):
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        await channel.channels.join_orderer(second, genesis(channel))
        await order_by(channel, FIRST, SECOND)
        transaction = WHO.transaction(put(k=b"v"), ["AMSP", "BMSP"])
        second.running = False
        with pytest.raises(NotOrderedError, match="^no Raft leader$") as refused:
            await channel.submit(transaction)
        assert refused.value.status == common_pb2.SERVICE_UNAVAILABLE
        second.running = True
        assert await channel.submit(transaction) == "INVALID_CHAINCODE"
        await channel.channels.leave_orderer(second, "trade")
        with pytest.raises(NotOrderedError, match="^no Raft leader$"):
            await channel.submit(transaction)

    run(tmp_path, scenario)


def test_a_snapshot_has_the_orderers_of_its_channels(tmp_path):
    """Whoever joined or waited then does so again, and nobody else."""

    async def scenario(channel: RunningChannel):
        first = channel.channels.orderers["orderer0"]
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        await channel.channels.join_orderer(second, genesis(channel))
        others = copy.copy(WHO)
        others.channel_id = "other"
        await channel.channels.join_orderer(first, others.genesis(consenter=SECOND).SerializeToString())
        await channel.channels.save(tmp_path / "kept")
        await channel.channels.leave_orderer(second, "trade")
        await channel.channels.leave_orderer(first, "other")
        await channel.channels.bring_back(tmp_path / "kept")
        assert channel.channels.standing(second, "trade") == ChannelParticipation("trade", FOLLOWER, height=1)
        assert channel.channels.standing(first, "trade").relation == CONSENTER
        assert channel.channels.standing(first, "other") == ChannelParticipation("other", FOLLOWER, ONBOARDING)
        assert channel.channels.standing(second, "other") is None

    run(tmp_path / "channels", scenario)


def test_blocks_come_from_consenters_alone(tmp_path):
    """A follower does not know the channel, and who is removed says that it serves it no longer, as real ones do."""

    async def scenario(channel: RunningChannel):
        first = channel.channels.orderers["orderer0"]
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        await channel.channels.join_orderer(second, genesis(channel))
        assert [each.status async for each in delivered(channel, second, NEWEST)] == [common_pb2.NOT_FOUND]
        await order_by(channel, FIRST, SECOND)
        everything = [each async for each in delivered(channel, second, NEWEST)]
        assert [each.WhichOneof("Type") for each in everything] == ["block", "block", "status"]
        following = delivered(channel, first, ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=9)))
        for number in range(2):
            assert (await anext(following)).block.header.number == number
        waiting = asyncio.create_task(anext(following))
        await order_by(channel, SECOND)
        assert (await waiting).status == common_pb2.SERVICE_UNAVAILABLE

    run(tmp_path, scenario)


def delivered(channel, orderer, stop):
    """Return the answers of an orderer to one seek, from the first block on."""
    client = WHO["AMSP"].client
    seek = ab_pb2.SeekInfo(start=OLDEST, stop=stop).SerializeToString()
    header = envelopes.channel_header(common_pb2.DELIVER_SEEK_INFO, "trade")
    payload = envelopes.payload(header, client.serialized, b"n" * 24, seek)

    async def seeks():
        yield common_pb2.Envelope(payload=payload, signature=client.sign(payload))

    return BroadcastService(channel.channels, orderer).Deliver(seeks(), types.SimpleNamespace(auth_context=dict))


def test_an_orderer_that_goes_and_comes_back_is_where_it_was(tmp_path):
    """Out of the process it leads nothing; its channels are kept for it, and those that it waits for, too."""

    async def scenario(channel: RunningChannel):
        first = channel.channels.orderers["orderer0"]
        second = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        await channel.channels.join_orderer(second, genesis(channel))
        await order_by(channel, FIRST, SECOND)
        first.running = False
        assert channel.channel.orderers.leader is second
        channel.channels.remove_orderer("orderer1")
        assert channel.channel.orderers.leader is first
        back = WHO.add_orderer(channel.channels, "orderer1", SECOND)
        assert channel.channels.standing(back, "trade") == ChannelParticipation("trade", height=2)
        assert channel.channel.orderers.leader is back

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("before", "after", "numbers", "free"),
    [
        ([FIRST], [FIRST, SECOND], [1, 5], 6),
        ([FIRST, SECOND], [SECOND], [2], 5),
        ([FIRST, SECOND], [THIRD, SECOND], [1, 2], 5),
        ([FIRST, SECOND], [FIRST, SECOND], [1, 2], 5),
    ],
    ids=["one more", "one fewer", "another certificate", "the same"],
)
def test_consenters_have_numbers(before, after, numbers, free):
    """A new one gets the next number, and nobody that of another; who only changes its certificate keeps its own."""
    last = metadata_pb2.BlockMetadata(consenter_ids=range(1, len(before) + 1), next_consenter_id=5)
    found = consenterids.following(last, ordered_by(before), ordered_by(after), 7)
    assert (list(found.consenter_ids), found.next_consenter_id, found.raft_index) == (numbers, free, 7)


def ordered_by(issued):
    channel_id, config = channelconfig.config_of(channelconfig.config_envelope_of(WHO.genesis()))
    consenters(*issued)(config.config.channel_group)
    return channelconfig.Bundle(channel_id, config.config).ordering
