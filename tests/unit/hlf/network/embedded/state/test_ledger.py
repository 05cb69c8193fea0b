"""The embedded engine's ledger: views, history, waiting, and what is left after a crash."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from fabric_protos.common import common_pb2

from hlf.network import errors
from hlf.network.engines.embedded.order.followers import ChannelParticipation
from hlf.network.engines.embedded.order.joining import JoinError, ParticipationRefused
from hlf.network.engines.embedded.order.ordering import NotOrderedError
from hlf.network.engines.embedded.state.ledger import ChannelLedger
from hlf.wire import blocks
from tests.support import committer, replay
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, again, consortium, run
from tests.unit.hlf import golden

ROOT = Path(__file__).parents[6]
BOTH = ("AMSP", "BMSP")


async def until(condition):
    """Wait until *condition* holds; the test's own time-out ends it otherwise."""
    while not condition():
        await asyncio.sleep(0.005)


def test_a_snapshot_stays_as_it_was(tmp_path):
    """What is committed meanwhile is not seen, by a read or by a range that goes on."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        many = {f"k{number:04}": b"old" for number in range(600)}
        assert await channel.submit(who.transaction(put(**many), BOTH)) == "VALID"
        with channel.ledger.snapshot() as snapshot:
            rows = snapshot.range("cc", "", "")
            first = next(rows)
            changes = {"k0001": b"new", "k0300": None, "k0599x": b"new"}
            assert await channel.submit(who.transaction(put(**changes), BOTH)) == "VALID"
            assert [first[0], *(row[0] for row in rows)] == sorted(many)
            assert snapshot.state("cc", "k0001")[0] == b"old"
            assert (snapshot.height, channel.ledger.height) == (3, 4)
        with channel.ledger.snapshot() as snapshot:
            assert snapshot.height == 4
            assert snapshot.state("cc", "k0001")[0] == b"new"
            assert len(list(snapshot.range("cc", "", ""))) == 600

    run(tmp_path, scenario)


def test_ranges_go_by_bytes(tmp_path):
    """Start is in, end is out, an empty end is none; keys sort as their UTF-8 bytes, composite keys apart."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        composite = "\x00type\x00one\x00"
        values = {"a": b"1", "b": b"2", "z": b"3", "\u00e9": b"4", "\U0001f600": b"5", "\uffff": b"6", composite: b"7"}
        assert await channel.submit(channel.who.transaction(put(**values), BOTH)) == "VALID"
        with channel.ledger.snapshot() as snapshot:
            assert [row[0] for row in snapshot.range("cc", "a", "z")] == ["a", "b"]
            everything = [row[0] for row in snapshot.range("cc", "", "")]
            assert everything == sorted(values, key=str.encode)
            assert list(snapshot.range("cc", "z", "a")) == []
            assert list(snapshot.range("other", "", "")) == []
            assert snapshot.state("cc", composite)[0] == b"7"

    run(tmp_path, scenario)


def test_history_is_newest_first(tmp_path):
    """Every valid public write with its transaction, its time and whether it deleted."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        transactions = [who.transaction(put(k=value), BOTH) for value in (b"1", b"2", None, b"4")]
        invalid = who.transaction(put(k=b"never"), ["AMSP"])
        assert await channel.block([*transactions[:2], invalid]) == ["VALID", "VALID", "ENDORSEMENT_POLICY_FAILURE"]
        for transaction in transactions[2:]:
            assert await channel.submit(transaction) == "VALID"
        with channel.ledger.snapshot() as snapshot:
            found = list(snapshot.history("cc", "k"))
        assert [(tx_id, value, deleted) for tx_id, _, value, deleted in found] == [
            (transactions[3].id, b"4", False),
            (transactions[2].id, b"", True),
            (transactions[1].id, b"2", False),
            (transactions[0].id, b"1", False),
        ]
        header = blocks.decode(channel.ledger.block(2)).transactions[0].channel_header
        assert found[-1][1] == common_pb2.ChannelHeader.FromString(header).timestamp

    run(tmp_path, scenario)


def test_finding_blocks(tmp_path):
    """By number, hash and transaction; what is not there is None."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), BOTH)
        await channel.submit(transaction)
        ledger = channel.ledger
        content = ledger.block(2)
        block = blocks.decode(content)
        assert ledger.block_by_hash(block.hash) == content
        assert (ledger.current_hash, ledger.previous_hash) == (block.hash, block.previous_hash)
        assert ledger.commit_hash == block.commit_hash
        assert [ledger.block(9), ledger.block_by_hash(b"x"), ledger.transaction("x")] == [None] * 3
        assert ledger.transaction("x") is None
        assert ledger.transaction(transaction.id).envelope == transaction_bytes(content, 0)
        chain = [blocks.decode(ledger.block(number)) for number in range(ledger.height)]
        assert [blocks.check(block, before) for before, block in zip([None, *chain], chain, strict=False)] == [[]] * 3

    run(tmp_path, scenario)


