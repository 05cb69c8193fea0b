"""A network in one file: it starts in another folder with all it had."""

from __future__ import annotations

import stat

import pytest
from click.testing import CliRunner

from hlf.network import admin, cli, processes, state
from tests.support.smallnetwork import SmallNetwork


def hlf(*words: object):
    return CliRunner().invoke(cli.network, [*map(str, words)])


@pytest.mark.parametrize("engine", ["embedded", pytest.param("native", marks=pytest.mark.native)])
def test_a_network_starts_again_from_its_backup(tmp_path, engine):
    """In another folder, ledgers and keys included; a running network and an existing file are refused."""
    net = SmallNetwork(engine, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    net.up()
    file, elsewhere = tmp_path / "backup.tar.gz", tmp_path / "elsewhere"
    try:
        with net.connect() as fabric:
            fabric.network("c").contract("lab").submit("put", "key", "kept")
        told = hlf("backup", file, "--state", net.root)
        assert "its ledgers change while they are copied. Stop it first: hlf network down" in told.output
        admin.down(net.root)
        assert hlf("backup", file, "--state", net.root).output == f"{file}\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "exists already. Name a new file" in hlf("backup", file, "--state", net.root).output
        assert "is not empty. Name a new folder" in hlf("unpack", file, "--state", net.root).output
        assert "is no backup" in hlf("unpack", net.file, "--state", elsewhere).output
        assert not elsewhere.exists()
        assert hlf("unpack", file, "--state", elsewhere).exit_code == 0
        assert {stat.S_IMODE(each.stat().st_mode) for each in elsewhere.rglob("*") if each.is_dir()} == {0o700}
        assert stat.S_IMODE((elsewhere / "organisations/AMSP/ca/key.pem").stat().st_mode) == 0o600
        again = SmallNetwork(engine, elsewhere, net.file)
        again.up()
        with again.connect() as fabric:
            assert fabric.network("c").contract("lab").evaluate("get", "key") == b"kept"
    finally:
        for root in (net.root, elsewhere):
            processes.stop(state.Folder(root), timeout=5)
