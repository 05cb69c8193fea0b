"""Private data on the embedded engine: who holds them, what the channel learns, and when they go."""

from __future__ import annotations

import sqlite3

import pytest
from fabric_protos.ledger.rwset import rwset_pb2

from hlf.network import errors
from hlf.wire import keys, rwsets
from tests.support.members import collection, private_put, put
from tests.support.runningchannel import RunningChannel, again, run

HELD = (
    collection("ab", "OR('AMSP.member','BMSP.member')", policy="OR('AMSP.peer','BMSP.peer')"),
    collection("brief", "OR('AMSP.member','BMSP.member')", policy="OR('AMSP.peer')", block_to_live=2),
)
IMPLICIT = "_implicit_org_AMSP"


async def write(channel, name, values, *, endorsers=("AMSP",), purge=False, keep=True):
    public, private = private_put(name, values, purge=purge)
    transaction = channel.who.transaction(public, endorsers)
    return await channel.submit(transaction, private if keep else None), transaction


def test_members_hold_values_and_everybody_hashes(tmp_path):
    """A value is at its collection's members and nowhere else; the hash is on the channel."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        for name, holders in (("ab", {"AMSP", "BMSP"}), (IMPLICIT, {"AMSP"})):
            assert (await write(channel, name, {"k": b"secret"}))[0] == "VALID"
            for msp_id in ("AMSP", "BMSP", "CMSP", "OrdererMSP"):
                assert channel.private(msp_id, name, "k") == (b"secret" if msp_id in holders else None)
            assert channel.hash_of(name, "k") == keys.hash_key(b"secret")
        for number in range(channel.ledger.height):
            assert b"secret" not in channel.ledger.block(number)

    run(tmp_path, scenario)


def test_ranges_of_private_keys(tmp_path):
    """In key order, of one collection and one holder."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        await write(channel, "ab", {"a": b"1", "b": b"2", "c": b"3"})
        await write(channel, IMPLICIT, {"b": b"other"})
        with channel.ledger.snapshot() as snapshot:
            found = [row[:2] for row in snapshot.private_range("BMSP", "cc", "ab", "a", "c")]
            assert found == [("a", b"1"), ("b", b"2")]
            assert [row[0] for row in snapshot.private_range("AMSP", "cc", "ab", "b", "")] == ["b", "c"]
            assert list(snapshot.private_range("CMSP", "cc", "ab", "", "")) == []

    run(tmp_path, scenario)


def test_values_of_an_invalid_transaction_are_dropped(tmp_path):
    """Neither value nor hash is written, and the values do not linger."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        code, transaction = await write(channel, "ab", {"k": b"secret"}, endorsers=["CMSP"])
        assert code == "ENDORSEMENT_POLICY_FAILURE"
        assert channel.private("AMSP", "ab", "k") is None
        assert channel.hash_of("ab", "k") is None
        assert channel.ledger.staged_private(transaction.id) == ()

    run(tmp_path, scenario)


def test_missing_values_are_tolerated_and_noted(tmp_path):
    """The transaction is valid by its hashes; who should hold the value lacks it, and reads see that."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        assert (await write(channel, "ab", {"k": b"old"}))[0] == "VALID"
        assert (await write(channel, "ab", {"k": b"new"}, keep=False))[0] == "VALID"
        assert channel.hash_of("ab", "k") == keys.hash_key(b"new")
        assert channel.private("AMSP", "ab", "k") == b"old"
        assert channel.ledger.missing_private_data() == [(3, 0, "cc", "ab", "AMSP"), (3, 0, "cc", "ab", "BMSP")]
        with channel.ledger.snapshot() as snapshot:
            value = snapshot.private("AMSP", "cc", "ab", "k")
            hashed = snapshot.private_hash("cc", "ab", keys.hash_key(b"k"))
            assert value[1] != hashed[1]

    run(tmp_path, scenario)


