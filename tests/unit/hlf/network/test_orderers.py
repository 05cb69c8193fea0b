"""Orderers that come to a running network and leave it."""

from __future__ import annotations

import contextlib
import socket

import pytest
from click.testing import CliRunner

from hlf import errors, waiting
from hlf.client import gateway
from hlf.network import admin, cli, processes, state
from tests.support.smallnetwork import SmallNetwork

# The orderers come by two commands and the first one goes by a third; the file describes them afterwards.
ADD = (["orderer-add", "OrdererMSP", "orderer1"], ["orderer-add", "NewMSP", "orderer0", "--domain", "new.test"])
REMOVE = (["orderer-remove", "OrdererMSP", "orderer0", "--yes"],)


@pytest.mark.parametrize(
    ("engine", "consensus", "others"),
    [
        ("embedded", "raft", 0),
        pytest.param("native", "raft", 0, marks=pytest.mark.native),
        pytest.param("native", "bft", 3, marks=pytest.mark.native),
    ],
)
def test_orderers_come_and_go_while_the_network_runs(tmp_path, engine, consensus, others):
    """Two more come, one of another organisation, and the first one leaves; then one gets a new root. Writes go on."""
    net = SmallNetwork(engine, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write(organisations=f"orderers: {consensus}\n")
    net.up()
    try:
        with net.connect() as fabric:
            contract = fabric.network("c").contract("lab")
            for commands, nodes in ((ADD, 3), (REMOVE, 2)):
                contract.submit("put", "key", f"before {nodes}")
                for words in commands:
                    place = ["--state", str(net.root), "--consortium", str(net.file)]
                    done = CliRunner().invoke(cli.network, [*words, *place])
                    assert done.exit_code == 0, done.output
                assert admin.plan(net.root).steps == ()
                assert admin.status(net.root, heights=True).running
                assert contract.submit("put", "key", f"with {nodes}") == f"with {nodes}".encode()
            running = _listening(net)
            assert len(running) == 2 + others
            assert {"orderer1.orderer.selat.test", "orderer0.new.test"} <= running
            assert "orderer0.orderer.selat.test" not in running
            done = CliRunner().invoke(cli.network, ["ca-roll", "NewMSP", "--yes", "--state", str(net.root)])
            assert done.exit_code == 0, done.output
            assert "know orderer0.new.test by its new certificates" in done.output
            contract.submit("put", "key", "with a new root")
        admin.down(net.root)
        admin.up(root=net.root)
        with net.connect() as fabric:
            assert fabric.network("c").contract("lab").submit("put", "key", "again") == b"again"
    finally:
        processes.stop(state.Folder(net.root), timeout=5)


@pytest.mark.parametrize("engine", ["embedded", pytest.param("native", marks=pytest.mark.native)])
def test_a_channel_goes_on_while_most_of_its_orderers_run(engine, tmp_path):
    """One of three may stop, whoever it is; of two that stop, one must come back."""
    net = SmallNetwork(engine, tmp_path / "state", tmp_path / "consortium.yaml")
    three = "{consensus: raft, organisations: [{msp_id: OrdererMSP, domain: orderer.test, orderers: 3}]}"
    net.write(organisations=f"orderers: {three}\n")
    net.up()
    names = [f"orderer{number}.orderer.test" for number in range(3)]
    try:
        # What a real orderer had not put into a block when it stopped is lost.
        with net.connect(timeouts=gateway.Timeouts(commit_status=5.0)) as fabric:
            contract = fabric.network("c").contract("lab")

            def written() -> bool:
                with contextlib.suppress(errors.GatewayError):
                    return bool(contract.submit("put", "key", "value") == b"value")
                return False

            for name in names:
                admin.stop_nodes([name], net.root)
                assert waiting.until(written, 60, every=0.2)
                admin.start_nodes([name], net.root)
            admin.stop_nodes(names[1:], net.root)
            assert waiting.until(lambda: not written(), 60)
            admin.start_nodes(names[1:2], net.root)
            assert waiting.until(written, 60, every=0.2)
    finally:
        processes.stop(state.Folder(net.root), timeout=5)


def _listening(net: SmallNetwork) -> set[str]:
    """Return the orderers at whose addresses somebody listens."""
    record, found = state.existing(state.Folder(net.root)), set()
    for name in (each for each in record.ports if each.startswith("orderer")):
        host, _, port = record.address(name).rpartition(":")
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                found.add(name)
    return found
