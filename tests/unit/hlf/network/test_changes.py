"""What a file asks for, what a channel has and what the folder remembers: none of them can brick a network."""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil

import pytest
from fabric_protos.orderer import configuration_pb2

from hlf import errors as hlf_errors
from hlf import identity, waiting
from hlf.admin import channel, lifecycle
from hlf.network import admin, errors, processes, state, topology
from hlf.network.admin import chaincodes
from tests.support import sources
from tests.support.smallnetwork import CONSORTIUM, FIRST, SmallNetwork

ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
TEXT = CONSORTIUM % FIRST
MORE = "organisations:\n  - {msp_id: CMSP, domain: c.test}\n"
ANY = "OR('AMSP.peer', 'BMSP.peer')"
# A file that a start refuses, and what it says of it.
REFUSED = {
    "domain": (TEXT.replace("domain: b.test", "domain: other.test"), "BMSP has the domain b.test, not other.test"),
    "fewer peers": (TEXT.replace("peers: 2", "peers: 1"), "its peer peer1.a.test is not in the file any more"),
    "policy": (
        TEXT.replace("batch:", "policies: {Endorsement: ANY Endorsement}\n    batch:"),
        "policies.Endorsement is MAJORITY Endorsement, and the file says ANY Endorsement",
    ),
    "batch": (TEXT.replace("timeout: 20ms", "timeout: 2s"), "batch.timeout is 20ms, and the file says 2s"),
    "access": (TEXT.replace("acls: {event/Block: /Channel/Application/Admins}", "acls: {}"), "acls.event/Block is"),
    "member": (
        TEXT.replace("organisations:\n", MORE).replace("BMSP]", "BMSP, CMSP]", 1),
        "it has no member CMSP yet",
    ),
    "member left out": (TEXT.replace("[AMSP, BMSP]", "[AMSP]", 1).replace(", 'BMSP.member'", ""), "BMSP is a member"),
    "channel left out": (
        TEXT.replace("name: c\n", "name: d\n").replace("channel: c", "channel: d"),
        "channel c: is not in the file any more",
    ),
    "sequence": (TEXT.replace("sequence: 1", "sequence: 3"), "Write `sequence: 2`"),
    "definition": (TEXT.replace("version: 1.0", "version: 1.1"), "version 1.0, not 1.1"),
    "name": (TEXT.replace("name: small", "name: other"), "its name is 'small', not 'other'"),
    "orderers": (
        TEXT + "orderers: {organisations: [{msp_id: OrdererMSP, domain: o.test}]}\n",
        "orderers is|has the domain",
    ),
}


def pids(net: SmallNetwork) -> dict[str, int]:
    return {each.name: each.pid for each in processes.find(state.Folder(net.root)) if each.alive}


def put(net: SmallNetwork, value: str) -> bytes:
    with net.connect() as fabric:
        return fabric.network("c").contract("lab").submit("put", "key", value)


@pytest.fixture(scope="module", params=ENGINES)
def running(request, tmp_path_factory):
    """Yield a network that is up."""
    place = tmp_path_factory.mktemp(f"changes-{request.param}")
    net = SmallNetwork(request.param, place / "state", place / "consortium.yaml")
    net.write()
    net.up()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


