"""``selat audit search`` and ``report``."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from selat.audit import audit
from tests.support.members import private_put, put
from tests.support.runningchannel import consortium
from tests.unit.hlf.audit.test_receipts import Story
from tests.unit.hlf.chain import Chain

ATTACK = '</td><script>alert(1)</script><img src=x onerror="alert(1)">\u202e{{ 7*7 }}'


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an export in which somebody has written markup, and somebody something private."""
    story = Story(consortium())
    story.chain.add(story.who.transaction(put(**{ATTACK: ATTACK.encode()}), ["AMSP", "BMSP"], event=ATTACK.encode()))
    story.chain.add(story.who.transaction(put(x=b"y"), ["AMSP"]), codes=[10])
    private, _ = private_put("kept", {"secret-key": b"secret-value"})
    story.chain.add(story.who.transaction(private, ["AMSP", "BMSP"]))
    folder = tmp_path_factory.mktemp("blocks")
    for number, serialized in enumerate(story.chain.serialized):
        (folder / f"{number}.block").write_bytes(serialized)
    return folder


def run(*words: object) -> Result:
    result = CliRunner().invoke(audit, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_pages_lead_to_the_end(blocks):
    """Each page ends with the cursor of the next; the last one with none."""
    seen, after = [], ()
    for _ in range(20):
        page = run("search", blocks, "--limit", 2, "--format", "jsonl", *after)
        seen += [json.loads(line)["transaction_id"] for line in page.stdout.splitlines()]
        if not page.stderr:
            break
        after = ("--after", page.stderr.split("--after ")[1].strip())
    everything = run("search", blocks, "--format", "jsonl").stdout.splitlines()
    assert seen == [json.loads(line)["transaction_id"] for line in everything]
    assert len(seen) == 11


@pytest.mark.parametrize(("kind", "begins"), [("jsonl", b"{"), ("csv", b"block,"), ("parquet", b"PAR1")])
def test_files_of_each_kind(blocks, tmp_path: Path, kind, begins):
    """All that is found, without pages."""
    place = tmp_path / "table"
    made = run("search", blocks, "--rows", "writes", "--format", kind, "--output", place, "--key", "k")
    assert made.exit_code == 0, made.output
    assert made.output == f"1 writes in {place}\n"
    assert place.read_bytes().startswith(begins)


def test_lines_for_people(blocks):
    """One transaction a line, nothing unprintable."""
    said = run("search", blocks, "--organisation", "AMSP", "--chaincode", "cc", "--since", "2020-01-01").output
    assert said.splitlines()[0].startswith("3:0  ")
    assert run("search", blocks, "--until", "2020-01-01").output == ""
    assert "\u202e" not in run("search", blocks, "--rows", "writes").output


def test_what_cannot_be_asked(blocks):
    """A wrong cursor, a wrong date, and Parquet on a screen."""
    assert "is no cursor" in run("search", blocks, "--after", "yesterday").output
    assert run("search", blocks, "--since", "yesterday").exit_code == 2
    assert "give --output" in run("search", blocks, "--format", "parquet").output


class _Page(HTMLParser):
    """Collects tags, what they refer to, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.references: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.references += [value or "" for name, value in attributes if name in ("src", "href", "srcset", "action")]
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _page(place: Path) -> tuple[_Page, str]:
    page, text = _Page(), place.read_text(encoding="utf-8")
    page.feed(text)
    return page, text


def test_a_report_needs_nothing_and_runs_nothing(blocks, tmp_path: Path):
    """No script, nothing from elsewhere, and whatever members have written is text on it."""
    place = tmp_path / "report.html"
    made = run("report", blocks, "--trusted", blocks / "0.block", "--output", place)
    assert made.exit_code == 0, made.output
    page, text = _page(place)
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3"),
        *("p", "table", "tr", "th", "td", "ul", "li", "section"),
    }
    assert page.references == []
    assert "@import" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text
    shown = " ".join(page.words)
    assert "</td><script>alert(1)</script>" in shown
    assert "{{ 7*7 }}" in shown
    assert r"\u202e" in shown
    assert "\u202e" not in text


def test_a_report_says_what_holds_and_what_nobody_signs(blocks, tmp_path: Path):
    """The verdict, the hashes, the findings, and how much of it is whose word."""
    place = tmp_path / "report.html"
    run("report", blocks, "--trusted", blocks / "0.block", "--output", place, "--key", "k")
    _, text = _page(place)
    assert "The blocks hold" in text
    assert "Transactions that changed nothing" in text
    assert "ENDORSEMENT_POLICY_FAILURE" in text
    assert "10 of 10 blocks have them" in text
    assert "Validation codes and state hashes are signed by nobody" in text
    assert "Looked for: key k" in text
    assert "1 are listed." in text
    run("report", blocks, "--output", place, "--limit", 1)
    _, text = _page(place)
    assert "no genesis block from somebody trusted was given" in text
    assert "and there are more" in text
    other = tmp_path / "other.block"
    other.write_bytes(Chain(consortium("XMSP", "YMSP")).serialized[0])
    run("report", blocks, "--trusted", other, "--output", place)
    _, text = _page(place)
    assert "The blocks do not hold" in text
    assert "What does not hold" in text


def test_private_values_appear_nowhere(blocks, tmp_path: Path):
    """Of private data there are hashes, in every table and on the page."""
    place = tmp_path / "report.html"
    run("report", blocks, "--output", place)
    said = place.read_text(encoding="utf-8")
    for rows in ("transactions", "writes", "events"):
        for kind in ("lines", "jsonl", "csv"):
            said += run("search", blocks, "--rows", rows, "--format", kind).output
    assert "secret-value" not in said
    assert "secret-key" not in said
