"""A running network changed from its file: the plan says it, apply does it, and afterwards there is nothing to do."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from click.testing import CliRunner
from fabric_protos.orderer import configuration_pb2

from hlf import errors as hlf_errors
from hlf.admin import channel as channels
from hlf.admin import lifecycle
from hlf.network import admin, cli, errors, processes, state, topology
from hlf.network.admin import chaincodes, changing, inspection, updates
from hlf.network.admin.nodes import Nodes
from tests.support.smallnetwork import CONSORTIUM, FIRST, SmallNetwork

ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
TEXT = CONSORTIUM % FIRST


def put(net: SmallNetwork, value: str, msp_id: str = "AMSP") -> bytes:
    with net.connect(msp_id) as fabric:
        return fabric.network("c").contract("lab").submit("put", "key", value)


@pytest.fixture(scope="module", params=ENGINES)
def net(request, tmp_path_factory):
    """Yield a network that is up, and each test leaves it as the file says."""
    place = tmp_path_factory.mktemp(f"applied-{request.param}")
    net = SmallNetwork(request.param, place / "state", place / "consortium.yaml")
    net.write()
    net.up()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


def test_settings_change_while_the_network_runs(net):
    """Batch, policy, access rule, capability and anchors in one update, signed by whom the policies ask for."""
    net.file.write_text(
        TEXT.replace("timeout: 20ms", "timeout: 30ms, max_messages: 7")
        .replace("acls: {event/Block: /Channel/Application/Admins}", "acls: {qscc/GetChainInfo: Readers}")
        .replace("batch:", "policies: {Endorsement: ANY Endorsement, Extra: OR('AMSP.admin')}\n    batch:")
        .replace("peers: 2", "peers: 2, anchors: [peer1, peer0]")
    )
    made = admin.plan(net.root, net.file)
    (step,) = made.steps
    assert [each.what for each in step.step.changes] == [
        "acls.event/Block",
        "acls.qscc/GetChainInfo",
        "anchors.AMSP",
        "batch.max_messages",
        "batch.timeout",
        "policies.Endorsement",
        "policies.Extra",
    ]
    assert step.signers == ("AMSP", "BMSP", "OrdererMSP")
    before = {each.name: each.pid for each in processes.find(state.Folder(net.root))}
    assert admin.apply(net.root, net.file) == made
    assert {each.name: each.pid for each in processes.find(state.Folder(net.root))} == before
    settings = inspection.channel("c", net.root).settings
    assert (settings["batch.timeout"], settings["batch.max_messages"]) == ("30ms", "7")
    assert (settings["policies.Extra"], settings["acls.qscc/GetChainInfo"]) == ("OR('AMSP.admin')", "Readers")
    assert admin.plan(net.root, net.file).steps == ()
    net.write()
    admin.apply(net.root, net.file)
    assert admin.plan(net.root).steps == ()
    assert put(net, "value") == b"value"


def test_what_another_admin_changed_in_between_is_not_undone(net):
    """An update holds only what its maker changed, and the channel refuses it if somebody changed the same since."""
    folder = state.Folder(net.root)
    record, base = state.existing(folder), state.held(folder)
    with Nodes(folder, record, base) as nodes:

        def config():
            return channels.config(nodes.orderer(base.orderers[0]), "c")

        def put_in_force(original, timeout=None, messages=None):
            changed = channels.copy(original)
            values = changed.channel_group.groups["Orderer"].values
            if timeout:
                values["BatchTimeout"].value = configuration_pb2.BatchTimeout(timeout=timeout).SerializeToString()
            if messages:
                size = configuration_pb2.BatchSize.FromString(values["BatchSize"].value)
                size.max_message_count = messages
                values["BatchSize"].value = size.SerializeToString()
            updates.put_in_force(folder, base, nodes, "c", original, changed)

        def batch():
            settings = inspection.channel("c", net.root).settings
            return settings["batch.timeout"], settings["batch.max_messages"]

        first, (_, before) = config(), batch()
        put_in_force(first, timeout="40ms")
        put_in_force(first, messages=int(before) + 1)
        assert batch() == ("40ms", str(int(before) + 1))
        with pytest.raises(hlf_errors.ConfigError):
            put_in_force(first, timeout="50ms")
        put_in_force(config(), "20ms", int(before))
    assert admin.plan(net.root).steps == ()


BIGGER = (
    TEXT.replace("organisations:\n", "organisations:\n  - {msp_id: CMSP, domain: c.test}\n")
    .replace("BMSP]", "BMSP, CMSP]", 1)
    .replace("version: 1.0", "version: 1.1")
    .replace("sequence: 1", "sequence: 2")
    .replace("channels:\n", "channels:\n  - {name: d, members: [AMSP, CMSP]}\n", 1)
    + """\
      - {name: three, policy: "OR('AMSP.member', 'BMSP.member', 'CMSP.member')"}
