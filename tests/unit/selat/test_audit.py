"""``selat audit`` on blocks that real Fabric made, and on files that nobody should be given."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from fabric_protos.common import common_pb2

from hlf import audit as library
from hlf.audit.records import files
from hlf.errors import WireError
from selat.audit import audit
from tests.support.members import Consortium, Definition, collection, private_put, put
from tests.unit.hlf.chain import Chain

GOLDEN = Path(__file__).parents[2] / "golden"
CHAIN = [
    GOLDEN / "block-00000-genesis.peer.pb",
    *(GOLDEN / f"block-0000{number}-lifecycle-approve-org{number}.peer.pb" for number in (1, 2, 3)),
    GOLDEN / "block-00004-lifecycle-commit.peer.pb",
]
PRIVATE_WRITE = GOLDEN / "block-00044-pvt-put-org1-via-transient.peer.pb"


def _run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(audit, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def _json(*words: object) -> dict:
    result = CliRunner().invoke(audit, [*map(str, words), "--json"])
    document = json.loads(result.stdout)
    assert document["exit"] == result.exit_code
    return document


# verify


def test_a_good_chain_is_verified():
    """Five blocks from genesis on, replayed and compared with the peer's own state hashes."""
    code, said = _run("verify", *CHAIN, "--trusted", CHAIN[0])
    assert code == 0
    assert "blocks 0 to 4" in said
    assert "everything holds; 4 of the peer's state hashes" in said
    assert "signed by nobody: commit hashes in 4 of 4 blocks, validation codes in 5 of 5 blocks" in said


def test_a_changed_byte_is_found(tmp_path: Path):
    """One byte of a transaction, changed after the fact, fails the data hash of its block."""
    forged = bytearray(CHAIN[2].read_bytes())
    position = forged.index(b"lab", 200)
    forged[position] ^= 1
    target = tmp_path / "forged.block"
    target.write_bytes(forged)
    code, said = _run("verify", *CHAIN[:2], target, *CHAIN[3:])
    assert code == 1
    assert "block 2: DATA_HASH" in said
    assert said.endswith("it does not hold: 1 findings\n")


def test_another_channels_genesis_is_not_trusted():
    """A chain that agrees with itself is still not the one that was meant."""
    code, said = _run("verify", *CHAIN, "--trusted", GOLDEN / "bft4-block-00000.orderer.pb")
    assert code == 1
    assert "TRUST" in said


def test_a_stripped_chain_is_told_from_a_whole_one():
    """An orderer's copy of one block has no codes; the last line says so, and nothing that is signed is wrong."""
    code, said = _run("verify", CHAIN[0], GOLDEN / "block-00001-lifecycle-approve-org1.orderer.pb", *CHAIN[2:])
    assert code == 0
    assert "of the blocks, 1 lack commit hashes, 1 lack validation codes: an orderer's copies, or somebody" in said
    assert "everything holds" not in said


def test_nothing_to_judge_by_is_no_verdict(tmp_path: Path):
    """Neither yes nor no: no beginning, a trusted block that is not reached, an empty folder, a mistake."""
    late = GOLDEN / "block-00139-config-update-batchtimeout-200ms.peer.pb"
    for words in (CHAIN[1:], [*CHAIN, "--trusted", late], [tmp_path], [tmp_path / "nowhere"], [*CHAIN, "--nonsense"]):
        code, _ = _run("verify", *words)
        assert code == 2, words
    assert "no blocks in" in _run("verify", tmp_path)[1]
    assert _json("verify", tmp_path)["verdict"] == "cannot tell"
    assert "no blocks in" in _json("verify", tmp_path)["error"]


def test_the_verdict_for_machines():
    """The same as in words, with the exit code; three verdicts."""
    good = _json("verify", *CHAIN, "--trusted", CHAIN[0])
    assert (good["verdict"], good["anchored"], good["complete"], good["exit"]) == ("holds", True, True, 0)
    assert good["unsigned"]["commit_hashes"] == {"have": 4, "of": 4}
    bad = _json("verify", CHAIN[0], *CHAIN[2:])
    assert (bad["verdict"], bad["exit"], bad["findings"][0]["rule"]) == ("does not hold", 1, "CHAIN")
    none = _json("verify", *CHAIN[1:])
    assert (none["verdict"], none["exit"], none["findings"][0]["rule"]) == ("cannot tell", 2, "UNANCHORED")


