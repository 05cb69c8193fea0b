"""
An export that its exporter has forged: each way to change what blocks say, and what the verification says to it.

The exporter holds no orderer's key unless a test says so. The one thing that only a checkpoint shows, a tail that was
cut off, stands at the end.
"""

from __future__ import annotations

import copy
import hashlib

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import transaction_pb2

from hlf import audit
from hlf.audit.replay import report
from hlf.wire import blocks
from tests.support.members import Consortium, Definition, Person, put
from tests.unit.hlf.chain import Chain, ordered

CODES = transaction_pb2.TxValidationCode
FILTER, SIGNATURES, COMMIT_HASH = (
    common_pb2.TRANSACTIONS_FILTER,
    common_pb2.SIGNATURES,
    common_pb2.COMMIT_HASH,
)
BLOCK = 3


@pytest.fixture(scope="module")
def made() -> Chain:
    """Five blocks of an export: block 3 holds three transactions, one of them a payment that somebody regrets."""
    chain = Chain(Consortium(("AMSP", "BMSP", "CMSP")))
    who = chain.consortium
    chain.add(who.define(Definition("cc")))
    chain.add(who.transaction(put(order=b"1"), ["AMSP", "BMSP"]))
    chain.add(*(who.transaction(put(**{name: b"v"}), ["AMSP", "BMSP"]) for name in ("before", "payment", "after")))
    chain.add(who.transaction(put(last=b"v"), ["AMSP", "BMSP"]))
    return chain


@pytest.fixture
def chain(made: Chain) -> Chain:
    return copy.deepcopy(made)


def _verify(chain: Chain) -> audit.Report:
    return audit.verify(chain.serialized, trusted=chain.blocks[0].SerializeToString())


def _found(chain: Chain) -> tuple[int | None, str, str]:
    """Return the one cause that the verification finds."""
    outcome = _verify(chain)
    assert outcome.verdict == report.DOES_NOT_HOLD
    (finding,) = outcome.findings
    return finding.block_number, finding.rule, finding.words


def _entries(chain: Chain) -> list[bytes]:
    return list(chain.blocks[BLOCK].data.data)


def _put(chain: Chain, entries: list[bytes], *codes: int) -> None:
    """Other entries under the header as it was signed, with as many codes."""
    chain.blocks[BLOCK].data.data[:] = entries
    chain.mark(BLOCK, *(codes or (0,) * len(entries)))


def test_the_export_as_it_was_holds(chain):
    """So that what is found below was forged."""
    outcome = _verify(chain)
    assert (outcome.verdict, outcome.transactions, outcome.anchored) == (report.HOLDS, 7, True)


# Entries, behind a data hash that goes over all of them as one string.


@pytest.mark.parametrize("at", [0, 1])
def test_joined(chain, at):
    """Two entries made one hide the first: a reader sees the last payload of the two, and the hash is the same."""
    entries = _entries(chain)
    entries[at : at + 2] = [entries[at] + entries[at + 1]]
    _put(chain, entries)
    assert blocks.data_hash(entries) == chain.blocks[BLOCK].header.data_hash
    number, rule, words = _found(chain)
    assert (number, rule) == (BLOCK, report.FORM)
    assert f"transaction {at} has" in words
    assert "trailing bytes" in words


def test_all_joined(chain):
    """Down to one entry, which no configuration is."""
    _put(chain, [b"".join(_entries(chain))])
    assert _found(chain)[:2] == (BLOCK, report.FORM)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_cut(chain, share):
    """One entry made two: garbage that peers would have marked invalid in place of a payment."""
    entries = _entries(chain)
    place = int(len(entries[1]) * share)
    entries[1:2] = [entries[1][:place], entries[1][place:]]
    _put(chain, entries, 0, CODES.BAD_PAYLOAD, CODES.BAD_PAYLOAD, 0)
    assert blocks.data_hash(entries) == chain.blocks[BLOCK].header.data_hash
    assert _found(chain)[:2] == (BLOCK, report.FORM)


def test_moved_border(chain):
    """Two entries with the border between them elsewhere."""
    entries = _entries(chain)
    whole = entries[0] + entries[1]
    for place in (1, len(entries[0]) - 1, len(entries[0]) + 1, len(whole) - 1):
        _put(chain, [whole[:place], whole[place:], entries[2]])
        assert _found(chain)[:2] == (BLOCK, report.FORM)