@pytest.fixture(params=ENGINES)
def net(request, tmp_path):
    """Yield a network of the test's own, not started."""
    net = SmallNetwork(request.param, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_leaves_a_running_network_as_it_is(running, name):
    """The same processes go on, nothing of the file is remembered, and the file it had is taken as before."""
    before = pids(running)
    remembered = {path: path.read_bytes() for path in running.root.glob("*") if path.is_file() and path.suffix}
    text, words = REFUSED[name]
    running.file.write_text(text)
    with pytest.raises(errors.NetworkError, match=words):
        running.up()
    assert pids(running) == before
    assert {path: path.read_bytes() for path in remembered} == remembered
    running.write()
    assert running.up().differences == ()
    assert pids(running) == before


def test_a_refused_file_leaves_a_stopped_network_stopped(net):
    """Refused while it is down, it is down afterwards; the former file and a corrected one are both taken."""
    net.up()
    put(net, "value")
    admin.down(net.root)
    for name in ("batch", "definition", "member"):
        net.file.write_text(REFUSED[name][0])
        with pytest.raises(errors.NetworkError):
            net.up()
        assert pids(net) == {}
    net.file.write_text(TEXT.replace("version: 1.0", "version: 1.1").replace("sequence: 1", "sequence: 2"))
    assert net.up().differences == ()
    assert put(net, "after") == b"after"
    admin.down(net.root)
    # Neither the file nor the engine needs to be named again.
    assert admin.up(root=net.root).engine == net.engine
    with net.connect() as fabric:
        assert fabric.network("c").contract("lab").evaluate("get", "key") == b"after"


def test_a_first_start_that_was_refused_leaves_nothing_to_trip_over(net):
    """Whatever was wrong with the first file, the corrected one starts as if it were the first."""
    net.file.write_text(
        TEXT.replace("tests.support.lab", "tests.support.nothing")
        .replace("domain: b.test", "domain: slip.test")
        .replace("timeout: 20ms", "timeout: 2s")
    )
    with pytest.raises(errors.ProcessError, match="tests.support.nothing"):
        net.up()
    assert pids(net) == {}
    net.write()
    assert net.up().differences == ()
    assert put(net, "value") == b"value"
    with net.nodes() as nodes:
        (orderer,) = topology.load(net.file).orderers
        values = channel.config(nodes.orderer(orderer), "c").channel_group.groups["Orderer"].values
        assert configuration_pb2.BatchTimeout.FromString(values["BatchTimeout"].value).timeout == "20ms"


def test_a_failed_upgrade_puts_back_what_ran(net):
    """The new server does not start: the old one serves again, and so does everything else."""
    net.up()
    put(net, "value")
    upgraded = TEXT.replace("version: 1.0", "version: 1.1").replace("sequence: 1", "sequence: 2")
    net.file.write_text(upgraded.replace("tests.support.lab", "tests.support.nothing"))
    nodes = {name: pid for name, pid in pids(net).items() if not name.startswith("chaincode-")}
    with pytest.raises(errors.ProcessError, match="tests.support.nothing"):
        net.up()
    assert {name: pid for name, pid in pids(net).items() if not name.startswith("chaincode-")} == nodes
    assert admin.status(net.root).running
    assert put(net, "as before") == b"as before"
    net.file.write_text(upgraded)
    net.up()
    assert put(net, "upgraded") == b"upgraded"


def test_what_another_admin_did_is_told_and_left_alone(net):
    """A batch time-out, a chaincode and a member changed by ordinary Fabric means: the file is taken, old and new."""
    net.up()
    _upgrade(net)
    _change_batch_and_remove_a_member(net)
    for _ in ("running", "stopped"):
        told = "\n".join(map(str, net.up().differences))
        assert "batch.timeout is 30ms, and the file says 20ms" in told
        assert "it has no member BMSP any more" in told
        assert "chaincode lab has sequence 1 in the consortium file, and 2 is in force" in told
        admin.down(net.root)
    net.file.write_text(
        TEXT.replace("[AMSP, BMSP]", "[AMSP]", 1)
        .replace("timeout: 20ms", "timeout: 30ms")
        .replace("sequence: 1", f'sequence: 2\n    endorsement: "{ANY}"')
    )
    assert net.up().differences == ()
    assert put(net, "value") == b"value"


def _change_batch_and_remove_a_member(net: SmallNetwork) -> None:
    folder = state.Folder(net.root)
    (orderer,) = topology.load(net.file).orderers
    with net.nodes() as nodes:
        for step in ("batch", "member"):
            original = channel.config(nodes.orderer(orderer), "c")
            changed = channel.copy(original)
            if step == "batch":
                value = configuration_pb2.BatchTimeout(timeout="30ms").SerializeToString()
                changed.channel_group.groups["Orderer"].values["BatchTimeout"].value = value
                signers = ["OrdererMSP"]
            else:
                del changed.channel_group.groups["Application"].groups["BMSP"]
                signers = ["AMSP", "BMSP"]
            update = channel.update("c", original, changed)
            signed = [
                channel.sign(update, *identity.load_user(folder.user(msp_id, "Admin"), msp_id)) for msp_id in signers
            ]
            channel.apply(nodes.orderer(orderer), "c", update, signed)


def _upgrade(net: SmallNetwork) -> None:
    folder = state.Folder(net.root)
    consortium = topology.load(net.file)
    (packaged,) = chaincodes.package_all(state.existing(folder), consortium)
    definition = dataclasses.replace(packaged.definition, sequence=2, endorsement=ANY)
    with net.nodes() as nodes:
        peers = [nodes.first_peer("AMSP"), nodes.first_peer("BMSP")]
        for peer in peers:
            lifecycle.approve(peer, "c", definition, packaged.package_id)
        assert waiting.until(
            lambda: all(all(lifecycle.readiness(peer, "c", definition).values()) for peer in peers), 20, every=0.05
        )
        lifecycle.commit(peers[0], "c", definition, peers)


def test_a_missing_chaincode_server_is_noticed(net):
    """One that was ended by hand, and one whose record is lost, are told by name; `up` brings them back."""
    net.up()
    admin.stop_nodes(["chaincode-lab-AMSP"], net.root)
    found = admin.status(net.root)
    assert (found.running, found.stopped) == (False, ("chaincode-lab-AMSP",))
    net.up()
    found = admin.status(net.root, heights=True)
    assert found.running
    assert set(found.heights["c"]) == {"peer0.a.test", "peer1.a.test", "peer0.b.test"}
    assert min(found.heights["c"].values()) >= 3


def test_a_folder_that_cannot_be_written_is_told_with_the_cure(tmp_path):
    """Neither a traceback nor half a network."""
    file = tmp_path / "consortium.yaml"
    file.write_text(TEXT)
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(errors.StateError, match="Name a folder with --state"):
        admin.up("embedded", tmp_path / "letter", file)
    with pytest.raises(errors.StateError, match="Name a folder with --state"):
        admin.up("embedded", tmp_path / "letter" / "below", file)


def test_a_folder_with_spaces_in_its_name(tmp_path):
    """Paths are passed on as they are, to nodes and chaincode servers alike."""
    place = tmp_path / "my own network"
    place.mkdir()
    net = SmallNetwork("embedded", place / "the state", place / "my file.yaml")
    net.write()
    try:
        net.up()
        assert put(net, "value") == b"value"
    finally:
        processes.stop(state.Folder(net.root), timeout=5)
    shutil.rmtree(net.root)


def test_a_cure_names_a_folder_as_a_shell_reads_it(tmp_path):
    """Who copies the command gets the folder that is meant, with spaces in its name; no module writes it otherwise."""
    folder = state.Folder(tmp_path / "the state")
    consortium = topology.load()
    state.claim(folder)
    state.adopt(folder, consortium)
    state.write(folder, state.Record(consortium.name, "embedded", started=True))
    with pytest.raises(errors.StateError, match="holds no running network") as refused:
        admin.plan(folder.root)
    command = refused.value.cure.removeprefix("Start it: ")
    assert shlex.split(command) == ["hlf", "network", "up", "--state", str(folder.root)]
    unquoted = re.compile(r"(?:--state|chmod \d+) \{(?!shlex)")
    assert [name for name, file in sources.modules().items() if unquoted.search(file.read_text())] == []


def test_words_of_hlf_are_told_too(running, monkeypatch):
    """What a node refuses during a start puts back as well."""
    before = pids(running)

    def refuse(*_args, **_options):
        raise hlf_errors.AdminError("no", address="peer0.a.test")

    monkeypatch.setattr("hlf.network.admin.deployment.wait_discovered", refuse)
    with pytest.raises(hlf_errors.AdminError):
        running.up()
    assert pids(running) == before
