"""Snapshots of a network: everything is as it was, nothing is half done, and what cannot be is refused."""

from __future__ import annotations

import threading

import pytest
from click.testing import CliRunner

from hlf import errors as hlf_errors
from hlf.admin import lifecycle
from hlf.network import admin, errors, processes, state
from hlf.network.admin import snapshots
from hlf.network.cli import network
from hlf.network.engines.docker.engine import DockerEngine
from hlf.network.engines.native.engine import NativeEngine
from hlf.wire import packages
from tests.support import replay
from tests.support.smallnetwork import SmallNetwork


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """Yield a network that is up, with a snapshot `begin` of its first state."""
    place = tmp_path_factory.mktemp("snapshots")
    net = SmallNetwork("embedded", place / "state", place / "consortium.yaml")
    net.write()
    net.up()
    admin.snapshot("begin", net.root)
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


@pytest.fixture
def begun(net):
    """Return the network at its first state, running."""
    admin.up(root=net.root)
    admin.restore("begin", net.root)
    return net


def write(contract, value: str) -> None:
    """Write a public and a private value."""
    contract.submit("put", "key", value)
    contract.submit("putpvt", "both", transient={"key": b"secret", "value": value.encode()})


def read(contract) -> tuple[bytes, bytes]:
    """Read what `write` wrote."""
    return contract.evaluate("get", "key"), contract.evaluate("getpvt", "both", "secret")


def ledgers(net) -> list:
    return sorted((net.root / "embedded" / "channels").glob("*.ledger"))


def test_a_running_network_goes_back(begun):
    """Public and private state, blocks and packages are what they were; connections and chaincodes go on."""
    with begun.connect() as fabric, begun.nodes() as nodes:
        contract = fabric.network("c").contract("lab")
        write(contract, "first")
        kept = admin.snapshot("first", begun.root)
        height = nodes.peer("peer0.a.test").height("c")
        write(contract, "second")
        lifecycle.install(nodes.peer("peer0.a.test"), packages.ccaas("late_1.0", "127.0.0.1:9"))
        for _ in range(2):
            admin.restore("first", begun.root)
            assert read(contract) == (b"first", b"first")
            assert nodes.peer("peer0.a.test").height("c") == height
            assert [each.label for each in lifecycle.installed(nodes.peer("peer0.a.test"))] == ["lab_1.0"]
            write(contract, "other")
            assert read(contract) == (b"other", b"other")
    assert kept.name in snapshots.names(begun.root)
    for ledger in ledgers(begun):
        assert replay.differences(ledger) == []


def test_what_follows_a_ledger_ends_when_it_goes_back(begun):
    """A stream of events says that there was a snapshot; it neither waits for ever nor tells other blocks."""
    with begun.connect() as fabric:
        lab = fabric.network("c")
        with lab.chaincode_events("lab") as stream:
            lab.contract("lab").submit("event", "seen", "")
            assert next(stream).name == "seen"
            admin.restore("begin", begun.root)
            with pytest.raises(hlf_errors.EventsError, match="went back to a snapshot"):
                next(stream)


def test_transactions_while_a_snapshot_is_made(begun):
    """Each ledger is kept as it is at the end of a block, whatever is submitted meanwhile."""
    with begun.connect() as fabric:
        contract = fabric.network("c").contract("lab")
        ended = threading.Event()

        def submit() -> None:
            while not ended.is_set():
                write(contract, "busy")

        busy = threading.Thread(target=submit)
        busy.start()
        try:
            for number in range(3):
                admin.snapshot(f"busy{number}", begun.root)
        finally:
            ended.set()
            busy.join()
        for number in range(3):
            admin.restore(f"busy{number}", begun.root)
            for ledger in ledgers(begun):
                assert replay.differences(ledger) == []
            write(contract, "after")