@pytest.mark.parametrize("at", [0, 2, 3])
def test_empty_entries(chain, at):
    """They change no hash, and move every transaction behind them to another place."""
    entries = _entries(chain)
    entries.insert(at, b"")
    _put(chain, entries, *([CODES.NIL_ENVELOPE if number == at else 0 for number in range(4)]))
    assert blocks.data_hash(entries) == chain.blocks[BLOCK].header.data_hash
    number, rule, words = _found(chain)
    assert (number, rule) == (BLOCK, report.FORM)
    assert f"transaction {at} is empty" in words


@pytest.mark.parametrize("at", [0, 1, 2])
def test_erased(chain, at):
    """An entry left out, its code with it."""
    entries = _entries(chain)
    del entries[at]
    _put(chain, entries)
    assert _found(chain)[:2] == (BLOCK, report.DATA_HASH)


def test_all_erased(chain):
    """A block of nothing is no block."""
    _put(chain, [])
    assert _found(chain)[:2] == (BLOCK, report.FORM)


def test_appended(chain):
    """A transaction that was never ordered, though everybody has endorsed it; and garbage."""
    entries = _entries(chain)
    late = chain.consortium.transaction(put(late=b"v"), ["AMSP", "BMSP", "CMSP"]).raw
    for more in (late, entries[0], ordered(b"\xff")):
        _put(chain, [*entries, more])
        assert _found(chain)[:2] == (BLOCK, report.DATA_HASH)


def test_reordered(chain):
    """The order of transactions decides which of two that conflict is valid."""
    entries = _entries(chain)
    for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0)):
        _put(chain, [entries[place] for place in order])
        assert _found(chain)[:2] == (BLOCK, report.DATA_HASH)


def test_swapped(chain):
    """A transaction in the place of another, both of the channel and both good."""
    entries = _entries(chain)
    entries[1] = chain.blocks[2].data.data[0]
    _put(chain, entries)
    assert _found(chain)[:2] == (BLOCK, report.DATA_HASH)


# Headers and what orderers sign.


def _forge_header(chain: Chain) -> None:
    """One entry less, and a data hash that fits."""
    entries = _entries(chain)[:2]
    _put(chain, entries)
    chain.blocks[BLOCK].header.data_hash = blocks.data_hash(entries)


def test_a_header_that_fits_the_forgery(chain):
    """The orderers have not signed it, and the next block does not hang on it: one cause."""
    _forge_header(chain)
    outcome = _verify(chain)
    (finding,) = outcome.findings
    assert (finding.block_number, finding.rule) == (BLOCK, report.ORDERER_SIGNATURE)
    assert [(each.block_number, each.rule) for each in finding.consequences] == [(BLOCK + 1, report.CHAIN)]


def test_re_signed_by_a_member(chain):
    """A peer, an administrator, a client, who may call itself an orderer: none of them is one."""
    _forge_header(chain)
    member = chain.consortium["AMSP"]
    for person in (member.peer, member.admin, member.client, member.orderer):
        chain.sign(chain.blocks[BLOCK], person)
        assert _found(chain)[:2] == (BLOCK, report.ORDERER_SIGNATURE)


def test_re_signed_by_a_stranger_of_the_same_name(chain):
    """An authority of one's own is made in a minute; its orderers are nobody's."""
    _forge_header(chain)
    forger = Consortium(("AMSP",)).ordering.orderer
    chain.sign(chain.blocks[BLOCK], Person("OrdererMSP", forger.issued))
    assert _found(chain)[:2] == (BLOCK, report.ORDERER_SIGNATURE)


def test_re_signed_by_an_orderer(chain):
    """One orderer's key is enough for a block of Raft, not for the chain: the next block hangs on the true one."""
    _forge_header(chain)
    chain.sign(chain.blocks[BLOCK])
    assert _found(chain)[:2] == (BLOCK + 1, report.CHAIN)


def test_a_whole_chain_re_signed_by_an_orderer(chain):
    """From there on to the end: all is consistent, but for the block that somebody trusts, where it is later."""
    good = copy.deepcopy(chain)
    good.add_config(_another_timeout, [good.consortium.ordering.admin])
    forged = copy.deepcopy(good)
    forged.mark(BLOCK, 0, 0)
    forged.rebuild(BLOCK, _entries(chain)[:2])
    for number in (BLOCK, BLOCK + 1):
        forged.sign(forged.blocks[number], last_config=0)
    trusted = good.serialized[-1]
    assert audit.verify(good.serialized, trusted=trusted).ok
    (finding,) = audit.verify(forged.serialized, trusted=trusted).findings
    assert (finding.block_number, finding.rule) == (5, report.TRUST)


