"""The native engine before a process is started: releases found and refused, configuration rendered."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import yaml
from fabric_protos.common import configtx_pb2, configuration_pb2

from hlf.network import channelconfig as genesis
from hlf.network import errors, material, ports, state, topology
from hlf.network.admin import lifetime
from hlf.network.engines.native import binaries, config, leaders
from hlf.network.engines.native.config import Placement
from hlf.network.engines.native.engine import NativeEngine
from hlf.network.exchange import operating
from hlf.wire.config import channelconfig, configvalues
from network import CONSORTIUM

VERSION = "peer:\n Version: v{}\n Commit SHA: abc\n Go version: go1.26\n"


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Return a release folder whose programs tell a version and do nothing else."""

    def make(peer: str = "3.1.5", orderer: str | None = None, builder: bool = True) -> Path:
        home = tmp_path / f"fabric-{peer}"
        said = {"peer": VERSION.format(peer), "orderer": VERSION.format(orderer or peer)}
        for name, text in said.items():
            _program(home / "bin" / name, f"cat <<'EOF'\n{text}EOF\n")
        for step in ("detect", "build", "release") if builder else ():
            _program(home / "builders" / "ccaas" / "bin" / step, "exit 0\n")
        monkeypatch.setenv("FABRIC_HOME", str(home))
        return home

    monkeypatch.delenv("FABRIC_HOME", raising=False)
    return make


def _program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


@pytest.mark.parametrize("version", ["2.5.0", "2.5.14", "3.0.0", "3.1.5"])
def test_supported_releases_are_found(release, version):
    """Fabric 2.5 and 3.x, in FABRIC_HOME."""
    home = release(version)
    found = binaries.find()
    assert found.version_text == version
    assert (found.peer, found.builder) == (home / "bin" / "peer", home / "builders" / "ccaas")


def test_a_release_on_the_path_is_found(release, monkeypatch):
    """Without FABRIC_HOME the programs may be on PATH, with the builder in the same release."""
    home = release()
    monkeypatch.delenv("FABRIC_HOME")
    monkeypatch.setenv("PATH", f"{home / 'bin'}:/usr/bin:/bin")
    assert binaries.find().builder == home / "builders" / "ccaas"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"peer": "2.4.9"}, "is Fabric 2.4.9, and the native engine runs 2.5 and 3.x"),
        ({"peer": "4.0.0"}, "is Fabric 4.0.0"),
        ({"peer": "3.1.5", "orderer": "2.5.16"}, "peer is Fabric 3.1.5, and "),
        ({"peer": "3.1.5", "orderer": "2.5.16"}, "orderer is 2.5.16"),
        ({"builder": False}, "builder for chaincode as a service is missing"),
        ({"peer": "2.5.16", "builder": False}, "https://github.com/hyperledger/fabric/releases/tag/v2.5.16"),
        ({"peer": "unknown"}, "does not print its version"),
    ],
)
def test_other_releases_are_refused_with_where_to_get_one(release, made, words):
    """One message: what is wrong with this one, and how to get an official one."""
    release(**made)
    with pytest.raises(errors.EngineError, match="https://github.com/hyperledger/fabric/releases") as refused:
        binaries.find()
    assert words in str(refused.value)


def test_a_home_without_programs_is_told(tmp_path, monkeypatch):
    """FABRIC_HOME that points elsewhere is not silently passed over for PATH."""
    monkeypatch.setenv("FABRIC_HOME", str(tmp_path))
    with pytest.raises(errors.EngineError, match="but there is no program"):
        binaries.find()


def test_fabric_2_5_gets_its_own_capability_and_no_bft(release, tmp_path):
    """V3_0 would make a 2.5 node refuse the channel; the orderers' consensus needs 3.x for BFT."""
    release("2.5.12")
    file = tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM.read_text(encoding="utf-8"))
    consortium = topology.load(file)
    assert NativeEngine().version(consortium) == "2.5.12"
    folder = state.Folder(tmp_path / "state")
    record = lifetime.record_for(folder, consortium, "native", "2.5.12")
    state.adopt(folder, consortium)
    material.make(folder, consortium)
    ports.assign(record, consortium)
    block = genesis.genesis(folder, record, consortium, consortium.channels[0])
    _, envelope = channelconfig.config_of(channelconfig.config_envelope_of(block))
    value = envelope.config.channel_group.values["Capabilities"].value
    assert list(configuration_pb2.Capabilities.FromString(value).capabilities) == ["V2_0"]
    file.write_text(file.read_text().replace("orderers: raft", "orderers: bft"))
    with pytest.raises(errors.EngineError, match="has no BFT ordering"):
        NativeEngine().version(topology.load(file))


def test_fabric_2_5_takes_no_part_in_channels_of_fabric_3(tmp_path):
    """Its nodes would refuse them in words about something else, or panic; asked for in the file or made by 3.x."""
    folder = state.Folder(tmp_path / "state")
    consortium = topology.load(CONSORTIUM)
    record = lifetime.record_for(folder, consortium, "native", "3.1.5")
    record.started = True
    state.write(folder, record)
    with pytest.raises(errors.EngineError, match="has the capability V3_0, and Fabric 2.5.16 does not know it"):
        lifetime.record_for(folder, consortium, "native", "2.5.16")
    file = tmp_path / "consortium.yaml"
    text = CONSORTIUM.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^  - name: ecommerce$", "\\g<0>\n    capabilities: {channel: V3_0}", text))
    with pytest.raises(errors.EngineError, match="channel ecommerce has the capability V3_0"):
        lifetime.record_for(state.Folder(tmp_path / "other"), topology.load(file), "native", "2.5.16")