def test_names(net):
    """A name is taken once, is part of no path, and who asks for an unknown one is told the others."""
    for name, words in (("begin", "is a snapshot already"), ("../x", "cannot hold a snapshot called '../x'")):
        with pytest.raises(errors.StateError, match=words):
            admin.snapshot(name, net.root)
    with pytest.raises(errors.StateError, match=r"is no snapshot\. Choose one of this network's: .*begin"):
        admin.restore("none", net.root)
    assert not (net.root.parent / "x").exists()


def test_a_stopped_network_goes_back_with_its_file(begun):
    """While it runs with another file it is refused; stopped it goes back, file and all, and starts as it was."""
    begun.write(version='"2.0"', sequence=2)
    try:
        begun.up()
        with pytest.raises(errors.StateError, match="another consortium file.*hlf network down"):
            admin.restore("begin", begun.root)
        admin.down(begun.root)
        admin.snapshot("stopped", begun.root)
        admin.restore("begin", begun.root)
        assert "version: 1.0" in (begun.root / "consortium.yaml").read_text()
        admin.up(root=begun.root)
        with begun.nodes() as nodes:
            assert lifecycle.committed_definition(nodes.peer("peer0.a.test"), "c", "lab").sequence == 1
    finally:
        begun.write()


@pytest.mark.parametrize("command", [lambda root: admin.up(root=root), lambda root: admin.snapshot("finished", root)])
def test_a_restore_that_was_cut_off_is_finished(begun, monkeypatch, command):
    """Whatever was done of it when its command was killed, the next command does all of it."""
    with begun.connect() as fabric:
        contract = fabric.network("c").contract("lab")
        write(contract, "gone")

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("hlf.network.engines.embedded.node.process.EmbeddedEngine.bring_back", killed)
            with pytest.raises(KeyboardInterrupt):
                admin.restore("begin", begun.root)
        command(begun.root)
        assert read(contract) == (b"", b"")
        assert not (begun.root / "restoring").exists()


def test_a_snapshot_that_was_cut_off_is_none(net, monkeypatch):
    """Its name stays free, and what was copied of it is no snapshot."""

    def killed(_: object, __: object, place) -> None:
        place.mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hlf.network.engines.embedded.node.process.EmbeddedEngine.save", killed)
        with pytest.raises(KeyboardInterrupt):
            admin.snapshot("cut", net.root)
    assert "cut" not in snapshots.names(net.root)
    (net.root / "snapshots" / ".cut.part" / "data").mkdir(parents=True)
    admin.snapshot("cut", net.root)
    assert "cut" in snapshots.names(net.root)


def test_what_other_engines_cannot_do(tmp_path, monkeypatch):
    """Real nodes are copied when they have been stopped, containers never; each refusal names the way out."""
    folder = state.Folder(tmp_path)
    with pytest.raises(errors.EngineError, match="no snapshots of containers.*--engine embedded"):
        DockerEngine().save(folder, tmp_path / "x")
    monkeypatch.setattr(NativeEngine, "running", lambda *_: {"peer0": True})
    with pytest.raises(errors.EngineError, match="cannot be copied while they run.*hlf network down"):
        NativeEngine().save(folder, tmp_path / "x")
    monkeypatch.setattr(NativeEngine, "running", lambda *_: {})
    (folder.data("native") / "peer0").mkdir(parents=True)
    NativeEngine().save(folder, tmp_path / "x")
    (folder.data("native") / "peer1").mkdir()
    NativeEngine().bring_back(folder, tmp_path / "x")
    assert [each.name for each in folder.data("native").iterdir()] == ["peer0"]


def test_the_commands(begun):
    """`snapshot NAME` prints its folder, `restore NAME` goes back, and a mistake ends with a line."""
    run = CliRunner()
    made = run.invoke(network, ["snapshot", "told", "--state", str(begun.root)])
    assert made.output.strip() == str(begun.root / "snapshots" / "told")
    assert run.invoke(network, ["restore", "told", "--state", str(begun.root)]).output == "back at told\n"
    missing = run.invoke(network, ["restore", "nothing", "--state", str(begun.root)])
    assert (missing.exit_code, "is no snapshot" in missing.output) == (1, True)
