"""What keeps a block from being written is told to whoever submits, asks or looks; nothing stalls in silence."""

from __future__ import annotations

import asyncio
import copy
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.peer import transaction_pb2

from hlf.admin.participation import OrdererAdmin
from hlf.network.engines.embedded.order import channel as channels_module
from hlf.network.engines.embedded.order.ordering import NotOrderedError
from hlf.network.engines.embedded.state import troubles, validation
from hlf.network.engines.embedded.state.troubles import TroubleError
from hlf.steps import failures
from tests.support import replay
from tests.support.embedded import Engine
from tests.support.members import Consortium, Definition, Transaction, put
from tests.support.runningchannel import RunningChannel, again, consortium, run

BOTH = ["AMSP", "BMSP"]
SECRET = "a price that nobody may see"
VALID = transaction_pb2.VALID


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch):
    monkeypatch.setattr(channels_module, "_RETRY_SECONDS", 0.02)


def broken(*_: object, **__: object) -> None:
    """Fail as a defect of the engine does, with a text that quotes what it should not."""
    raise KeyError(SECRET)


async def order(channel: RunningChannel, transaction: Transaction) -> None:
    envelope = transaction.envelope()
    await channel.channel.order(envelope, envelope.SerializeToString())


def who_writes(channel: RunningChannel, key: str) -> Transaction:
    return channel.who.transaction(put(**{key: b"v"}), BOTH)


# One channel ------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_outlived(tmp_path):
    """The block waits, who waits for it and who comes is told; once there is room everything goes on by itself."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        writer = channel.ledger._writer
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages}")
        large = channel.who.transaction(put(k=b"x" * 200_000), BOTH)
        early = asyncio.create_task(channel.channel.wait_transaction(large.id))
        await order(channel, large)
        with pytest.raises(TroubleError) as told:
            await early
        words = "block 2 of channel trade cannot be written: database or disk is full. Make room for "
        assert str(told.value).startswith(words + str(channel.ledger.path))
        assert told.value.trouble.passes
        with pytest.raises(TroubleError):
            await channel.channel.wait_transaction(large.id)
        with pytest.raises(NotOrderedError, match="disk is full") as refused:
            await order(channel, channel.who.transaction(put(k=b"y"), BOTH))
        assert refused.value.status == common_pb2.SERVICE_UNAVAILABLE
        assert (
            channel.channels.standing(channel.channels.orderers["orderer0"], "trade").status,
            channel.ledger.height,
        ) == ("failed", 2)
        assert replay.differences(channel.ledger.path) == []
        writer.execute("PRAGMA max_page_count = 1073741823")
        record = await channel.ledger.wait_transaction(large.id)
        assert (record.code, channel.channel.trouble) == (VALID, None)
        assert channel.channels.standing(channel.channels.orderers["orderer0"], "trade").status == "active"
        assert await channel.submit(channel.who.transaction(put(k=b"y"), BOTH)) == "VALID"

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "place",
    [
        (validation.BlockValidator, "validate"),
        (channels_module.ChannelLedger, "write"),
        (channels_module.ChannelLedger, "forget_staged"),
        (channels_module.ChannelLedger, "publish"),
        (channels_module.OrderedChannel, "_renew"),
        (channels_module.BlockCutter, "add"),
    ],
    ids=lambda place: place[1],
)
def test_a_defect_wherever_a_block_comes_from_ends_in_a_trouble(tmp_path, monkeypatch, caplog, place):
    """It is told at once, without its text, and stays until a restart, which tries again."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        transaction = channel.who.transaction(put(k=b"v"), BOTH)
        early = asyncio.create_task(channel.channel.wait_transaction(transaction.id))
        with monkeypatch.context() as patch:
            patch.setattr(*place, broken)
            await order(channel, transaction)
            with pytest.raises(TroubleError) as told:
                await early
        assert "KeyError, a defect of the engine" in str(told.value)
        assert "`hlf network down` and `up`" in str(told.value)
        assert not told.value.trouble.passes
        with pytest.raises(NotOrderedError, match="KeyError") as refused:
            await order(channel, transaction)
        assert refused.value.status == common_pb2.SERVICE_UNAVAILABLE

    run(tmp_path, scenario)
    assert "in broken" in caplog.text
    assert SECRET not in caplog.text

    async def after(channel: RunningChannel):
        assert channel.channel.trouble is None
        assert await channel.submit(channel.who.transaction(put(k=b"w"), BOTH)) == "VALID"

    again(tmp_path, after)


def test_who_waits_for_room_is_told_too(tmp_path, monkeypatch):
    """Messages that wait for a place among those to be ordered are refused when nothing moves any more."""
    monkeypatch.setattr(channels_module, "_MOST_WAITING", 1)

    async def scenario(channel: RunningChannel):
        await channel.define()
        monkeypatch.setattr(channels_module.ChannelLedger, "write", broken)
        sending = [order(channel, channel.who.transaction(put(k=b"v"), BOTH)) for _ in range(60)]
        ended = await asyncio.gather(*sending, return_exceptions=True)
        refused = [each for each in ended if each is not None]
        assert {type(each) for each in refused} == {NotOrderedError}
        assert {each.status for each in refused} == {common_pb2.SERVICE_UNAVAILABLE}
        monkeypatch.undo()

    run(tmp_path, scenario, max_messages=1)


