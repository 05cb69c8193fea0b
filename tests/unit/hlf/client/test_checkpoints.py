"""Checkpoints: where a consumer goes on."""

from __future__ import annotations

import os
import threading

import pytest

from hlf.steps import checkpoints
from hlf.steps.checkpoints import CheckpointError, Position


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_positions_are_recorded(tmp_path, kind):
    """An event leaves the rest of its block due, a block leaves the next one."""
    checkpoint = checkpoints.InMemory() if kind == "memory" else checkpoints.File(tmp_path / "here")
    assert checkpoint.position is None
    checkpoint.processed_event(7, "tx")
    assert checkpoint.position == Position(7, "tx")
    checkpoint.processed_block(7)
    assert checkpoint.position == Position(8, None)


def test_a_file_is_found_again(tmp_path):
    """By another process, after the first has ended."""
    path = tmp_path / "checkpoint"
    checkpoints.File(path).processed_event(7, "tx")
    assert checkpoints.File(path).position == Position(7, "tx")
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_a_crash_while_writing_leaves_the_former_position(tmp_path, monkeypatch):
    """At whatever point the power fails, one of the two positions is there, whole."""
    path = tmp_path / "checkpoint"
    checkpoint = checkpoints.File(path)
    checkpoint.processed_event(7, "tx")
    for call in ("fsync", "replace"):
        with monkeypatch.context() as broken:
            if call == "fsync":
                broken.setattr(checkpoints.os, "fsync", _power_fails)
            else:
                broken.setattr(checkpoints.Path, "replace", _power_fails)
            with pytest.raises(CheckpointError, match="cannot be written"):
                checkpoint.processed_event(8, "later")
        assert checkpoint.position == Position(7, "tx")
        assert checkpoints.File(path).position == Position(7, "tx")
    checkpoint.processed_event(8, "later")
    assert checkpoints.File(path).position == Position(8, "later")


def _power_fails(*_: object) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"block_number": -1, "transaction_id": null}',
        b'{"block_number": true, "transaction_id": null}',
        b'{"block_number": 1, "transaction_id": 2}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    """Beginning anew without a word would repeat every event."""
    path = tmp_path / "checkpoint"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="no checkpoint; remove it to start again"):
        checkpoints.File(path)


def test_a_path_that_is_no_file(tmp_path):
    """The words name it."""
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoints.File(tmp_path)


def test_threads_may_share_a_file(tmp_path):
    """Two handlers that record at once leave one of their positions, not a torn one."""
    checkpoint = checkpoints.File(tmp_path / "checkpoint")
    threads = [threading.Thread(target=checkpoint.processed_block, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert checkpoints.File(tmp_path / "checkpoint").position == checkpoint.position


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_beginning_is_recorded_once(tmp_path, kind):
    """Where a consumer began counts until it has come further; later beginnings change nothing."""
    checkpoint = checkpoints.InMemory() if kind == "memory" else checkpoints.File(tmp_path / "here")
    checkpoint.begin(Position(3))
    checkpoint.begin(Position(9))
    assert checkpoint.position == Position(3)
    checkpoint.processed_event(4, "tx")
    checkpoint.begin(Position(9))
    assert checkpoint.position == Position(4, "tx")
    if kind == "file":
        assert checkpoints.File(tmp_path / "here").position == Position(4, "tx")
