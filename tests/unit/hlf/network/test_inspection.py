"""What an admin looks at: channels, peers, logs, certificates."""

from __future__ import annotations

import re
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from hlf.network import admin, cli, errors, state
from hlf.network.admin import inspection
from hlf.wire import certificates
from tests.support.smallnetwork import SmallNetwork

MONITORING = [
    Path(__file__).parents[4] / "examples" / "monitoring" / name for name in ("fabric-nodes.json", "alarms.yaml")
]
_METRIC = re.compile(r"\b(?:ledger|endorser|consensus|participation|broadcast|gossip|process)_[A-Za-z_]+")
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
PEERS = ["peer0.a.test", "peer1.a.test", "peer0.b.test"]


@pytest.fixture(scope="module", params=ENGINES)
def net(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(f"looked-at-{request.param}")
    net = SmallNetwork(request.param, place / "state", place / "consortium.yaml")
    net.write()
    net.up()
    yield net
    admin.down(net.root)


def hlf(net: SmallNetwork, *words: str):
    """Run a command on the network's folder."""
    return CliRunner().invoke(cli.network, [*words, "--state", str(net.root)])


def test_a_channel_is_told_by_its_orderers_and_peers(net):
    """Members, anchors, settings, heights and the definitions in force."""
    found = inspection.channel("c", net.root)
    assert found.members == ("AMSP", "BMSP")
    record = state.read(state.Folder(net.root))
    assert found.anchors["BMSP"] == (record.inside("peer0.b.test"),)
    assert found.settings["batch.timeout"] == "20ms"
    assert found.settings["acls.event/Block"] == "/Channel/Application/Admins"
    assert set(found.heights) == set(PEERS)
    assert [(each.name, each.sequence) for each in found.chaincodes] == [("lab", 1)]
    assert f"c  height {max(found.heights.values())}  members AMSP, BMSP\n" == hlf(net, "channels").output
    said = hlf(net, "channel-info", "c").output
    assert "setting    batch.timeout = 20ms\n" in said
    assert "chaincode  lab 1.0, sequence 1\n" in said


def test_a_chaincode_is_shown_with_who_runs_it(net):
    """Its definition, its collections, and the package that each member has approved."""
    said = hlf(net, "chaincode-status", "c").output
    assert "lab 1.0, sequence 1, endorsed by /Channel/Application/Endorsement\n" in said
    assert "  collections.both.policy = OR('AMSP.member', 'BMSP.member')\n" in said
    package = state.read(state.Folder(net.root)).packages["c"]["lab"]
    assert f"  BMSP  {package}\n" in said


def test_real_nodes_tell_prometheus_their_metrics(net):
    """Each at its own address; the embedded engine says why it has none."""
    told = hlf(net, "metrics")
    if net.engine == "embedded":
        assert "the embedded engine has no metrics for Prometheus. Run real nodes" in told.output
        return
    targets = dict(line.split()[::-1] for line in told.output.splitlines())
    assert set(targets) == {*PEERS, "orderer0.orderer.selat.test"}
    told = ""
    for target in targets.values():
        with urllib.request.urlopen(target, timeout=5) as answer:  # noqa: S310 - loopback
            told += answer.read().decode()
    # The example's files ask for what there is; this network orders with Raft.
    asked = {each for file in MONITORING for each in _METRIC.findall(file.read_text()) if "_BFT_" not in each}
    assert "ledger_blockchain_height" in asked
    assert {each for each in asked if f"\n{each}" not in told} == set()


def test_an_unknown_channel_is_told_with_those_there_are(net):
    """A mistyped name costs nothing."""
    told = hlf(net, "channel-info", "d")
    assert told.exit_code == 1
    assert "has no channel 'd'. Its channels are c." in told.output


def test_each_peer_tells_itself(net):
    """Its channels with heights, and its packages with what uses them."""
    found = {peer.name: peer for peer in inspection.peers(net.root)}
    assert list(found) == PEERS
    for peer in found.values():
        assert peer.silent == ""
        assert set(peer.heights) == {"c"}
        (package,) = peer.installed
        assert dict(package.references) == {"c": (("lab", "1.0"),)}
    assert hlf(net, "peers").exit_code == 0


def test_a_peer_that_is_away_is_told_and_the_others_are_shown(net):
    """The exit code says so, too."""
    admin.stop_nodes(["peer0.b.test"], net.root)
    told = hlf(net, "peers")
    admin.start_nodes(["peer0.b.test"], net.root)
    assert told.exit_code == 1
    assert told.output.count("does not answer: ") == 1
    assert told.output.count("channel c") == len(PEERS) - 1


def test_the_log_of_a_program_is_shown_from_its_end(net):
    """By its name, and for another name the cure lists them."""
    whole = inspection.log("chaincode-lab-AMSP", net.root, lines=10_000)
    assert whole
    assert hlf(net, "logs", "chaincode-lab-AMSP", "--lines", "1").output == f"{whole[-1]}\n"
    told = hlf(net, "logs", "nosuch")
    assert told.exit_code == 1
    assert "chaincode-lab-AMSP, chaincode-lab-BMSP" in told.output


def test_certificates_are_listed_once_and_the_first_to_end_first(net):
    """Each with its holder and the days it has; the same one in another folder does not count again."""
    now = datetime.now(UTC)
    found = inspection.certificates_of(net.root, now)
    assert [each.ends for each in found] == sorted(each.ends for each in found)
    fingerprints = [certificates.read_all(each.path.read_bytes())[0].fingerprint for each in found]
    assert len(set(fingerprints)) == len(found)
    assert any("CN=peer0.b.test,OU=peer" in each.subject for each in found)
    assert all(each.left == each.ends - now for each in found)


def test_certificates_that_end_soon_are_an_alarm(net):
    """The exit code is for machines; days are counted from today."""
    assert hlf(net, "certificates").exit_code == 0
    days = max(each.left for each in inspection.certificates_of(net.root, datetime.now(UTC))) // timedelta(days=1)
    told = hlf(net, "certificates", "--within", str(days + 1))
    assert told.exit_code == 1
    assert "valid" not in told.stdout
    assert "ENDS SOON" in told.stdout


def test_a_file_that_is_no_certificate_is_named(net, tmp_path):
    """With what to do; nothing is passed over in silence."""
    folder = state.Folder(net.root)
    file = folder.organisation("AMSP") / "users" / "broken.pem"
    file.write_text("nothing")
    try:
        with pytest.raises(errors.MaterialError, match="broken.pem: is no certificate"):
            inspection.certificates_of(net.root, datetime.now(UTC))
    finally:
        file.unlink()


@pytest.mark.parametrize("words", [("channels",), ("peers",), ("certificates",), ("logs", "x"), ("channel-info", "c")])
def test_a_folder_without_a_network_is_told(tmp_path, words):
    """Cause and cure, and no traceback."""
    told = CliRunner().invoke(cli.network, [*words, "--state", str(tmp_path)])
    assert told.exit_code == 1
    assert "holds no network. Start one: hlf network up" in told.output


def test_a_reader_that_has_seen_enough_ends_the_command(net, monkeypatch):
    """`... | head` is no trouble of the folder."""

    def closed(_):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(inspection, "channels", closed)
    assert hlf(net, "channels").output == ""
