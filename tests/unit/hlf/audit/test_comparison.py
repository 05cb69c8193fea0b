"""Copies of a channel compared: the first difference, whatever it is, and nothing where there is none."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from fabric_protos.common import common_pb2

from hlf import errors
from hlf.audit.evidence import comparison
from hlf.wire import blocks
from tests.support.members import Consortium, put
from tests.support.runningchannel import consortium
from tests.unit.hlf import golden
from tests.unit.hlf.audit.test_receipts import Story
from tests.unit.hlf.chain import Chain


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(consortium())


def changed(story: Story, number: int, change: Callable) -> list[bytes]:
    """Return the story's blocks with one of them changed."""
    copied = [copy.deepcopy(block) for block in story.chain.blocks]
    change(copied[number])
    return [block.SerializeToString() for block in copied]


def told(first: list[bytes], second: list[bytes]) -> str:
    """Return the difference, which must be the same the other way round."""
    one = comparison.compare(first, second, ("A", "B")).difference
    two = comparison.compare(second, first, ("B", "A")).difference
    assert (one is None) == (two is None)
    if one is not None:
        assert (one.number, one.kind) == (two.number, two.kind)
    return str(one)


def _rebuilt(story: Story, number: int) -> list[bytes]:
    """Another past from block *number* on, with every signature forged by the orderer itself."""
    chain = copy.deepcopy(story.chain)
    chain.rebuild(number, [story.who.transaction(put(forged=b"1"), ["AMSP", "BMSP"]).raw])
    chain.mark(number, 0)
    return chain.serialized


def test_the_same_is_the_same(story):
    """To the end, with nothing left uncompared."""
    outcome = comparison.compare(story.chain.serialized, story.chain.serialized)
    assert outcome.difference is None
    assert (outcome.first_block, outcome.last_block, outcome.ends) == (0, 6, (6, 6))
    assert outcome.one_sided == 0


def test_a_copy_that_ends_earlier_contradicts_nothing(story):
    """It may be older, or cut off: which, a checkpoint says."""
    outcome = comparison.compare(story.chain.serialized, story.chain.serialized[:4], ("A", "B"))
    assert str(outcome.difference) == "block 4: TAIL: B ends with block 3, A goes on"
    assert not outcome.contradict
    assert (outcome.last_block, outcome.ends) == (3, (6, 3))
    assert told(story.chain.serialized, []) == "block 0: MISSING: B has no block from there on"


def test_a_copy_that_begins_later_is_compared_from_there(story):
    """Its first block has the hash of all before it."""
    outcome = comparison.compare(story.chain.serialized, story.chain.serialized[3:])
    assert (outcome.first_block, outcome.last_block, outcome.difference) == (3, 6, None)
    nothing = comparison.compare(story.chain.serialized[:2], story.chain.serialized[4:], ("A", "B"))
    assert (nothing.first_block, nothing.difference.kind) == (None, comparison.TAIL)


def test_a_hole_is_a_difference(story):
    """Not a difference of what stands behind it."""
    holed = [block for number, block in enumerate(story.chain.serialized) if number != 3]
    assert told(story.chain.serialized, holed) == "block 3: MISSING: B does not have it, but later ones"


@pytest.mark.parametrize("number", range(1, 7))
def test_a_fork_is_found_where_it_begins(story, number):
    """Whoever forges the orderers' signatures too; and in what begins behind the fork, that it is another past."""
    forged = _rebuilt(story, number)
    assert told(story.chain.serialized, forged).startswith(f"block {number}: DATA: transaction 0 is ")
    for later in range(number + 1, 7):
        assert told(story.chain.serialized[later:], forged[later:]).startswith(f"block {later}: PAST: ")


def test_an_erased_transaction_is_named(story):
    """By its place and its id."""
    chain = copy.deepcopy(story.chain)
    chain.rebuild(5, [story.first.raw])
    chain.mark(5, 0)
    assert told(story.chain.serialized[:6], chain.serialized[:6]).startswith(
        f"block 5: DATA: transaction 0 is {story.first.id}"
    )