def test_leaving_the_channel_frees_who_waits_for_room(tmp_path, monkeypatch):
    """An orderer that leaves refuses what it has not taken yet."""
    monkeypatch.setattr(channels_module, "_MOST_WAITING", 1)

    async def scenario(channel: RunningChannel):
        await channel.define()
        goes_on = threading.Event()
        validate = validation.BlockValidator.validate
        monkeypatch.setattr(validation.BlockValidator, "validate", lambda *asked: goes_on.wait() and validate(*asked))
        # The first is in a block, the second waits for the next one, the third for a place behind it.
        sending = [asyncio.create_task(order(channel, who_writes(channel, key))) for key in "abc"]
        await asyncio.wait(sending[:2])
        leaving = asyncio.create_task(channel.channels.leave_orderer(channel.channels.orderers["orderer0"], "trade"))
        while channel.channel.ordering:
            await asyncio.sleep(0)
        goes_on.set()
        await leaving
        with pytest.raises(NotOrderedError, match="channel does not exist"):
            await sending[2]
        assert (channel.state("a"), channel.state("c")) == (b"v", None)

    run(tmp_path, scenario, max_messages=1)


@pytest.mark.parametrize(
    ("error", "words", "passes"),
    [
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error. Make room for", True),
        (OSError(28, "No space left on device"), "No space left on device. Make room for", True),
        (MemoryError(), "MemoryError. Make room for", True),
        (sqlite3.DatabaseError("database disk image is malformed"), "is malformed. Restore", False),
        (sqlite3.IntegrityError("UNIQUE constraint failed"), "IntegrityError, a defect of the engine. `hlf", False),
        (ValueError(SECRET), "ValueError, a defect of the engine. `hlf", False),
    ],
)
def test_each_trouble_names_cause_and_cure(error, words, passes):
    """The machine's troubles pass by themselves, a damaged file and a defect do not; a defect's text is kept back."""
    trouble = troubles.of(error, "trade", 7, Path("trade.ledger"))
    assert str(trouble).startswith("block 7 of channel trade cannot be written: ")
    assert words in str(trouble)
    assert trouble.passes is passes
    assert SECRET not in str(trouble)


# A node -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path) -> Iterator[Engine]:
    """Yield a node with the channels `trade` and `other`."""
    running = Engine(tmp_path, consortium())
    running.start()
    running.join()
    genesis = other().genesis().SerializeToString()
    running.run(running.node.channels.join_orderer(running.node.channels.orderers["orderer0"], genesis))
    running.run(running.node.channels.join_peer(genesis, "peer0.AMSP", "AMSP"))
    for who in (consortium(), other()):
        with running.channel() as peer:
            assert submit(peer, who, who.define(Definition("cc"))) == VALID
    yield running
    running.stop()


def other() -> Consortium:
    """Return the same organisations with another channel."""
    twin = copy.copy(consortium())
    twin.channel_id = "other"
    return twin


def submit(peer: grpc.Channel, who: Consortium, transaction: Transaction) -> int:
    """Submit and wait as clients do; answer the code."""
    stub = gateway_pb2_grpc.GatewayStub(peer)
    stub.Submit(
        gateway_pb2.SubmitRequest(channel_id=who.channel_id, prepared_transaction=transaction.envelope()), timeout=30
    )
    return stub.CommitStatus(status_request(who, transaction), timeout=30).result


def status_request(who: Consortium, transaction: Transaction) -> gateway_pb2.SignedCommitStatusRequest:
    client = who["AMSP"].client
    request = gateway_pb2.CommitStatusRequest(
        transaction_id=transaction.id, channel_id=who.channel_id, identity=client.serialized
    ).SerializeToString()
    return gateway_pb2.SignedCommitStatusRequest(request=request, signature=client.sign(request))


def test_a_defect_stops_its_channel_alone_and_is_told_to_everybody(tmp_path, engine, monkeypatch):
    """Waiting and new callers hear the reason at once, so does the administrator; other channels go on."""
    who = consortium()
    channel = engine.node.channels.get("trade")
    monkeypatch.setattr(channel._validator, "validate", broken)
    words = "block 2 of channel trade cannot be written: KeyError, a defect of the engine"
    with engine.channel() as peer:
        with pytest.raises(grpc.RpcError) as unknown:
            submit(peer, who, who.transaction(put(k=b"v"), BOTH))
        assert (unknown.value.code(), words in unknown.value.details()) == (grpc.StatusCode.INTERNAL, True)
        with pytest.raises(grpc.RpcError) as refused:
            submit(peer, who, who.transaction(put(k=b"v"), BOTH))
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        (detail,) = failures.details_of(refused.value)
        assert detail.message.startswith(
            f"received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE, info={words}"
        )  # noqa: E501
        assert submit(peer, other(), other().transaction(put(k=b"v"), BOTH)) == VALID
    (own,) = engine.settings.orderers
    tls = {"ca": own.tls_ca, "certificate": own.tls_cert, "key": own.tls_key}
    with OrdererAdmin(own.admin_address, **tls) as admin:
        standing = admin.channel("trade")
        assert (standing.status, words in standing.reason) == ("failed", True)
        assert (admin.channel("other").status, admin.channel("other").reason) == ("active", "")
