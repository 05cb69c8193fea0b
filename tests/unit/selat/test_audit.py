"""``selat audit`` on blocks that real Fabric made."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from selat.audit import audit

GOLDEN = Path(__file__).parents[2] / "golden"
CHAIN = [
    GOLDEN / "block-00000-genesis.peer.pb",
    *(GOLDEN / f"block-0000{number}-lifecycle-approve-org{number}.peer.pb" for number in (1, 2, 3)),
    GOLDEN / "block-00004-lifecycle-commit.peer.pb",
]
PRIVATE_WRITE = GOLDEN / "block-00044-pvt-put-org1-via-transient.peer.pb"


def _run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(audit, [str(word) for word in words])
    return result.exit_code, result.output


def test_a_good_chain_is_verified():
    """Five blocks from genesis on, replayed and compared with the peer's own state hashes."""
    code, said = _run("verify", *CHAIN, "--trusted", CHAIN[0])
    assert code == 0
    assert "blocks 0 to 4" in said
    assert "everything holds; 4 of the peer's state hashes" in said


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


def test_another_channels_genesis_is_not_trusted():
    """A chain that agrees with itself is still not the one that was meant."""
    code, said = _run("verify", *CHAIN, "--trusted", GOLDEN / "bft4-block-00000.orderer.pb")
    assert code == 1
    assert "TRUST" in said


@pytest.mark.parametrize(("value", "code"), [(b"secret1", 0), (b"secret2", 1)])
def test_a_disclosed_value_is_found_where_it_was_committed(tmp_path: Path, value: bytes, code: int):
    """The channel has a hash; whoever was told the value can show when it was committed, and nobody else's value."""
    told = tmp_path / "value"
    told.write_bytes(value)
    ended, said = _run(
        "value", PRIVATE_WRITE, "--chaincode", "lab", "--collection", "org12", "--key", "p1", "--value", told
    )
    assert ended == code
    assert ("block 44" in said) == (code == 0)


def test_no_blocks_is_said_plainly(tmp_path: Path):
    """An empty folder is a mistake, not a good chain."""
    code, said = _run("verify", tmp_path)
    assert code == 1
    assert "no blocks in" in said
