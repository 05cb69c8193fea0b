"""A network's life on every engine: up, used, changed, down, and up again with all it had."""

from __future__ import annotations

import json
import os
import signal
import socket

import pytest
from click.testing import CliRunner
from fabric_protos.orderer import configuration_pb2

from hlf import errors as hlf_errors
from hlf import identity, waiting
from hlf.admin import channel, discovery, lifecycle
from hlf.network import admin, errors, processes, state, topology
from hlf.wire import packages
from network import CONSORTIUM as CONSORTIUM_OF_SELAT
from selat import cli
from tests.support.smallnetwork import CONSORTIUM, FIRST, SmallNetwork

ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]


@pytest.fixture(params=ENGINES)
def net(request, tmp_path):
    """Yield a network of the test's own, not started."""
    net = SmallNetwork(request.param, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


@pytest.fixture(scope="module", params=ENGINES)
def running(request, tmp_path_factory):
    """Yield a network that is up, shared by tests that leave each other alone."""
    place = tmp_path_factory.mktemp(request.param)
    net = SmallNetwork(request.param, place / "state", place / "consortium.yaml")
    net.write()
    net.up()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


def test_from_nothing_to_a_working_network_and_back(net):
    """Up, submit, down, up again: the value is there, the same ports are used, and nothing is left behind."""
    started = net.up()
    assert json.loads((started.profiles / "AMSP.json").read_text())["client"]["organization"] == "AMSP"
    assert admin.status(net.root).running
    with net.connect() as fabric:
        contract = fabric.network("c").contract("lab")
        contract.submit("put", "key", "value")
        assert contract.evaluate("get", "key") == b"value"
    ports = state.read(state.Folder(net.root)).ports
    stopped = admin.down(net.root)
    assert {"chaincode-lab-AMSP", "chaincode-lab-BMSP"} < set(stopped)
    assert not admin.status(net.root).running
    assert admin.down(net.root) == []
    net.up()
    assert state.read(state.Folder(net.root)).ports == ports
    with net.connect("BMSP") as fabric:
        assert fabric.network("c").contract("lab").evaluate("get", "key") == b"value"


def test_starting_what_runs_changes_nothing(running):
    """The same command twice: the same processes, no block more."""
    before = {each.name: each.pid for each in processes.find(state.Folder(running.root))}
    with running.nodes() as nodes:
        height = nodes.first_peer("AMSP").height("c")
        running.up()
        assert nodes.first_peer("AMSP").height("c") == height
    assert {each.name: each.pid for each in processes.find(state.Folder(running.root))} == before


def test_the_deployment_is_what_the_file_says(running):
    """Every peer joined, packages installed, definitions in force with all approvals, peers known to each other."""
    started = running.up()
    (packaged,) = started.packaged
    with running.nodes() as nodes:
        for name in ("peer0.a.test", "peer1.a.test", "peer0.b.test"):
            peer = nodes.peer(name)
            assert peer.channels() == ("c",)
            installed = {each.package_id: each for each in lifecycle.installed(peer)}[packaged.package_id]
            assert (installed.label, installed.references) == ("lab_1.0", {"c": (("lab", "1.0"),)})
            assert lifecycle.installed_package(peer, packaged.package_id) == packaged.package
            assert len(discovery.peers(peer, "c")) == 3
        definition = lifecycle.committed_definition(nodes.first_peer("BMSP"), "c", "lab")
        assert definition.approvals == {"AMSP": True, "BMSP": True}
        assert "lab" in [each.name for each in lifecycle.committed(nodes.first_peer("AMSP"), "c")]
        assert lifecycle.approved(nodes.first_peer("AMSP"), "c", "lab").package_id == packaged.package_id
        assert lifecycle.approved(nodes.first_peer("AMSP"), "c", "none") is None
        assert lifecycle.committed_definition(nodes.first_peer("AMSP"), "c", "none") is None
    # One package leads each organisation's peers to its own process.
    assert set(packages.parse(packaged.package).address) >= set("{{.}}")
    assert len(set(packaged.addresses.values())) == 2


def test_a_chaincode_is_upgraded_by_its_sequence(net):
    """The next sequence is put in force; the same one with another definition, or a gap, is refused with the cure."""
    net.up()
    net.write(version="1.1")
    with pytest.raises(errors.NetworkError, match="Write `sequence: 2`"):
        net.up()
    net.write(sequence=3)
    with pytest.raises(errors.NetworkError, match="Write `sequence: 2` to change it, or 1 to leave it"):
        net.up()
    net.write(version="1.1", sequence=2)
    net.up()
    with net.nodes() as nodes:
        definition = lifecycle.committed_definition(nodes.first_peer("BMSP"), "c", "lab")
    assert (definition.version, definition.sequence) == ("1.1", 2)
    with net.connect() as fabric:
        fabric.network("c").contract("lab").submit("put", "key", "value")


def test_lifecycle_refusals_keep_the_peers_words(running):
    """Installing or approving twice, committing too early: a typed error that names the peer."""
    with running.nodes() as nodes:
        peer = nodes.first_peer("AMSP")
        package = packages.ccaas("other_1", "127.0.0.1:1")
        package_id = lifecycle.install(peer, package)
        with pytest.raises(hlf_errors.LifecycleError, match="already successfully installed") as refused:
            lifecycle.install(peer, package)
        assert "peer0.a.test" in refused.value.address
        definition = lifecycle.Definition("other", collections=(lifecycle.Collection("k", "OR('AMSP.member')"),))
        lifecycle.approve(peer, "c", definition, package_id)
        assert lifecycle.readiness(peer, "c", definition) == {"AMSP": True, "BMSP": False}
        with pytest.raises(hlf_errors.LifecycleError, match="unchanged content"):
            lifecycle.approve(peer, "c", definition, package_id)
        with pytest.raises(hlf_errors.LifecycleError):
            lifecycle.commit(peer, "c", definition, [peer])
        assert lifecycle.committed_definition(peer, "c", "other") is None
        lifecycle.approve(nodes.first_peer("BMSP"), "c", definition)
        # The approval is in BMSP's ledger; AMSP's peer commits the same block in its own time.
        assert waiting.until(lambda: all(lifecycle.readiness(peer, "c", definition).values()), 60)
        lifecycle.commit(peer, "c", definition, [peer, nodes.first_peer("BMSP")])
        assert lifecycle.committed_definition(peer, "c", "other").sequence == 1


def test_an_orderer_is_joined_through_its_admin_listener(net):
    """Listed, described, refused a second time, removed."""
    net.up()
    (orderer,) = topology.load(net.file).orderers
    with net.nodes() as nodes:
        listener = nodes.orderer_admin(orderer)
        assert listener.channels() == ("c",)
        described = listener.channel("c")
        assert (described.name, described.relation, described.status) == ("c", "consenter", "active")
        assert described.height >= 3
        assert listener.channel("none") is None
        with pytest.raises(hlf_errors.ParticipationError, match="channel already exists") as refused:
            listener.join(state.Folder(net.root).genesis("c").read_bytes())
        assert refused.value.status == 405
        with pytest.raises(hlf_errors.ParticipationError) as refused:
            listener.join(b"no block")
        assert refused.value.status == 400
        listener.remove("c")
        # The orderer answers first and removes then.
        assert waiting.until(lambda: listener.channels() == (), 60)
        with pytest.raises(hlf_errors.ParticipationError) as refused:
            listener.remove("c")
        assert refused.value.status == 404


def test_the_configuration_is_changed_by_a_majority(running):
    """One signature of two is refused, two are taken, and the change is in the next configuration block."""
    (orderer,) = topology.load(running.file).orderers
    folder = state.Folder(running.root)
    with running.nodes() as nodes:
        peer = nodes.first_peer("AMSP")
        original = channel.config(peer, "c")
        changed = channel.copy(original)
        value = configuration_pb2.BatchTimeout(timeout="30ms").SerializeToString()
        changed.channel_group.groups["Orderer"].values["BatchTimeout"].value = value
        update = channel.update("c", original, changed)
        caller = nodes.orderer(orderer)
        with pytest.raises(hlf_errors.ConfigError, match="orderer0") as refused:
            channel.apply(caller, "c", update, [channel.sign(update, *_admin(folder, "AMSP"))])
        assert refused.value.status == 400
        channel.apply(caller, "c", update, [channel.sign(update, *_admin(folder, "OrdererMSP"))])
        # Where it was handed in it is in force at once; a peer has it with its block.
        assert channel.config(caller, "c").sequence == original.sequence + 1
        assert waiting.until(lambda: channel.config(peer, "c").sequence == original.sequence + 1, 60)
        assert channel.config(caller, "c").channel_group.groups["Orderer"].values["BatchTimeout"].value == value
        with pytest.raises(hlf_errors.ConfigError, match="nothing to update"):
            channel.update("c", changed, changed)


def test_an_organisation_joins_a_running_channel(net):
    """The plan changes nothing; applied, the new member's own peer serves its users."""
    net.up()
    grown = {"organisations": "  - {msp_id: CMSP, domain: new.test}\n", "member": ", CMSP"}
    net.write(**grown)
    with pytest.raises(errors.StateError, match="add-organisation"):
        net.up()
    before = {path: path.read_bytes() for path in net.root.rglob("*.json") if net.engine not in path.parts}
    plan = admin.plan_addition("c", "CMSP", net.root, net.file)
    assert {path: path.read_bytes() for path in net.root.rglob("*.json") if net.engine not in path.parts} == before
    assert plan.signers == ("AMSP", "BMSP")
    assert "+ /Channel/Application/CMSP" in str(plan)
    admin.add_organisation("c", "CMSP", net.root, net.file)
    with net.connect("CMSP") as fabric:
        contract = fabric.network("c").contract("lab")
        contract.submit("put", "key", "from the new one")
        assert contract.evaluate("get", "key") == b"from the new one"
    again = admin.add_organisation("c", "CMSP", net.root, net.file)
    assert again.done
    assert again.sequence == plan.sequence + 1
    assert net.up().differences == ()


def _admin(folder, msp_id):
    return identity.load_user(folder.user(msp_id, "Admin"), msp_id)


def test_fallen_nodes_are_started_again(net):
    """After a kill of every node in the middle of its work the same command brings the network back, with the value."""
    net.up()
    with net.connect() as fabric:
        fabric.network("c").contract("lab").submit("put", "key", "value")
    folder = state.Folder(net.root)
    for each in processes.find(folder):
        os.kill(each.pid, signal.SIGKILL)
    assert waiting.until(lambda: not any(each.alive for each in processes.find(folder)), 60)
    assert not admin.status(net.root).running
    net.up()
    with net.connect("BMSP") as fabric:
        contract = fabric.network("c").contract("lab")
        assert contract.evaluate("get", "key") == b"value"
        contract.submit("put", "key", "again")


class TestAsANewUser:
    """Mistakes at the command line end with one line of cause and cure, and leave nothing running."""

    @pytest.fixture
    def selat(self, tmp_path):
        def selat(*words: str):
            return CliRunner().invoke(cli.main, ["network", *words, "--state", str(tmp_path / "state")])

        yield selat
        processes.stop(state.Folder(tmp_path / "state"), timeout=5)

    @pytest.fixture
    def file(self, tmp_path):
        file = tmp_path / "consortium.yaml"
        file.write_text(CONSORTIUM % FIRST)
        return file

    def test_up_status_down(self, selat, file, tmp_path):
        """The whole of it by command, with the folder of profiles as the answer."""
        up = selat("up", "--consortium", str(file))
        assert up.exit_code == 0, up.output
        assert up.stdout.strip() == str(tmp_path / "state" / "profiles")
        status = selat("status")
        assert status.exit_code == 0
        assert "running  embedded" in status.output
        assert "stopped embedded" in selat("down").output
        assert selat("status").exit_code == 1
        assert "nothing was running" in selat("down").output

    def test_broken_yaml(self, selat, file):
        """File, line, field."""
        file.write_text((CONSORTIUM % FIRST).replace("members: [AMSP, BMSP]", "members: [AMSP, XMSP]"))
        up = selat("up", "--consortium", str(file))
        assert up.exit_code == 1
        assert "consortium.yaml:7: channels[0].members[1]: 'XMSP' is none of AMSP, BMSP" in up.stderr

    def test_a_port_taken(self, selat, file, tmp_path):
        """The node, the address, and what to do; what this command started is stopped again."""
        selat("up", "--consortium", str(file))
        selat("down")
        port = state.read(state.Folder(tmp_path / "state")).ports["peer0.b.test"]["listen"]
        with socket.create_server(("127.0.0.1", port)):
            up = selat("up", "--consortium", str(file))
        assert up.exit_code == 1
        assert f"address 127.0.0.1:{port} is already in use" in up.stderr
        assert "--state" in up.stderr
        assert not any(each.alive for each in processes.find(state.Folder(tmp_path / "state")))

    def test_the_folder_of_another_consortium(self, selat, file):
        """Named with the first difference."""
        selat("up", "--consortium", str(file))
        up = selat("up", "--consortium", str(CONSORTIUM_OF_SELAT))
        assert up.exit_code == 1
        assert "holds the network of another consortium: its name is 'small', not 'selat'" in up.stderr

    def test_another_engine_for_the_same_folder(self, selat, file, monkeypatch):
        """Ledgers are kept in an engine's own form."""
        selat("up", "--consortium", str(file))
        monkeypatch.setattr("hlf.network.engines.native.engine.NativeEngine.version", lambda *_: "3.1.5")
        up = selat("up", "--engine", "native", "--consortium", str(file))
        assert up.exit_code == 1
        assert "was started with the engine embedded" in up.stderr

    def test_no_fabric_release(self, selat, file, monkeypatch):
        """Where to get one, and the way without."""
        monkeypatch.delenv("FABRIC_HOME", raising=False)
        monkeypatch.setenv("PATH", "")
        up = selat("up", "--engine", "native", "--consortium", str(file))
        assert up.exit_code == 1
        assert "https://github.com/hyperledger/fabric/releases" in up.stderr
        assert "--engine embedded" in up.stderr

    def test_bft_without_real_orderers(self, selat, file):
        """The embedded engine says what it cannot do, and who can."""
        file.write_text(CONSORTIUM % FIRST + "orderers: bft\n")
        up = selat("up", "--consortium", str(file))
        assert up.exit_code == 1
        assert "--engine native" in up.stderr

    def test_a_chaincode_that_does_not_start(self, selat, file, tmp_path):
        """Its last words are in the message, and the nodes are stopped again."""
        file.write_text((CONSORTIUM % FIRST).replace("tests.support.lab", "tests.support.nothing"))
        up = selat("up", "--consortium", str(file))
        assert up.exit_code == 1
        assert "No module named tests.support.nothing" in up.stderr
        assert not any(each.alive for each in processes.find(state.Folder(tmp_path / "state")))

    def test_no_network_in_the_folder(self, selat):
        """down and status of a folder that holds none."""
        for command in ("down", "status"):
            answer = selat(command)
            assert answer.exit_code == 1
            assert "holds no network" in answer.stderr

    def test_a_start_that_was_killed_before_it_had_a_record(self, tmp_path):
        """What it leaves is no stranger's, so the same command goes on."""
        folder = state.Folder(tmp_path / "state")
        folder.root.mkdir()
        (folder.root / f".{folder.record_file.name}.4711").write_text("{")
        with state.alone(folder):
            state.claim(folder)
        (folder.root / "letters").mkdir()
        with pytest.raises(errors.StateError, match="not empty and holds no network"):
            state.claim(folder)

    def test_a_fallen_engine_shows_and_is_started_again(self, selat, file, tmp_path):
        """After a kill the status says so, and the same command brings it back."""
        selat("up", "--consortium", str(file))
        folder = state.Folder(tmp_path / "state")
        (engine,) = [each for each in processes.find(folder) if each.name == "embedded"]
        os.kill(engine.pid, signal.SIGKILL)
        assert waiting.until(lambda: not admin.status(folder.root).programs["embedded"], 60)
        status = selat("status")
        assert status.exit_code == 1
        assert "FALLEN   embedded" in status.output
        assert selat("up", "--consortium", str(file)).exit_code == 0
        assert admin.status(folder.root).running
