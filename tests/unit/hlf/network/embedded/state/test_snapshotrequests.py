"""Snapshots of peers: made at the block asked for, once, from requests that survive a restart."""

from __future__ import annotations

import functools
import json

import pytest

from hlf.network.engines.embedded.state import exporting
from hlf.network.engines.embedded.state.snapshotrequests import RequestError, SnapshotRequests
from hlf.wire import fields
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, again, consortium, run

BOTH = ("AMSP", "BMSP")


def entries(content: bytes) -> list[bytes]:
    """Return what a file of a snapshot holds after its first byte, which says how."""
    assert content[:1] == b"\x01"
    place, found = 1, []
    while place < len(content):
        length, place = fields.varint(content, place)
        found.append(content[place : place + length])
        place += length
    return found


def test_a_snapshot_is_made_at_its_block(tmp_path):
    """Not before; whoever asks again for one that is there, or for a block that has gone by, is refused."""
    requests = SnapshotRequests(tmp_path / "snapshots")

    async def scenario(running: RunningChannel):
        await running.define()
        channel, ledger, who = running.channel, running.ledger, running.who
        running.channels.written.append(lambda channel, number: requests.make(channel.ledger, number))
        last = ledger.height + 1
        await channel.between_blocks(lambda: requests.add(ledger, last))
        assert await running.submit(who.transaction(put(first=b"1"), BOTH)) == "VALID"
        assert requests.pending(channel.id) == [last]
        assert await running.submit(who.transaction(put(second=b"2"), BOTH)) == "VALID"
        await channel.between_blocks(lambda: None)
        assert requests.pending(channel.id) == []
        folder = requests.completed(channel.id, last)
        told = json.loads((folder / exporting.SIGNABLE).read_bytes())
        more = json.loads((folder / exporting.ADDITIONAL).read_bytes())
        assert told["last_block_number"] == last
        assert told["last_block_hash"] == ledger.current_hash.hex()
        assert more["last_block_commit_hash"] == ledger.commit_hash.hex()
        content = (folder / "public_state.data").read_bytes()
        keys = [entry[2 : 2 + entry[1]] for entry in entries(content)]
        assert keys[0] == b"CHANNEL_CONFIG_ENV_BYTES"
        assert keys[-2:] == [b"first", b"second"]
        assert b"".join((b"\x12\x012", b"\x22\x03\x01", bytes([last]), b"\x00")) in entries(content)[-1]
        for number, words in ((0, "already generated for block number 3"), (1, "cannot be less than .* number 3")):
            with pytest.raises(RequestError, match=words):
                await channel.between_blocks(functools.partial(requests.add, ledger, number))

    run(tmp_path / "ledgers", scenario)


def test_requests_survive_a_restart(tmp_path):
    """What is not made yet is asked for until it is made or taken back; a missed one is made before the next block."""
    requests = SnapshotRequests(tmp_path / "snapshots")

    async def asked(running: RunningChannel):
        for number in (9, 7, 0):
            await running.channel.between_blocks(functools.partial(requests.add, running.ledger, number))

    async def missed(running: RunningChannel):
        known = SnapshotRequests(tmp_path / "snapshots")
        assert known.pending(running.channel.id) == [0, 7, 9]
        await running.channel.between_blocks(lambda: known.make(running.ledger, running.ledger.last_written()))
        assert known.pending(running.channel.id) == [7, 9]
        known.cancel(running.channel.id, 7)
        with pytest.raises(RequestError, match="no snapshot request exists for block number 7"):
            known.cancel(running.channel.id, 7)
        assert SnapshotRequests(tmp_path / "snapshots").pending(running.channel.id) == [9]

    who = consortium()
    run(tmp_path / "ledgers", asked, who=who)
    again(tmp_path / "ledgers", missed, who=who)