def test_values_that_do_not_match_the_channel_are_not_used(tmp_path):
    """What an endorser staged counts only if its hash is the one that was endorsed."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        public, private = private_put("ab", {"k": b"true"})
        _, forged = private_put("ab", {"k": b"false"})
        transaction = channel.who.transaction(public, ["AMSP"])
        for content in (b"\xff\xff", forged):
            channel.ledger.stage_private(transaction.id, "BMSP", content, 1)
        assert await channel.submit(transaction, private) == "VALID"
        assert channel.private("BMSP", "ab", "k") == b"true"

    run(tmp_path, scenario)


def test_delete_and_purge(tmp_path):
    """Both remove value and hash; a purge also takes the value out of what was kept for earlier blocks."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        for purge in (False, True):
            await write(channel, "ab", {"k": b"the one that goes", "other": b"stays"})
            number = channel.ledger.height - 1
            assert (await write(channel, "ab", {"k": None}, purge=purge))[0] == "VALID"
            assert channel.private("AMSP", "ab", "k") is None
            assert channel.hash_of("ab", "k") is None
            assert channel.private("AMSP", "ab", "other") == b"stays"
            kept = channel.ledger.private_data_of_block(number, "BMSP")[0]
            assert (b"the one that goes" in kept) is not purge
            assert b"stays" in kept

    run(tmp_path, scenario)
    assert _holders(tmp_path, b"the one that goes") == []