def _another_timeout(group) -> None:
    group.groups["Orderer"].values["BatchTimeout"].value = b"\x0a\x027s"


def test_a_signature_taken_from_another_block(chain):
    """It goes over that block's header."""
    _forge_header(chain)
    chain.blocks[BLOCK].metadata.metadata[SIGNATURES] = chain.blocks[2].metadata.metadata[SIGNATURES]
    assert _found(chain)[:2] == (BLOCK, report.ORDERER_SIGNATURE)


def test_stripped_of_its_signatures(chain):
    """A block that nobody has signed is nobody's."""
    chain.blocks[BLOCK].metadata.metadata[SIGNATURES] = b""
    assert _found(chain)[:2] == (BLOCK, report.ORDERER_SIGNATURE)


def test_renumbered(chain):
    """The number is in what the orderers signed."""
    chain.blocks[BLOCK].header.number = 7
    number, rule, _ = _found(chain)
    assert (number, rule) == (7, report.CHAIN)


# What nobody signs.


def test_stripped_of_its_codes(chain):
    """Nothing that is signed is wrong, and the report says that the codes are missing."""
    for block in chain.blocks[1:]:
        block.metadata.metadata[FILTER] = b""
    outcome = _verify(chain)
    assert (outcome.verdict, outcome.whole) == (report.HOLDS, False)
    assert str(outcome.unsigned["validation_codes"]) == "1 of 5"


def test_stripped_of_all_metadata_but_signatures(chain):
    """As an orderer gives blocks out; told from a peer's."""
    for block in chain.blocks:
        del block.metadata.metadata[1:]
    outcome = _verify(chain)
    assert (outcome.verdict, outcome.whole) == (report.HOLDS, False)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ((0, CODES.MVCC_READ_CONFLICT, 0), "marked MVCC_READ_CONFLICT, but it is VALID"),
        ((0, CODES.ENDORSEMENT_POLICY_FAILURE, 0), "marked ENDORSEMENT_POLICY_FAILURE, but it is VALID"),
        ((0, CODES.NOT_VALIDATED, 0), "marked NOT_VALIDATED, but it is VALID"),
    ],
)
def test_a_payment_that_is_called_invalid(chain, codes, words):
    """The code is nobody's word: it is worked out again."""
    chain.mark(BLOCK, *codes)
    assert _found(chain) == (BLOCK, report.VALIDATION_CODE, words)


def test_a_commit_hash_of_another_state(chain):
    """Worked out again as well."""
    forged = common_pb2.Metadata(value=hashlib.sha256(b"another state").digest()).SerializeToString()
    chain.blocks[BLOCK].metadata.metadata[COMMIT_HASH] = forged
    assert _found(chain)[:2] == (BLOCK, report.COMMIT_HASH)


# Whole blocks.


def test_blocks_erased_reordered_swapped_and_appended(chain):
    """The numbers in their headers and the hashes between them say what is not as it was."""
    good = chain.serialized
    other = copy.deepcopy(chain)
    other.rebuild(BLOCK, [_entries(chain)[0]])
    for given, rule in (
        ([good[0], *good[2:]], report.CHAIN),
        ([good[0], good[2], good[1], *good[3:]], report.CHAIN),
        ([*good[:3], good[2], *good[3:]], report.CHAIN),
        ([*good[:4], other.serialized[4]], report.CHAIN),
        ([*good, b""], report.FORM),
        ([*good, good[4] + good[4][:20]], report.FORM),
        ([*good[:4], good[4][:-30]], report.FORM),
        ([*good[:2], b"\x00" * 1000, *good[2:]], report.FORM),
    ):
        outcome = audit.verify(given, trusted=good[0])
        assert outcome.verdict == report.DOES_NOT_HOLD
        assert outcome.findings[0].rule == rule


def test_a_tail_that_was_cut_off_is_for_a_checkpoint(chain):
    """What was left is whole: the report says how far it goes, and whoever has seen more holds it to that."""
    outcome = audit.verify(chain.serialized[:-1], trusted=chain.serialized[0])
    assert (outcome.verdict, outcome.last_block) == (report.HOLDS, 3)