def test_data_that_do_not_fit_their_header(story):
    """The header is the same, so one copy is damaged; it is said which."""

    def damage(block) -> None:
        block.data.data[0] = story.who.transaction(put(k=b"other"), ["AMSP"]).raw

    damaged = changed(story, 5, damage)
    assert told(story.chain.serialized, damaged) == ("block 5: DATA: the data of B are not those that its header names")


def test_another_code_and_another_state(story):
    """What nobody signs is compared too, where both have it."""

    def turn(block) -> None:
        block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes([0, 11])

    def mend(block) -> None:
        block.metadata.metadata[common_pb2.COMMIT_HASH] = common_pb2.Metadata(value=b"\1" * 32).SerializeToString()

    difference = told(story.chain.serialized, changed(story, 5, turn))
    assert difference == (f"block 5: CODE: transaction 1 ({story.second.id}) is VALID in A, MVCC_READ_CONFLICT in B")
    assert told(story.chain.serialized, changed(story, 4, mend)).startswith("block 4: STATE: ")


def test_what_only_one_has_is_counted(story):
    """An orderer's copy has neither codes nor state, and contradicts nothing by that."""

    def strip(block) -> None:
        block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = b""
        block.metadata.metadata[common_pb2.COMMIT_HASH] = b""

    outcome = comparison.compare(story.chain.serialized, changed(story, 5, strip))
    assert (outcome.difference, outcome.one_sided) == (None, 1)


def test_orderers_may_sign_differently(story):
    """Each gives out its own signature of one block."""
    other = changed(story, 5, lambda block: story.chain.sign(block, story.who.ordering.orderer))
    assert other != story.chain.serialized
    assert comparison.compare(story.chain.serialized, other).difference is None
    real = golden.read("block-00001-lifecycle-approve-org1.orderer.pb")
    assert comparison.compare([real], [golden.read("block-00001-lifecycle-approve-org1.peer.pb")]).difference is None


def test_two_channels_are_two(story):
    """From the first block on."""
    other = Chain(Consortium()).serialized
    assert told(story.chain.serialized, other).startswith("block 0: CHANNEL: ")


@pytest.mark.parametrize("garbage", [b"\xff", b"\x12\x00"])
def test_bytes_that_are_no_block(story, garbage):
    """Are said to be none."""
    with pytest.raises(errors.WireError, match="B has"):
        comparison.compare(story.chain.serialized, [*story.chain.serialized[:2], garbage], ("A", "B"))


def test_a_block_that_no_orderer_cuts(story):
    """Is named with the copy it is in."""

    def join(block) -> None:
        block.data.data[:] = [b"".join(block.data.data)]

    assert told(story.chain.serialized, changed(story, 5, join)).startswith("block 5: FORM: B has transaction 0")


# Against a checkpoint.


def against(story: Story, serialized: list[bytes], height: int = 6, **changes: object) -> str:
    found = comparison.against(story.checkpoint(height, **changes), dict(enumerate(serialized)).get, len(serialized))
    return str(found)


def test_a_ledger_that_goes_on_from_a_checkpoint(story):
    """Agrees, however much longer it is."""
    for height in range(1, 8):
        assert against(story, story.chain.serialized, height) == "None"


def test_a_ledger_that_was_cut_forked_or_bent(story):
    """A cut-off tail, a rewritten past, another channel and another state are told apart."""
    assert against(story, story.chain.serialized[:5]).startswith("block 5: TAIL: it ends with block 4")
    for number in range(1, 6):
        assert against(story, _rebuilt(story, number)).startswith("block 5: PAST: ")
    assert against(story, Chain(Consortium()).serialized).startswith("block 0: CHANNEL: ")
    assert against(story, story.chain.serialized, state_hash=b"\1" * 32).startswith("block 5: STATE: ")
    assert against(story, [*story.chain.serialized[:5], b"\xff"]).startswith("block 5: FORM: not a block")


def test_what_follows_is_linked(story):
    """Behind a block, each has the hash of the one before; otherwise it is said where not."""
    rest = story.chain.serialized[4:]
    last = blocks.decode(story.chain.serialized[3])
    assert comparison.sequel(3, last.hash, rest) is None
    assert comparison.sequel(3, last.hash, rest[1:]).kind == comparison.MISSING
    assert comparison.sequel(3, b"\1" * 32, rest).kind == comparison.PAST