def transaction_bytes(block, index):
    return common_pb2.Block.FromString(block).data.data[index]


def test_waiting(tmp_path):
    """For a height or a transaction, before or after it comes; who gives up leaves nothing behind."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), BOTH)
        early = [asyncio.create_task(channel.ledger.wait_transaction(transaction.id)) for _ in range(3)]
        height = asyncio.create_task(channel.ledger.wait_height(3))
        tired = asyncio.create_task(channel.ledger.wait_transaction("never"))
        await asyncio.sleep(0)
        early.pop().cancel()
        tired.cancel()
        await channel.committed(transaction)
        records = [*await asyncio.gather(*early), await channel.ledger.wait_transaction(transaction.id)]
        assert {(record.block_number, record.code) for record in records} == {(2, 0)}
        await height
        await channel.ledger.wait_height(0)
        with pytest.raises(asyncio.CancelledError):
            await tired

    run(tmp_path, scenario)


def test_everything_is_there_after_a_restart(tmp_path):
    """Height, hashes, state, members; and the chain goes on."""
    seen = {}

    async def before(channel: RunningChannel):
        await channel.define()
        await channel.submit(channel.who.transaction(put(k=b"v"), BOTH))
        ledger = channel.ledger
        seen["end"] = (ledger.height, ledger.current_hash, ledger.commit_hash)

    async def after(channel: RunningChannel):
        ledger = channel.ledger
        assert (ledger.height, ledger.current_hash, ledger.commit_hash) == seen["end"]
        assert channel.state("k") == b"v"
        assert channel.channel.peers == {f"peer0.{name}": name for name in channel.who.members}
        assert await channel.submit(channel.who.transaction(put(k=b"w"), BOTH)) == "VALID"

    run(tmp_path, before)
    again(tmp_path, after)


def test_real_blocks_replay():
    """The first blocks of a real channel come to the codes and commit hashes that real peers gave them."""
    names = ["00000-genesis", *(f"0000{n}-lifecycle-approve-org{n}" for n in (1, 2, 3)), "00004-lifecycle-commit"]
    replayed = replay.replay(golden.read(f"block-{name}.peer.pb") for name in names)
    assert replayed.commit_hash == golden.block("block-00004-lifecycle-commit.peer.pb").commit_hash
    definition = replayed.definition("lab")
    assert (definition.sequence, [one.name for one in definition.static_collections]) == (1, ["org12", "org12open"])


def bend_flags(block):
    block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = b"\x0b"


def bend_commit_hash(block):
    block.metadata.metadata[common_pb2.COMMIT_HASH] = common_pb2.Metadata(value=b"x" * 32).SerializeToString()


def bend_data(block):
    block.data.data[0] = block.data.data[0].replace(b"lab", b"lob")


def cut_an_entry(block):
    whole = block.data.data[0]
    block.data.data[:] = [whole[:9], whole[9:]]


def bend_link(block):
    block.header.previous_hash = b"x" * 32


def bend_number(block):
    block.header.number = 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (bend_flags, "its transactions come to"),
        (bend_commit_hash, "its commit hash"),
        (bend_data, "its data hash"),
        (cut_an_entry, "transaction 0 is no envelope"),
        (bend_link, "its previous hash"),
        (bend_number, "stands in its place"),
    ],
)
def test_a_bent_chain_is_found_out(change, words):
    """Whatever was altered, the block where it was is named."""
    first = golden.read("block-00000-genesis.peer.pb")
    block = golden.message("block-00001-lifecycle-approve-org1.peer.pb")
    change(block)
    with pytest.raises(replay.ReplayError, match=words) as found:
        replay.replay([first, block.SerializeToString()])
    assert found.value.number == 1


def test_a_bent_ledger_is_found_out(tmp_path):
    """State that does not come from the blocks is reported by key."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        await channel.submit(channel.who.transaction(put(k=b"v"), BOTH))
        connection = sqlite3.connect(channel.ledger.path)
        with connection:
            connection.execute("UPDATE state SET value = ? WHERE key = ?", (b"forged", b"k"))
        assert replay.differences(channel.ledger.path) == ["public state differs in [('cc', 'k')]"]
        with connection:
            connection.execute("UPDATE state SET value = ? WHERE key = ?", (b"v", b"k"))
        connection.close()

    run(tmp_path, scenario)


