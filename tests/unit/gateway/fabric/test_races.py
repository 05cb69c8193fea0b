"""Policy failures that a race explains, on blocks that were validated for real."""

from __future__ import annotations

from gateway.fabric import races
from hlf import errors
from hlf.wire import keys, policies, rwsets
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, run

REFUSED = "ENDORSEMENT_POLICY_FAILURE"
MAJORITY = ["AMSP", "BMSP"]


class Blocks:
    """A network that gives the blocks of a channel that runs here."""

    def __init__(self, channel: RunningChannel) -> None:
        self._ledger = channel.ledger

    def block(self, number: int) -> bytes:
        return self._ledger.block(number) or b""


def lost(channel: RunningChannel, transaction) -> bool:
    """Return what is said of a transaction in the newest block."""
    return races.lost(Blocks(channel), errors.CommitError(transaction.id, 10, channel.ledger.height - 1))


def changing(key: str, text: str, seen: rwsets.Version | None = None) -> rwsets.TxRwset:
    """Return a set that writes a key and gives it a policy of its own, as each stage event does."""
    entries = (("VALIDATION_PARAMETER", policies.from_dsl(text).SerializeToString()),)
    reads = () if seen is None else (rwsets.Read(key, seen),)
    written = rwsets.NamespaceRwset(
        "cc",
        reads=reads,
        writes=(rwsets.Write(key, b"v"),),
        metadata_writes=(rwsets.MetadataWrite(key, entries),),
    )
    return rwsets.TxRwset((written,))


def reading(key: str, version: rwsets.Version) -> rwsets.TxRwset:
    written = rwsets.NamespaceRwset("cc", reads=(rwsets.Read(key, version),), writes=(rwsets.Write(key, b"w"),))
    return rwsets.TxRwset((written,))


def test_two_changes_in_one_block_are_a_race(tmp_path):
    """Eight scans at once: the first changes the page's policy, and Fabric refuses the seven behind it by theirs."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        first, second = (channel.who.transaction(changing("k", "OR('AMSP.peer')"), MAJORITY) for _ in range(2))
        assert await channel.block([first, second]) == ["VALID", REFUSED]
        assert lost(channel, second)

    run(tmp_path, scenario)


def test_a_loser_of_another_race_stands_in_the_way_too(tmp_path):
    """Fabric judges policies before reads: the first read an old page, and those behind it fail by its new policy."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        assert await channel.submit(channel.who.transaction(put(k=b"0"), MAJORITY)) == "VALID"
        old = channel.version("k")
        assert await channel.submit(channel.who.transaction(put(k=b"1"), MAJORITY)) == "VALID"
        first, second = (
            channel.who.transaction(changing("k", "OR('AMSP.peer')", seen), MAJORITY)
            for seen in (old, channel.version("k"))
        )
        assert await channel.block([first, second]) == ["MVCC_READ_CONFLICT", REFUSED]
        assert lost(channel, second)

    run(tmp_path, scenario)


def test_a_change_since_the_endorsing_is_a_race(tmp_path):
    """The custody passed on while the former custodian's event was under way."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        assert await channel.submit(channel.who.transaction(put(k=b"0"), MAJORITY)) == "VALID"
        seen = channel.version("k")
        late = channel.who.transaction(reading("k", seen), MAJORITY)
        assert await channel.submit(channel.who.transaction(changing("k", "OR('CMSP.peer')"), MAJORITY)) == "VALID"
        assert await channel.submit(late) == REFUSED
        assert lost(channel, late)

    run(tmp_path, scenario)


def test_who_was_not_asked_has_lost_no_race(tmp_path):
    """The policy was there when it was endorsed: others must agree, and sending it again does not help."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        assert await channel.submit(channel.who.transaction(changing("k", "OR('CMSP.peer')"), MAJORITY)) == "VALID"
        knowing = channel.who.transaction(reading("k", channel.version("k")), MAJORITY)
        assert await channel.submit(knowing) == REFUSED
        assert not lost(channel, knowing)
        blind = channel.who.transaction(put(k=b"1"), MAJORITY)
        assert await channel.submit(blind) == REFUSED
        assert not lost(channel, blind)

    run(tmp_path, scenario)


def test_anothers_key_and_an_invalid_change_explain_nothing(tmp_path):
    """Only a change that counts, of a key that is written, is a race."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        other = who.transaction(changing("other", "OR('CMSP.peer')"), MAJORITY)
        invalid = who.transaction(changing("k", "OR('AMSP.peer')"), ["AMSP"])
        alone = who.transaction(put(k=b"1"), ["AMSP"])
        assert await channel.block([other, invalid, alone]) == ["VALID", REFUSED, REFUSED]
        assert not lost(channel, alone)

    run(tmp_path, scenario)


def test_a_private_keys_policy_counts_too(tmp_path):
    """It stands under the key's hash."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        encoded = policies.from_dsl("AND('AMSP.peer','BMSP.peer')").SerializeToString()
        hashed = keys.hash_key(b"k")
        guarded = rwsets.CollectionHashed(
            "_implicit_org_AMSP",
            writes=(rwsets.HashedWrite(hashed, keys.hash_key(b"v")),),
            metadata_writes=(rwsets.HashedMetadataWrite(hashed, (("VALIDATION_PARAMETER", encoded),)),),
        )
        change = rwsets.TxRwset((rwsets.NamespaceRwset("cc", collections=(guarded,)),))
        first, second = (channel.who.transaction(change, ["AMSP"]) for _ in range(2))
        assert await channel.block([first, second]) == ["VALID", REFUSED]
        assert lost(channel, second)

    run(tmp_path, scenario)


def test_who_may_not_read_blocks_is_told_what_the_peer_says():
    class Closed:
        def block(self, number: int) -> bytes:
            raise errors.EvaluateError("access denied")

    assert not races.lost(Closed(), errors.CommitError("ab" * 32, 10, 7))
    assert not races.lost(Closed(), errors.CommitError("ab" * 32, 10))
