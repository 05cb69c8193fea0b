"""Growth by the blocks of a channel and by those who listen to it: processor of the embedded engine's ledger."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fabric_protos.common import common_pb2

from benchmarks import growth
from benchmarks.figures import Series
from hlf.network.engines.embedded.services.chaincodeevents import events_of
from hlf.network.engines.embedded.state import privatedata
from hlf.network.engines.embedded.state.ledger import ChannelLedger
from hlf.network.engines.embedded.state.updates import Updates
from hlf.network.engines.embedded.state.validation import EnvelopeVerdict, ValidatedBlock
from hlf.wire.rwsets import Version
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, consortium

BLOCKS = (1_000, 10_000, 100_000)
LISTENERS = (1, 10, 100, 1_000)
_AT_ONCE = 5_000
_VALUE = b"v" * 64


def chains(_: str) -> Iterator[Series]:
    """
    Yield milliseconds of processor with 1,000 to 100,000 blocks, and for a block that 1 to 1,000 listen to.

    The chain is made of copies of a block that was ordered, validated and committed, with one transaction and its
    event. What is measured is the ledger with its file on the disk; no network is needed.
    """
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        chain = Chain(asyncio.run(_played(Path(folder))))
        spent: dict[str, list[tuple[int, float]]] = {}
        for number in BLOCKS:
            chain.grow(number)
            for name, call in _calls(chain):
                spent.setdefault(name, []).append((number, growth.processor(call)))
        for name, points in spent.items():
            yield Series(name, "blocks", "ms", tuple(points))
        heard = tuple((number, asyncio.run(_heard(chain, number))) for number in LISTENERS)
        yield Series("events of a block", "listeners", "ms", heard)
        chain.ledger.close()


class Chain:
    """A channel's ledger that grows by copies of its last block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = ChannelLedger(path, consortium().channel_id)
        self._last = self.ledger.stored(self.ledger.height - 1)

    def grow(self, height: int) -> None:
        """Add blocks until there are so many."""
        while self.ledger.height < height:
            self._add(min(_AT_ONCE, height - self.ledger.height))

    def add(self) -> None:
        """Add one block."""
        self._add(1)

    def _add(self, number: int) -> None:
        ledger, previous, written = self.ledger, self.ledger.current_hash, []
        with ledger.committing() as committed:
            for height in range(ledger.height, ledger.height + number):
                block = common_pb2.Block.FromString(self._last)
                block.header.number, block.header.previous_hash = height, previous
                updates = Updates(committed)
                updates.apply(put(**{f"k{height}": _VALUE}), Version(height, 0))
                validated = ValidatedBlock([EnvelopeVerdict(0, tx_id=transaction_id(height))], updates)
                written.append(ledger.write(block, validated, privatedata.PrivateWrites()))
                previous = written[-1].hash
        for each in written:
            ledger.publish(each)


def transaction_id(height: int) -> str:
    """Return the id that the transaction of a copied block gets."""
    return f"{height:064x}"


def _calls(chain: Chain) -> Iterator[tuple[str, Callable[[], object]]]:
    ledger, choice = chain.ledger, random.Random(1)  # noqa: S311  No secret.
    first, last = 10, ledger.height - 10
    yield "commit of a block", chain.add
    yield "block by number", lambda: ledger.block(choice.randint(first, last))
    yield "transaction by id", lambda: ledger.transaction(transaction_id(choice.randint(first, last)))
    yield "opening the ledger", lambda: ChannelLedger(chain.path, ledger.channel_id).close()


async def _heard(chain: Chain, number: int) -> float:
    """Return the processor time from a block's publication until so many listeners have its events."""
    times = []
    for _ in range(growth.ROUNDS):
        listening = [asyncio.create_task(_next_events(chain.ledger)) for _ in range(number)]
        await asyncio.sleep(0)
        chain.add()
        began = time.process_time()
        assert all(await asyncio.gather(*listening))
        times.append((time.process_time() - began) * 1_000)
    return statistics.median(times)


async def _next_events(ledger: ChannelLedger) -> int:
    """Wait for the next block, as an event stream of the engine does; return how many events it has."""
    height = ledger.height
    await ledger.wait_height(height + 1)
    return len(list(events_of(ledger.stored(height))))


async def _played(folder: Path) -> Path:
    """Return the file of a ledger whose last block was ordered, validated and committed."""
    people = consortium()
    channels = people.channels(folder)
    await channels.open()
    try:
        genesis = people.genesis().SerializeToString()
        await channels.join_orderer(channels.orderers["orderer0"], genesis)
        for name in people.members:
            channel = await channels.join_peer(genesis, f"peer0.{name}", name)
        running = RunningChannel(people, channels, channel)
        await running.define()
        written = people.transaction(put(k=_VALUE), tuple(people.members)[:2], event=b"{}")
        if await running.submit(written) != "VALID":
            raise RuntimeError("the block that is copied was not valid")
        return running.ledger.path
    finally:
        await channels.close()