def test_what_others_raised_is_remembered(tmp_path):
    """No file of the own folder needs to name a capability that a channel has."""
    folder = state.Folder(tmp_path / "state")
    consortium = topology.load(CONSORTIUM)
    record = lifetime.record_for(folder, consortium, "native", "2.5.16")
    ports.assign(record, consortium)
    channel = consortium.channels[0]
    levels = [dataclasses.replace(channel.capabilities, channel=level) for level in ("V2_0", "V3_0")]
    channels = [dataclasses.replace(channel, capabilities=each) for each in levels]
    held = [configtx_pb2.Config(channel_group=genesis.outline(record, consortium, each)) for each in channels]
    operating.remember_capabilities(record, held[:1])
    assert record.channel_capability == "V2_0"
    operating.remember_capabilities(record, held)
    assert record.channel_capability == "V3_0"


def test_nodes_of_two_releases_are_not_mixed(release, tmp_path):
    """A node that is started again is of the release the others run, or none."""
    release("3.1.5")
    consortium = topology.load(CONSORTIUM)
    record = state.Record(consortium.name, "native", "2.5.16")
    with pytest.raises(errors.EngineError, match=r"this network runs Fabric 2\.5\.16, and .*peer is 3\.1\.5"):
        NativeEngine().start(state.Folder(tmp_path), record, consortium, {})


@pytest.mark.parametrize(("version", "knows"), [("2.5.16", False), ("3.1.5", True)])
def test_a_peer_is_told_of_no_handler_that_it_does_not_know(tmp_path, version, knows):
    """A peer of 2.5 ends itself over the name of a check that came with 3.0."""
    consortium = topology.load(CONSORTIUM)
    record = state.Record(consortium.name, "native", version)
    ports.assign(record, consortium)
    placement = Placement(tmp_path, tmp_path)
    peer = config.peer(record, consortium.peers[0], topology.PeerSettings(), placement, tmp_path)
    filters = [each["name"] for each in peer["peer"]["handlers"]["authFilters"]]
    assert ("TimeWindowCheck" in filters) is knows
    assert {"DefaultAuth", "ExpirationCheck"} <= set(filters)


def test_a_round_of_gossip_is_over_before_the_next_begins(tmp_path):
    """Rounds that overlap throw away what the other has asked for; and further peers ask their first for the others."""
    file = tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM.read_text(encoding="utf-8").replace("country: SG", "country: SG\n    peers: 2", 1))
    consortium = topology.load(file)
    record = state.Record(consortium.name, engine="native")
    ports.assign(record, consortium)
    placement = Placement(tmp_path / "material", tmp_path / "data")
    first, second, *_ = consortium.peers
    for peer in (first, second):
        values = config.peer(record, peer, topology.PeerSettings(), placement, tmp_path, first)
        gossip = values["peer"]["gossip"]
        times = {name: configvalues.duration(value) for name, value in gossip.items() if name.endswith(("Time", "val"))}
        assert times["digestWaitTime"] + times["responseWaitTime"] < times["pullInterval"]
        assert times["digestWaitTime"] < times["requestWaitTime"] < times["pullInterval"]
        assert gossip["bootstrap"] == record.address(first.name)


def test_configuration_stays_on_loopback_and_in_its_folder(tmp_path):
    """Every listener binds 127.0.0.1, every file a node writes is in its data folder, and nothing asks for docker."""
    consortium = topology.load(CONSORTIUM)
    record = state.Record(consortium.name, engine="native")
    ports.assign(record, consortium)
    placement = Placement(tmp_path / "material", tmp_path / "data")
    peer = config.peer(record, consortium.peers[0], topology.PeerSettings(), placement, tmp_path / "builder")
    orderer = config.orderer(record, consortium.orderers[0], placement)
    assert peer == yaml.safe_load(config.text(peer))
    assert peer["vm"]["endpoint"] == ""
    for listener in (
        peer["peer"]["listenAddress"],
        peer["peer"]["chaincodeListenAddress"],
        peer["operations"]["listenAddress"],
        orderer["Admin"]["ListenAddress"],
        orderer["Operations"]["ListenAddress"],
    ):
        assert listener.startswith("127.0.0.1:")
    assert orderer["General"]["ListenAddress"] == "127.0.0.1"
    assert orderer["Admin"]["TLS"]["ClientAuthRequired"]
    data = str(tmp_path / "data")
    written = [
        peer["peer"]["fileSystemPath"],
        peer["ledger"]["snapshots"]["rootDir"],
        orderer["FileLedger"]["Location"],
        *orderer["Consensus"].values(),
    ]
    assert all(path.startswith(data) for path in written)


def test_an_orderer_tells_which_channels_have_a_leader():
    """With Raft the leader says so, and followers say 0; with BFT each node says the leader's number."""
    metrics = """\
# HELP consensus_etcdraft_is_leader The leadership status of the current node: 1 if it is the leader else 0.
consensus_etcdraft_is_leader{channel="trade"} 1
consensus_etcdraft_is_leader{channel="logistics"} 0
consensus_BFT_is_leader{channel="e-f.g"} 0
consensus_BFT_leader_id{channel="e-f.g"} 12
consensus_BFT_leader_id{channel="new"} 0
consensus_etcdraft_active_nodes{channel="none"} 1
"""
    assert leaders.led(metrics) == {"trade", "e-f.g"}
    assert leaders.led("") == set()


def test_a_builder_learns_its_peers_addresses():
    """One variable of JSON, and none where there is nothing to fill in."""
    assert config.builder_environment({}) == {}
    assert config.builder_environment({"trade": "127.0.0.1:1"}) == {
        "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG": '{"trade": "127.0.0.1:1"}'
    }
