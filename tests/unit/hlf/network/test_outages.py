"""Single nodes of a running network stopped and started again, and peers with settings of their own."""

from __future__ import annotations

import dataclasses
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.fabric.wallet import Wallet
from hlf import errors as hlf_errors
from hlf.client import session
from hlf.network import admin, errors, processes, state, topology
from hlf.network.engines.native import config
from hlf.network.engines.native.config import Placement
from selat import cli

CONSORTIUM = """\
name: outages
organisations:
  - {msp_id: AMSP, domain: a.test}
  - {msp_id: BMSP, domain: b.test, settings: {peer.gateway.enabled: false}}
  - {msp_id: CMSP, domain: c.test, settings: {peer.tls.clientAuthRequired: true}}
channels:
  - {name: c, members: [AMSP, BMSP, CMSP], policies: {Endorsement: ANY Endorsement}, batch: {timeout: 20ms}}
servers:
  - name: lab
    command: ["{python}", -m, chaincode.main]
    each: [--serve, "tests.support.lab:Lab={package_id}@{address}"]
chaincodes:
  - {name: lab, channel: c, server: lab}
"""
ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
PEER, ORDERER, SERVER = "peer0.b.test", "orderer0.orderer.selat.test", "chaincode-lab"


@dataclasses.dataclass(frozen=True)
class Net:
    """A network that is up, by its state folder."""

    root: Path

    def contract(self, msp_id: str = "AMSP"):
        return Wallet(self.root).connect(msp_id, "User1")

    def selat(self, *words: str):
        return CliRunner().invoke(cli.main, ["network", *words, "--state", str(self.root)])


@pytest.fixture(scope="module", params=ENGINES)
def net(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(f"outages-{request.param}")
    (place / "consortium.yaml").write_text(CONSORTIUM)
    admin.up(request.param, place / "state", place / "consortium.yaml")
    yield Net(place / "state")
    processes.stop(state.Folder(place / "state"), timeout=5)


def submit(net: Net, value: str, msp_id: str = "AMSP", timeout: float | None = None) -> bytes:
    with net.contract(msp_id) as fabric:
        return fabric.network("c").contract("lab").submit("put", "key", value, timeout=timeout)


def test_it_is_deployed_to_peers_without_a_gateway_and_with_mutual_tls(net):
    """Administrators reach every peer; a user's TLS pair is shown where one is asked for."""
    assert submit(net, "mutual", "CMSP") == b"mutual"
    with net.contract("BMSP") as fabric, pytest.raises(hlf_errors.GatewayError) as refused:
        fabric.network("c").contract("lab").evaluate("get", "key")
    assert "unknown service gateway.Gateway" in str(refused.value)


def test_a_stopped_peer_is_told_and_comes_back(net):
    """The others go on; `status` says which one is missing, and how it comes back."""
    assert net.selat("stop", PEER).output == f"stopped {PEER}\n"
    assert net.selat("stop", PEER).output == "none of them was running\n"
    assert admin.status(net.root).stopped == (PEER,)
    told = net.selat("status")
    assert told.exit_code == 1
    assert f"stopped  {PEER}\n" in told.output
    assert "hlf network start NODE" in told.output
    assert submit(net, "without B") == b"without B"
    address = state.read(state.Folder(net.root)).address(PEER)
    assert not processes.listens(address)
    assert net.selat("start", PEER).output == f"running: {PEER}\n"
    assert processes.listens(address)
    assert net.selat("status").exit_code == 0


def test_up_brings_back_what_was_stopped(net):
    """`up` completes a running network, single nodes included."""
    admin.stop_nodes([PEER, ORDERER], net.root)
    with pytest.raises(hlf_errors.SubmitError, match="no orderers could successfully process"):
        submit(net, "lost", timeout=2)
    assert net.selat("up", "--engine", state.read(state.Folder(net.root)).engine, "--consortium",
                     str(net.root.parent / "consortium.yaml")).exit_code == 0  # fmt: skip
    assert admin.status(net.root).stopped == ()
    assert submit(net, "back") == b"back"


def test_a_stopped_chaincode_is_missed_and_comes_back(net):
    """Its server is a program like the nodes."""
    assert admin.stop_nodes([SERVER], net.root) == [SERVER]
    with net.contract() as fabric, pytest.raises(hlf_errors.EvaluateError, match="connection refused"):
        fabric.network("c").contract("lab").evaluate("get", "key", endorsing_organizations=("AMSP",))
    admin.start_nodes([SERVER], net.root)
    assert submit(net, "served") == b"served"


def test_a_port_that_was_taken_meanwhile_is_named(net):
    """Nothing is started then, and the node can be started later."""
    admin.stop_nodes([PEER], net.root)
    host, _, port = state.read(state.Folder(net.root)).address(PEER).rpartition(":")
    with socket.create_server((host, int(port))), pytest.raises(errors.PortTakenError, match=PEER):
        admin.start_nodes([PEER], net.root)
    admin.start_nodes([PEER], net.root)


def test_nodes_that_are_not_there_are_named_with_those_that_are(net):
    """A mistyped name costs nothing."""
    told = net.selat("stop", "peer0.nowhere.test")
    assert told.exit_code == 1
    assert "has no node 'peer0.nowhere.test'" in told.output
    assert f"{PEER}, peer0.c.test, {ORDERER}, {SERVER}" in told.output


def test_single_nodes_of_a_network_that_is_down_are_refused(tmp_path):
    """There is nothing to stop, and `up` is the cure."""
    (tmp_path / "consortium.yaml").write_text(CONSORTIUM)
    admin.up("embedded", tmp_path / "state", tmp_path / "consortium.yaml")
    admin.stop_nodes([PEER], tmp_path / "state")
    admin.down(tmp_path / "state")
    for call in (admin.stop_nodes, admin.start_nodes):
        with pytest.raises(errors.StateError, match="hlf network up"):
            call([PEER], tmp_path / "state")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{peer.gateway.enable: false}", "Did you mean 'peer.gateway.enabled'?"),
        ("{peer.gateway.enabled: 1}", "true or false is wanted"),
        ("{chaincode.executetimeout: 30}", "a duration with a unit"),
        ("{peer.limits.concurrency.gatewayService: 0}", "0 is outside 1 to"),
    ],
)
def test_settings_of_peers_are_checked(tmp_path, settings, words):
    """Under Fabric's own names, with the nearest where one is mistyped."""
    file = tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM.replace("{peer.gateway.enabled: false}", settings))
    with pytest.raises(errors.ConsortiumError) as refused:
        topology.load(file)
    assert words in str(refused.value)
    assert refused.value.line == 4