# Joining ----------------------------------------------------------------------------------------------------------


def test_joining_is_refused_in_the_words_of_real_nodes(tmp_path):
    """Once is enough, and another genesis block of the same name is another channel."""

    async def scenario(channel: RunningChannel):
        block = channel.ledger.block(0)
        with pytest.raises(ParticipationRefused, match="cannot join: channel already exists") as refused:
            await channel.channels.join_orderer(channel.channels.orderers["orderer0"], block)
        assert refused.value.status == 405
        other = channel.who.genesis().SerializeToString()
        with pytest.raises(JoinError, match="began with another genesis block"):
            await channel.channels.join_peer(other, "late", "AMSP")
        for junk in (b"\xff\xff", b""):
            with pytest.raises((JoinError, errors.NetworkError)):
                await channel.channels.join_peer(junk, "late", "AMSP")

    run(tmp_path, scenario)


def bent_genesis(change):
    block = consortium().genesis()
    change(block)
    return block.SerializeToString()


def bend_envelope(block):
    block.data.data[0] = b"\xff"


def drop_metadata(block):
    block.ClearField("metadata")


REFUSED = {
    "no configuration": (bend_envelope, "invalid join block: block is not a config block"),
    "no metadata": (drop_metadata, "invalid join block: invalid block: does not have metadata"),
    "another data hash": (
        lambda block: setattr(block.header, "data_hash", b"x"),
        "invalid join block: invalid block: Header.DataHash is different from Hash(block.Data)",
    ),
    "a block before it": (
        bend_link,
        "cannot join: failed to append join block to the ledger: unexpected Previous block hash. Expected "
        f"PreviousHash = [], PreviousHash referred in the latest block= [{(b'x' * 32).hex()}]",
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_unusable_genesis_blocks(tmp_path, how):
    """Nothing is left of an attempt; the right block can be joined afterwards."""
    change, words = REFUSED[how]

    async def play():
        channels = consortium().channels(tmp_path)
        await channels.open()
        with pytest.raises(ParticipationRefused) as refused:
            await channels.join_orderer(channels.orderers["orderer0"], bent_genesis(change))
        assert (refused.value.status, refused.value.reason) == (400, words)
        assert list(tmp_path.iterdir()) == []
        await channels.join_orderer(channels.orderers["orderer0"], consortium().genesis().SerializeToString())
        await channels.close()

    asyncio.run(play())


def test_peers_may_join_before_the_orderer(tmp_path):
    """They have the genesis block and wait; only the orderer's joining lets messages in, also after a restart."""
    genesis = consortium().genesis().SerializeToString()

    async def first():
        channels = consortium().channels(tmp_path)
        await channels.open()
        channel = await channels.join_peer(genesis, "peer0.AMSP", "AMSP")
        assert (channel.ordering, channel.ledger.height, channels.joined("peer0.AMSP")) == (False, 1, ["trade"])
        await channels.close()

    async def second():
        channels = consortium().channels(tmp_path)
        await channels.open()
        assert not channels.get("trade").ordering
        with pytest.raises(ParticipationRefused, match="another genesis block"):
            await channels.join_orderer(channels.orderers["orderer0"], consortium().genesis().SerializeToString())
        assert await channels.join_orderer(channels.orderers["orderer0"], genesis) == ChannelParticipation(
            "trade", height=1
        )
        assert channels.get("trade").ordering
        await channels.close()

    asyncio.run(first())
    asyncio.run(second())


def test_an_orderer_that_leaves(tmp_path):
    """Peers keep what is committed; when the orderer comes back, the chain goes on where it was."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        channels, genesis = channel.channels, channel.ledger.block(0)
        transaction = channel.who.transaction(put(k=b"v"), BOTH)
        busy = [channel.who.transaction(put(**{f"k{number}": b"v"}), BOTH).envelope() for number in range(50)]
        for envelope in busy:
            await channel.channel.order(envelope, envelope.SerializeToString())
        await until(lambda: channel.ledger._writer.in_transaction or channel.ledger.height > 2)
        await channels.leave_orderer(channels.orderers["orderer0"], "trade")
        height = channel.ledger.height
        assert height == 3
        with pytest.raises(NotOrderedError, match="channel does not exist"):
            await channel.channel.order(transaction.envelope(), b"")
        with pytest.raises(ParticipationRefused, match="cannot remove: channel does not exist"):
            await channels.leave_orderer(channels.orderers["orderer0"], "trade")
        assert channel.ledger.height == height
        assert await channels.join_orderer(channels.orderers["orderer0"], genesis) == ChannelParticipation(
            "trade", height=height
        )
        assert await channel.submit(transaction) == "VALID"

    run(tmp_path, scenario)


def test_a_channel_nobody_is_on_is_gone(tmp_path):
    """When the orderer leaves before any peer has joined, nothing is left."""

    async def play():
        channels = consortium().channels(tmp_path)
        await channels.open()
        await channels.join_orderer(channels.orderers["orderer0"], consortium().genesis().SerializeToString())
        await channels.leave_orderer(channels.orderers["orderer0"], "trade")
        assert channels.get("trade") is None
        assert list(tmp_path.iterdir()) == []

    asyncio.run(play())


# When things go wrong ---------------------------------------------------------------------------------------------


def test_closing_amid_work_leaves_whole_blocks(tmp_path):
    """The block being written is finished; what waited is not half there."""

    async def before(channel: RunningChannel):
        await channel.define()
        for number in range(120):
            envelope = channel.who.transaction(put(**{f"k{number}": b"v"}), BOTH).envelope()
            await channel.channel.order(envelope, envelope.SerializeToString())
        await channel.ledger.wait_height(3)
        await channel.channels.close()

    run(tmp_path, before)

    async def after(channel: RunningChannel):
        assert channel.ledger.height >= 3

    again(tmp_path, after)


def test_an_unfinished_ledger_is_made_again(tmp_path):
    """The process died between creating the file and writing the genesis block."""
    ChannelLedger(tmp_path / "trade.ledger", "trade").close()

    async def play():
        channels = consortium().channels(tmp_path)
        await channels.open()
        assert channels.get("trade") is None
        await channels.join_orderer(channels.orderers["orderer0"], consortium().genesis().SerializeToString())
        channel = channels.get("trade")
        assert channel.ledger.height == 1
        await channels.close()

    asyncio.run(play())


def test_killed_at_any_moment(tmp_path):
    """
    Whatever a client was told is committed is there after ``kill -9``.

    The chain is whole and the state is what the blocks come to, three times in a row on the same files.
    """
    who = committer.people(tmp_path)
    told: dict[str, int] = {}
    chance = random.Random(7)  # noqa: S311 - for variety, not for secrets.
    for _ in range(3):
        command = [sys.executable, "-m", "tests.support.committer", str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            wanted = chance.randrange(20, 120)
            for line in process.stdout:
                tx_id, code = line.split()
                told[tx_id] = int(code)
                wanted -= 1
                if wanted == 0:
                    process.kill()
                    break
            rest = process.stdout.read()
        told.update((line.split()[0], int(line.split()[1])) for line in rest.splitlines() if line.count(" ") == 1)
        asyncio.run(_check(tmp_path, who, told))
    assert len(told) > 60


async def _check(folder, who, told):
    channels = who.channels(folder / "channels")
    await channels.open()
    ledger = channels.get("trade").ledger
    assert set(told.values()) == {0}
    for tx_id in told:
        assert ledger.transaction(tx_id).code == 0
    assert replay.differences(ledger.path) == []
    assert ledger.missing_private_data() == []
    await channels.close()
