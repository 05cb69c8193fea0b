"""Fabric's own ``configtxlator`` and ``osnadmin`` read the blocks, proposals and updates that our tools write."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf.message import Message

from hlf import identity
from hlf.network import state
from hlf.network.engines.native import binaries
from hlf.network.exchange import proposals, updating
from hlf.wire.config import configupdate
from hlf.wire.config.channelproposal import ChannelProposal
from tests.interop.conftest import HERE, Peer, Place

# `native` also on the embedded engine: the programs are a part of the release.
pytestmark = [pytest.mark.interop, pytest.mark.native]

CHANNEL = "mychannel"
MEMBERS = ["Org1MSP", "Org2MSP"]
SIGNERS = [*MEMBERS, "OrdererMSP"]
FORMER, LATTER = 10, 11

Program = Callable[..., str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a program of the release in a folder of its own; it must end well."""
    folder = binaries.find().peer.parent

    def run(name: str, *words: str) -> str:
        done = subprocess.run(
            [folder / name, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def proposal_file(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an update of the batch size that both members have signed, as the file that they send each other."""
    folder = tmp_path_factory.mktemp("proposal")
    text = (HERE / "consortium.yaml").read_text().replace("folder: ../..", f"folder: {HERE.parent.parent}")
    wanted = folder / "consortium.yaml"
    wanted.write_text(text.replace(f"max_messages: {FORMER}", f"max_messages: {LATTER}"))
    file = folder / "proposal.json"
    updating.propose(CHANNEL, file, place.state, wanted, MEMBERS[0])
    for msp_id in SIGNERS:
        updating.sign(file, place.state, msp_id)
    return file


@pytest.fixture
def proposal(proposal_file: Path) -> ChannelProposal:
    """Return what that file says."""
    return proposals.read(proposal_file)


def shown(program: Program, folder: Path, message: Message) -> Any:
    """Return a message as ``configtxlator`` shows it; what it shows must be all that the message holds."""
    kind, content = message.DESCRIPTOR.full_name, message.SerializeToString()
    (folder / "message.pb").write_bytes(content)
    told = program("configtxlator", "proto_decode", "--type", kind, "--input", "message.pb")
    (folder / "message.json").write_text(told)
    program("configtxlator", "proto_encode", "--type", kind, "--input", "message.json", "--output", "again.pb")
    # Messages within messages are bytes, and Go writes their maps in any order: so the length is compared.
    assert len((folder / "again.pb").read_bytes()) == len(content)
    return json.loads(told)


def signers(update: Any) -> list[str]:
    """Return whose signatures an update has, members first."""
    return sorted((each["signature_header"]["creator"]["mspid"] for each in update["signatures"]), key=SIGNERS.index)


def test_the_first_block_is_read_with_all_that_it_holds(program: Program, place: Place, tmp_path: Path) -> None:
    """Members, policies and consensus of block 0 stand where Fabric's own tools look for them."""
    content = state.Folder(place.state).genesis(CHANNEL).read_bytes()
    block = shown(program, tmp_path, common_pb2.Block.FromString(content))
    assert block["header"]["number"] == "0"
    (payload,) = [each["payload"] for each in block["data"]["data"]]
    assert payload["header"]["channel_header"]["channel_id"] == CHANNEL
    group = payload["data"]["config"]["channel_group"]
    application = group["groups"]["Application"]
    assert sorted(application["groups"]) == MEMBERS
    for msp_id, organisation in application["groups"].items():
        assert organisation["values"]["MSP"]["value"]["config"]["name"] == msp_id
    assert application["policies"]["Admins"]["policy"]["value"] == {"rule": "MAJORITY", "sub_policy": "Admins"}
    assert group["groups"]["Orderer"]["values"]["ConsensusType"]["value"]["type"] == "etcdraft"
    assert group["groups"]["Orderer"]["values"]["BatchSize"]["value"]["max_message_count"] == FORMER


def test_a_proposals_configurations_are_read(program: Program, proposal: ChannelProposal, tmp_path: Path) -> None:
    """Both configurations of the file that members exchange survive the way through Fabric's JSON and back."""
    counts = [
        read["channel_group"]["groups"]["Orderer"]["values"]["BatchSize"]["value"]["max_message_count"]
        for read in (shown(program, tmp_path, each) for each in (proposal.original, proposal.changed))
    ]
    assert counts == [FORMER, LATTER]


def test_it_computes_the_update_that_is_signed(program: Program, proposal: ChannelProposal, tmp_path: Path) -> None:
    """Of both configurations Fabric computes the update that the members' signatures are over."""
    (tmp_path / "from.pb").write_bytes(proposal.original.SerializeToString())
    (tmp_path / "to.pb").write_bytes(proposal.changed.SerializeToString())
    words = ("--original", "from.pb", "--updated", "to.pb", "--channel_id", CHANNEL, "--output", "update.pb")
    program("configtxlator", "compute_update", *words)
    theirs = configtx_pb2.ConfigUpdate.FromString((tmp_path / "update.pb").read_bytes())
    assert theirs == configtx_pb2.ConfigUpdate.FromString(proposal.update)


def test_the_signed_envelope_is_read(program: Program, place: Place, proposal: ChannelProposal, tmp_path: Path) -> None:
    """What an orderer gets names its channel, its submitter and all who have signed."""
    who, signer = identity.load_user(place.user("Admin"), MEMBERS[0])
    envelope = configupdate.update_envelope(
        CHANNEL, proposal.update, proposal.signatures.values(), who.serialized, signer.sign
    )
    payload = shown(program, tmp_path, envelope)["payload"]
    assert payload["header"]["channel_header"]["type"] == common_pb2.CONFIG_UPDATE
    assert payload["header"]["channel_header"]["channel_id"] == CHANNEL
    assert payload["header"]["signature_header"]["creator"]["mspid"] == MEMBERS[0]
    assert signers(payload["data"]) == SIGNERS
    update = payload["data"]["config_update"]
    changed = update["write_set"]["groups"]["Orderer"]["values"]["BatchSize"]
    assert (changed["version"], changed["value"]["max_message_count"]) == ("1", LATTER)


def test_an_update_in_force_is_read_from_the_newest_configuration(
    program: Program, place: Place, peer: Peer, proposal_file: Path, tmp_path: Path
) -> None:
    """The block that ``peer`` fetches has the new value, and the update with its signatures as what led to it."""
    updating.submit(proposal_file, place.state, MEMBERS[0])
    fetched = peer("channel", "fetch", "config", "config.block", "-c", CHANNEL)
    assert fetched.returncode == 0, fetched.stderr
    block = common_pb2.Block.FromString((tmp_path / "config.block").read_bytes())
    data = shown(program, tmp_path, block)["data"]["data"][0]["payload"]["data"]
    orderer = data["config"]["channel_group"]["groups"]["Orderer"]
    assert orderer["values"]["BatchSize"]["value"]["max_message_count"] == LATTER
    assert signers(data["last_update"]["payload"]["data"]) == SIGNERS


def test_osnadmin_lists_the_channels_of_an_orderer(program: Program, place: Place) -> None:
    """With the TLS files that an orderer's admin has; the orderer agrees on the channel's blocks."""
    folder = state.Folder(place.state)
    record, orderer = state.started(folder), state.held(folder).orderers[0]
    tls = folder.user(orderer.msp_id, "Admin") / "tls"
    reached = ["-o", record.address(orderer.name, "admin"), "--ca-file", str(tls / "ca.crt")]
    reached += ["--client-cert", str(tls / "client.crt"), "--client-key", str(tls / "client.key")]
    listed = program("osnadmin", "channel", "list", *reached)
    assert listed.startswith("Status: 200\n"), listed
    assert [each["name"] for each in json.loads(listed.partition("\n")[2])["channels"]] == [CHANNEL]
    told = json.loads(program("osnadmin", "channel", "list", "--channelID", CHANNEL, *reached).partition("\n")[2])
    assert (told["name"], told["status"], told["consensusRelation"]) == (CHANNEL, "active", "consenter")
