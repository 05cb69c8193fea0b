"""What is handed over to one organisation's gateway: enough to work with, and no key of anybody else."""

from __future__ import annotations

import stat

import pytest
from click.testing import CliRunner

from gateway.fabric.wallet import Wallet
from hlf.network import admin, state
from selat import cli
from tests.support.smallnetwork import SmallNetwork


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Return a state folder with everything in it, rendered for others to start."""
    place = tmp_path_factory.mktemp("handed-over")
    net = SmallNetwork("docker", place / "state", place / "consortium.yaml")
    net.write()
    admin.render(net.root, net.file)
    return net


def export(net: SmallNetwork, place, msp_id: str):
    words = ["wallet", "export", str(place), "--organisation", msp_id, "--state", str(net.root)]
    return CliRunner().invoke(cli.main, words)


def test_a_gateway_finds_all_it_needs(rendered, tmp_path):
    """Its organisation, its users, a profile that can be used and the trusted genesis block."""
    place = tmp_path / "wallet"
    assert export(rendered, place, "AMSP").output == f"{place}\n"
    wallet = Wallet(place)
    assert (wallet.organisations(), wallet.users("AMSP")) == (["AMSP"], ["User1"])
    assert wallet.user("AMSP", "User1")[0].msp_id == "AMSP"
    assert wallet.profile("AMSP").peers
    assert wallet.genesis("c") == state.Folder(rendered.root).genesis("c").read_bytes()


def test_nobody_else_s_key_is_in_it(rendered, tmp_path):
    """Only the keys of its users, which nobody else may read, and no path of the machine it comes from."""
    place = tmp_path / "wallet"
    export(rendered, place, "AMSP")
    keys = [path for path in place.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert {path.relative_to(place).parts[:4] for path in keys} == {("organisations", "AMSP", "users", "User1")}
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert str(rendered.root) not in (place / "profiles" / "AMSP.json").read_text()


def test_a_mistake_is_named(rendered, tmp_path):
    """An unknown organisation, a folder that is there, a state folder that holds nothing."""
    assert "has no organisation ZMSP. It has AMSP, BMSP." in export(rendered, tmp_path / "new", "ZMSP").output
    assert "exists already. Name a new folder" in export(rendered, tmp_path, "AMSP").output
    empty = SmallNetwork("embedded", tmp_path / "nothing", tmp_path / "file")
    assert "holds no network" in export(empty, tmp_path / "new", "AMSP").output
    assert list(tmp_path.iterdir()) == []
