"""Connection profiles: one an organisation, in the form that several SDKs read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hlf.network import channelconfig, material, ports, profile, state, topology
from hlf.profile import Profile

CONSORTIUM = """\
name: small
organisations:
  - {msp_id: AMSP, domain: a.test, peers: 2}
  - {msp_id: BMSP, domain: b.test}
  - {msp_id: CMSP, domain: c.test}
channels:
  - {name: ab, members: [BMSP, AMSP]}
  - {name: c, members: [CMSP]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("profiles")
    file = place / "consortium.yaml"
    file.write_text(CONSORTIUM)
    consortium = topology.load(file)
    folder = state.Folder(place / "state")
    record = state.Record(consortium.name)
    state.adopt(folder, consortium)
    material.make(folder, consortium)
    ports.assign(record, consortium)
    channelconfig.draft(folder, record, consortium, [each.name for each in consortium.channels])
    profile.make(folder, record, consortium)
    state.write(folder, record)
    return folder


def test_the_client_reads_it(folder):
    """Own peers first, partners of shared channels after them, nobody else; the gateway is an own peer."""
    read = Profile.load(folder.profile("BMSP"))
    assert read.organisation == "BMSP"
    assert [peer.name for peer in read.peers] == ["peer0.b.test", "peer0.a.test", "peer1.a.test"]
    assert read.gateway.override_hostname == "peer0.b.test"
    assert read.channels == ("ab",)
    assert Profile.load(folder.profile("CMSP")).channels == ("c",)


def test_it_names_the_ports_of_the_record(folder):
    """What a client dials is where the nodes will listen."""
    record = state.read(folder)
    for peer in Profile.load(folder.profile("AMSP")).peers:
        assert peer.address == record.address(peer.name)


def test_it_holds_no_private_key(folder):
    """A profile may be handed to anybody; paths to an organisation's own users stand in its own profile only."""
    for msp_id in ("AMSP", "BMSP", "CMSP"):
        text = folder.profile(msp_id).read_text()
        assert "PRIVATE" not in text
        users = {name: list(each["users"]) for name, each in json.loads(text)["organizations"].items()}
        assert users.pop(msp_id) == ["Admin", "User1"]
        assert not any(users.values())


def test_hfc_gets_addresses_without_a_scheme(folder):
    """Otherwise the two files say the same."""
    own = json.loads(folder.profile("AMSP").read_text())
    old = json.loads((folder.profiles / "hfc" / "AMSP.json").read_text())
    for kind in ("peers", "orderers"):
        for name, node in own[kind].items():
            assert node["url"] == "grpcs://" + old[kind][name]["url"]
            assert node["grpcOptions"]["grpc.ssl_target_name_override"] == name
            assert Path(node["tlsCACerts"]["path"]).read_text() == node["tlsCACerts"]["pem"]
            node["url"] = old[kind][name]["url"]
    assert own == old


def test_a_peer_of_a_channel_is_one_line(folder):
    """People read a profile of many channels, and programs read the values that were written."""
    written = folder.profile("AMSP").read_text()
    values = json.loads(written)
    flags = {"endorsingPeer": True, "chaincodeQuery": True, "ledgerQuery": True, "eventSource": False}
    assert values["channels"]["ab"]["peers"]["peer0.b.test"] == flags
    assert f'        "peer0.b.test": {json.dumps(flags)}\n' in written
    assert json.loads(profile.text(values)) == values
    assert profile.text({"é": {}, "b": [1, {"c": None}]}) == '{\n  "é": {},\n  "b": [1, {"c": null}]\n}'


def test_only_those_are_written_again_who_are_named(folder):
    """A folder of some organisations has the profiles of these alone."""
    former = folder.profile("AMSP").read_text()
    for msp_id in ("AMSP", "BMSP"):
        folder.profile(msp_id).unlink()
    profile.make(folder, state.read(folder), state.held(folder), ["AMSP"])
    assert folder.profile("AMSP").read_text() == former
    assert not folder.profile("BMSP").exists()