# What a folder may hold.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "blocks"
    made.mkdir()
    for path in CHAIN:
        library.write_block(made, path.read_bytes())
    return made


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_pipe, "is no regular file"),
        (_huge, "is longer than 128 MiB"),
        (Path.mkdir, "is no regular file"),
        (_device, "is no regular file"),
        (Path.touch, "holds no block"),
        (lambda path: path.write_bytes(b"\xff" * 100), "holds no block"),
        (lambda path: path.write_bytes(b"\x0a\x04\x08\xff\xff\xff"), "holds no block"),
        (lambda path: path.write_bytes(CHAIN[1].read_bytes()), "block 1 stands twice"),
        (
            lambda path: path.write_bytes((GOLDEN / "python-made-genesis.pychan.block").read_bytes()),
            "blocks of two channels: there is a block 0 of",
        ),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
    ],
)
def test_what_is_no_block_of_the_channel_is_named(folder: Path, make, words: str):
    """A pipe, a device, three gigabytes, a folder called like a block: none is waited for, or read."""
    make(folder / "x.block")
    code, said = _run("verify", folder)
    assert code == 2
    assert words in said
    assert "x.block" in said


def test_a_block_of_another_channel_and_a_missing_one_are_findings(folder: Path):
    """Numbers that do not stand twice: the verification itself says whose they are, and what is missing."""
    other = Chain(Consortium(("AMSP",), channel_id="elsewhere"))
    for number in range(5):
        other.add(other.consortium.transaction(put(k=b"%d" % number), ["AMSP"]))
    library.write_block(folder, other.serialized[5])
    code, said = _run("verify", folder)
    assert code == 1
    assert "block 5: CHANNEL: it is a block of channel elsewhere, not of mychannel" in said
    (folder / "0000000002.block").unlink()
    (folder / "0000000005.block").unlink()
    code, said = _run("verify", folder)
    assert code == 1
    assert "block 3: CHAIN: block 2 is missing before it" in said


def test_blocks_in_other_forms_are_found_by_their_numbers(tmp_path: Path):
    """The number is read from the beginning of a file, and where that is not in Fabric's form from all of it."""
    block = common_pb2.Block.FromString(CHAIN[3].read_bytes())
    header = block.header.SerializeToString()
    rest = common_pb2.Block(data=block.data, metadata=block.metadata).SerializeToString()
    odd = tmp_path / "odd.block"
    odd.write_bytes(rest + b"\x0a" + bytes((len(header),)) + header)
    assert [number for number, _ in files.find(odd, *CHAIN[:3], CHAIN[4])] == [0, 1, 2, 3, 4]
    with pytest.raises(WireError):
        library.write_block(tmp_path, b"\xff")


# value


@pytest.fixture(scope="module")
def consortium() -> Consortium:
    return Consortium(("AMSP", "BMSP"))


@pytest.fixture
def chain(consortium: Consortium) -> Chain:
    made = Chain(consortium)
    members = "OR('AMSP.member','BMSP.member')"
    kept = (collection("kept", members), collection("short", members, block_to_live=1))
    made.add(consortium.define(Definition("cc", collections=kept)))
    return made


