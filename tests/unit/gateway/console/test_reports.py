"""A report of a verification, read back: its verdict and findings in words, and nothing that only its maker says."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from flask import g
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from gateway.console import reportwords
from gateway.console.changes import uploads
from gateway.pages import checkwords, forms
from hlf import audit, errors
from hlf.audit.replay import report, unsigned
from hlf.sentdocuments import SentDocument
from tests.unit.gateway.conftest import form_token
from tests.unit.gateway.console.audited import auditor, ledgers, story
from tests.unit.gateway.console.test_changes import _bent

__all__ = ["auditor", "ledgers", "story"]
PAGE = "/console/audit/report"


@pytest.fixture
def show(auditor):
    """Upload a file as an auditor; return the page."""

    def told(content: Any, *, language: str = "en", status: int = 200) -> str:
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        data = {"file": FileStorage(io.BytesIO(sent), "report.json"), forms.FIELD: form_token(auditor)}
        # The client would write a large form to a disk.
        boundary, body = encode_multipart(data)
        kind, headers = f"multipart/form-data; boundary={boundary}", {"Accept-Language": language}
        answer = auditor.post(PAGE, data=body, headers=headers, content_type=kind)
        assert answer.status_code == status, answer.text
        return str(answer.text)

    return told


@pytest.fixture
def holds(story) -> dict[str, Any]:
    """Return the report of the auditor's own channel, as the command writes it."""
    return audit.verify(story.chain.serialized, trusted=story.chain.serialized[0]).document()


@pytest.fixture
def broken(story) -> dict[str, Any]:
    """Return that of a chain of which a block is missing."""
    serialized = story.chain.serialized
    return audit.verify([*serialized[:2], serialized[3]], trusted=serialized[0]).document()


def test_a_report_is_told_in_words(show, holds):
    """The verdict, what was looked at, and that one's own peer has the same block; the page does not vouch for more."""
    page = show(holds)
    for words in (
        reportwords.VERDICTS[holds["verdict"]][0],
        "4 blocks",
        "Begins with a block that was trusted",
        "Verdicts on transactions",
        "Your own peer has the last block of the report",
        "the word of who made it",
        "Nothing of the file is kept.",
    ):
        assert words in page
    assert "What does not hold" in page or holds["verdict"] == report.HOLDS


def test_a_finding_says_where_and_what(show, broken):
    """In the reader's language; the words of the command follow in theirs."""
    page = show(broken)
    assert "It does not hold" in page
    assert "A block is missing, in the wrong place, or follows another one" in page
    assert "/console/audit/trade/blocks/" in page
    told = show(broken, language="vi")
    assert "Một khối bị thiếu" in told
    assert f'lang="en"> {broken["findings"][0]["words"]}' in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"last_hash": "ab" * 32}, "Your own peer has another block there"),
        ({"last_block": 999}, "Your own peer has another block there"),
        ({"channel": "elsewhere"}, "Only the file was looked at"),
        ({"channel": "../x", "last_block": None, "last_hash": None}, "Only the file was looked at"),
    ],
)
def test_a_report_is_compared_with_ones_own_peer(show, holds, change, said):
    """By the hash of its last block; where there is no such channel, the page says that nothing was compared."""
    assert said in show({**holds, **change})


def test_a_peer_that_does_not_answer_compares_nothing(show, holds, ledgers, monkeypatch):
    def silent(*_):
        raise errors.EvaluateError("no peer")

    monkeypatch.setattr(ledgers, "height", silent)
    assert "Only the file was looked at" in show(holds)


@pytest.mark.parametrize("verdict", [report.HOLDS, report.CANNOT_TELL, "wonderful", ""])
def test_a_verdict_that_does_not_follow_is_refused(show, broken, verdict):
    """Who takes the verdict of a broken chain for another has no page that says it."""
    page = show({**broken, "verdict": verdict})
    assert "This file cannot be used" in page
    assert "Everything holds" not in page


def test_no_finding_is_left_out_unnoticed(show, broken):
    """Of a thousand some are shown, and the page says how many more there are."""
    many = {**broken, "findings": broken["findings"][:1] * 1000, "more_findings": 7}
    assert "957 more stand in the file." in show(many)


def test_what_a_report_says_cannot_run(show, broken):
    """Whoever made it may have written anything."""
    evil = copy.deepcopy(broken)
    evil["findings"][0] |= {"words": "<script>alert(1)</script>", "rule": "<img src=x>"}
    evil["codes"] = {"<b>VALID</b>": 1}
    page = show(evil)
    for each in ("<script>alert", "<img src=x", "<b>VALID"):
        assert each not in page


def test_a_hostile_report_is_refused_or_shown(app, broken, holds):
    """Whatever a value is, it is shown as text or refused by its name; nothing fails."""
    cures = set()
    with app.test_request_context():
        g.companies = {}
        for values in (broken, holds):
            for each in _bent(values):
                try:
                    repr(reportwords.read(SentDocument(json.dumps(each).encode(), reportwords.KIND)))
                except errors.DocumentError as error:
                    cures.add(error.cure)
    assert cures == {"Ask the organisation that made the report for it again."}


@pytest.mark.parametrize("content", [b"\xff\x00", b"{}", b"[]", b'{"kind": "plan", "format": 1}', b"[" * 5000, b"-1"])
def test_another_file_is_refused_with_the_cure(show, content):
    page = show(content)
    assert "This file cannot be used" in page
    assert "Ask the organisation that made" in page


def test_a_file_that_is_too_large_is_not_read(show):
    show(b" " * uploads.MOST_SENT, status=413)


def test_only_who_audits_reads_one_back(auditor, client, log_in, bearer):
    """And no form of another site shows anything."""
    data = {"file": (io.BytesIO(b"{}"), "report.json")}
    assert auditor.post(PAGE, data=data, content_type="multipart/form-data").status_code == 400
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    assert client.get(PAGE).status_code == 403


def test_every_rule_and_part_has_words():
    """One that a later release of the library adds is told by its own name until then."""
    rules = {name: value for name, value in vars(report).items() if name.isupper() and name == value}
    assert set(rules.values()) == checkwords.RULES.keys()
    assert {unsigned.CODES, unsigned.COMMIT_HASHES, unsigned.LAST_CONFIGS} == checkwords.PARTS.keys()