def test_settings_reach_core_yaml(tmp_path):
    """Each under the path that its name says."""
    settings = topology.PeerSettings(True, False, "3s", "2s", 7, 8, 9)
    record = state.Record("x", ports={PEER: {"listen": 1, "chaincode": 2, "operations": 3}})
    placement = Placement(tmp_path / "material", tmp_path / "data")
    core = config.peer(record, topology.Peer(PEER, "BMSP"), settings, placement, tmp_path)
    peer = core["peer"]
    assert (peer["tls"]["clientAuthRequired"], core["chaincode"]["executetimeout"]) == (True, "2s")
    assert (peer["gateway"]["enabled"], peer["gateway"]["endorsementTimeout"]) == (False, "3s")
    assert peer["limits"]["concurrency"] == {"endorserService": 7, "deliverService": 8, "gatewayService": 9}


def test_a_tls_pair_is_whole_or_an_error(tmp_path):
    """No pair is none; half of one is a mistake that is named."""
    assert session.TlsIdentity.load(tmp_path) is None
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "client.crt").write_bytes(b"PEM")
    with pytest.raises(hlf_errors.IdentityError, match="client.key cannot be read"):
        session.TlsIdentity.load(tmp_path)


@pytest.mark.native
def test_an_only_peer_that_has_lost_its_disk_comes_back(tmp_path):
    """It has its channel and packages again; its approval was nowhere else, and the next sequence replaces it."""
    net, file = Net(tmp_path / "state"), tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM)
    admin.up("native", net.root, file)
    try:
        submit(net, "before")
        admin.stop_nodes([PEER], net.root)
        shutil.rmtree(state.Folder(net.root).data("native") / PEER / "data")
        with pytest.raises(errors.StateError, match=f"{PEER} is stopped.*hlf network start {PEER}"):
            admin.plan(net.root)
        told = net.selat("up")
        assert told.exit_code == 0, told.output
        assert "BMSP has lost its approval of chaincode lab" in told.output
        assert admin.status(net.root, heights=True).running
        assert "sequence: 1 -> 2" in net.selat("plan").output
        done = net.selat("apply")
        assert done.exit_code == 0, done.output
        assert admin.plan(net.root).steps == ()
        with net.contract() as fabric:
            proposal = (
                fabric.network("c").contract("lab").propose("put", "key", "by B", endorsing_organizations=("BMSP",))
            )
            assert proposal.endorse().result == b"by B"
    finally:
        processes.stop(state.Folder(net.root), timeout=5)
