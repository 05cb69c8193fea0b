"""``selat audit receipt`` and ``check``, as an auditor and a court use them."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chaincode.domain.disclosure import claims, disclosures
from hlf.audit.evidence.receipts import Receipt
from hlf.wire import keys
from selat.audit import audit
from tests.support.members import private_put, put
from tests.support.runningchannel import consortium
from tests.unit.hlf import golden
from tests.unit.hlf.audit.test_receipts import Story

REVERSED = "\u202egnihton\u202c\x1b[2J"


class Desk:
    """What lies before an auditor: an export, its genesis block, and a claim with its disclosures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.story = Story(consortium())
        self.document, self.disclosed = _claim("AMSP", {"demand.units_p50_h87": 350, "product.hs6": "851830"})
        key = keys.composite_key("claim.document", ["c1", "000001"])
        private, _ = private_put(keys.implicit_collection("AMSP"), {key: self.document}, namespace="trade")
        self.committed = self.story.who.transaction(private, ["AMSP"], chaincode="trade")
        self.odd = self.story.who.transaction(_odd(), ["AMSP", "BMSP"])
        self.story.chain.add(self.committed, self.odd)
        self.blocks = folder / "blocks"
        self.blocks.mkdir()
        for number, serialized in enumerate(self.story.chain.serialized):
            (self.blocks / f"{number}.block").write_bytes(serialized)
        self.genesis = self.blocks / "0.block"
        self.checkpoint = folder / "checkpoint.json"
        self.checkpoint.write_bytes(self.story.checkpoint(6).to_bytes())

    def run(self, *words: object) -> Result:
        result = CliRunner().invoke(audit, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def receipt(self, transaction: str, *words: object) -> Path:
        place = self.folder / "receipt.json"
        made = self.run("receipt", transaction, self.blocks, "--output", place, *words)
        assert made.exit_code == 0, made.output
        return place

    def disclosure(self, **more: object) -> Path:
        place = self.folder / "disclosure.json"
        told = {"document": self.document.decode(), "disclosures": self.disclosed, "claim_id": "c1", **more}
        place.write_text(json.dumps(told))
        return place


def _claim(issuer: str, values: dict[str, object]) -> tuple[bytes, list[str]]:
    slots = claims.FORECAST.slots
    document, opened = disclosures.commit(
        "forecast", issuer, "c1", 1, int(time.time()), values, slots, secrets.token_bytes
    )
    return document.to_bytes(), [each.encoded for each in opened]


def _odd():
    """Keys and values that would deceive whoever reads them on a terminal."""
    return put(**{REVERSED: f"ok {REVERSED}".encode()})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def test_a_receipt_is_made_and_checked(desk):
    """From an export to a verdict, with what is signed and what is somebody's word."""
    place = desk.receipt(desk.story.first.id)
    checked = desk.run("check", place, "--trusted", desk.genesis)
    assert checked.exit_code == 0, checked.output
    for words in (
        "stands in     block 5 of channel trade, at place 0",
        "submitted by  AMSP  ",
        "endorsed by   AMSP  ",
        "endorsed by   BMSP  ",
        "writes        cc k = v",
        "VALID, by the word of whoever gave the block: peers do not sign it",
        "everything holds",
    ):
        assert words in checked.output


def test_the_maker_says_what_else_the_file_shows(desk):
    """A block's other transactions cannot be left out, so it is said that they are in it."""
    made = desk.run("receipt", desk.story.first.id, desk.blocks, "--output", desk.folder / "r.json")
    assert "1 other transaction(s) with it" in made.output


def test_a_checkpoint_proves_that_it_was_valid(desk):
    """With one right behind the block, nobody's word is needed but its signer's."""
    place = desk.receipt(desk.story.first.id)
    checked = desk.run("check", place, "--trusted", desk.checkpoint, "--trusted", desk.genesis)
    assert checked.exit_code == 0, checked.output
    assert "VALID, as the trusted checkpoint's state hash proves" in checked.output


def test_a_later_checkpoint_is_reached_by_headers(desk):
    """Made with --checkpoint, a receipt leads there."""
    later = desk.folder / "later.json"
    later.write_bytes(desk.story.checkpoint(7).to_bytes())
    place = desk.receipt(desk.story.first.id, "--checkpoint", later)
    checked = json.loads(desk.run("check", place, "--trusted", later, "--json").output)
    (trust,) = [each for each in checked["checks"] if each["name"].startswith("trust")]
    assert trust["passed"]
    assert trust["detail"] == "block 6 is the same; its signer is a member"


def test_nothing_trusted_is_no_proof(desk):
    """It exits with 2: it cannot tell."""
    checked = desk.run("check", desk.receipt(desk.story.first.id))
    assert checked.exit_code == 2
    assert "give --trusted" in checked.output


def test_another_channel_is_no_proof(desk):
    """It exits with 1: it does not hold."""
    other = golden.FOLDER / golden.PEER_BLOCKS[0]
    checked = desk.run("check", desk.receipt(desk.story.first.id), "--trusted", other)
    assert checked.exit_code == 1
    assert "DOES NOT HOLD trust: " in checked.output


def test_an_invalid_transaction_is_no_success(desk):
    """Proved to have been ordered, and to have written nothing."""
    place = desk.folder / "invalid.json"
    name = "block-00030-submit-too-few-orgs-explicit.peer.pb"
    found = golden.block(name).transactions[0]
    genesis = golden.FOLDER / golden.PEER_BLOCKS[0]
    invalid = Receipt(found.channel_id, found.transaction_id, 0, golden.read(name), (genesis.read_bytes(),))
    place.write_bytes(invalid.to_bytes())
    checked = desk.run("check", place, "--trusted", genesis)
    assert checked.exit_code == 1
    assert "found INVALID: it wrote nothing" in checked.output


def test_disclosed_attributes_bind_their_owner(desk):
    """What the gateway tells a recipient is all that is needed beside the blocks."""
    place = desk.receipt(desk.committed.id, "--disclosure", desk.disclosure())
    checked = desk.run("check", place, "--trusted", desk.genesis)
    assert checked.exit_code == 0, checked.output
    assert 'AMSP committed to "demand.units_p50_h87" = 350' in checked.output
    assert json.loads(desk.run("check", place, "--trusted", desk.genesis, "--json").output)["disclosed"] == {
        "demand.units_p50_h87": 350,
        "product.hs6": "851830",
    }


def test_an_attribute_in_another_slot_binds_nobody(desk):
    """A second value of one name may hide among the decoys; each name has one slot, and only that counts."""
    values = {"demand.units_p50_h87": 350}
    slots = claims.FORECAST.slots
    document, opened = disclosures.commit("forecast", "AMSP", "c1", 1, 0, values, slots, secrets.token_bytes)
    hidden = disclosures.disclose(secrets.token_bytes(16), "demand.units_p50_h87", 999)
    digests = list(document.digests)
    digests[-1] = hidden.digest
    two = disclosures.Document("forecast", "AMSP", "c1", 1, 0, tuple(digests)).to_bytes()
    chain = Story(consortium())
    key = keys.composite_key("claim.document", ["c1", "000001"])
    private, _ = private_put(keys.implicit_collection("AMSP"), {key: two}, namespace="trade")
    sent = chain.who.transaction(private, ["AMSP"], chaincode="trade")
    chain.chain.add(sent)
    blocks = desk.folder / "two"
    blocks.mkdir()
    for number, serialized in enumerate(chain.chain.serialized):
        (blocks / f"{number}.block").write_bytes(serialized)
    for encoded, code in ((opened[0].encoded, 0), (hidden.encoded, 1)):
        told = desk.folder / "told.json"
        told.write_text(json.dumps({"document": two.decode(), "disclosures": [encoded]}))
        place = desk.folder / "two.json"
        desk.run("receipt", sent.id, blocks, "--disclosure", told, "--output", place)
        checked = desk.run("check", place, "--trusted", blocks / "0.block")
        assert checked.exit_code == code, checked.output
        assert ("NOT_IN_CLAIM" in checked.output) == (code == 1)
        assert "= 999" not in checked.output  # Hashes may hold the digits.


def test_a_disclosure_of_something_else_is_not_put_in(desk):
    """The maker looks first: another claim, another transaction, or no disclosure at all."""
    told = {"document": _claim("AMSP", {"product.hs6": "851830"})[0].decode()}
    refused = desk.run("receipt", desk.committed.id, desk.blocks, "--disclosure", desk.disclosure(**told))
    assert refused.exit_code == 1
    assert "does not write the hash of this value" in refused.output
    for changes, words in {
        (("document", 7),): "is no text",
        (("disclosures", "x"),): "no array of disclosures",
        (("document", "{}"),): "no claim, so say where it stands",
        (("namespace", "cc"),): "the disclosure's collection is no text",
    }.items():
        refused = desk.run("receipt", desk.committed.id, desk.blocks, "--disclosure", desk.disclosure(**dict(changes)))
        assert refused.exit_code == 1
        assert words in refused.output


def test_what_members_write_cannot_deceive_a_terminal(desk):
    """Escape sequences and characters that turn the writing round are shown as what they are."""
    checked = desk.run("check", desk.receipt(desk.odd.id), "--trusted", desk.genesis)
    assert checked.exit_code == 0
    assert r"\u202egnihton\u202c\x1b[2J" in checked.output
    assert "\x1b" not in checked.output
    assert "\u202e" not in checked.output


@pytest.mark.parametrize("name", ["garbage", "empty", "folder", "pipe", "missing", "block", "checkpoint", "large"])
def test_any_file_gives_a_clear_error(desk, name):
    """One line, exit 1, no traceback, no waiting for a pipe that nobody writes to."""
    place = desk.folder / f"any-{name}"
    if name == "folder":
        place.mkdir()
    elif name == "pipe":
        os.mkfifo(place)
    elif name == "large":
        with place.open("wb") as file:
            file.truncate(3 << 30)
    elif name != "missing":
        contents = {"garbage": os.urandom(99), "empty": b"", "block": desk.genesis.read_bytes()}
        place.write_bytes(contents.get(name, desk.checkpoint.read_bytes()))
    for words in (("check", place), ("check", desk.receipt(desk.story.first.id), "--trusted", place)):
        if name in ("block", "checkpoint") and "--trusted" in words:
            continue
        refused = desk.run(*words)
        assert refused.exit_code == 1
        assert refused.output.startswith("Error: ")
        assert refused.output.count("\n") == 1
    place.rmdir() if name == "folder" else place.unlink(missing_ok=True)


def test_a_transaction_that_is_not_there(desk):
    """Neither an id that is none, nor one of no block, nor no blocks at all."""
    assert "64 hexadecimal digits" in desk.run("receipt", "abc", desk.blocks).output
    assert "no block holds transaction" in desk.run("receipt", "0" * 64, desk.blocks).output
    assert "give exported BLOCKS, or --channel" in desk.run("receipt", "0" * 64).output