def test_a_purge_spares_what_comes_after_it_in_the_block(tmp_path):
    """A purge reaches back, not forward."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        await write(channel, "ab", {"k": b"first"})
        gone, private_gone = private_put("ab", {"k": None}, purge=True)
        fresh, private_fresh = private_put("ab", {"k": b"second"})
        who = channel.who
        transactions = [who.transaction(gone, ["AMSP"]), who.transaction(fresh, ["AMSP"])]
        assert await channel.block(transactions, [private_gone, private_fresh]) == ["VALID", "VALID"]
        assert channel.private("BMSP", "ab", "k") == b"second"
        assert channel.hash_of("ab", "k") == keys.hash_key(b"second")

    run(tmp_path, scenario)
    assert _holders(tmp_path, b"first") == []


def _holders(folder, needle):
    """Return the tables of the ledger in which *needle* stands, by a plain search."""
    connection = sqlite3.connect(folder / "trade.ledger")
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = []
    for table in tables:
        rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - the names come from the file itself.
        if any(isinstance(value, bytes) and needle in value for row in rows for value in row):
            found.append(table)
    connection.close()
    return found


def test_blocks_to_live(tmp_path):
    """Written in block n with two to live, a value is gone with block n+3, unless it was written again."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        await write(channel, "brief", {"k": b"short", "renewed": b"short"})
        written = channel.ledger.height - 1
        await write(channel, "brief", {"renewed": b"longer"})
        while channel.ledger.height <= written + 2:
            assert channel.private("BMSP", "brief", "k") == b"short"
            assert channel.hash_of("brief", "k") is not None
            await channel.submit(channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"]))
        await channel.submit(channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"]))
        assert channel.ledger.height == written + 4
        assert channel.private("BMSP", "brief", "k") is None
        assert channel.hash_of("brief", "k") is None
        assert channel.ledger.private_data_of_block(written, "AMSP") == {}
        assert channel.private("BMSP", "brief", "renewed") == b"longer"
        await channel.submit(channel.who.transaction(put(k=b"v"), ["AMSP", "BMSP"]))
        assert channel.private("BMSP", "brief", "renewed") is None

    run(tmp_path, scenario)
    assert _holders(tmp_path, b"short") == []


def test_private_data_of_a_block(tmp_path):
    """Each member gets of a block what it is entitled to, by transaction."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        sets = [private_put("ab", {"a": b"1"}), private_put(IMPLICIT, {"b": b"2"})]
        transactions = [channel.who.transaction(public, ["AMSP"]) for public, _ in sets]
        await channel.block(transactions, [private for _, private in sets])
        held = {msp_id: channel.ledger.private_data_of_block(2, msp_id) for msp_id in ("AMSP", "BMSP", "CMSP")}
        assert {msp_id: list(found) for msp_id, found in held.items()} == {"AMSP": [0, 1], "BMSP": [0], "CMSP": []}
        assert held["AMSP"][0] == sets[0][1]
        decoded = rwset_pb2.TxPvtReadWriteSet.FromString(held["AMSP"][1])
        assert decoded.ns_pvt_rwset[0].collection_pvt_rwset[0].collection_name == IMPLICIT

    run(tmp_path, scenario)


def test_a_change_of_metadata_alone_moves_the_values_version(tmp_path):
    """Otherwise the value would look stale beside its hash and could not be read any more."""

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        await write(channel, "ab", {"k": b"v"})
        hashed = keys.hash_key(b"k")
        plain = rwsets.PrivateCollection("ab", metadata_writes=(rwsets.MetadataWrite("k", ()),))
        digest = keys.hash_key(rwsets.private_collection_bytes(plain))
        change = rwsets.CollectionHashed(
            "ab", metadata_writes=(rwsets.HashedMetadataWrite(hashed, (("NAME", b"x"),)),), pvt_hash=digest
        )
        public = rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=(change,)),))
        private = rwsets.encode_private(rwsets.PrivateRwset((rwsets.PrivateNamespace("cc", (plain,)),)))
        assert await channel.submit(channel.who.transaction(public, ["AMSP"]), private) == "VALID"
        with channel.ledger.snapshot() as snapshot:
            assert snapshot.private("BMSP", "cc", "ab", "k")[1] == rwsets.Version(3, 0)
            assert snapshot.private_hash("cc", "ab", hashed)[1] == rwsets.Version(3, 0)
            assert snapshot.private_metadata("cc", "ab", hashed) is not None

    run(tmp_path, scenario)


def test_a_new_member_of_a_collection_gets_what_others_hold(tmp_path):
    """As peers fetch old data when a definition lets them in."""
    wider = (collection("ab", "OR('AMSP.member','BMSP.member','CMSP.member')"), HELD[1])

    async def scenario(channel: RunningChannel):
        await channel.define(collections=HELD)
        await write(channel, "ab", {"k": b"v"})
        await channel.define(collections=wider, sequence=2)
        assert channel.private("CMSP", "ab", "k") == b"v"
        assert channel.ledger.private_data_of_block(2, "CMSP") == channel.ledger.private_data_of_block(2, "AMSP")

    run(tmp_path, scenario)


def test_what_was_endorsed_survives_a_restart(tmp_path):
    """A transaction endorsed before it and submitted after it still finds its values."""
    kept = {}

    async def before(channel: RunningChannel):
        await channel.define(collections=HELD)
        public, private = private_put("ab", {"k": b"v"})
        kept["transaction"] = channel.who.transaction(public, ["AMSP"])
        channel.ledger.stage_private(kept["transaction"].id, "AMSP", private, 2)

    async def after(channel: RunningChannel):
        assert len(channel.ledger.staged_private(kept["transaction"].id)) == 1
        assert await channel.submit(kept["transaction"]) == "VALID"
        assert channel.private("BMSP", "ab", "k") == b"v"
        assert channel.ledger.staged_private(kept["transaction"].id) == ()

    run(tmp_path, before)
    again(tmp_path, after)


def test_no_endorsement_without_its_values_kept(tmp_path):
    """On a full disk the endorser is told, instead of giving an endorsement whose values are lost by a restart."""

    async def scenario(channel: RunningChannel):
        connection = channel.ledger._transient._connection
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(errors.EngineError, match="cannot be kept until it is committed.*Make room"):
            channel.ledger.stage_private("id", "AMSP", b"x" * 100_000, 1)
        assert channel.ledger.staged_private("id") == ()

    run(tmp_path, scenario)


def test_the_same_values_from_several_endorsers_are_kept_once(tmp_path):
    """Endorsers of one transaction produce the same private set."""

    async def scenario(channel: RunningChannel):
        _, private = private_put("ab", {"k": b"v"})
        for msp_id in ("AMSP", "BMSP", "AMSP"):
            channel.ledger.stage_private("id", msp_id, private, 1)
        assert channel.ledger.staged_private("id") == (private,)
        assert channel.ledger.staged_private("other") == ()

    run(tmp_path, scenario)
