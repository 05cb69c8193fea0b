"""The auditor's pages of blocks and transactions: what they tell of a chain, and what peers refused in it."""

from __future__ import annotations

import inspect
import re

import pytest
from fabric_protos.peer import transaction_pb2

from gateway.pages import checkwords, states
from hlf.audit.evidence import proofs
from tests.unit.gateway.console.audited import auditor, ledgers, story

__all__ = ["auditor", "ledgers", "story"]


@pytest.fixture
def page(auditor, services):
    """Return the text of a page as an auditor sees it; the wallet knows two channels, and the peer one of them."""
    (services.settings.wallet / "channels" / "other.block").write_bytes(b"")

    def read(path: str, status: int = 200) -> str:
        answer = auditor.get(f"/console/audit{path}")
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


def test_the_checks_of_a_transaction_are_told_in_the_readers_language(page, auditor, story):
    """What holds is one sentence each; who endorsed is named as the register does."""
    path = f"/trade/transactions/{story.confirmed.id}"
    shown = page(path)
    for words in ("AMSP has signed what the transaction writes", "The transaction is signed by who sent it"):
        assert words in shown
    auditor.set_cookie("selat_language", "vi")
    shown = page(path)
    assert "AMSP đã ký những gì giao dịch ghi" in shown
    assert "has signed" not in shown


def test_every_check_of_a_proof_has_words():
    """A check that is added is translated before a page shows it."""
    source = inspect.getsource(proofs)
    names = re.findall(
        r'(?:name = f?|_STATE = |_TRUST = |Check\(f?)"([a-z]+(?: [a-z]+)?: (?:\w+ )?|[a-z]+ of )', source
    )
    assert len(names) >= len(checkwords.CHECKS)
    assert [each for each in names if checkwords.told(each, str) == each] == []


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