class PriceChain:
    """A chain in a folder, and what ``value`` says about a price in it."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self._chain = chain
        self._folder = folder
        (folder / "told").write_bytes(b"4711")

    def write(self, value: bytes | None, name: str = "kept", *, purge: bool = False, **more) -> None:
        rwset, _ = private_put(name, {"price": value}, purge=purge)
        self._chain.add(self._chain.consortium.transaction(rwset, ["AMSP", "BMSP"]), **more)

    def value(self, *words: object, name: str = "kept") -> tuple[int, str]:
        for block in self._chain.serialized:
            library.write_block(self._folder, block)
        genesis = ("--trusted", self._folder / "0000000000.block")
        given = ("--chaincode", "cc", "--collection", name, "--key", "price", "--value", self._folder / "told")
        return _run("value", self._folder, *given, *genesis, *words)


@pytest.fixture
def asked(chain: Chain, tmp_path: Path) -> PriceChain:
    return PriceChain(chain, tmp_path)


def test_a_value_is_proved(asked: PriceChain):
    """By a verified chain: where it was committed, by whom, and that it stands; and which receipt proves it alone."""
    asked.write(b"1")
    asked.write(b"4711")
    code, said = asked.value()
    assert code == 0, said
    assert "block 3 (" in said
    assert "endorsed by AMSP, BMSP, valid" in said
    assert "it stands: nothing has changed it since" in said
    assert "proved. For one file that proves it: selat audit receipt" in said
    document = json.loads(asked.value("--json")[1])
    assert (document["verdict"], document["since"], document["exit"]) == ("holds", [], 0)
    assert document["chain"]["anchored"]
    assert document["writes"][0]["block"] == 3


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"value": b"1"}, "since then overwritten in block 3"),
        ({"value": None}, "since then deleted in block 3"),
        ({"value": None, "purge": True}, "since then purged in block 3"),
    ],
)
def test_what_became_of_a_value_is_said(asked: PriceChain, after: dict, words: str):
    """It was committed to; that it no longer stands is another matter, and told."""
    asked.write(b"4711")
    asked.write(**after)
    code, said = asked.value()
    assert code == 0, said
    assert words in said
    assert "it stands" not in said
    asked.write(b"4711")
    assert "it stands" in asked.value()[1]


def test_a_value_that_its_collection_let_go_of(asked: PriceChain):
    """After its number of blocks nothing stands under the key any more."""
    asked.write(b"4711", "short")
    assert "it stands" in asked.value(name="short")[1]
    for _ in range(2):
        asked.write(b"other")
    assert "since then expired" in asked.value(name="short")[1]


def test_a_value_that_nobody_committed_to_is_refused(asked: PriceChain):
    """Another value, an invalid transaction that peers marked so, or one that a forger marks valid."""
    asked.write(b"4712")
    code, said = asked.value()
    assert code == 1
    assert "refused: no valid transaction of these blocks wrote that value" in said
    rwset, _ = private_put("kept", {"price": b"4711"})
    alone = asked._chain.consortium.transaction(rwset, ["AMSP"])
    asked._chain.add(alone, codes=[10])
    code, said = asked.value()
    assert code == 1
    assert "INVALID: it wrote nothing" in said
    asked._chain.mark(3, 0)
    code, said = asked.value()
    assert code == 1
    assert "it proves nothing: the blocks do not hold" in said


def test_blocks_from_the_middle_prove_no_value(tmp_path: Path):
    """Whether a transaction was valid only the whole chain tells; what was ordered can be seen."""
    told = tmp_path / "value"
    for value, words in ((b"secret1", "whether it was valid is not known"), (b"secret2", "do not have it")):
        told.write_bytes(value)
        given = ("--chaincode", "lab", "--collection", "org12", "--key", "p1", "--value", told, "--trusted", CHAIN[0])
        code, said = _run("value", PRIVATE_WRITE, *given)
        assert code == 2
        assert words in said
    assert _run("value", PRIVATE_WRITE, *given[:-2])[0] == 2


def test_a_composite_key_is_asked_for_by_its_parts(chain: Chain, tmp_path: Path):
    """Nobody can type the character between them."""
    rwset, _ = private_put("kept", {"\x00offer\x00A1\x00": b"x"})
    chain.add(chain.consortium.transaction(rwset, ["AMSP", "BMSP"]))
    for block in chain.serialized:
        library.write_block(tmp_path, block)
    (tmp_path / "told").write_bytes(b"x")
    given = ("--chaincode", "cc", "--collection", "kept", "--value", tmp_path / "told", "--key", "offer/A1")
    assert _run("value", tmp_path, *given)[0] == 1
    assert _run("value", tmp_path, *given, "--composite")[0] == 0
