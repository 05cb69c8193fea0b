"""The first command in a new folder, where there is no room for what it makes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from hlf.network import cli, material, processes, state
from tests.faults.limits import no_room
from tests.support.smallnetwork import SmallNetwork


@pytest.mark.parametrize("command", ["render", "up"])
@pytest.mark.parametrize("full_from", ["the start", "the keys on"])
def test_a_first_command_goes_on_when_there_is_room_again(tmp_path, command, full_from, monkeypatch):
    """As its cure says: the same command, in the same folder."""
    net = SmallNetwork("embedded", tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    words = [command, "--state", str(net.root), "--consortium", str(net.file)]
    made = material.make

    def without_room(*given):
        with no_room():
            made(*given)

    with monkeypatch.context() as patch:
        if full_from == "the start":
            with no_room():
                told = CliRunner().invoke(cli.network, words)
        else:
            patch.setattr(material, "make", without_room)
            told = CliRunner().invoke(cli.network, words)
    assert told.exit_code == 1
    assert "cannot be used: File too large" in told.output
    assert "then run the same command again" in told.output
    try:
        again = CliRunner().invoke(cli.network, words)
        assert again.exit_code == 0, again.output
    finally:
        processes.stop(state.Folder(net.root), timeout=5)
