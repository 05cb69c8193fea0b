"""Taking blocks home: holes are filled, one ledger keeps a folder, and a peer is not believed about numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlf import audit as library
from hlf.errors import WireError
from selat import exporting
from tests.support.members import Consortium, put
from tests.unit.hlf.chain import Chain


class CountingLedger:
    """A peer's ledger, as far as an export asks for it."""

    def __init__(self, name: str = "trade", length: int = 5) -> None:
        self.name = name
        made = Chain(Consortium(("AMSP",), channel_id=name))
        for number in range(length - 1):
            made.add(made.consortium.transaction(put(k=b"%d" % number), ["AMSP"]))
        self.blocks = made.serialized
        self.asked: list[int] = []

    def height(self) -> int:
        return len(self.blocks)

    def block(self, number: int) -> bytes:
        self.asked.append(number)
        return self.blocks[number]


def _export(network: CountingLedger, folder: Path) -> list[int]:
    found = exporting.missing(network, folder)
    exporting.fetch(network, folder, found, lambda number: None)
    return found


def test_only_what_is_missing_is_fetched(tmp_path: Path):
    """The first time all, then nothing, then holes in the middle and what is new at the end."""
    network = CountingLedger()
    folder = tmp_path / "deep" / "folder"
    assert _export(network, folder) == [0, 1, 2, 3, 4]
    assert _export(network, folder) == []
    (folder / "0000000002.block").unlink()
    (folder / "0000000004.block").unlink()
    (folder / "notes.txt").write_text("not a block")
    assert _export(network, folder) == [2, 4]
    assert list(library.read_blocks(folder)) == network.blocks


def test_one_ledger_keeps_a_folder(tmp_path: Path):
    """Neither another channel's blocks, nor those of a network that was set up anew under the same names."""
    _export(CountingLedger("trade"), tmp_path)
    with pytest.raises(WireError, match="holds block 0 of channel trade: remove it, or export logistics to a folder"):
        exporting.missing(CountingLedger("logistics"), tmp_path)
    with pytest.raises(WireError, match="holds another ledger called trade"):
        exporting.missing(CountingLedger("trade"), tmp_path)


def test_what_is_damaged_is_named(tmp_path: Path):
    """A file that was cut off is no hole that can be filled in silence."""
    network = CountingLedger()
    _export(network, tmp_path)
    damaged = tmp_path / "0000000003.block"
    damaged.write_bytes(damaged.read_bytes()[:200])
    with pytest.raises(WireError, match=r"0000000003\.block holds block 3 of no channel: remove it"):
        exporting.missing(network, tmp_path)


@pytest.mark.parametrize("other", ["another number", "another channel"])
def test_a_peer_that_gives_another_block(tmp_path: Path, other: str):
    """Nothing is written under a number that it does not have."""
    network = CountingLedger()
    network.blocks[2] = network.blocks[3] if other == "another number" else CountingLedger("elsewhere").blocks[2]
    with pytest.raises(WireError, match="asked for block 2 of trade, the peer gave block [23] of another place"):
        _export(network, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
