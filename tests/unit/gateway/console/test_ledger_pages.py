"""The auditor's pages of blocks and transactions: what they tell of a chain, and what peers refused in it."""

from __future__ import annotations

import re

import pytest
from fabric_protos.peer import transaction_pb2

from gateway.pages import states
from hlf.wire import keys, rwsets
from tests.support.members import put
from tests.support.runningchannel import consortium
from tests.unit.gateway.chained import ChainedLedgers
from tests.unit.hlf.chain import Chain, ordered

J1 = keys.composite_key("order", ["J1"])


class Story:
    """One order that was placed, confirmed, and then touched by a transaction that came too late."""

    def __init__(self) -> None:
        who = consortium()
        self.chain = Chain(who)
        self.placed = who.transaction(
            _wrote(b'{"merchant":"A","state":"placed"}', None), ["AMSP"], chaincode="commerce"
        )
        confirmed = b'{"merchant":"A","note":"<strong>x</strong>","state":"confirmed"}'
        self.confirmed = who.transaction(_wrote(confirmed, (1, 0)), ["AMSP", "BMSP"], chaincode="commerce")
        self.late = who.transaction(_wrote(b'{"state":"cancelled"}', (1, 0)), ["AMSP"], chaincode="commerce")
        self.blind = who.transaction(put("commerce", K1=b"1"), ["AMSP"], chaincode="commerce")
        self.chain.add(self.placed)
        self.chain.add(self.confirmed, self.late, ordered(b"garbage"), codes=[0, transaction_pb2.MVCC_READ_CONFLICT, 2])
        self.chain.add(self.blind)


def _wrote(value: bytes, read: tuple[int, int] | None) -> rwsets.TxRwset:
    reads = (rwsets.Read(J1, rwsets.Version(*read) if read else None),)
    return rwsets.TxRwset((rwsets.NamespaceRwset("commerce", reads=reads, writes=(rwsets.Write(J1, value),)),))


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture
def ledgers(story: Story) -> ChainedLedgers:
    return ChainedLedgers(story.chain)


@pytest.fixture
def page(client, services, log_in, bearer, story):
    """The text of a page as an auditor sees it; the wallet knows two channels, and the peer one of them."""
    folder = services.settings.wallet / "channels"
    folder.mkdir()
    (folder / "trade.block").write_bytes(story.chain.serialized[0])
    (folder / "other.block").write_bytes(b"")
    log_in(bearer("read", "audit")["Authorization"].removeprefix("Bearer "))

    def read(path: str, status: int = 200) -> str:
        answer = client.get(f"/console/audit{path}")
        assert answer.status_code == status, answer.text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.partition(' id="main"')[2]))

    return read


def test_the_newest_blocks_of_each_channel_come_first(page):
    """With counts, and what peers refused; a channel that does not answer hides no other."""
    shown = page("")
    assert "Newest blocks of trade 4 blocks" in shown
    assert re.findall(r"Block (\d)", shown) == ["3", "2", "1", "0"]
    assert "3 2 refused" in shown
    assert "other Your peer does not answer" in shown


def test_a_block_says_in_words_what_became_of_each_transaction(page):
    """Also of one that nobody can read."""
    shown = page("/trade/blocks/2")
    assert "3 transactions" in shown
    for words in ("commerce f", "AMSP", "Valid", "What it had read was changed before it", "Malformed", "Unknown kind"):
        assert words in shown
    assert "Configuration" in page("/trade/blocks/0")


def test_a_block_that_is_not_there_is_said_so(page):
    assert "trade has 4 blocks" in page("/trade/blocks/4", 404)


def test_a_transaction_shows_what_it_changed(page, story):
    """The members that differ, with the value before from the block that wrote it; markup stays text."""
    shown = page(f"/trade/transactions/{story.confirmed.id}")
    changed = shown.partition("order J1")[2]
    assert "state placed confirmed" in changed
    assert "note – &lt;strong&gt;x&lt;/strong&gt;" in changed
    assert "merchant" not in changed.partition("Argument")[0].partition("Result")[0]


@pytest.mark.parametrize(("name", "words"), [("placed", "It is new."), ("blind", "does not stand in the blocks")])
def test_what_was_before_is_not_guessed(page, story, name, words):
    """A key that was read as absent is new; of one that was not read, the page says that it does not know."""
    assert words in page(f"/trade/transactions/{getattr(story, name).id}")


def test_what_peers_refused_changed_nothing(page, story):
    """Its values are not shown as if they had been written."""
    shown = page(f"/trade/transactions/{story.late.id}")
    assert "What it had read was changed before it" in shown
    assert "cancelled" not in shown


def test_every_code_of_fabric_has_words():
    assert set(transaction_pb2.TxValidationCode.keys()) <= states.CODES.keys()
