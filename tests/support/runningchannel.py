"""A channel of the embedded engine in a test: ordered, validated and committed for real, without servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from hlf import audit
from hlf.network.engines.embedded.order.channels import Channels, OrderedChannel
from hlf.network.engines.embedded.state.ledger import ChannelLedger
from hlf.wire import blocks, keys
from tests.support import replay
from tests.support.members import Consortium, Definition, Transaction


@cache
def consortium(*names: str) -> Consortium:
    """Return the same organisations for all tests: making keys takes time."""
    return Consortium(names or ("AMSP", "BMSP", "CMSP"))


class RunningChannel:
    """A channel that is open."""

    def __init__(self, who: Consortium, channels: Channels, channel: OrderedChannel) -> None:
        self.who = who
        self.channels = channels
        self.channel = channel
        self.ledger = channel.ledger

    async def define(self, name: str = "cc", **more: Any) -> None:
        """Commit a chaincode's definition."""
        assert await self.submit(self.who.define(Definition(name, **more))) == "VALID"

    async def submit(self, transaction: Transaction, private: bytes | None = None) -> str:
        """Order one transaction, wait for it, return its code's name."""
        return (await self.block([transaction], [private]))[0]

    async def block(self, transactions: Iterable[Transaction], private: Iterable[bytes | None] = ()) -> list[str]:
        """Order transactions into one block, wait for it, return their codes' names."""
        ordered = list(transactions)
        for transaction, content in zip(ordered, private, strict=False):
            if content is not None:
                self.ledger.stage_private(transaction.id, "AMSP", content, self.ledger.height)
        return await self.raw_block([transaction.envelope() for transaction in ordered])

    async def raw_block(self, envelopes: Iterable[Any]) -> list[str]:
        """Do as ``block``, for envelopes."""
        height = self.ledger.height
        # Nothing suspends between these calls, so the channel's task finds all of them when it looks.
        for envelope in envelopes:
            await self.channel.order(envelope, envelope.SerializeToString())
        await self.ledger.wait_height(height + 1)
        return self.codes(height)

    async def committed(self, transaction: Transaction) -> None:
        """Order a valid transaction and wait for it, whatever else is on its way."""
        envelope = transaction.envelope()
        await self.channel.order(envelope, envelope.SerializeToString())
        record = await self.ledger.wait_transaction(transaction.id)
        assert record.code == 0

    def codes(self, number: int) -> list[str]:
        """Return the names of a block's validation codes."""
        return [transaction.code_name for transaction in blocks.decode(self.ledger.block(number) or b"").transactions]

    def state(self, key: str, namespace: str = "cc") -> bytes | None:
        with self.ledger.snapshot() as snapshot:
            found = snapshot.state(namespace, key)
        return None if found is None else found[0]

    def private(self, msp_id: str, collection: str, key: str, namespace: str = "cc") -> bytes | None:
        with self.ledger.snapshot() as snapshot:
            found = snapshot.private(msp_id, namespace, collection, key)
        return None if found is None else found[0]

    def hash_of(self, collection: str, key: str, namespace: str = "cc") -> bytes | None:
        with self.ledger.snapshot() as snapshot:
            found = snapshot.private_hash(namespace, collection, keys.hash_key(key.encode()))
        return None if found is None else found[0]

    def version(self, key: str, namespace: str = "cc") -> Any:
        with self.ledger.snapshot() as snapshot:
            found = snapshot.state(namespace, key)
        return None if found is None else found[1]


def assert_verified(ledger: ChannelLedger) -> None:
    """Assert that the offline verifier, which shares no code with the engine, accepts what the engine committed."""
    outcome = audit.verify(ledger.block(number) or b"" for number in range(ledger.height))
    assert outcome.findings == ()
    assert outcome.commit_hashes == ledger.height - 1


Scenario = Callable[[RunningChannel], Awaitable[None]]


def run(folder: Path, scenario: Scenario, *, who: Consortium | None = None, **genesis: Any) -> None:
    """Play a scenario on a fresh channel; afterwards the ledger must be what its blocks come to."""

    async def play() -> None:
        people = who or consortium()
        channels = people.channels(folder)
        await channels.open()
        try:
            block = people.genesis(**genesis).SerializeToString()
            await channels.join_orderer(channels.orderers["orderer0"], block)
            for name in people.members:
                channel = await channels.join_peer(block, f"peer0.{name}", name)
            await scenario(RunningChannel(people, channels, channel))
            assert replay.differences(channel.ledger.path) == []
            assert_verified(channel.ledger)
        finally:
            await channels.close()

    asyncio.run(asyncio.wait_for(play(), 60))


def again(folder: Path, scenario: Scenario, *, who: Consortium | None = None) -> None:
    """Play a scenario on what an earlier one left on disk."""

    async def play() -> None:
        people = who or consortium()
        channels = people.channels(folder)
        await channels.open()
        try:
            channel = channels.get(people.channel_id)
            assert channel is not None
            await scenario(RunningChannel(people, channels, channel))
            assert replay.differences(channel.ledger.path) == []
            assert_verified(channel.ledger)
        finally:
            await channels.close()

    asyncio.run(asyncio.wait_for(play(), 60))