"""
)


def test_a_larger_network_and_back(net):
    """A member, a channel and an upgrade with a collection come in one go; the member leaves only on --yes."""
    net.file.write_text(BIGGER)
    made = admin.plan(net.root, net.file)
    said = str(made)
    assert "+ member CMSP: it sees every block, the former ones too" in said
    assert "create channel d with AMSP, CMSP" in said
    assert "collections.three.policy: not set -> OR('AMSP.member', 'BMSP.member', 'CMSP.member')" in said
    assert "three is seen by OR('AMSP.member', 'BMSP.member', 'CMSP.member')" in said
    assert not made.destructive
    admin.apply(net.root, net.file)
    assert admin.plan(net.root).steps == ()
    assert admin.status(net.root, heights=True).running
    assert put(net, "from c", "CMSP") == b"from c"

    net.file.write_text(BIGGER.replace("BMSP, CMSP]", "BMSP]", 1).replace("sequence: 2", "sequence: 3"))
    with pytest.raises(errors.StateError, match="takes something away: update the configuration of channel c"):
        admin.apply(net.root, net.file)
    assert inspection.channel("c", net.root).members == ("AMSP", "BMSP", "CMSP")
    admin.apply(net.root, net.file, yes=True)
    assert inspection.channel("c", net.root).members == ("AMSP", "BMSP")
    assert admin.plan(net.root).steps == ()
    assert admin.status(net.root, heights=True).running
    assert put(net, "without c") == b"without c"

    joined = {each.name: sorted(each.heights) for each in inspection.peers(net.root)}
    assert joined["peer0.c.test"] == ["d"]
    words = ["--state", str(net.root), "--consortium", str(net.file)]
    back = CliRunner().invoke(cli.network, ["channel-join", "c", "CMSP", *words])
    assert back.exit_code == 0, back.output
    assert "CMSP has lost its approval of chaincode lab with its ledger" in back.output
    assert "sequence: 3 -> 4" in back.output
    assert "sequence: 4" in net.file.read_text()
    assert admin.plan(net.root, net.file).steps == ()
    assert put(net, "c is back", "CMSP") == b"c is back"
    with_c = net.file.read_text()
    left = CliRunner().invoke(cli.network, ["channel-leave", "c", "CMSP", "--yes", *words])
    assert left.exit_code == 0, left.output
    assert "take peer0.c.test off channel c" in left.output
    assert admin.plan(net.root).steps == ()
    net.file.write_text(with_c)
    again = CliRunner().invoke(cli.network, ["apply", "--json", *words])
    assert again.exit_code == 0, again.output
    added, approved = documents(again.stdout)
    assert (added["problems"], approved["problems"]) == ([], [])
    changes = [each for step in approved["steps"] for each in step.get("changes", ())]
    assert changes == [{"what": "sequence", "before": "4", "after": "5"}]
    assert admin.plan(net.root, net.file).steps == ()


def test_approvals_by_other_means_are_seen_and_do_not_stand_in_the_way(net):
    """As `peer lifecycle` makes them: of the definition in force, of the next one as the file has it, or otherwise."""
    held = net.file.read_text()
    consortium = topology.load(net.file)
    packaged = chaincodes.package_all(state.existing(state.Folder(net.root)), consortium)
    (lab,) = (each for each in packaged if each.chaincode.name == "lab")
    sequence = lab.chaincode.sequence + 1
    following = dataclasses.replace(lab.definition, sequence=sequence)
    with net.nodes() as nodes:
        lifecycle.approve(nodes.first_peer("BMSP"), "c", lab.definition, "")
        (step,) = (each.step for each in admin.plan(net.root, net.file).steps)
        assert step.details() == ["BMSP runs it and can endorse"]
        admin.apply(net.root, net.file)
        assert admin.plan(net.root, net.file).steps == ()
        lifecycle.approve(nodes.first_peer("AMSP"), "c", following, lab.package_id)
        lifecycle.approve(nodes.first_peer("BMSP"), "c", dataclasses.replace(following, version="9"), "")
    net.file.write_text(held.replace(f"sequence: {sequence - 1}", f"sequence: {sequence}"))
    admin.apply(net.root, net.file)
    assert admin.plan(net.root, net.file).steps == ()
    with net.nodes() as nodes:
        found = [lifecycle.approved(nodes.first_peer(each), "c", "lab") for each in consortium.channel("c").members]
    assert {(each.sequence, each.version, each.package_id) for each in found} == {
        (sequence, lab.definition.version, lab.package_id)
    }
    assert put(net, "after", "BMSP") == b"after"


def documents(text: str) -> list[dict[str, Any]]:
    """Return the JSON documents that a command wrote, one after the other."""
    found = []
    while text.strip():
        value, end = json.JSONDecoder().raw_decode(text.lstrip())
        found.append(value)
        text = text.lstrip()[end:]
    return found


def test_machines_get_the_plan_with_new_approvals(net, monkeypatch):
    """As people do, where an approval was lost and nothing else is in the way."""
    lost = changing.ChangePlan((), ("lost",), (), (("c", "lab"),))
    monkeypatch.setattr(admin, "plan", lambda *_, **__: lost)
    told = CliRunner().invoke(cli.network, ["plan", "--json", "--state", str(net.root), "--consortium", str(net.file)])
    made = json.loads(told.stdout)
    assert made["problems"] == []
    assert [each["what"] for step in made["steps"] for each in step.get("changes", ())] == ["sequence"]


def test_the_commands_show_and_do(net):
    """`plan --json` is read by machines; a problem ends `apply` before anything is done, with its cure."""
    net.file.write_text(net.file.read_text().replace("timeout: 20ms", "timeout: 40ms"))
    words = ["--state", str(net.root), "--consortium", str(net.file)]
    told = CliRunner().invoke(cli.network, ["plan", "--json", *words])
    (step,) = json.loads(told.output)["steps"]
    assert step["changes"] == [{"what": "batch.timeout", "before": "20ms", "after": "40ms"}]
    assert (step["signers"], step["destructive"]) == (["OrdererMSP"], False)
    net.file.write_text(re.sub(r"sequence: \d", "sequence: 9", net.file.read_text()))
    refused = CliRunner().invoke(cli.network, ["apply", *words])
    assert refused.exit_code == 1
    assert "Write `sequence: " in refused.output
    assert inspection.channel("c", net.root).settings["batch.timeout"] == "20ms"
