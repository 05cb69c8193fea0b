"""``selat audit checkpoint`` and ``compare`` on exports."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization

from selat.audit import audit
from tests.support.members import Person, put
from tests.support.runningchannel import consortium
from tests.unit.hlf.audit.test_receipts import Story
from tests.unit.hlf.chain import Chain


class Desk:
    """An auditor's folder: a wallet with its identity, an export, and a checkpoint of five blocks of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.story = Story(consortium())
        self.wallet = folder / "wallet"
        self._keep(self.story.who["BMSP"].client)
        self.blocks = self.write("blocks", self.story.chain.serialized)
        self.genesis = self.blocks / "0.block"
        self.checkpoint = folder / "checkpoint.json"
        made = self.make(self.blocks, "--height", 6, "--trusted", self.genesis, "--output", self.checkpoint)
        assert made.exit_code == 0, made.output
        self.said = made.output

    def write(self, name: str, serialized: list[bytes]) -> Path:
        folder = self.folder / name
        folder.mkdir()
        for number, block in enumerate(serialized):
            (folder / f"{number}.block").write_bytes(block)
        return folder

    def run(self, *words: object) -> Result:
        result = CliRunner().invoke(audit, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def make(self, *words: object) -> Result:
        return self.run("checkpoint", "make", *words, "--organisation", "BMSP", "--wallet", self.wallet)

    def check(self, *words: object) -> Result:
        return self.run("checkpoint", "check", self.checkpoint, *words)

    def _keep(self, person: Person) -> None:
        user = self.wallet / "organisations" / person.msp_id / "users" / "User1"
        user.mkdir(parents=True)
        (user / "cert.pem").write_bytes(person.issued.certificate_pem)
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (user / "key.pem").write_bytes(person.issued.key.private_bytes(*pem))
        (self.wallet / "profiles").mkdir()
        (self.wallet / "profiles" / f"{person.msp_id}.json").write_text("{}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def _forked(story: Story, number: int) -> list[bytes]:
    chain = copy.deepcopy(story.chain)
    chain.rebuild(number, [story.who.transaction(put(forged=b"1"), ["AMSP", "BMSP"]).raw])
    chain.mark(number, 0)
    return chain.serialized


def test_an_auditor_signs_what_it_has_verified(desk):
    """Height, last hash, state hash and genesis hash, with its own Fabric identity and without a peer."""
    assert "6 blocks of trade, signed by BMSP, " in desk.said
    checked = desk.check(desk.blocks, "--trusted", desk.genesis)
    assert checked.exit_code == 0, checked.output
    assert "its signer is a member of the channel by its genesis block" in checked.output
    assert "blocks: agrees" in checked.output
    assert desk.check().output.endswith("give BLOCKS or --peer to compare with it\n")


def test_nothing_is_signed_that_does_not_hold(desk):
    """A wrong code, a missing block, another genesis block than the trusted one, more blocks than there are."""
    chain = copy.deepcopy(desk.story.chain)
    chain.mark(5, 0, 11)
    wrong = desk.write("wrong", chain.serialized)
    holed = desk.write("holed", [*desk.story.chain.serialized[:3], *desk.story.chain.serialized[4:]])
    other = desk.write("other", Chain(consortium("XMSP", "YMSP")).serialized)
    for words, said in {
        (wrong,): "do not hold, so nothing is signed: block 5, transaction 1: VALIDATION_CODE",
        (holed,): "do not hold, so nothing is signed: ",
        (desk.blocks, "--trusted", other / "0.block"): "do not hold, so nothing is signed: ",
        (desk.blocks, "--height", 99): "there are 7 blocks, 99 were asked for",
    }.items():
        refused = desk.make(*words, "--output", desk.folder / "none.json")
        assert refused.exit_code == 1
        assert said in refused.output
    assert not (desk.folder / "none.json").exists()


def test_a_cut_off_tail_a_fork_and_a_rewritten_past_are_found(desk):
    """In later exports, by the checkpoint alone."""
    cut = desk.write("cut", desk.story.chain.serialized[:4])
    checked = desk.check(cut)
    assert checked.exit_code == 1
    assert "TAIL: they end with block 3, and the checkpoint has seen block 5" in checked.output
    for number in (2, 5):
        checked = desk.check(desk.write(f"fork{number}", _forked(desk.story, number)))
        assert checked.exit_code == 1
        assert "PAST: block 5 is another than the checkpoint has seen" in checked.output
    behind = desk.check(desk.write("behind", _forked(desk.story, 6)))
    assert behind.exit_code == 0, behind.output
    turned = copy.deepcopy(desk.story.chain)
    turned.mark(3, 11)
    checked = desk.check(desk.write("turned", turned.serialized))
    assert checked.exit_code == 1
    assert "VALIDATION_CODE" in checked.output
    assert desk.check(desk.write("elsewhere", Chain(consortium("XMSP", "YMSP")).serialized)).exit_code == 1


def test_what_comes_behind_a_checkpoint_is_linked(desk):
    """A block behind it that follows another is found, although the checkpoint has not seen it."""
    blocks = [*desk.story.chain.serialized[:6], _forked(desk.story, 4)[6]]
    checked = desk.check(desk.write("spliced", blocks))
    assert checked.exit_code == 1
    assert "block 6: PAST: it follows another block" in checked.output


def test_a_forged_checkpoint_is_none(desk):
    """Its own words changed, or another channel's genesis block trusted."""
    document = json.loads(desk.checkpoint.read_bytes())
    forged = desk.folder / "forged.json"
    forged.write_text(json.dumps({**document, "height": 7}))
    refused = desk.run("checkpoint", "check", forged)
    assert (refused.exit_code, "signature does not hold" in refused.output) == (1, True)
    other = desk.write("others", Chain(consortium("XMSP", "YMSP")).serialized)
    checked = desk.check("--trusted", other / "0.block", "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.output)["compared"]["genesis"][0].startswith("CHANNEL: ")


def test_exports_are_compared(desk):
    """Exit codes say whether they agree, contradict each other, or one only ends earlier."""
    same = desk.run("compare", desk.blocks, desk.blocks)
    assert (same.exit_code, "blocks 0 to 6 are the same" in same.output) == (0, True)
    shorter = desk.run("compare", desk.blocks, desk.write("shorter", desk.story.chain.serialized[:3]))
    assert (shorter.exit_code, "TAIL" in shorter.output) == (2, True)
    fork = desk.write("fork", _forked(desk.story, 3))
    found = desk.run("compare", desk.blocks, fork, "--json")
    assert found.exit_code == 1
    assert json.loads(found.output)["difference"]["number"] == 3


def test_a_peer_needs_a_channel(desk):
    """A name that is no path is an organisation's."""
    refused = desk.run("compare", desk.blocks, "PlatformMSP")
    assert refused.exit_code == 2
    assert "PlatformMSP is no export here; to ask that organisation's peer give --channel" in refused.output
