"""What the embedded engine makes of files that were cut off, overwritten or cannot be written: cause and cure."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import sqlite3
from pathlib import Path

import pytest

from hlf.network import errors
from hlf.network.engines.embedded.state.ledger import ChannelLedger
from tests.support.members import put
from tests.support.runningchannel import RunningChannel, consortium, run

BOTH = ("AMSP", "BMSP")


def sql(*statements: str):
    """Return what changes the rows of a ledger that nobody has open."""

    def change(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return change


def cut(share: float):
    """Return what leaves a share of a file, as a disk that was full or a copy that was broken off does."""
    return lambda file: file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])


def directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGE = {
    "no database": (lambda file: file.write_bytes(b"this is no database" * 100), "file is not a database"),
    "cut off": (cut(0.6), "malformed"),
    "a directory": (directory, "unable to open database file. Make room"),
    "half a block": (sql("UPDATE blocks SET content = substr(content, 1, 500) WHERE number = 2"), "cannot be opened"),
    "no block": (sql("UPDATE blocks SET content = x'' WHERE number = 2"), "what stands for block 2 is not that block"),
    "another number": (sql("UPDATE blocks SET number = 7 WHERE number = 2"), "what stands for block 7 is not that"),
    "no configuration": (sql("UPDATE blocks SET content = x'' WHERE number = 0"), "block 0 holds no configuration"),
    "no table": (sql("DROP TABLE members"), "it has no table members"),
    "no fact": (sql("UPDATE facts SET value = 'x' WHERE name = 'config_block'"), "invalid literal"),
    "another channel": (sql("UPDATE facts SET value = 'other' WHERE name = 'channel'"), "not the ledger of channel"),
    "another layout": (sql("UPDATE facts SET value = '0' WHERE name = 'layout'"), "not the ledger of channel"),
}


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> Path:
    """Return the folder of a channel with three blocks, closed."""
    folder = tmp_path_factory.mktemp("intact")

    async def scenario(channel: RunningChannel):
        await channel.define()
        assert await channel.submit(channel.who.transaction(put(k=b"v" * 50_000), BOTH)) == "VALID"

    run(folder, scenario)
    return folder


def opened(folder: Path) -> None:
    async def play() -> None:
        await consortium().channels(folder).open()

    asyncio.run(play())


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_ledger_is_refused_with_cause_and_cure(tmp_path, intact, damage, words):
    """Whatever was left of it: the file is named, and nothing of it stays open."""
    shutil.copytree(intact, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "trade.ledger"
    damage(file)
    with pytest.raises(errors.StateError) as refused:
        opened(tmp_path)
    assert str(refused.value).startswith(f"{file}: ")
    assert words in str(refused.value)
    assert refused.value.cure


def garbage(file: Path) -> None:
    file.write_bytes(b"garbage" * 500)


@pytest.mark.parametrize("damage", [garbage, directory])
def test_private_data_on_their_way_that_cannot_be_read_are_named(tmp_path, intact, damage):
    """They can be given up, and the ledger with them need not."""
    shutil.copytree(intact, tmp_path, dirs_exist_ok=True)
    damage(tmp_path / "trade.transient")
    with pytest.raises(errors.StateError, match=r"trade\.transient: .* Remove it, and that data with it"):
        opened(tmp_path)


def test_no_room_at_the_start_is_told_as_that(tmp_path):
    """A disk that is full when a channel is opened is no damage."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(errors.StateError, match=r"trade\.ledger: the ledger cannot be opened: .* Make room for it"):
            ChannelLedger(tmp_path / "trade.ledger", "trade")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
